/**
 * One generation of the data key as an object of the repository: the public half authenticated with the write master,
 * so that nobody who can only write to the storage makes us seal to a key of his own; the private half sealed under the
 * read master.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { z } from "zod";
import { HoldfastError } from "../../model/errors.ts";
import { openBox, sealBox } from "./box.ts";
import { BOX_KIND } from "./box-kinds.ts";
import { derivedKey } from "./derivation.ts";
import type { MasterKeys } from "./master-keys.ts";
import { lengthPrefixed } from "./parts.ts";
import { X25519_BYTES, generateX25519, privateBytes, publicOf, x25519Private } from "./x25519.ts";

export const DATA_KEYS = "data-keys/";
const FORMAT = 1;
/** Digits of a generation in its path: listings then come in order. */
const GENERATION_DIGITS = 6;
const GENERATION_PATH = /^data-keys\/(\d{6})$/;

export interface DataKey {
  readonly generation: number;
  readonly publicKey: Buffer;
  /** Absent with the write right alone. */
  readonly privateKey?: KeyObject;
}

const dataKeySchema = z.object({
  format: z.literal(FORMAT),
  repository: z.string(),
  generation: z.int().positive(),
  /** Base64, 32 bytes. */
  public: z.base64(),
  /** Base64, HMAC-SHA256 of the public half and its place. */
  mac: z.base64(),
  /** Base64, box of the private half. */
  private: z.base64(),
});

export function dataKeyPath(generation: number): string {
  return `${DATA_KEYS}${String(generation).padStart(GENERATION_DIGITS, "0")}`;
}

/** The generation that a path names, or undefined when it is no data key's. */
export function generationOf(path: string): number | undefined {
  const digits = GENERATION_PATH.exec(path)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A new key pair and the object that keeps it. */
export function newDataKey(
  masters: Required<MasterKeys>,
  generation: number,
): { readonly dataKey: DataKey; readonly object: Buffer } {
  const { publicKey, privateKey } = generateX25519();
  const place = placeOf(masters.repository, generation, publicKey);
  const key = sealingKey(masters, generation, publicKey);
  const sealed = sealBox(key, BOX_KIND.dataKey, 0, place, privateBytes(privateKey));
  const file: z.infer<typeof dataKeySchema> = {
    format: FORMAT,
    repository: masters.repository,
    generation,
    public: publicKey.toString("base64"),
    mac: macOf(masters, place).toString("base64"),
    private: sealed.toString("base64"),
  };
  return {
    dataKey: { generation, publicKey, privateKey },
    object: Buffer.from(`${JSON.stringify(file, undefined, 2)}\n`),
  };
}

/** The repository that a data key says it belongs to. Errors: `object-damaged`. */
export function repositoryOfDataKey(path: string, object: Buffer): string {
  return parse(path, object).repository;
}

/**
 * The data key in an object, or undefined when it belongs to another repository: an `init` that never finished left it.
 * Errors: `object-damaged`.
 */
export function openDataKey(masters: MasterKeys, path: string, object: Buffer): DataKey | undefined {
  const file = parse(path, object);
  if (file.repository !== masters.repository) return undefined;
  const { generation } = file;
  const publicKey = Buffer.from(file.public, "base64");
  const place = placeOf(masters.repository, generation, publicKey);
  const mac = Buffer.from(file.mac, "base64");
  const expected = macOf(masters, place);
  const genuine =
    publicKey.length === X25519_BYTES && mac.length === expected.length && timingSafeEqual(mac, expected);
  if (!genuine || dataKeyPath(generation) !== path) throw damaged(path);
  if (masters.read === undefined) return { generation, publicKey };

  const key = sealingKey({ ...masters, read: masters.read }, generation, publicKey);
  const bytes = openBox(key, BOX_KIND.dataKey, 0, place, Buffer.from(file.private, "base64"), path);
  const privateKey = x25519Private(bytes);
  if (!publicOf(privateKey).equals(publicKey)) throw damaged(path);
  return { generation, publicKey, privateKey };
}

function parse(path: string, object: Buffer): z.infer<typeof dataKeySchema> {
  let json: unknown;
  try {
    json = JSON.parse(object.toString("utf8"));
  } catch {
    throw damaged(path);
  }
  const file = dataKeySchema.safeParse(json);
  if (!file.success) throw damaged(path);
  return file.data;
}

function placeOf(repository: string, generation: number, publicKey: Buffer): Buffer {
  return lengthPrefixed("holdfast data key", repository, String(generation), publicKey);
}

function macOf(masters: MasterKeys, place: Buffer): Buffer {
  return createHmac("sha256", derivedKey(masters.write, masters.repository, "data-key"))
    .update(place)
    .digest();
}

/** Of one private half only, also when two race to add the same generation: its one box has ordinal 0. */
function sealingKey(masters: Required<MasterKeys>, generation: number, publicKey: Buffer): Buffer {
  const { read, repository } = masters;
  return derivedKey(read, repository, "data-key", String(generation), publicKey.toString("hex"));
}

function damaged(path: string): HoldfastError {
  return new HoldfastError(
    "object-damaged",
    `The data key in ${path} is altered, or was not written by a holder of this repository's write right.`,
    { path },
  );
}
