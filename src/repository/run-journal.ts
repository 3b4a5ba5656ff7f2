/**
 * All runs of a task, however many: records that lie loose under `runs/`, and pages of the journal, into which cleanup packs
 * the oldest of them. A run may be in both, and in two pages, when a cleanup was cut off: it is told once.
 *
 * A page is one sealed object, `journal/<last run of the page>-<number of runs>-<digest of the run ids>`.
 */
import { createHash } from "node:crypto";
import { isHoldfastError, type HoldfastError } from "../model/errors.ts";
import type { TaskName } from "../model/task.ts";
import { journalOf, runRecordPath } from "./paths.ts";
import type { Repository } from "./repository.ts";
import { listRunObjects, readRunRecord, type KnownRun, type RunRecord } from "./run-records.ts";
import { openObject, sealObject } from "./sealed-object.ts";

/** Records and pages read at a time: enough to hide the latency of an object store. */
const READS_AT_ONCE = 16;
/** Digits of a page's number of runs, and of its digest: 64 bits tell pages with the same last run apart. */
const COUNT_DIGITS = 6;
const DIGEST_DIGITS = 16;
const PAGE_NAME = /^([0-9a-f]{32})-(\d{6})-[0-9a-f]{16}$/;

/** A run as its objects tell. */
export type FoundRun =
  /** `path`: where its record was found. */
  | { readonly kind: "ended"; readonly run: string; readonly path: string; readonly record: RunRecord }
  /** Under way, or cut off: it has checkpoints and no record. */
  | { readonly kind: "open"; readonly run: string; readonly checkpoints: number }
  /** Its record, or the page that ends with it, does not read. */
  | { readonly kind: "damaged"; readonly run: string; readonly path: string; readonly error: HoldfastError };

/** A page by its name. */
export interface JournalPage {
  readonly path: string;
  /** The newest run in it. */
  readonly last: string;
  readonly count: number;
}

/** Every run, newest first; no run twice. Errors: `storage-*`; damage is yielded, not thrown. */
export async function* readAllRuns(
  repository: Repository,
  task: TaskName,
  signal?: AbortSignal,
): AsyncGenerator<FoundRun> {
  yield* (await indexRuns(repository, task, signal)).newestFirst(READS_AT_ONCE, signal);
}

/** What runs there are, before any of them is read. Errors: `storage-*`. */
export async function indexRuns(
  repository: Repository,
  task: TaskName,
  signal?: AbortSignal,
): Promise<RunIndex> {
  const loose: KnownRun[] = [];
  // In this order: a record that is packed meanwhile is in a page that is listed afterwards.
  for await (const run of listRunObjects(repository, task, signal)) loose.push(run);
  return new RunIndex(repository, task, loose, await listJournal(repository, task, signal));
}

export class RunIndex {
  readonly #repository: Repository;
  readonly #task: TaskName;
  /** Newest first; a page stands where its newest run does, before a loose record of the same run. */
  readonly #places: readonly (KnownRun | JournalPage)[];
  /** Runs there are; one that a cut-off cleanup left in two places counts twice. */
  readonly total: number;

  constructor(
    repository: Repository,
    task: TaskName,
    loose: readonly KnownRun[],
    pages: readonly JournalPage[],
  ) {
    this.#repository = repository;
    this.#task = task;
    this.#places = [...pages, ...loose].sort((a, b) => (lastRun(a) === lastRun(b) ? 0 : later(a, b)));
    this.total = pages.reduce((sum, { count }) => sum + count, loose.length);
  }

  /** Reads at most `ahead` objects before they are asked for. Errors: `storage-*`; damage is yielded. */
  async *newestFirst(ahead: number, signal?: AbortSignal): AsyncGenerator<FoundRun> {
    let told = "";
    /** Runs of pages that are reached, each newest first. */
    const reached: FoundRun[][] = [];
    for await (const [place, found] of this.#read(Math.min(ahead, READS_AT_ONCE), signal)) {
      for (const run of takeNewest(reached, lastRun(place))) {
        if (run.run === told) continue;
        told = run.run;
        yield run;
      }
      if ("last" in place) reached.push([...found]);
      else if (place.run !== told) {
        told = place.run;
        yield* found;
      }
    }
    for (const run of takeNewest(reached, "")) {
      if (run.run === told) continue;
      told = run.run;
      yield run;
    }
  }

