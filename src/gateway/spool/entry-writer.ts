/**
 * One entry of the spool while its request is under way: what passes is sealed and written behind the request's back, with a bound
 * on what waits in memory.
 *
 * A failure (disk full, disk broken, spool full) never throws into the request: it is remembered, reported once, and the entry takes
 * nothing more. Whoever must know asks `failure`, or awaits `sent` and `accept`.
 */
import { open, unlink, type FileHandle } from "node:fs/promises";
import { errorText } from "../../model/errors.ts";
import { BLOCK, BlockSealer, type BlockKind } from "./sealed-file.ts";

/** Body bytes are sealed in blocks of about this size: large enough that sealing costs nothing beside copying. */
const BLOCK_BYTES = 256 * 1024;
/** Sealed bytes that may wait for the disk before the sender is slowed down. */
const WAITING_BYTES = 1024 * 1024;
/** Most buffers of one system call (the limit is 1024 everywhere). */
const VECTOR = 512;
const FILE_MODE = 0o600;

export interface EntryPlace {
  readonly path: string;
  readonly key: Buffer;
  /** False: what the system has is taken for durable. */
  readonly sync: boolean;
  /** Takes room in the spool; false: there is none. Negative gives back. */
  readonly take: (bytes: number) => boolean;
  /** Makes the new file's name durable. */
  readonly created: () => Promise<void>;
  /** The entry's place among the accepted ones. */
  readonly sequence: () => number;
  /** It is durable, with so many bytes; `closed` once nothing has the file open any more. */
  readonly accepted: (sequence: number, answer: unknown, bytes: number, closed: Promise<void>) => void;
  readonly failed: (failure: Error) => void;
}

export class EntryWriter {
  readonly #place: EntryPlace;
  readonly #sealer: BlockSealer;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #pumping: Promise<void> | undefined;
  #waiters: (() => void)[] = [];
  #file: FileHandle | undefined;
  #created: Promise<void> | undefined;
  #bytes = 0;
  #bodyBytes = 0;
  #failure: Error | undefined;
  #ended = false;

  constructor(place: EntryPlace, request: unknown) {
    this.#place = place;
    this.#sealer = new BlockSealer(place.key);
    this.#enqueue([this.#sealer.head]);
    this.#seal(BLOCK.request, [json(request)]);
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Takes a piece of the body. False: wait for `room` before the next. */
  append(piece: Buffer): boolean {
    if (this.#failure !== undefined || this.#ended) return true;
    this.#bodyBytes += piece.length;
    this.#gathered.push(piece);
    this.#gatheredBytes += piece.length;
    if (this.#gatheredBytes >= BLOCK_BYTES) this.#sealBody();
    return this.#queuedBytes < WAITING_BYTES;
  }

  /** Resolves once there is room for more, or never will be. */
  room(): Promise<void> {
    if (this.#queuedBytes < WAITING_BYTES || this.#failure !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /**
   * The body is whole: writes it down, so that a death of the process now leaves it as an upload whose answer is unknown. `durable`: also
   * one of the machine. What is long is made durable now anyhow, while the service is at work; what is short takes no time later.
   */
  async sent(durable: boolean): Promise<void> {
    if (this.#gatheredBytes > 0) this.#sealBody();
    this.#seal(BLOCK.sent, [json({ length: this.#bodyBytes })]);
    await this.#written(durable || this.#bodyBytes > BLOCK_BYTES);
  }

  /** Adds the answer and makes the entry an accepted one, durably. Rejects when it could not be kept. */
  async accept(answer: unknown): Promise<void> {
    const sequence = this.#place.sequence();
    this.#seal(BLOCK.answer, [json({ sequence, answer })]);
    await this.#written(true);
    if (this.#failure !== undefined) throw this.#failure;
    this.#ended = true;
    this.#place.accepted(sequence, answer, this.#bytes, this.#close());
  }

  /** The request came to nothing: nothing of it is kept. */
  async discard(): Promise<void> {
    this.#ended = true;
    this.#queue = [];
    await this.#pumping;
    await this.#close();
    await unlink(this.#place.path).catch(() => {});
    this.#place.take(-this.#bytes);
    this.#bytes = 0;
  }

  #sealBody(): void {
    this.#seal(BLOCK.body, this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
  }

  #seal(kind: BlockKind, plain: readonly Buffer[]): void {
    if (this.#failure === undefined) this.#enqueue(this.#sealer.seal(kind, plain));
  }

  #enqueue(pieces: readonly Buffer[]): void {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (!this.#place.take(bytes)) {
      this.#fail(new Error("the spool is full"));
      return;
    }
    this.#bytes += bytes;
    this.#queue.push(...pieces);
    this.#queuedBytes += bytes;
    // Small requests are whole before their first write: everything up to the end of this turn goes out together.
    this.#pumping ??= Promise.resolve().then(() => this.#pump());
  }

  async #pump(): Promise<void> {
    try {
      if (this.#file === undefined) {
        this.#file = await open(this.#place.path, "wx", FILE_MODE);
        if (this.#place.sync) this.#created = this.#place.created();
        this.#created?.catch(() => {});
      }
      while (this.#queue.length > 0) {
        const pieces = this.#queue.splice(0, VECTOR);
        const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
        await writeAll(this.#file, pieces, bytes);
        this.#queuedBytes -= bytes;
        if (this.#queuedBytes < WAITING_BYTES) this.#wake();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#pumping = undefined;
    }
  }

  /** Everything handed over so far is with the system, `durable`: on the disk; or the entry has failed. */
  async #written(durable: boolean): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping;
    if (this.#failure !== undefined || !durable || !this.#place.sync) return;
    try {
      await Promise.all([this.#file?.datasync(), this.#created]);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): Error {
    if (this.#failure === undefined) {
      this.#failure = error instanceof Error ? error : new Error(errorText(error));
      this.#gathered = [];
      this.#gatheredBytes = 0;
      this.#place.failed(this.#failure);
      this.#wake();
    }
    return this.#failure;
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => {});
  }
}

async function writeAll(file: FileHandle, pieces: readonly Buffer[], bytes: number): Promise<void> {
  const { bytesWritten } = await file.writev(pieces);
  if (bytesWritten === bytes) return;
  // A short write is how a full disk begins; the rest says so by failing.
  const rest = Buffer.concat(pieces).subarray(bytesWritten);
  for (let at = 0; at < rest.length;) at += (await file.write(rest, at)).bytesWritten;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), "utf8");
}
