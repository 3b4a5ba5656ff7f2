/** One piece of audio: which probe reads it. */
import type { AudioType } from "./audio-type.ts";
import { HEAD_BYTES, probeFlac, probeMp3, probeOgg, probeWebm } from "./compressed.ts";
import type { Cursor, Probe } from "./probe.ts";
import { Probing } from "./probe.ts";
import { isRaw, probeRaw } from "./raw.ts";
import { isWav, probeWav } from "./wav.ts";

/** Undefined type: the first bytes must tell. A type and bytes that contradict each other are not readable. */
export function audioProbing(type: AudioType | undefined): Probing {
  return new Probing((cursor) =>
    type !== undefined && isRaw(type.name) ? probeRaw(cursor, type) : probeBySight(cursor, type),
  );
}

function* probeBySight(cursor: Cursor, type: AudioType | undefined): Probe {
  const head = yield { take: HEAD_BYTES };
  if (head.length < HEAD_BYTES) return undefined;
  const seen = seenType(head);
  if (seen === undefined || (type !== undefined && !SAME.get(type.name)?.includes(seen))) return undefined;
  return yield* PROBES[seen](cursor, head);
}

type Seen = "wav" | "flac" | "ogg" | "webm" | "mp3";

const PROBES: Readonly<Record<Seen, (cursor: Cursor, head: Buffer) => Probe>> = {
  wav: probeWav,
  flac: probeFlac,
  ogg: probeOgg,
  webm: probeWebm,
  mp3: probeMp3,
};

const SAME = new Map<string, readonly Seen[]>([
  ["audio/wav", ["wav"]],
  ["audio/flac", ["flac"]],
  ["audio/ogg", ["ogg"]],
  ["audio/webm", ["webm"]],
  ["audio/mp3", ["mp3"]],
  ["audio/mpeg", ["mp3"]],
]);

/** Eleven set bits begin a frame of MPEG audio. */
const FRAME_SYNC = 0xff_e0;

function seenType(head: Buffer): Seen | undefined {
  const text = head.toString("latin1");
  if (isWav(head)) return "wav";
  if (text.startsWith("fLaC")) return "flac";
  if (text.startsWith("OggS")) return "ogg";
  if (text.startsWith("\u001aE\u00df\u00a3")) return "webm";
  return text.startsWith("ID3") || (head.readUInt16BE(0) & FRAME_SYNC) === FRAME_SYNC ? "mp3" : undefined;
}
