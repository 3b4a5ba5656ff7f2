/**
 * FLAC, OGG and MP3: codec and sampling rate from their headers, length from the samples they count. WebM: the codec by its name; its length
 * is an estimate, as is that of a FLAC that does not say.
 */
import type { Cursor, Probe } from "./probe.ts";

/** Bytes of `head` that every probe here gets; enough to tell the formats apart. */
export const HEAD_BYTES = 12;

const FLAC_INFO_BYTES = 34;
const FLAC_BLOCK_HEADER_BYTES = 4;
/** What FLAC makes of sound, roughly. */
const FLAC_RATIO = 2;

/** The stream's own header comes first. */
export function* probeFlac(cursor: Cursor, head: Buffer): Probe {
  const rest = yield { take: 4 + FLAC_BLOCK_HEADER_BYTES + FLAC_INFO_BYTES - head.length };
  const bytes = Buffer.concat([head, rest]);
  if (bytes.length < 4 + FLAC_BLOCK_HEADER_BYTES + FLAC_INFO_BYTES) return undefined;
  const info = bytes.subarray(4 + FLAC_BLOCK_HEADER_BYTES);
  const packed = info.readBigUInt64BE(10);
  const frequency = Number(packed >> 44n);
  const channels = Number((packed >> 41n) & 7n) + 1;
  const bits = Number((packed >> 36n) & 31n) + 1;
  const samples = Number(packed & 0xf_ff_ff_ff_ffn);
  if (frequency === 0) return undefined;
  if (samples > 0) return { codec: "flac", frequency, duration: samples / frequency };
  yield { skip: Number.MAX_SAFE_INTEGER };
  return {
    codec: "flac",
    frequency,
    duration: (cursor.position * FLAC_RATIO * 8) / (frequency * channels * bits),
  };
}

const OGG_PAGE_HEADER_BYTES = 27;
/** Of the first packet: codec, rate, and for Opus what to leave out at the start. */
const OGG_PACKET_BYTES = 19;
/** Opus counts in this rate whatever it was made from, Hz. */
const OPUS_RATE = 48_000;
/** A page that ends no packet has no position. */
const NO_POSITION = 0xff_ff_ff_ff_ff_ff_ff_ffn;

export function* probeOgg(_: Cursor, head: Buffer): Probe {
  let header: Buffer = Buffer.concat([head, yield { take: OGG_PAGE_HEADER_BYTES - head.length }]);
  let stream: { readonly codec: string; readonly frequency: number; readonly before: number } | undefined;
  let last = 0n;
  while (header.length === OGG_PAGE_HEADER_BYTES && header.toString("latin1", 0, 4) === "OggS") {
    const count = header.readUInt8(26);
    const lengths = yield { take: count };
    let body = lengths.reduce((sum, length) => sum + length, 0);
    if (stream === undefined) {
      const packet = yield { take: Math.min(body, OGG_PACKET_BYTES) };
      stream = oggStream(packet);
      if (stream === undefined) return undefined;
      body -= packet.length;
    }
    yield { skip: body };
    const position = header.readBigUInt64LE(6);
    if (position !== NO_POSITION && position > last) last = position;
    header = yield { take: OGG_PAGE_HEADER_BYTES };
  }
  if (stream === undefined) return undefined;
  const duration = Math.max(0, Number(last) - stream.before) / stream.frequency;
  return { codec: stream.codec, frequency: stream.frequency, duration };
}

function oggStream(packet: Buffer): { codec: string; frequency: number; before: number } | undefined {
  const text = packet.toString("latin1");
  if (packet.length < OGG_PACKET_BYTES) return undefined;
  if (text.startsWith("OpusHead")) {
    return { codec: "opus", frequency: OPUS_RATE, before: packet.readUInt16LE(10) };
  }
  const frequency = packet.readUInt32LE(12);
  return text.startsWith("\u0001vorbis") && frequency > 0
    ? { codec: "vorbis", frequency, before: 0 }
    : undefined;
}

const ID3_HEADER_BYTES = 10;
const FRAME_HEADER_BYTES = 4;
/** Kilobits per second by index, layer III: of MPEG-1, and of MPEG-2 and 2.5. */
const BIT_RATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BIT_RATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/** Hz by index, of MPEG-1; MPEG-2 has half of it, 2.5 a quarter. */
const RATES = [44_100, 48_000, 32_000];

interface Frame {
  readonly frequency: number;
  readonly samples: number;
  readonly bytes: number;
}

/** Counts the frames until something else comes. */
export function* probeMp3(_: Cursor, head: Buffer): Probe {
  let header: Buffer = head;
  if (head.toString("latin1", 0, 3) === "ID3") {
    const size = [6, 7, 8, 9].reduce((sum, at) => sum * 128 + (head.readUInt8(at) & 127), 0);
    const passed = head.length - ID3_HEADER_BYTES;
    if (size < passed) return undefined;
    yield { skip: size - passed };
    header = yield { take: FRAME_HEADER_BYTES };
  }
  let duration = 0;
  let frequency: number | undefined;
  for (;;) {
    const frame = frameOf(header);
    if (frame === undefined) break;
    frequency ??= frame.frequency;
    duration += frame.samples / frame.frequency;
    yield { skip: frame.bytes - header.length };
    header = yield { take: FRAME_HEADER_BYTES };
  }
  return frequency === undefined ? undefined : { codec: "mp3", frequency, duration };
}

function frameOf(header: Buffer): Frame | undefined {
  if (header.length < FRAME_HEADER_BYTES) return undefined;
  const bits = header.readUInt32BE(0);
  const version = (bits >>> 19) & 3;
  const layer = (bits >>> 17) & 3;
  if (bits >>> 21 !== 0x7_ff || version === 1 || layer !== 1) return undefined;
  const one = version === 3;
  const kilobits = (one ? BIT_RATES_1 : BIT_RATES_2)[(bits >>> 12) & 15];
  const base = RATES[(bits >>> 10) & 3];
  if (kilobits === undefined || kilobits === 0 || base === undefined) return undefined;
  const frequency = base / (one ? 1 : version === 2 ? 2 : 4);
  const samples = one ? 1152 : 576;
  const padding = (bits >>> 9) & 1;
  return { frequency, samples, bytes: Math.floor((samples * kilobits * 125) / frequency) + padding };
}

/** Where a WebM names its codec. */
const WEBM_HEAD_BYTES = 4096;
/** What speech takes in a WebM, roughly: bytes per second. */
const WEBM_BYTES_PER_SECOND = 4_000;
const WEBM_RATE = 48_000;

export function* probeWebm(cursor: Cursor, head: Buffer): Probe {
  const text = Buffer.concat([head, yield { take: WEBM_HEAD_BYTES }]).toString("latin1");
  const codec = text.includes("A_VORBIS") ? "vorbis" : text.includes("A_OPUS") ? "opus" : undefined;
  if (codec === undefined) return undefined;
  yield { skip: Number.MAX_SAFE_INTEGER };
  return { codec, frequency: WEBM_RATE, duration: cursor.position / WEBM_BYTES_PER_SECOND };
}
