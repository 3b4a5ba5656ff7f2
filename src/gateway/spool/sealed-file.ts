/**
 * The format of a spool entry: a head and a row of sealed blocks, appended one after the other, read back until the end or until the
 * first block that is not whole. Nothing of a request lies on the disk in clear.
 *
 *   8 bytes   magic, 16 bytes salt
 *   blocks    4 bytes length of what follows the kind (big endian), 1 byte kind, AES-256-GCM ciphertext, 16 bytes tag
 *
 * Each file has a key of its own, derived from the spool's key and the salt; the nonce is the block's number, the kind is bound as
 * additional data. So blocks cannot be swapped, repeated or taken from another file. That a file ends too early is seen by what
 * its blocks say, not by the format.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from "node:crypto";
import type { FileHandle } from "node:fs/promises";

export const BLOCK = {
  /** JSON: what is known before the body. */
  request: 1,
  /** Bytes of the body as sent. */
  body: 2,
  /** JSON: the body is whole. */
  sent: 3,
  /** JSON: what the service answered. */
  answer: 4,
} as const;
export type BlockKind = (typeof BLOCK)[keyof typeof BLOCK];

export interface Block {
  readonly kind: number;
  readonly plain: Buffer;
}

const MAGIC = Buffer.from("HFSPOOL1", "latin1");
const SALT_BYTES = 16;
/** Bytes; AES-256. */
export const SPOOL_KEY_BYTES = 32;
const TAG_BYTES = 16;
/** Bytes; GCM's own nonce length. The block's number fills the last 6. */
const NONCE_BYTES = 12;
const ORDINAL_AT = 6;
const ORDINAL_BYTES = 6;
/** Bytes in front of each block's ciphertext. */
const FRAME_BYTES = 5;
const HEAD_BYTES = MAGIC.length + SALT_BYTES;
/** No writer makes longer blocks: a length beyond it (bytes) is damage, and is never allocated. */
const LONGEST_BLOCK = 16 * 1024 * 1024;
/** Bytes of one read. */
const AHEAD_BYTES = 64 * 1024;
const CIPHER = "aes-256-gcm";

/** Seals one file's blocks, in order. */
export class BlockSealer {
  /** What the file begins with. */
  readonly head: Buffer;
  readonly #key: KeyObject;
  #ordinal: number;

  constructor(spoolKey: Buffer) {
    const salt = randomBytes(SALT_BYTES);
    this.head = Buffer.concat([MAGIC, salt]);
    this.#key = fileKey(spoolKey, salt);
    this.#ordinal = 0;
  }

  /** The pieces of one block; `plain` in as many pieces as it came. */
  seal(kind: BlockKind, plain: readonly Buffer[]): Buffer[] {
    const cipher = createCipheriv(CIPHER, this.#key, nonce(this.#ordinal++), { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.of(kind));
    const sealed = plain.map((piece) => cipher.update(piece));
    sealed.push(cipher.final(), cipher.getAuthTag());
    const frame = Buffer.alloc(FRAME_BYTES);
    frame.writeUInt32BE(sealed.reduce((sum, piece) => sum + piece.length, 0));
    frame[FRAME_BYTES - 1] = kind;
    return [frame, ...sealed];
  }
}

/**
 * The blocks of a file up to its end or to the first that is torn, altered or sealed with another key. `close` stays the
 * caller's.
 */
export async function* readBlocks(file: FileHandle, spoolKey: Buffer): AsyncGenerator<Block> {
  const input = new AheadReader(file);
  const head = await input.take(HEAD_BYTES);
  if (head === undefined || !head.subarray(0, MAGIC.length).equals(MAGIC)) return;
  const key = fileKey(spoolKey, head.subarray(MAGIC.length));
  for (let ordinal = 0; ; ordinal++) {
    const frame = await input.take(FRAME_BYTES);
    if (frame === undefined) return;
    const length = frame.readUInt32BE();
    const kind = frame[FRAME_BYTES - 1] as number;
    if (length < TAG_BYTES || length > LONGEST_BLOCK) return;
    const sealed = await input.take(length);
    if (sealed === undefined) return;
    const plain = open(key, ordinal, kind, sealed);
    if (plain === undefined) return;
    yield { kind, plain };
  }
}

function open(key: KeyObject, ordinal: number, kind: number, sealed: Buffer): Buffer | undefined {
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonce(ordinal), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.of(kind));
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

function fileKey(spoolKey: Buffer, salt: Buffer): KeyObject {
  const key = hkdfSync("sha256", spoolKey, salt, "holdfast gateway spool 1", SPOOL_KEY_BYTES);
  return createSecretKey(Buffer.from(key));
}

function nonce(ordinal: number): Buffer {
  const bytes = Buffer.alloc(NONCE_BYTES);
  bytes.writeUIntBE(ordinal, ORDINAL_AT, ORDINAL_BYTES);
  return bytes;
}

/** Reads a file in order, ahead of what is asked for: most entries are whole after one read. */
class AheadReader {
  readonly #file: FileHandle;
  #at = 0;
  #ahead: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The next bytes; undefined when the file ends before. */
  async take(length: number): Promise<Buffer | undefined> {
    while (this.#ahead.length < length) {
      const buffer = Buffer.allocUnsafe(Math.max(AHEAD_BYTES, length));
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#at);
      if (bytesRead === 0) return undefined;
      this.#at += bytesRead;
      const read = buffer.subarray(0, bytesRead);
      this.#ahead = this.#ahead.length === 0 ? read : Buffer.concat([this.#ahead, read]);
    }
    const taken = this.#ahead.subarray(0, length);
    this.#ahead = this.#ahead.subarray(length);
    return taken;
  }
}
