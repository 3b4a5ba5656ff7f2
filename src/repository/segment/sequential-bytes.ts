/**
 * A file read once from front to back: pieces are taken in ascending order, and every byte passes the digest, also
 * those between them.
 */
import { createHash } from "node:crypto";
import type { Storage } from "../storage/storage.ts";
import { damaged } from "./damage.ts";

export class SequentialBytes implements AsyncDisposable {
  readonly #path: string;
  readonly #source: AsyncIterator<Buffer>;
  readonly #hash = createHash("sha256");
  #piece: Buffer = Buffer.alloc(0);
  /** Where `#piece` begins in the file. */
  #offset = 0;

  constructor(storage: Storage, path: string, signal?: AbortSignal) {
    this.#path = path;
    this.#source = storage.stream(path, undefined, signal)[Symbol.asyncIterator]();
  }

  /**
   * Bytes `[offset, offset + length)`, not before those taken already. Errors: `object-damaged` when the file ends
   * before.
   */
  async take(offset: number, length: number): Promise<Buffer> {
    if (offset < this.#offset) throw damaged(this.#path, "its parts do not lie in the order that they must");
    while (this.#offset < offset) await this.#skip(offset - this.#offset);
    const taken: Buffer[] = [];
    for (let missing = length; missing > 0;) {
      if (this.#piece.length === 0) await this.#next();
      const part = this.#piece.subarray(0, missing);
      taken.push(part);
      this.#drop(part.length);
      missing -= part.length;
    }
    return taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken);
  }

  /** Reads what is left and returns the SHA-256 of the whole file in hex, and its size. */
  async finish(): Promise<{ readonly sha256: string; readonly bytes: number }> {
    this.#drop(this.#piece.length);
    while (await this.#more()) this.#drop(this.#piece.length);
    return { sha256: this.#hash.digest("hex"), bytes: this.#offset };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.return?.();
  }

  async #skip(length: number): Promise<void> {
    if (this.#piece.length === 0) await this.#next();
    this.#drop(Math.min(length, this.#piece.length));
  }

  #drop(length: number): void {
    this.#piece = this.#piece.subarray(length);
    this.#offset += length;
  }

  async #next(): Promise<void> {
    if (!(await this.#more())) throw damaged(this.#path, `the file ends at ${this.#offset} bytes`);
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const next = await this.#source.next();
      if (next.done) return false;
      this.#hash.update(next.value);
      this.#piece = next.value;
      if (next.value.length > 0) return true;
    }
  }
}
