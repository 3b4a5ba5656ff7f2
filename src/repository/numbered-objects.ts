/**
 * Series of small sealed objects that are written once and numbered from 1: what must be durable before the next step is taken, and what is
 * told by the newest of many. Two writers that take the same number do not meet: one of them takes the next.
 */
import { HoldfastError, isHoldfastError } from "../model/errors.ts";
import type { TaskName } from "../model/task.ts";
import type { Repository } from "./repository.ts";
import { openObject, sealObject, type ObjectPlace } from "./sealed-object.ts";

/** Digits of a number in paths: byte order is then numeric order. */
const ORDINAL_DIGITS = 6;
/** Hex digits of a derived name in paths. */
const NAME_DIGITS = 32;
/** Writers to one series at the same time may take the same number this often. */
const WRITE_ATTEMPTS = 20;
/** Objects are small and many: on a storage behind a network, reading them one by one would take the first minutes of a run. */
const PARALLEL_READS = 16;

/** One series. */
export interface Series {
  readonly repository: Repository;
  readonly task: TaskName;
  readonly purpose: ObjectPlace["purpose"];
  /** Ends with `/`. */
  readonly folder: string;
  /** Its name in the path, derived: the listing tells no names. */
  readonly name: string;
  readonly signal?: AbortSignal;
}

/** What lies under one number; undefined where it could not be read and `damaged` was told. */
export interface Numbered {
  readonly ordinal: number;
  readonly value: unknown;
}

/** The name that a series has in paths instead of what it is called. */
export function hiddenName({ keyring }: Repository, purpose: string, ...names: readonly string[]): string {
  return keyring
    .derive(purpose, ...names)
    .toString("hex")
    .slice(0, NAME_DIGITS);
}

export function ordinalPath({ folder }: Pick<Series, "folder">, ordinal: number): string {
  return `${folder}${String(ordinal).padStart(ORDINAL_DIGITS, "0")}`;
}

/** Ascending. Errors: `storage-*`. */
export async function listOrdinals({ repository, folder, signal }: Series): Promise<number[]> {
  const ordinals: number[] = [];
  for await (const { path } of repository.storage.list(folder, signal ? { signal } : {})) {
    ordinals.push(Number(path.slice(folder.length)));
  }
  return ordinals.sort((a, b) => a - b);
}

/** Errors: `object-missing`, `object-damaged`, `storage-*`. */
export async function readNumbered(series: Series, ordinal: number): Promise<unknown> {
  const { repository, signal } = series;
  const path = ordinalPath(series, ordinal);
  const object = await repository.storage.read(path, undefined, signal);
  return openObject(repository.keyring, placeOf(series, ordinal), path, object);
}

/** In the order of the ordinals, several read at a time. A damaged one is told of and has no value. Errors: `storage-*`. */
export async function* readAllNumbered(
  series: Series,
  ordinals: readonly number[],
  damaged: (path: string) => void,
): AsyncGenerator<Numbered> {
  const readOne = async (ordinal: number): Promise<Numbered> => {
    try {
      return { ordinal, value: await readNumbered(series, ordinal) };
    } catch (error) {
      if (!isHoldfastError(error, "object-damaged", "object-missing")) throw error;
      damaged(ordinalPath(series, ordinal));
      return { ordinal, value: undefined };
    }
  };
  for (let from = 0; from < ordinals.length; from += PARALLEL_READS) {
    yield* await Promise.all(ordinals.slice(from, from + PARALLEL_READS).map(readOne));
  }
}

/** Durable before it returns. Errors: `storage-*`. */
export async function createNumbered(
  series: Series,
  ordinal: number,
  value: unknown,
): Promise<"created" | "exists"> {
  const { repository, signal } = series;
  const object = sealObject(repository.keyring, placeOf(series, ordinal), value);
  return repository.storage.create(ordinalPath(series, ordinal), object, signal);
}

/**
 * Writes under the first free number after `newest` and returns it. `taken`: told of each number that another writer had meanwhile;
 * `valueOf`: called again for each number. Errors: `task-busy` with `busy` as its text, `storage-*`.
 */
export async function appendNumbered(
  series: Series,
  newest: number,
  valueOf: (ordinal: number) => unknown,
  busy: string,
  taken: (ordinal: number) => Promise<void> = async () => {},
): Promise<number> {
  for (let ordinal = newest + 1; ordinal <= newest + WRITE_ATTEMPTS; ordinal++) {
    if ((await createNumbered(series, ordinal, valueOf(ordinal))) === "created") return ordinal;
    await taken(ordinal);
  }
  throw new HoldfastError("task-busy", busy, { task: series.task });
}

function placeOf({ purpose, task, name }: Series, ordinal: number): ObjectPlace {
  return { purpose, scope: [task, name, String(ordinal)] };
}
