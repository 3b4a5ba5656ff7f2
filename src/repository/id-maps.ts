/**
 * Which object of a target a restore made for an object of the timeline, where the service chooses ids itself: one small sealed object
 * for each mapping, written once and before the restore goes on, so that a restore that was cut off makes nothing twice.
 */
import { HoldfastError, isHoldfastError } from "../model/errors.ts";
import type { TaskName } from "../model/task.ts";
import { idMapOf, idMapPath } from "./paths.ts";
import type { Repository } from "./repository.ts";
import { openObject, sealObject } from "./sealed-object.ts";

/** Hex digits of a target's name in paths: it is derived, so that the listing does not tell names. */
const TARGET_DIGITS = 32;
/** Restores to one target at the same time may take the same number this often. */
const WRITE_ATTEMPTS = 20;
/** Pieces are small and many: on a storage behind a network, reading them one by one would take a restore's first minutes. */
const PARALLEL_READS = 16;

/** An instance that is restored into. */
export interface IdTarget {
  /** Name of the configured source. */
  readonly source: string;
  /** Another instance under the same name is another target. */
  readonly url: string;
}

export interface Mapping {
  /** What is mapped: `model`, `speaker`, `job`. */
  readonly group: string;
  /** Its id in the timeline. */
  readonly kept: string;
  /** Its id in the target. */
  readonly target: string;
}

/** What lies in the object at one path. */
interface Piece {
  readonly mappings: readonly Mapping[];
}

export interface IdMapOptions {
  readonly repository: Repository;
  readonly task: TaskName;
  /** Other tasks of the same source: what they have mapped is found too. */
  readonly siblings: readonly TaskName[];
  readonly target: IdTarget;
  /** False: nothing may be added. */
  readonly writable: boolean;
  /** Told of a piece that cannot be read. */
  readonly damaged: (path: string) => void;
  readonly signal: AbortSignal;
}

/** Errors: `storage-*`. A damaged piece is told of and left out. */
export async function openIdMap(options: IdMapOptions): Promise<StoredIdMap> {
  const own = await readMappings(options, options.task);
  const others = new Map<string, Mapping>();
  for (const sibling of options.siblings) {
    for (const [name, mapping] of (await readMappings(options, sibling)).mappings) others.set(name, mapping);
  }
  return new StoredIdMap(options, own.mappings, own.newest, others);
}

/** Satisfies the `IdMap` of sources. */
export class StoredIdMap {
  readonly #options: IdMapOptions;
  readonly #own: Map<string, Mapping>;
  readonly #others: ReadonlyMap<string, Mapping>;
  #newest: number;
  /** Writes come one after the other: they share the next number. */
  #writing: Promise<void> = Promise.resolve();

  constructor(
    options: IdMapOptions,
    own: Map<string, Mapping>,
    newest: number,
    others: ReadonlyMap<string, Mapping>,
  ) {
    this.#options = options;
    this.#own = own;
    this.#newest = newest;
    this.#others = others;
  }

  get(group: string, kept: string): string | undefined {
    const name = nameOf(group, kept);
    return (this.#own.get(name) ?? this.#others.get(name))?.target;
  }

  /** Durable before it returns. Errors: `storage-*`, `task-busy`. */
  async set(group: string, kept: string, target: string): Promise<void> {
    const done = this.#writing.then(async () => this.#set({ group, kept, target }));
    this.#writing = done.catch(() => {});
    return done;
  }

  all(): readonly Mapping[] {
    return [...this.#own.values()];
  }

  /** Whether neither this task nor another has mapped anything. */
  get isEmpty(): boolean {
    return this.#own.size === 0 && this.#others.size === 0;
  }

  async #set(mapping: Mapping): Promise<void> {
    const name = nameOf(mapping.group, mapping.kept);
    if (this.#own.get(name)?.target === mapping.target) return;
    const { repository, task, target, writable, signal } = this.#options;
    if (!writable) throw new HoldfastError("internal", "A preview tried to record an id.", { task });
    const piece: Piece = { mappings: [mapping] };
    for (let attempt = 1; attempt <= WRITE_ATTEMPTS; attempt++) {
      this.#newest += 1;
      const digits = targetDigits(repository, target);
      const object = sealObject(repository.keyring, placeOf(task, digits, this.#newest), piece);
      const path = idMapPath(task, digits, this.#newest);
      if ((await repository.storage.create(path, object, signal)) === "created") {
        this.#own.set(name, mapping);
        return;
      }
    }
    throw new HoldfastError("task-busy", `Other restores to ${target.source} kept recording their ids.`, {
      task,
    });
  }
}

async function readMappings(
  { repository, target, damaged, signal }: IdMapOptions,
  task: TaskName,
): Promise<{ readonly mappings: Map<string, Mapping>; readonly newest: number }> {
  const digits = targetDigits(repository, target);
  const folder = idMapOf(task, digits);
  const ordinals: number[] = [];
  for await (const { path } of repository.storage.list(folder, { signal })) {
    ordinals.push(Number(path.slice(folder.length)));
  }
  const mappings = new Map<string, Mapping>();
  const readPiece = async (ordinal: number): Promise<Piece> => {
    const path = idMapPath(task, digits, ordinal);
    try {
      const object = await repository.storage.read(path, undefined, signal);
      return openObject(repository.keyring, placeOf(task, digits, ordinal), path, object) as Piece;
    } catch (error) {
      if (!isHoldfastError(error, "object-damaged", "object-missing")) throw error;
      damaged(path);
      return { mappings: [] };
    }
  };
  ordinals.sort((a, b) => a - b);
  for (let from = 0; from < ordinals.length; from += PARALLEL_READS) {
    const pieces = await Promise.all(ordinals.slice(from, from + PARALLEL_READS).map(readPiece));
    for (const { mappings: some } of pieces) {
      for (const mapping of some) mappings.set(nameOf(mapping.group, mapping.kept), mapping);
    }
  }
  return { mappings, newest: ordinals.at(-1) ?? 0 };
}

function targetDigits({ keyring }: Repository, { source, url }: IdTarget): string {
  return keyring.derive("ids-target", source, url).toString("hex").slice(0, TARGET_DIGITS);
}

function placeOf(task: TaskName, target: string, ordinal: number) {
  return { purpose: "ids", scope: [task, target, String(ordinal)] } as const;
}

/** A group's name has no line end. */
function nameOf(group: string, kept: string): string {
  return `${group}\n${kept}`;
}
