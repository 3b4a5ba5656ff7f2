/**
 * One version as bytes inside a block. Byte by byte: docs/format/segments.md.
 */
import type { Observation, Version, VersionKind } from "../../model/version.ts";
import type { BlobEncoding, BlobRef } from "../../model/version.ts";
import { type ByteReader, hexBytes, textLength, varintLength, writeVarint } from "./bytes.ts";
import { damaged } from "./damage.ts";
import { FINGERPRINT_BYTES } from "./fingerprint.ts";

const KINDS: readonly VersionKind[] = ["live", "deleted", "purged"];
const ENCODINGS: readonly BlobEncoding[] = ["identity", "gzip"];
export const BLOB_ID_BYTES = 32;
export const PACK_ID_BYTES = 16;
export const SHA256_BYTES = 32;
export const ALIAS_BYTES = 16;
/** blob id, pack id, encoding, SHA-256, alias: what a reference has beside its varints and name. */
const REF_FIXED_BYTES = BLOB_ID_BYTES + PACK_ID_BYTES + 1 + SHA256_BYTES + ALIAS_BYTES;

/** Sizes worked out once, used to reserve room and then to write. */
export interface RecordSize {
  /** Bytes behind the length prefix. */
  readonly body: number;
  /** With the length prefix. */
  readonly total: number;
}

export function recordSize(version: Version, observation: number): RecordSize {
  if (version.fingerprint.length !== FINGERPRINT_BYTES) throw new RangeError("A fingerprint has 8 bytes.");
  const revision = textLength(version.revision);
  let body =
    1 + prefixed(version.key.length) + prefixed(revision) + varintLength(observation) + FINGERPRINT_BYTES;
  body += varintLength(version.parts.length);
  for (const part of version.parts) body += prefixed(part.length);
  body += varintLength(version.blobs.length);
  for (const ref of version.blobs) {
    body += varintLength(ref.part) + prefixed(textLength(ref.name)) + varintLength(ref.length);
    body += REF_FIXED_BYTES;
  }
  return { body, total: body + varintLength(body) };
}

/** Writes the record at `offset`, where `size.total` bytes are free, and returns the offset behind it. */
export function writeRecord(
  target: Buffer,
  version: Version,
  observation: number,
  size: RecordSize,
  offset: number,
): number {
  let at = writeVarint(target, size.body, offset);
  target[at++] = KINDS.indexOf(version.kind);
  at = writeVarint(target, version.key.length, at);
  target.set(version.key, at);
  at += version.key.length;
  at = writeText(target, version.revision, at);
  at = writeVarint(target, observation, at);
  for (let i = 0; i < FINGERPRINT_BYTES; i++) target[at++] = version.fingerprint[i] as number;
  at = writeVarint(target, version.parts.length, at);
  for (const part of version.parts) at = writeVarint(target, part.length, at);
  for (const part of version.parts) {
    target.set(part, at);
    at += part.length;
  }
  at = writeVarint(target, version.blobs.length, at);
  for (const ref of version.blobs) at = writeRef(target, ref, at);
  return at;
}

function writeRef(target: Buffer, ref: BlobRef, offset: number): number {
  let at = writeVarint(target, ref.part, offset);
  at = writeText(target, ref.name, at);
  at += hexBytes(ref.blob, BLOB_ID_BYTES).copy(target, at);
  at += hexBytes(ref.pack, PACK_ID_BYTES).copy(target, at);
  at = writeVarint(target, ref.length, at);
  target[at++] = ENCODINGS.indexOf(ref.encoding);
  at += hexBytes(ref.sha256, SHA256_BYTES).copy(target, at);
  at += hexBytes(ref.alias, ALIAS_BYTES).copy(target, at);
  return at;
}

function writeText(target: Buffer, text: string, offset: number): number {
  const at = writeVarint(target, Buffer.byteLength(text, "utf8"), offset);
  return at + target.write(text, at, "utf8");
}

function prefixed(length: number): number {
  return varintLength(length) + length;
}

/** The encodings' numbers in records and pages. */
export function encodingNumber(encoding: BlobEncoding): number {
  return ENCODINGS.indexOf(encoding);
}

export function encodingOf(number: number, path: string): BlobEncoding {
  const encoding = ENCODINGS[number];
  if (encoding === undefined) throw damaged(path, `it has a blob of unknown encoding ${number}`);
  return encoding;
}

/** A record found inside a block: where its key lies and where the record ends. */
export interface RecordPlace {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly end: number;
}

/** Finds the extent of the record at `reader` and moves behind it. */
export function skipRecord(reader: ByteReader): RecordPlace {
  const body = reader.varint();
  const end = reader.at + body;
  reader.u8();
  const keyLength = reader.varint();
  const keyStart = reader.at;
  reader.at = keyStart + keyLength;
  if (end > reader.end || reader.at > end) reader.fail("a record inside it ends too early");
  reader.at = end;
  return { keyStart, keyEnd: keyStart + keyLength, end };
}

/**
 * Reads one record and moves behind it. Buffers of the version are views of the block: whoever keeps one keeps the
 * block.
 */
export function readRecord(reader: ByteReader, observations: readonly Observation[], path: string): Version {
  const body = reader.varint();
  const end = reader.at + body;
  const kind = KINDS[reader.u8()];
  if (kind === undefined) throw damaged(path, "it has a record of unknown kind");
  const key = reader.bytes();
  const revision = reader.text();
  const observation = observations[reader.varint()];
  if (observation === undefined)
    throw damaged(path, "it has a record of an observation that its footer does not list");
  const fingerprint = reader.raw(FINGERPRINT_BYTES);
  const parts = readParts(reader);
  const blobs = readRefs(reader, path);
  if (reader.at !== end) throw damaged(path, "a record inside it has another length than it states");
  return { key, kind, revision, observation, fingerprint, parts, blobs };
}

const NONE: readonly never[] = [];

function readParts(reader: ByteReader): readonly Buffer[] {
  const count = reader.varint();
  if (count === 0) return NONE;
  if (count === 1) return [reader.bytes()];
  const lengths: number[] = [];
  for (let i = 0; i < count; i++) lengths.push(reader.varint());
  return lengths.map((length) => reader.raw(length));
}

function readRefs(reader: ByteReader, path: string): readonly BlobRef[] {
  const count = reader.varint();
  if (count === 0) return NONE;
  const refs: BlobRef[] = [];
  for (let i = 0; i < count; i++) {
    refs.push({
      part: reader.varint(),
      name: reader.text(),
      blob: reader.hex(BLOB_ID_BYTES),
      pack: reader.hex(PACK_ID_BYTES),
      length: reader.varint(),
      encoding: encodingOf(reader.u8(), path),
      sha256: reader.hex(SHA256_BYTES),
      alias: reader.hex(ALIAS_BYTES),
    });
  }
  return refs;
}
