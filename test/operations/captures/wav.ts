/**
 * Silence as a WAV file.
 */
import { waveFile } from "../../wave-file.ts";

export function wav({
  seconds,
  frequency,
  bits = 16,
}: {
  readonly seconds: number;
  readonly frequency: number;
  readonly bits?: number;
}): Buffer {
  return waveFile(Buffer.alloc((seconds * frequency * bits) / 8), frequency, bits);
}
