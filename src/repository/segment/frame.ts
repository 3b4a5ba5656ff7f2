/**
 * The plain frame that segments and packs share: a header that makes the file self-contained and the additional
 * data that ties every sealed piece to its file, kind and place. Byte by byte: docs/format/segments.md.
 */
import { HoldfastError } from "../../model/errors.ts";
import { isTaskName, type TaskName } from "../../model/task.ts";
import type { WrappedKey } from "../sealing/keyring.ts";
import { hexBytes } from "./bytes.ts";
import { damaged } from "./damage.ts";

export const FORMAT_VERSION = 1;
export const MAGIC_BYTES = 8;
export const SEGMENT_MAGIC = Buffer.from("HFSEGMNT", "latin1");
export const PACK_MAGIC = Buffer.from("HFBLOBPK", "latin1");

/** Bytes that sealing adds to a piece: the GCM tag. */
export const SEAL_BYTES = 16;

const TASK_PREFIX = "backup-";
const ID_BYTES = 16;
const EPHEMERAL_BYTES = 32;
const SEALED_KEY_BYTES = 48;
/** magic, version, zero, task, id, generation, ephemeral key, sealed file key. */
export const HEADER_BYTES = MAGIC_BYTES + 2 + 2 + 2 * ID_BYTES + 4 + EPHEMERAL_BYTES + SEALED_KEY_BYTES;

/**
 * First byte of the nonce and part of the additional data: no two kinds of piece share a nonce under one key.
 * Published numbers; never reuse one.
 */
export const PIECE = {
  block: 16,
  indexPage: 17,
  filter: 18,
  footer: 19,
  bounds: 20,
  fingerprintPage: 32,
  aliasPage: 33,
  directory: 34,
  chunk: 48,
  packTable: 64,
} as const;

export type PieceKind = (typeof PIECE)[keyof typeof PIECE];

/** Whose bytes these are. */
export interface FrameHeader {
  readonly magic: Buffer;
  readonly task: TaskName;
  /** 32 hex digits. */
  readonly id: string;
  readonly wrapped: WrappedKey;
}

/** Where a piece lies in its file, bytes. */
export interface Location {
  readonly offset: number;
  readonly length: number;
}

export function encodeHeader(header: FrameHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  header.magic.copy(bytes, 0);
  let at = bytes.writeUInt16BE(FORMAT_VERSION, MAGIC_BYTES) + 2;
  at += taskBytes(header.task).copy(bytes, at);
  at += hexBytes(header.id, ID_BYTES).copy(bytes, at);
  at = bytes.writeUInt32BE(header.wrapped.generation, at);
  at += exactly(header.wrapped.ephemeral, EPHEMERAL_BYTES).copy(bytes, at);
  exactly(header.wrapped.sealed, SEALED_KEY_BYTES).copy(bytes, at);
  return bytes;
}

/**
 * Errors: `object-damaged` when it is no header of this kind; `repository-newer` for a version this program does
 * not know.
 */
export function decodeHeader(magic: Buffer, bytes: Buffer, path: string): FrameHeader {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC_BYTES).equals(magic)) {
    throw damaged(path, "the file does not begin as one of its kind must");
  }
  const version = bytes.readUInt16BE(MAGIC_BYTES);
  if (version !== FORMAT_VERSION) {
    throw new HoldfastError("repository-newer", `${path} has format version ${version}.`, { path });
  }
  if (bytes.readUInt16BE(MAGIC_BYTES + 2) !== 0) throw damaged(path, "its header has unknown bits set");
  let at = MAGIC_BYTES + 4;
  const take = (length: number): Buffer => Buffer.from(bytes.subarray(at, (at += length)));
  const task = `${TASK_PREFIX}${take(ID_BYTES).toString("hex")}`;
  const id = take(ID_BYTES).toString("hex");
  const generation = take(4).readUInt32BE();
  const ephemeral = take(EPHEMERAL_BYTES);
  const sealed = take(SEALED_KEY_BYTES);
  return { magic, task: task as TaskName, id, wrapped: { generation, ephemeral, sealed } };
}

/** Additional data of one sealed piece: magic, version, task, file id, kind, ordinal, then `extra`. */
export type PieceData = (kind: PieceKind, ordinal: number, extra?: Buffer) => Buffer;

/** Makes the additional data for the pieces of one file. */
export function pieceData(magic: Buffer, task: TaskName, id: string): PieceData {
  const version = Buffer.alloc(2);
  version.writeUInt16BE(FORMAT_VERSION);
  const prefix = Buffer.concat([magic, version, taskBytes(task), hexBytes(id, ID_BYTES)]);
  return (kind, ordinal, extra) => {
    const place = Buffer.alloc(9);
    place[0] = kind;
    place.writeBigUInt64BE(BigInt(ordinal), 1);
    return Buffer.concat(extra ? [prefix, place, extra] : [prefix, place]);
  };
}

/** A trailer is the locations of the pieces a reader opens first, then the magic. */
export function encodeTrailer(magic: Buffer, locations: readonly Location[]): Buffer {
  const bytes = Buffer.alloc(trailerBytes(locations.length));
  let at = 0;
  for (const { offset, length } of locations) {
    at = bytes.writeBigUInt64BE(BigInt(offset), at);
    at = bytes.writeBigUInt64BE(BigInt(length), at);
  }
  magic.copy(bytes, at);
  return bytes;
}

/** The locations in a trailer of a file of `fileBytes`; every one is checked to lie inside the file. */
export function decodeTrailer(magic: Buffer, bytes: Buffer, fileBytes: number, path: string): Location[] {
  const end = bytes.length - MAGIC_BYTES;
  if (!bytes.subarray(end).equals(magic))
    throw damaged(path, "the file does not end as one of its kind must");
  const locations: Location[] = [];
  for (let at = 0; at < end; at += 16) {
    const offset = Number(bytes.readBigUInt64BE(at));
    const length = Number(bytes.readBigUInt64BE(at + 8));
    if (offset < HEADER_BYTES || length < SEAL_BYTES || offset + length > fileBytes - bytes.length) {
      throw damaged(path, "its trailer names a place outside the file");
    }
    locations.push({ offset, length });
  }
  return locations;
}

export function trailerBytes(locations: number): number {
  return locations * 16 + MAGIC_BYTES;
}

function taskBytes(task: TaskName): Buffer {
  if (!isTaskName(task)) throw new TypeError(`Not a task name: ${JSON.stringify(task)}.`);
  return hexBytes((task as string).slice(TASK_PREFIX.length), ID_BYTES);
}

function exactly(bytes: Buffer, length: number): Buffer {
  if (bytes.length !== length)
    throw new TypeError(`A wrapped key's part has ${bytes.length} bytes, not ${length}.`);
  return bytes;
}
