/**
 * Which object of a target a restore made for an object of the timeline, where the service chooses ids itself: one small sealed object
 * for each mapping, written once and before the restore goes on, so that a restore that was cut off makes nothing twice.
 */
import { HoldfastError } from "../model/errors.ts";
import type { TaskName } from "../model/task.ts";
import {
  appendNumbered,
  hiddenName,
  listOrdinals,
  readAllNumbered,
  type Series,
} from "./numbered-objects.ts";
import { idMapOf } from "./paths.ts";
import type { Repository } from "./repository.ts";

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
    const { task, target, writable } = this.#options;
    if (!writable) throw new HoldfastError("internal", "A preview tried to record an id.", { task });
    const piece: Piece = { mappings: [mapping] };
    this.#newest = await appendNumbered(
      seriesOf(this.#options, task),
      this.#newest,
      () => piece,
      `Other restores to ${target.source} kept recording their ids.`,
    );
    this.#own.set(name, mapping);
  }
}

async function readMappings(
  options: IdMapOptions,
  task: TaskName,
): Promise<{ readonly mappings: Map<string, Mapping>; readonly newest: number }> {
  const series = seriesOf(options, task);
  const ordinals = await listOrdinals(series);
  const mappings = new Map<string, Mapping>();
  for await (const { value } of readAllNumbered(series, ordinals, options.damaged)) {
    if (value === undefined) continue;
    for (const mapping of (value as Piece).mappings)
      mappings.set(nameOf(mapping.group, mapping.kept), mapping);
  }
  return { mappings, newest: ordinals.at(-1) ?? 0 };
}

function seriesOf({ repository, target, signal }: IdMapOptions, task: TaskName): Series {
  const name = hiddenName(repository, "ids-target", target.source, target.url);
  return { repository, task, purpose: "ids", folder: idMapOf(task, name), name, signal };
}

/** A group's name has no line end. */
function nameOf(group: string, kept: string): string {
  return `${group}\n${kept}`;
}
