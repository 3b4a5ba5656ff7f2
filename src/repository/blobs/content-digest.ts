/**
 * The SHA-256 of what people mean by a blob: of the bytes themselves, or of what they unpack to. Unpacked while it
 * passes, in constant memory.
 */
import { createHash } from "node:crypto";
import { createGunzip } from "node:zlib";
import { HoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";

export class GunzipDigest implements Disposable {
  readonly #task: TaskName;
  readonly #hash = createHash("sha256");
  readonly #gunzip = createGunzip();
  readonly #unpacked: Promise<void>;

  constructor(task: TaskName) {
    this.#task = task;
    this.#unpacked = new Promise((resolve, reject) => {
      this.#gunzip.on("data", (bytes: Buffer) => this.#hash.update(bytes));
      this.#gunzip.on("end", resolve);
      this.#gunzip.on("error", reject);
    });
    // Reported by the call that waits next.
    this.#unpacked.catch(() => {});
  }

  /** Waits until the bytes are unpacked. Errors: `source-protocol` when they are not gzip. */
  async update(bytes: Buffer): Promise<void> {
    const written = new Promise<void>((resolve) => this.#gunzip.write(bytes, () => resolve()));
    await this.#orBroken(Promise.race([written, this.#unpacked]));
  }

  /** Hex digits. Errors: `source-protocol` when the gzip stream is cut off. */
  async finish(): Promise<string> {
    this.#gunzip.end();
    await this.#orBroken(this.#unpacked);
    return this.#hash.digest("hex");
  }

  [Symbol.dispose](): void {
    this.#gunzip.destroy();
  }

  async #orBroken(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      throw new HoldfastError(
        "source-protocol",
        "Failed storing a blob that the source calls gzip: its bytes are not a whole gzip stream.",
        { task: this.#task },
        error,
      );
    }
  }
}
