/**
 * What is known of the copies of a timeline's items in one standby: every step in the life of a copy is a small sealed object of its own,
 * written before the next step is taken. At the end of a run they are gathered into a snapshot, which has the newest step of each copy:
 * readers take the newest snapshot that reads and what is numbered after it.
 *
 * What the snapshot before the newest one already told is removed; what came after that one stays, so that a damaged snapshot loses nothing.
 */
import { HoldfastError, isHoldfastError } from "../model/errors.ts";
import type { TaskName } from "../model/task.ts";
import {
  appendNumbered,
  hiddenName,
  listOrdinals,
  ordinalPath,
  readAllNumbered,
  type Numbered,
  type Series,
} from "./numbered-objects.ts";
import { copyLedgerOf } from "./paths.ts";
import type { Repository } from "./repository.ts";

/** Objects looked at together when the newest snapshot is searched for. */
const SEARCHED_AT_ONCE = 16;

/** A step as it is kept: `CopyStep` of sources, of which only what names the copy matters here. */
export interface LedgerStep {
  readonly key: string;
  readonly version: string;
  readonly target: string;
}

/** What lies under one number. */
interface Piece {
  /** Of a snapshot the newest step of every copy, in the order in which copies were first recorded. */
  readonly steps: readonly LedgerStep[];
  /** Only in a snapshot: the snapshot before it; 0: there was none. */
  readonly after?: number;
}

export interface CopyLedgerOptions {
  readonly repository: Repository;
  readonly task: TaskName;
  readonly standby: string;
  /** False: nothing may be added. */
  readonly writable: boolean;
  /** Told of a piece that cannot be read, or is missing among the others. */
  readonly damaged: (path: string) => void;
  /** Called before anything is written: throws where the right to write has been lost to another run. */
  readonly fence?: () => void;
  readonly signal: AbortSignal;
}

/** Errors: `storage-*`. A damaged piece is told of and left out. */
export async function openCopyLedger<Step extends LedgerStep>(
  options: CopyLedgerOptions,
): Promise<StoredCopyLedger<Step>> {
  const series = seriesOf(options);
  const read = await readPieces(series, options.damaged);
  return new StoredCopyLedger<Step>(options, series, read);
}

/** What was read of a ledger. */
interface ReadLedger {
  readonly steps: Map<string, LedgerStep>;
  readonly newest: number;
  /** The number of the newest snapshot that reads; 0: none. */
  readonly snapshot: number;
  /** Steps read after it. */
  readonly loose: number;
}

/** Satisfies the `CopyLedger` of sources. */
export class StoredCopyLedger<Step extends LedgerStep> {
  readonly #options: CopyLedgerOptions;
  readonly #series: Series;
  readonly #steps: Map<string, LedgerStep>;
  /** Everything up to this number has been read. */
  #newest: number;
  #snapshot: number;
  #loose: number;
  /** Writes come one after the other: they share the next number. */
  #writing: Promise<void> = Promise.resolve();

  constructor(options: CopyLedgerOptions, series: Series, read: ReadLedger) {
    this.#options = options;
    this.#series = series;
    this.#steps = read.steps;
    this.#newest = read.newest;
    this.#snapshot = read.snapshot;
    this.#loose = read.loose;
  }

