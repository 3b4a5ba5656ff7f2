/**
 * The spool: a folder where what passed the gateway waits, sealed, until the repository has it.
 *
 *   check.sealed            proves that the key is the folder's
 *   ID.part                 a request under way
 *   ID.accepted             accepted by the service, waiting
 *   *.damaged               put aside; never deleted by the gateway
 *
 * What makes an entry accepted is the answer in it, durable on the disk; the name follows a moment later, for the reader of the
 * folder, and so that damage to what was accepted is told from a part that never became whole.
 *
 * Promise: once `accept` of an entry has resolved, it survives a crash of the process and of the machine, and is offered again until
 * `remove`, in the order of the answers. Of what was under way when the process died, a part whose body was whole is taken up
 * without an answer; the others were no upload yet and are discarded.
 */
import { mkdir, open, readdir, rename, stat, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { randomHex } from "../../model/clock.ts";
import { HoldfastError } from "../../model/errors.ts";
import type { SpoolOptions } from "../options.ts";
import { readBody, readParts } from "./entry-reader.ts";
import { EntryWriter } from "./entry-writer.ts";
import { lockFolder } from "./folder-lock.ts";
import { checkKey, writeCheck } from "./key-check.ts";
import { ACCEPTED, PART } from "./names.ts";
import { SPOOL_KEY_BYTES } from "./sealed-file.ts";

export const DEFAULT_SPOOL_BYTES = 8 * 1024 ** 3;
/** Above the spool's bound there is this much more (bytes) for what is small and must not be lost: deletions, marks. */
const RESERVE_BYTES = 16 * 1024 * 1024;
const FOLDER_MODE = 0o700;
const ID_BYTES = 8;
const LOCK = "lock";

export interface SpooledEntry {
  readonly source: string;
  /** Final once `named` has resolved. */
  readonly path: string;
  readonly named: Promise<void>;
  /** Its place in the order of the answers. */
  readonly sequence: number;
  /** On disk. */
  readonly bytes: number;
  /** When it was accepted, ms. */
  readonly at: number;
  readonly request: EntryRequest;
  /** Undefined: not known. */
  readonly answer: unknown;
}

/** What every entry's request names; the rest is its writer's. */
export interface EntryRequest {
  readonly source: string;
}

export interface SpoolEvents {
  /** A file was put aside. */
  readonly damaged: (file: string) => void;
  readonly failed: (failure: Error) => void;
  /** An entry of the source waits. */
  readonly accepted: (source: string) => void;
}

export class Spool {
  readonly maxBytes: number;
  readonly #folder: string;
  readonly #key: Buffer;
  readonly #sync: boolean;
  readonly #events: SpoolEvents;
  readonly #now: () => number;
  readonly #waiting = new Map<string, SpooledEntry[]>();
  readonly #naming = new Set<Promise<void>>();
  #sequence = 0;
  #bytes = 0;
  #damaged = 0;
  #failing = false;
  #handle: FileHandle | undefined;
  #unlock: (() => Promise<void>) | undefined;

  private constructor(options: SpoolOptions, now: () => number, events: SpoolEvents) {
    this.#folder = options.folder;
    this.#key = options.key;
    this.#now = now;
    this.#events = events;
    this.#sync = options.sync ?? true;
    this.maxBytes = options.maxBytes ?? DEFAULT_SPOOL_BYTES;
  }

  /** Opens the folder and takes up what was left there. Errors: `wrong-key`, `task-busy`, `file-failed`. */
  static async open(options: SpoolOptions, now: () => number, events: SpoolEvents): Promise<Spool> {
    if (options.key.length !== SPOOL_KEY_BYTES) {
      throw new HoldfastError("config-invalid", `The spool's key must have ${SPOOL_KEY_BYTES} bytes.`);
    }
    const spool = new Spool(options, now, events);
    try {
      await mkdir(options.folder, { recursive: true, mode: FOLDER_MODE });
      spool.#unlock = await lockFolder(join(options.folder, LOCK));
      await checkKey(options.folder, options.key);
      spool.#handle = await open(options.folder, "r");
      await spool.#takeUp();
      return spool;
    } catch (error) {
      await spool.close();
      if (error instanceof HoldfastError) throw error;
      const { folder } = options;
      throw new HoldfastError(
        "file-failed",
        `The spool ${folder} cannot be opened: ${(error as Error).message}.`,
        { path: folder },
        error,
      );
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Files put aside since the start, those that lay there already included. */
  get damaged(): number {
    return this.#damaged;
  }

  /** Whether the last write failed. */
  get failing(): boolean {
    return this.#failing;
  }

  /** Whether so much more has room now. */
  hasRoom(bytes: number): boolean {
    return !this.#failing && this.#bytes + bytes <= this.maxBytes;
  }

  /** `reserved`: small and must not be lost, so the reserve is open to it. */
  begin(request: EntryRequest, reserved: boolean): EntryWriter {
    const id = randomHex(ID_BYTES);
    const part = join(this.#folder, `${id}${PART}`);
    const limit = this.maxBytes + (reserved ? RESERVE_BYTES : 0);
    return new EntryWriter(
      {
        path: part,
        key: this.#key,
        sync: this.#sync,
        take: (bytes) => {
          if (bytes > 0 && this.#bytes + bytes > limit) return false;
          this.#bytes += bytes;
          return true;
        },
        created: async () => this.#handle?.sync(),
        sequence: () => ++this.#sequence,
        accepted: (sequence, answer, bytes, closed) => {
          this.#failing = false;
          const { source } = request;
          const entry = { source, path: part, bytes, at: this.#now(), sequence, request, answer };
          const named: Promise<void> = closed
            .then(() => this.#name(entry, join(this.#folder, `${id}${ACCEPTED}`)))
            .finally(() => this.#naming.delete(named));
          this.#naming.add(named);
          this.#add(Object.assign(entry, { named }));
        },
        failed: (failure) => {
          // A full spool empties by itself; a failing disk is only believed again when a write succeeds.
          if ((failure as NodeJS.ErrnoException).code !== undefined) this.#failing = true;
          this.#events.failed(failure);
        },
      },
      request,
    );
  }

  /** Whether the disk takes writes: to be asked when the last one failed. */
  async probe(): Promise<boolean> {
    try {
      await writeCheck(this.#folder, this.#key);
      this.#failing = false;
    } catch {
      this.#failing = true;
    }
    return !this.#failing;
  }

  /** Accepted entries of the source now, oldest first. */
  waiting(source: string): readonly SpooledEntry[] {
    return [...(this.#waiting.get(source) ?? [])];
  }

  waitingBytes(source: string): number {
    return (this.#waiting.get(source) ?? []).reduce((sum, entry) => sum + entry.bytes, 0);
  }

  /** Sources that entries wait for: also such as are no longer configured. */
  sources(): string[] {
    return [...this.#waiting.keys()];
  }

  /** The body as it was sent. Errors: `object-damaged`. */
  readBody(entry: SpooledEntry): AsyncGenerator<Buffer> {
    return readBody(entry.path, this.#key);
  }

  /** The repository has it. */
  async remove(entry: SpooledEntry): Promise<void> {
    await unlink(entry.path);
    this.#forget(entry);
  }

  /** Puts an entry aside that cannot be read; its file stays for a person to look at. */
  async putAside(entry: SpooledEntry): Promise<void> {
    await rename(entry.path, `${entry.path}.damaged`);
    this.#forget(entry);
    this.#damaged++;
    this.#events.damaged(entry.path);
  }

  async close(): Promise<void> {
    await Promise.all(this.#naming);
    await this.#handle?.close();
    this.#handle = undefined;
    await this.#unlock?.();
    this.#unlock = undefined;
  }

  async #name(entry: { path: string }, path: string): Promise<void> {
    try {
      await rename(entry.path, path);
      entry.path = path;
    } catch {
      // The name is for people: what matters is in the file.
    }
  }

  #add(entry: SpooledEntry): void {
    const entries = this.#waiting.get(entry.source);
    if (entries === undefined) this.#waiting.set(entry.source, [entry]);
    else entries.splice(entries.findLastIndex(({ sequence }) => sequence < entry.sequence) + 1, 0, entry);
    this.#events.accepted(entry.source);
  }

  #forget(entry: SpooledEntry): void {
    const entries = this.#waiting.get(entry.source) ?? [];
    const at = entries.indexOf(entry);
    if (at !== -1) entries.splice(at, 1);
    if (entries.length === 0) this.#waiting.delete(entry.source);
    this.#bytes -= entry.bytes;
  }

  async #takeUp(): Promise<void> {
    const names = await readdir(this.#folder);
    this.#damaged = names.filter((name) => name.endsWith(".damaged")).length;
    const unanswered: SpooledEntry[] = [];
    for (const name of names.filter((found) => found.endsWith(PART) || found.endsWith(ACCEPTED))) {
      let path = join(this.#folder, name);
      const parts = await readParts(path, this.#key);
      const { size, mtimeMs } = await stat(path);
      const request = (parts?.request ?? { source: "" }) as EntryRequest;
      if (name.endsWith(PART)) {
        if (parts?.sent === undefined) {
          await unlink(path);
          continue;
        }
        const accepted = `${path.slice(0, -PART.length)}${ACCEPTED}`;
        await rename(path, accepted);
        path = accepted;
      }
      const entry: SpooledEntry = {
        source: request.source,
        path,
        bytes: size,
        at: mtimeMs,
        sequence: parts?.sequence ?? 0,
        request,
        answer: parts?.answer,
        named: Promise.resolve(),
      };
      this.#bytes += size;
      this.#sequence = Math.max(this.#sequence, entry.sequence);
      if (parts?.sent === undefined) await this.putAside(entry);
      else if (parts.sequence === undefined) unanswered.push(entry);
      else this.#add(entry);
    }
    for (const entry of unanswered.toSorted((a, b) => a.at - b.at)) {
      this.#add({ ...entry, sequence: ++this.#sequence });
    }
  }
}
