/**
 * WAV: what the header of an upload says, and a short file of silence.
 */

/** Bytes from the start within which format and beginning of the sound must be found. */
export const WAV_HEAD_BYTES = 64 * 1024;

const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const SILENCE_RATE_HZ = 22_050;
const SILENCE_SAMPLES = 2205;
const SAMPLE_BYTES = 2;
const PCM = 1;
const FORMAT_BYTES = 16;

export interface WavFacts {
  readonly samplingRateHz: number;
  readonly seconds: number;
}

/** `head`: the first bytes, as many as there are or `WAV_HEAD_BYTES`; `totalBytes`: of the whole file. Undefined: not WAV. */
export function readWavFacts(head: Buffer, totalBytes: number): WavFacts | undefined {
  if (head.toString("latin1", 0, 4) !== "RIFF" || head.toString("latin1", 8, 12) !== "WAVE") return undefined;
  let samplingRateHz = 0;
  let bytesPerSecond = 0;
  for (let at = RIFF_HEADER_BYTES; at + CHUNK_HEADER_BYTES <= head.length;) {
    const id = head.toString("latin1", at, at + 4);
    const size = head.readUInt32LE(at + 4);
    const body = at + CHUNK_HEADER_BYTES;
    if (id === "fmt " && size >= FORMAT_BYTES && body + FORMAT_BYTES <= head.length) {
      samplingRateHz = head.readUInt32LE(body + 4);
      bytesPerSecond = head.readUInt32LE(body + 8);
    } else if (id === "data") {
      if (bytesPerSecond === 0) return undefined;
      // Streams announce no size, or one that never came.
      return { samplingRateHz, seconds: Math.min(size, totalBytes - body) / bytesPerSecond };
    }
    at = body + size + (size % 2);
  }
  return undefined;
}

/** A tenth of a second in which nothing is said. */
export function silence(): Buffer {
  const data = SILENCE_SAMPLES * SAMPLE_BYTES;
  const wav = Buffer.alloc(RIFF_HEADER_BYTES + 2 * CHUNK_HEADER_BYTES + FORMAT_BYTES + data);
  wav.write("RIFF", 0, "latin1");
  wav.writeUInt32LE(wav.length - CHUNK_HEADER_BYTES, 4);
  wav.write("WAVEfmt ", 8, "latin1");
  wav.writeUInt32LE(FORMAT_BYTES, 16);
  wav.writeUInt16LE(PCM, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(SILENCE_RATE_HZ, 24);
  wav.writeUInt32LE(SILENCE_RATE_HZ * SAMPLE_BYTES, 28);
  wav.writeUInt16LE(SAMPLE_BYTES, 32);
  wav.writeUInt16LE(SAMPLE_BYTES * 8, 34);
  wav.write("data", 36, "latin1");
  wav.writeUInt32LE(data, 40);
  return wav;
}
