/**
 * What the header of a WAV file says of its sound, named as the speech services name it.
 */

export interface WavFacts {
  /** `pcm_s16le` and the like; undefined for a format that has no known name. */
  readonly codec: string | undefined;
  /** Samples in a second. */
  readonly frequency: number;
  /** Seconds. */
  readonly duration: number;
}

/** Bytes of a file that are looked at: headers with long lists of tags before the sound fit. */
export const WAV_HEAD_BYTES = 64 * 1024;

const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const FORMAT_BYTES = 16;
/** The real format of an extensible header follows here, in bytes from the chunk's beginning. */
const SUBFORMAT_AT = 24;
const EXTENSIBLE = 0xff_fe;
/** Writers that stream do not know the length beforehand. */
const UNKNOWN_LENGTH = 0xff_ff_ff_ff;

const PCM = 1;
const CODECS: Readonly<Record<number, string>> = { 3: "pcm_f32le", 6: "pcm_alaw", 7: "pcm_mulaw" };
const PCM_CODECS: Readonly<Record<number, string>> = {
  8: "pcm_u8",
  16: "pcm_s16le",
  24: "pcm_s24le",
  32: "pcm_s32le",
};

/** Undefined when it is no WAV file. `head`: its first bytes; `length`: of the whole file. */
export function wavFacts(head: Buffer, length: number): WavFacts | undefined {
  const isWav =
    head.length >= RIFF_HEADER_BYTES &&
    head.toString("latin1", 0, 4) === "RIFF" &&
    head.toString("latin1", 8, RIFF_HEADER_BYTES) === "WAVE";
  if (!isWav) return undefined;
  let format: { codec: string | undefined; frequency: number; bytesPerSecond: number } | undefined;
  let at = RIFF_HEADER_BYTES;
  while (at + CHUNK_HEADER_BYTES <= head.length) {
    const name = head.toString("latin1", at, at + 4);
    const size = head.readUInt32LE(at + 4);
    const from = at + CHUNK_HEADER_BYTES;
    if (name === "fmt " && from + FORMAT_BYTES <= head.length) format = formatAt(head, from);
    if (name === "data") {
      if (format === undefined || format.bytesPerSecond === 0) return undefined;
      const there = length - from;
      const bytes = size === 0 || size === UNKNOWN_LENGTH ? there : Math.min(size, there);
      const { codec, frequency, bytesPerSecond } = format;
      return { codec, frequency, duration: bytes / bytesPerSecond };
    }
    // Chunks begin at even places.
    at = from + size + (size % 2);
  }
  return undefined;
}

function formatAt(head: Buffer, at: number) {
  const tag = head.readUInt16LE(at);
  const isExtensible = tag === EXTENSIBLE && at + SUBFORMAT_AT + 2 <= head.length;
  const kind = isExtensible ? head.readUInt16LE(at + SUBFORMAT_AT) : tag;
  const bits = head.readUInt16LE(at + 14);
  return {
    codec: kind === PCM ? PCM_CODECS[bits] : CODECS[kind],
    frequency: head.readUInt32LE(at + 4),
    bytesPerSecond: head.readUInt32LE(at + 8),
  };
}