  /** Each place and what is in it, in order, `ahead` of them being read. */
  async *#read(
    ahead: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<[KnownRun | JournalPage, readonly FoundRun[]]> {
    const reading: Promise<readonly FoundRun[]>[] = [];
    for (const [index, place] of this.#places.entries()) {
      for (let next = index + reading.length; reading.length < Math.max(1, ahead); next++) {
        const upcoming = this.#places[next];
        if (upcoming === undefined) break;
        const read = this.#readPlace(upcoming, signal);
        // Awaited in its turn; a consumer that leaves earlier must not leave an unhandled rejection behind.
        read.catch(() => {});
        reading.push(read);
      }
      yield [place, await (reading.shift() as Promise<readonly FoundRun[]>)];
    }
  }

  async #readPlace(
    place: KnownRun | JournalPage,
    signal: AbortSignal | undefined,
  ): Promise<readonly FoundRun[]> {
    signal?.throwIfAborted();
    const path = "last" in place ? place.path : runRecordPath(this.#task, place.run);
    try {
      if (!("last" in place)) {
        const { run, ended, checkpoints } = place;
        if (!ended) return [{ kind: "open", run, checkpoints }];
        return [{ kind: "ended", run, path, record: await readRunRecord(this.#repository, this.#task, run) }];
      }
      const records = await readJournalPage(this.#repository, this.#task, path, signal);
      return records.map((record): FoundRun => ({ kind: "ended", run: record.run, path, record })).reverse();
    } catch (error) {
      if (!isHoldfastError(error, "object-damaged", "object-missing")) throw error;
      return [{ kind: "damaged", run: lastRun(place), path, error }];
    }
  }
}

/** Takes out, newest first, the runs that are as new as `bound` or newer. */
function* takeNewest(lists: FoundRun[][], bound: string): Generator<FoundRun> {
  for (;;) {
    let newest: FoundRun[] | undefined;
    for (const list of lists) {
      const head = list[0];
      if (head === undefined || head.run < bound) continue;
      if (newest === undefined || head.run > (newest[0] as FoundRun).run) newest = list;
    }
    const run = newest?.shift();
    if (run === undefined) return;
    yield run;
  }
}

function lastRun(place: KnownRun | JournalPage): string {
  return "last" in place ? place.last : place.run;
}

function later(a: KnownRun | JournalPage, b: KnownRun | JournalPage): number {
  return lastRun(a) > lastRun(b) ? -1 : 1;
}

/** The journal's pages, oldest first. */
export async function listJournal(
  repository: Repository,
  task: TaskName,
  signal?: AbortSignal,
): Promise<JournalPage[]> {
  const pages: JournalPage[] = [];
  for await (const { path } of repository.storage.list(journalOf(task), signal ? { signal } : {})) {
    const match = PAGE_NAME.exec(path.slice(journalOf(task).length));
    if (match) pages.push({ path, last: match[1] as string, count: Number(match[2]) });
  }
  return pages;
}

/** Records of a page, oldest first. Errors: `object-missing`, `object-damaged`. */
export async function readJournalPage(
  repository: Repository,
  task: TaskName,
  path: string,
  signal?: AbortSignal,
): Promise<readonly RunRecord[]> {
  const object = await repository.storage.read(path, undefined, signal);
  const page = openObject(repository.keyring, placeOf(task, path), path, object) as { runs: RunRecord[] };
  return page.runs;
}

/** Writes a page of records, oldest first, and returns its path; a page of the same runs may be there already. */
export async function writeJournalPage(
  repository: Repository,
  task: TaskName,
  runs: readonly RunRecord[],
  signal?: AbortSignal,
): Promise<string> {
  const ids = runs.map(({ run }) => run);
  const digest = createHash("sha256").update(ids.join("\n")).digest("hex").slice(0, DIGEST_DIGITS);
  const count = String(ids.length).padStart(COUNT_DIGITS, "0");
  const path = `${journalOf(task)}${ids.at(-1) ?? ""}-${count}-${digest}`;
  await repository.storage.create(
    path,
    sealObject(repository.keyring, placeOf(task, path), { runs }),
    signal,
  );
  return path;
}

function placeOf(task: TaskName, path: string) {
  return { purpose: "journal", scope: [task, path.slice(journalOf(task).length)] } as const;
}
