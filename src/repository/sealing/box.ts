/**
 * One sealed box: AES-256-GCM over a whole byte string. Every sealed byte of a repository is in such a box.
 *
 * A nonce is never drawn at random: it says what the box is (`kind`, 0 to 255, from a table of the format that the box
 * belongs to) and which one of its kind (`ordinal`, from 0). The caller's promise is that no key ever seals two boxes
 * of the same kind and ordinal; keys are therefore made for one file or one purpose. `additional` is bound to the box
 * without being in it: the box opens only with the same bytes. Described in docs/format/keys.md.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { HoldfastError } from "../../model/errors.ts";

const CIPHER = "aes-256-gcm";
/** Bytes; AES-256. */
export const BOX_KEY_BYTES = 32;
/** Bytes that a box is longer than its content: GCM's full tag. */
export const BOX_TAG_BYTES = 16;
/** Bytes; GCM's native nonce: 1 for the kind, 11 for the ordinal. */
const NONCE_BYTES = 12;
/** Where the low 64 bits of the big-endian ordinal lie; no ordinal needs the three bytes before. */
const ORDINAL_LOW_AT = 4;
const HIGHEST_KIND = 0xff;
const HIGHEST_ORDINAL = 2n ** 64n - 1n;

/** Ciphertext and tag of `plain`. */
export function sealBox(
  key: Buffer,
  kind: number,
  ordinal: number | bigint,
  additional: Buffer,
  plain: Buffer,
): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonceOf(kind, ordinal), { authTagLength: BOX_TAG_BYTES });
  cipher.setAAD(additional);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/**
 * The content of a box, only when every byte of it, its place and its additional data are what was sealed.
 * Errors: `object-damaged`, naming `path`.
 */
export function openBox(
  key: Buffer,
  kind: number,
  ordinal: number | bigint,
  additional: Buffer,
  sealed: Buffer,
  path: string,
): Buffer {
  const plain = tryOpenBox(key, kind, ordinal, additional, sealed);
  if (plain !== undefined) return plain;
  throw new HoldfastError(
    "object-damaged",
    `Failed opening a part of ${path}: it is altered, truncated, moved from another place, or sealed with another key.`,
    { path },
  );
}

/** As `openBox`, but undefined for a box that does not open: for trying keys. */
export function tryOpenBox(
  key: Buffer,
  kind: number,
  ordinal: number | bigint,
  additional: Buffer,
  sealed: Buffer,
): Buffer | undefined {
  const nonce = nonceOf(kind, ordinal);
  if (sealed.length < BOX_TAG_BYTES) return undefined;
  const end = sealed.length - BOX_TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: BOX_TAG_BYTES });
  decipher.setAAD(additional);
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch {
    // GCM's one failure: the tag does not fit.
    return undefined;
  }
  return plain;
}

function nonceOf(kind: number, ordinal: number | bigint): Buffer {
  const whole = typeof ordinal === "bigint" || Number.isSafeInteger(ordinal);
  if (!whole || ordinal < 0 || ordinal > HIGHEST_ORDINAL || !(kind >= 0 && kind <= HIGHEST_KIND)) {
    throw new HoldfastError("internal", `A box cannot have kind ${kind} and ordinal ${ordinal}.`);
  }
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt8(kind, 0);
  nonce.writeBigUInt64BE(BigInt(ordinal), ORDINAL_LOW_AT);
  return nonce;
}
