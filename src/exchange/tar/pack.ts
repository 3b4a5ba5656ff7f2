/**
 * Files into an archive, one after the other, as a stream with backpressure; keeps the digests for the index.
 */
import { createHash } from "node:crypto";
import { createTarPacker } from "modern-tar";
import type { TarIndexPiece } from "./format.ts";

/** Customers' data: for the owner alone, as `tar` unpacks it. */
const FILE_MODE = 0o600;

export class TarPack {
  /** The archive's bytes. */
  readonly bytes: ReadableStream<Uint8Array>;
  /** Files since the last `takeFiles`. */
  #files: TarIndexPiece["files"][number][] = [];
  readonly #controller: ReturnType<typeof createTarPacker>["controller"];
  readonly #mtime: Date;

  /** `mtime`: of every file. */
  constructor(mtime: Date) {
    const { readable, controller } = createTarPacker();
    this.bytes = readable;
    this.#controller = controller;
    this.#mtime = mtime;
  }

  get waiting(): number {
    return this.#files.length;
  }

  takeFiles(): TarIndexPiece["files"] {
    const files = this.#files;
    this.#files = [];
    return files;
  }

  /** Adds a file; fails when the content has not `size` bytes. Returns the content's SHA-256, hex. */
  async add(path: string, size: number, content: AsyncIterable<Buffer>): Promise<string> {
    const digest = createHash("sha256");
    const body = this.#controller.add({
      name: path,
      size,
      mode: FILE_MODE,
      mtime: this.#mtime,
      type: "file",
    });
    const writer = body.getWriter();
    // A failure arrives at whoever reads the archive, and here as the writes' own.
    writer.closed.catch(() => {});
    for await (const piece of content) {
      digest.update(piece);
      await writer.write(piece);
    }
    await writer.close();
    const sha256 = digest.digest("hex");
    this.#files.push({ path, bytes: size, sha256 });
    return sha256;
  }

  end(): void {
    this.#controller.finalize();
  }

  fail(error: unknown): void {
    this.#controller.error(error);
  }
}
