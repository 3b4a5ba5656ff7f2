/**
 * What checks have read back, remembered in the repository: which file, when, and whether it was sound. Small sealed
 * objects, one for each check; a later one takes the older ones up when there are many.
 *
 * Nothing depends on them but the choice of what to read next and the figure that says how much was read lately.
 */
import type { Millis } from "../../model/clock.ts";
import { isHoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import { newTimedId } from "../ids.ts";
import { checkRecordPath, checksOf } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { openObject, sealObject } from "../sealed-object.ts";
import { damageFinding, type CheckFinding } from "./finding.ts";

const CHECK_RECORD_FORMAT = 1;
/** A task with this many records gets one that takes them all up: listing them stays one short request each. */
const COMPACT_FROM = 8;

/** When a file was last read back, and what came of it. */
export interface FileRead {
  readonly at: Millis;
  readonly sound: boolean;
}

/** The newest manifest that a check has seen: whoever removes it later is noticed. */
export interface SeenManifest {
  readonly generation: number;
  readonly digest: string;
}

/** Reads as they are stored: path below the task's folder, ms, 1 for sound. */
interface CheckRecord {
  readonly format: typeof CHECK_RECORD_FORMAT;
  readonly newest: SeenManifest;
  readonly reads: readonly (readonly [name: string, at: Millis, sound: 0 | 1])[];
}

export class ReadHistory {
  /** Records that do not open. They may be removed: what they told is read again. */
  readonly damaged: readonly CheckFinding[];
  /** The newest manifest that any check has seen. */
  readonly seen: SeenManifest | undefined;
  readonly #repository: Repository;
  readonly #task: TaskName;
  readonly #reads: Map<string, FileRead>;
  readonly #fresh = new Map<string, FileRead>();
  #records: readonly string[];

  private constructor(
    repository: Repository,
    task: TaskName,
    reads: Map<string, FileRead>,
    records: readonly string[],
    damaged: readonly CheckFinding[],
    seen: SeenManifest | undefined,
  ) {
    this.#repository = repository;
    this.#task = task;
    this.#reads = reads;
    this.#records = records;
    this.damaged = damaged;
    this.seen = seen;
  }

  /** Errors: `storage-*`. */
  static async recall(repository: Repository, task: TaskName, signal: AbortSignal): Promise<ReadHistory> {
    const reads = new Map<string, FileRead>();
    const records: string[] = [];
    const damaged: CheckFinding[] = [];
    let seen: SeenManifest | undefined;
    for await (const { path } of repository.storage.list(checksOf(task), { signal })) {
      try {
        const record = await readRecord(repository, task, path, signal);
        for (const [name, at, sound] of record.reads) keepNewer(reads, name, { at, sound: sound === 1 });
        if (seen === undefined || record.newest.generation > seen.generation) seen = record.newest;
        records.push(path);
      } catch (error) {
        // Taken up by another check meanwhile.
        if (isHoldfastError(error, "object-missing")) continue;
        const message = `What a check had read back is not known any more: ${damageFinding(task, path, error).message}`;
        damaged.push({ ...damageFinding(task, path, error), severity: "warning", message });
      }
    }
    return new ReadHistory(repository, task, reads, records, damaged, seen);
  }

  /** Undefined for a file that was never read back. */
  lastRead(path: string): FileRead | undefined {
    const name = this.#nameOf(path);
    return this.#fresh.get(name) ?? this.#reads.get(name);
  }

  note(path: string, read: FileRead): void {
    this.#fresh.set(this.#nameOf(path), read);
  }

  /**
   * Writes down what was noted since the last time. `needed`: paths of files that still matter; others are forgotten when
   * records are taken up. Errors: `storage-*`.
   */
  async remember(
    needed: ReadonlySet<string>,
    newest: SeenManifest,
    now: Millis,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#fresh.size === 0) return;
    const taken = this.#records.length >= COMPACT_FROM ? this.#records : [];
    for (const [name, read] of this.#fresh) this.#reads.set(name, read);
    const kept =
      taken.length === 0
        ? this.#fresh
        : [...this.#reads].filter(([name]) => needed.has(`tasks/${this.#task}/${name}`));
    const id = newTimedId(now);
    const path = checkRecordPath(this.#task, id);
    const record: CheckRecord = {
      format: CHECK_RECORD_FORMAT,
      newest: this.seen !== undefined && this.seen.generation > newest.generation ? this.seen : newest,
      reads: [...kept].map(([name, { at, sound }]) => [name, at, sound ? 1 : 0]),
    };
    const object = sealObject(this.#repository.keyring, placeOf(this.#task, id), record);
    await this.#repository.storage.create(path, object, signal);
    this.#fresh.clear();
    this.#records = [...this.#records.filter((old) => !taken.includes(old)), path];
    await this.#removeAll(taken, signal);
  }

  /** Best effort: a record that stays says nothing that is not said by the one that took it up. */
  async #removeAll(paths: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      for (const path of paths) await this.#repository.storage.remove(path, signal);
    } catch (error) {
      if (!isHoldfastError(error, "storage-permission")) throw error;
    }
  }

  #nameOf(path: string): string {
    return path.slice(`tasks/${this.#task}/`.length);
  }
}

function keepNewer(reads: Map<string, FileRead>, name: string, read: FileRead): void {
  const known = reads.get(name);
  if (known === undefined || known.at <= read.at) reads.set(name, read);
}

async function readRecord(
  repository: Repository,
  task: TaskName,
  path: string,
  signal: AbortSignal,
): Promise<CheckRecord> {
  const id = path.slice(checksOf(task).length);
  const object = await repository.storage.read(path, undefined, signal);
  return openObject(repository.keyring, placeOf(task, id), path, object) as CheckRecord;
}

function placeOf(task: TaskName, id: string) {
  return { purpose: "check", scope: [task, id] } as const;
}
