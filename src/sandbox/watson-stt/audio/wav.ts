/** WAV, read completely: format and length of the sound come from its chunks. */
import type { Cursor, Probe } from "./probe.ts";

const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
/** Least size of a format chunk; longer ones are extensions. */
const FORMAT_BYTES = 16;
const MAX_FORMAT_BYTES = 1024;
/** The service's limit. */
const MAX_CHANNELS = 9;
/** Written by programs that do not know the length yet. */
const UNKNOWN_LENGTH = 0xff_ff_ff_ff;
/** Tag that says: the real tag follows in the extension. */
const EXTENSIBLE = 0xff_fe;
const EXTENSION_TAG_AT = 24;

interface Format {
  readonly codec: string;
  readonly frequency: number;
  readonly bytesPerSecond: number;
}

/** `head`: the first twelve bytes. */
export function* probeWav(cursor: Cursor, head: Buffer): Probe {
  if (!isWav(head)) return undefined;
  let format: Format | undefined;
  for (;;) {
    const header = yield { take: CHUNK_HEADER_BYTES };
    if (header.length < CHUNK_HEADER_BYTES) return undefined;
    const id = header.toString("latin1", 0, 4);
    const size = header.readUInt32LE(4);
    if (id === "fmt ") {
      if (size < FORMAT_BYTES || size > MAX_FORMAT_BYTES) return undefined;
      const bytes = yield { take: size };
      if (bytes.length < size) return undefined;
      format = formatOf(bytes);
      if (format === undefined) return undefined;
      yield { skip: size % 2 };
    } else if (id === "data") {
      if (format === undefined) return undefined;
      const start = cursor.position;
      yield { skip: size === UNKNOWN_LENGTH || size === 0 ? Number.MAX_SAFE_INTEGER : size };
      const heard = cursor.position - start;
      if (heard === 0) return undefined;
      return { codec: format.codec, frequency: format.frequency, duration: heard / format.bytesPerSecond };
    } else {
      yield { skip: size + (size % 2) };
    }
  }
}

export function isWav(head: Buffer): boolean {
  return (
    head.length >= RIFF_HEADER_BYTES &&
    head.toString("latin1", 0, 4) === "RIFF" &&
    head.toString("latin1", 8, 12) === "WAVE"
  );
}

function formatOf(bytes: Buffer): Format | undefined {
  const tag = bytes.readUInt16LE(0);
  const channels = bytes.readUInt16LE(2);
  const frequency = bytes.readUInt32LE(4);
  const bits = bytes.readUInt16LE(14);
  const real =
    tag === EXTENSIBLE && bytes.length >= EXTENSION_TAG_AT + 2 ? bytes.readUInt16LE(EXTENSION_TAG_AT) : tag;
  const codec = CODECS.get(`${real}/${bits}`);
  if (codec === undefined || channels < 1 || channels > MAX_CHANNELS || frequency === 0) return undefined;
  return { codec, frequency, bytesPerSecond: (frequency * channels * bits) / 8 };
}

/** By tag and bits of a sample. */
const CODECS: ReadonlyMap<string, string> = new Map([
  ["1/8", "pcm_u8"],
  ["1/16", "pcm_s16le"],
  ["1/24", "pcm_s24le"],
  ["1/32", "pcm_s32le"],
  ["3/32", "pcm_f32le"],
  ["3/64", "pcm_f64le"],
  ["6/8", "pcm_alaw"],
  ["7/8", "pcm_mulaw"],
]);