  steps(): readonly Step[] {
    return [...this.#steps.values()] as Step[];
  }

  /** Durable before it returns. Errors: `task-busy`, `storage-*`. */
  async record(step: Step): Promise<void> {
    return this.#inTurn(async () => {
      await this.#append(() => ({ steps: [step] }));
      this.#take(step);
      this.#loose += 1;
    });
  }

  /**
   * Gathers everything into a snapshot and removes what is told twice by then. A storage that does not let anything be removed keeps it:
   * it is not read any more. Errors: `task-busy`, `storage-*`.
   */
  async compact(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#loose === 0) return;
      const before = this.#snapshot;
      await this.#append(() => ({ steps: [...this.#steps.values()], after: before }));
      this.#snapshot = this.#newest;
      this.#loose = 0;
      await this.#removeBefore(before);
    });
  }

  /** Whatever another writer has put under a number is taken in before the next number is tried, so a snapshot has it too. */
  async #append(pieceOf: () => Piece): Promise<void> {
    const { writable, fence, standby, task } = this.#options;
    if (!writable) throw new HoldfastError("internal", "A preview tried to record a copy.", { task });
    fence?.();
    this.#newest = await appendNumbered(
      this.#series,
      this.#newest,
      pieceOf,
      `Other runs of standby ${standby} kept recording what they copied.`,
      async (ordinal) => {
        for await (const piece of readAllNumbered(this.#series, [ordinal], this.#options.damaged)) {
          this.#loose += 1;
          for (const step of stepsOf(piece)) this.#take(step);
        }
        fence?.();
      },
    );
  }

  async #removeBefore(ordinal: number): Promise<void> {
    const { repository, signal } = this.#options;
    try {
      for (const old of await listOrdinals(this.#series)) {
        if (old >= ordinal) break;
        await repository.storage.remove(ordinalPath(this.#series, old), signal);
      }
    } catch (error) {
      if (!isHoldfastError(error, "storage-permission")) throw error;
    }
  }

  #take(step: LedgerStep): void {
    this.#steps.set(nameOf(step), step);
  }

  async #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(act);
    this.#writing = done.catch(() => {});
    return done;
  }
}

async function readPieces(series: Series, damaged: (path: string) => void): Promise<ReadLedger> {
  const ordinals = await listOrdinals(series);
  const unread: string[] = [];
  const newestFirst: Numbered[] = [];
  let snapshot = 0;
  for (let end = ordinals.length; end > 0 && snapshot === 0; end -= SEARCHED_AT_ONCE) {
    const some = ordinals.slice(Math.max(0, end - SEARCHED_AT_ONCE), end);
    const pieces: Numbered[] = [];
    for await (const piece of readAllNumbered(series, some, (path) => unread.push(path))) pieces.push(piece);
    for (const piece of pieces.toReversed()) {
      newestFirst.push(piece);
      if ((piece.value as Piece | undefined)?.after === undefined) continue;
      snapshot = piece.ordinal;
      break;
    }
  }
  const steps = new Map<string, LedgerStep>();
  for (const piece of newestFirst.toReversed()) {
    for (const step of stepsOf(piece)) steps.set(nameOf(step), step);
  }
  const newest = ordinals.at(-1) ?? 0;
  const missing = gaps(ordinals, snapshot).map((ordinal) => ordinalPath(series, ordinal));
  // What lies before the snapshot is told by it.
  const lost = unread.filter((path) => path > ordinalPath(series, snapshot));
  for (const path of [...missing, ...lost].sort()) damaged(path);
  return { steps, newest, snapshot, loose: newestFirst.length - (snapshot === 0 ? 0 : 1) };
}

/** Numbers are given without gaps, from 1: those that lack after `first` were there. */
function gaps(ordinals: readonly number[], first: number): number[] {
  const there = new Set(ordinals);
  const missing: number[] = [];
  for (let ordinal = first + 1; ordinal < (ordinals.at(-1) ?? 0); ordinal++) {
    if (!there.has(ordinal)) missing.push(ordinal);
  }
  return missing;
}

function stepsOf({ value }: Numbered): readonly LedgerStep[] {
  return (value as Piece | undefined)?.steps ?? [];
}

function seriesOf({ repository, task, standby, signal }: CopyLedgerOptions): Series {
  const name = hiddenName(repository, "standby", standby);
  return { repository, task, purpose: "copies", folder: copyLedgerOf(task, name), name, signal };
}

function nameOf({ key, version, target }: LedgerStep): string {
  return JSON.stringify([key, version, target]);
}
