/**
 * The bytes of a file, pulled as they are needed: a reader looks at the piece at hand and asks for the next one when it has
 * used it up.
 */

/** Bytes remembered of what has been read: enough to see what a line ended with. */
const REMEMBERED_BYTES = 64;
const NOTHING = Buffer.alloc(0);

export class ByteFeed implements AsyncDisposable {
  /** The piece at hand and how far it has been used. */
  bytes: Buffer = NOTHING;
  at = 0;
  readonly #pieces: AsyncIterator<Buffer>;
  #before: Buffer = NOTHING;

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Makes sure that there is a byte at `at`; false at the end of the file. */
  async more(): Promise<boolean> {
    while (this.at >= this.bytes.length) {
      const next = await this.#pieces.next();
      if (next.done === true) return false;
      this.#before = Buffer.from(this.behind(REMEMBERED_BYTES));
      this.bytes = next.value;
      this.at = 0;
    }
    return true;
  }

  /** The byte at `at`, once `more` has said that there is one. */
  get byte(): number {
    return this.bytes[this.at] as number;
  }

  /** Up to `count` (at most 64) bytes before `at`. */
  behind(count: number): Buffer {
    const used = this.bytes.subarray(0, this.at);
    const all = used.length >= count ? used : Buffer.concat([this.#before, used]);
    return all.subarray(Math.max(0, all.length - count));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pieces.return?.();
  }
}
