/**
 * Reading and writing the small structures of segments and packs: unsigned varints (LEB128), length-prefixed bytes,
 * big-endian numbers. Reading past the end or a number out of range is damage of the file, never a crash.
 */
import { damaged } from "./damage.ts";

/** Largest power that still fits the 53 bits of a safe integer: a varint has at most eight bytes. */
const MAX_VARINT_BYTES = 8;

/**
 * Bytes that `value` takes as a varint. Throws for what is no count: written cut short it would be another number.
 */
export function varintLength(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`Not a count: ${value}.`);
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/**
 * UTF-8 bytes of `text`. Throws for a lone surrogate, which UTF-8 cannot hold: it would come back as another text.
 */
export function textLength(text: string): number {
  if (!text.isWellFormed()) throw new RangeError(`Not a Unicode text: ${JSON.stringify(text)}.`);
  return Buffer.byteLength(text, "utf8");
}

/** Writes a varint at `offset` and returns the offset behind it. */
export function writeVarint(target: Uint8Array, value: number, offset: number): number {
  let at = offset;
  let rest = value;
  while (rest >= 0x80) {
    target[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[at++] = rest;
  return at;
}

/** Collects small fields into one buffer; for structures, not for bodies. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  u32(value: number): this {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32BE(value, this.#length);
    return this;
  }

  varint(value: number): this {
    this.#reserve(varintLength(value));
    this.#length = writeVarint(this.#bytes, value, this.#length);
    return this;
  }

  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** Length as varint, then the bytes. */
  bytes(value: Uint8Array): this {
    return this.varint(value.length).raw(value);
  }

  text(value: string): this {
    textLength(value);
    return this.bytes(Buffer.from(value, "utf8"));
  }

  /** Everything written so far; the writer must not be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/**
 * Reads what `ByteWriter` wrote. Every method throws `object-damaged`, naming `path`, when the bytes end too early.
 */
export class ByteReader {
  readonly #source: Buffer;
  readonly #path: string;
  at: number;
  readonly end: number;

  constructor(source: Buffer, path: string, at = 0, end = source.length) {
    this.#source = source;
    this.#path = path;
    this.at = at;
    this.end = end;
  }

  u8(): number {
    if (this.at >= this.end) throw this.#short();
    return this.#source[this.at++] as number;
  }

  u32(): number {
    return this.raw(4).readUInt32BE();
  }

  varint(): number {
    let byte = this.u8();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 0x80;
    for (let count = 1; count < MAX_VARINT_BYTES; count++) {
      byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      scale *= 0x80;
    }
    throw damaged(this.#path, "a number inside it is out of range");
  }

  /** A view, not a copy. */
  raw(length: number): Buffer {
    const start = this.at;
    if (length > this.end - start) throw this.#short();
    this.at = start + length;
    return this.#source.subarray(start, this.at);
  }

  bytes(): Buffer {
    return this.raw(this.varint());
  }

  text(): string {
    const length = this.varint();
    const start = this.at;
    if (length > this.end - start) throw this.#short();
    this.at = start + length;
    return this.#source.toString("utf8", start, this.at);
  }

  /** Lower-case hex of the next `length` bytes. */
  hex(length: number): string {
    const start = this.at;
    if (length > this.end - start) throw this.#short();
    this.at = start + length;
    return this.#source.toString("hex", start, this.at);
  }

  /** Reports damage that only the caller can see. */
  fail(what: string): never {
    throw damaged(this.#path, what);
  }

  /** States that everything has been read. */
  done(): void {
    if (this.at !== this.end) throw damaged(this.#path, "a structure inside it has bytes left over");
  }

  #short(): Error {
    return damaged(this.#path, "a structure inside it ends too early");
  }
}

/** Hex digits as exactly `length` bytes; anything else is an error of the program, not of a file. */
export function hexBytes(text: string, length: number): Buffer {
  const bytes = Buffer.from(text, "hex");
  if (bytes.length !== length || text.length !== length * 2) {
    throw new TypeError(`Expected ${length * 2} hex digits, got ${JSON.stringify(text)}.`);
  }
  return bytes;
}
