/** Audio without a header: its content type says all there is to know. */
import type { AudioType } from "./audio-type.ts";
import type { Cursor, Probe } from "./probe.ts";

/** Hz, of the formats that have one rate only. */
const FIXED_RATE = 8_000;
/** G.729 is 8 kbit/s. */
const G729_BYTES_PER_SECOND = 1_000;

/** Whether nothing in the bytes tells this format. */
export function isRaw(type: string): boolean {
  return RAW_CODECS.has(type);
}

const RAW_CODECS: ReadonlyMap<string, string> = new Map([
  ["audio/alaw", "pcm_alaw"],
  ["audio/basic", "pcm_mulaw"],
  ["audio/g729", "g729"],
  ["audio/l16", "pcm_s16le"],
  ["audio/mulaw", "pcm_mulaw"],
]);

export function* probeRaw(cursor: Cursor, type: AudioType): Probe {
  yield { skip: Number.MAX_SAFE_INTEGER };
  if (cursor.position === 0) return undefined;
  const frequency = type.rate ?? FIXED_RATE;
  const bytesPerSecond =
    type.name === "audio/g729"
      ? G729_BYTES_PER_SECOND
      : frequency * (type.channels ?? 1) * (type.name === "audio/l16" ? 2 : 1);
  const codec = type.endianness === "big-endian" ? "pcm_s16be" : (RAW_CODECS.get(type.name) as string);
  return { codec, frequency, duration: cursor.position / bytesPerSecond };
}
