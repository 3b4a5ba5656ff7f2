/**
 * Small sealed objects: manifests, run checkpoints, run and restore records.
 *
 * `HFOB` ‖ version (1 byte) ‖ salt (16 bytes) ‖ box. The key is derived from the write master for this purpose, scope and
 * salt, so two writers that race for one path never share a key and nonce. The plain text is zstd-compressed JSON.
 */
import { randomBytes } from "node:crypto";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { HoldfastError } from "../model/errors.ts";
import { openBox, sealBox } from "./sealing/box.ts";
import type { Keyring } from "./sealing/keyring.ts";

const MAGIC = Buffer.from("HFOB\u0001", "latin1");
const SALT_BYTES = 16;
const HEAD_BYTES = MAGIC.length + SALT_BYTES;
/** Box kind of a sealed object; segments and packs use others. */
const BOX_KIND = 1;
/** A manifest of a million segments is about 400 MB of JSON; more is not one of ours. */
const MAX_PLAIN_BYTES = 1 << 30;

/** What the object is: part of its key and of its authenticated data, so it opens only in its own place. */
export interface ObjectPlace {
  readonly purpose:
    | "manifest"
    | "run"
    | "restore"
    | "lease"
    | "journal"
    | "check"
    | "erasure"
    | "standby"
    | "ids"
    | "copies"
    | "routes"
    | "claim";
  /** Task, then what tells the object from its siblings (generation, run and ordinal). */
  readonly scope: readonly string[];
}

export function sealObject(keyring: Keyring, place: ObjectPlace, value: unknown): Buffer {
  const salt = randomBytes(SALT_BYTES);
  const head = Buffer.concat([MAGIC, salt]);
  const plain = zstdCompressSync(Buffer.from(JSON.stringify(value), "utf8"));
  return Buffer.concat([
    head,
    sealBox(keyOf(keyring, place, salt), BOX_KIND, 0n, dataOf(place, head), plain),
  ]);
}

/** The object's value. Errors: `object-damaged` when it is not the object that belongs at `path`. */
export function openObject(keyring: Keyring, place: ObjectPlace, path: string, object: Buffer): unknown {
  if (object.length < HEAD_BYTES || !object.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new HoldfastError("object-damaged", `${path} is not a sealed Holdfast object.`, { path });
  }
  const head = object.subarray(0, HEAD_BYTES);
  const key = keyOf(keyring, place, head.subarray(MAGIC.length));
  const plain = openBox(key, BOX_KIND, 0n, dataOf(place, head), object.subarray(HEAD_BYTES), path);
  return JSON.parse(zstdDecompressSync(plain, { maxOutputLength: MAX_PLAIN_BYTES }).toString("utf8"));
}

function keyOf(keyring: Keyring, place: ObjectPlace, salt: Buffer): Buffer {
  return keyring.derive(place.purpose, ...place.scope, salt.toString("hex"));
}

function dataOf(place: ObjectPlace, head: Buffer): Buffer {
  return Buffer.concat([head, Buffer.from([place.purpose, ...place.scope].join("\n"), "utf8")]);
}
