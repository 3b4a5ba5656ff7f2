/**
 * Faults of a storage as objects, and a storage that has them. Calls are counted, so that an operation can be run once
 * to learn how many it makes and then once for each of them with a fault there: `sweepCalls`.
 */
import { collect } from "../../src/repository/storage/conformance/check.ts";
import { HoldfastError } from "../../src/model/errors.ts";
import type { ErrorCode } from "../../src/model/error-codes.ts";
import type { ByteRange, CreateOutcome, ObjectStat, Storage } from "../../src/repository/storage/storage.ts";

export type StorageCall = "create" | "read" | "stream" | "stat" | "list" | "remove";

/** One call as it was made; for `list`, `path` is the prefix. */
export interface CallRecord {
  readonly call: StorageCall;
  readonly path: string;
}

export interface Fault {
  readonly name: string;
  /** Whether this call has the fault. `index` counts all calls from 0, `ofKind` those of its kind. */
  strikes(record: CallRecord, index: number, ofKind: number): boolean;
  readonly effect:
    | { readonly kind: "fail"; readonly when: "before" | "after"; readonly error: () => unknown }
    /** `read` and `stream` give this many bytes and no error, as a storage that lies does. */
    | { readonly kind: "cut"; readonly bytes: number }
    | {
        readonly kind: "relist";
        readonly change: (objects: ObjectStat[], made: ReadonlySet<string>) => ObjectStat[];
      };
}

/** Which calls: the `nth` (from 0) of all, or of one kind; and how many after it. */
export interface Where {
  readonly call?: StorageCall;
  readonly nth: number;
  /** How many calls in a row; default 1. */
  readonly times?: number;
}

function striker({ call, nth, times = 1 }: Where): Fault["strikes"] {
  return (record, index, ofKind) => {
    if (call !== undefined && record.call !== call) return false;
    const position = call === undefined ? index : ofKind;
    return position >= nth && position < nth + times;
  };
}

function whereText({ call, nth, times = 1 }: Where): string {
  return `${call ?? "call"} ${nth}${times === 1 ? "" : ` to ${nth + times - 1}`}`;
}

function injected(code: ErrorCode): HoldfastError {
  return new HoldfastError(code, `Injected: ${code}.`);
}

/** The call fails and nothing was done. */
export function failCall(where: Where, code: ErrorCode = "storage-failed"): Fault {
  const effect = { kind: "fail", when: "before", error: () => injected(code) } as const;
  return { name: `${whereText(where)} fails with ${code}`, strikes: striker(where), effect };
}

/** The call is done and its answer is lost. */
export function loseAnswer(where: Where, code: ErrorCode = "storage-failed"): Fault {
  const effect = { kind: "fail", when: "after", error: () => injected(code) } as const;
  return { name: `the answer of ${whereText(where)} is lost`, strikes: striker(where), effect };
}

/** Reading gives the first `bytes` bytes and calls that all. */
export function cutRead(where: Where, bytes: number): Fault {
  return {
    name: `${whereText(where)} is cut after ${bytes} bytes`,
    strikes: striker(where),
    effect: { kind: "cut", bytes },
  };
}

/** The listing lacks everything that was made through this storage. */
export function staleList(where: Where): Fault {
  return relist(`${whereText(where)} is stale`, where, (objects, made) =>
    objects.filter(({ path }) => !made.has(path)),
  );
}

/** The listing is empty though there are objects. */
export function emptyList(where: Where): Fault {
  return relist(`${whereText(where)} is empty`, where, () => []);
}

/** The listing ends early without saying so. */
export function truncatedList(where: Where, objects: number): Fault {
  return relist(`${whereText(where)} ends after ${objects}`, where, (all) => all.slice(0, objects));
}

function relist(
  name: string,
  where: Where,
  change: (objects: ObjectStat[], made: ReadonlySet<string>) => ObjectStat[],
): Fault {
  return { name, strikes: striker(where), effect: { kind: "relist", change } };
}

/** `inner` with faults. Faults may be added and taken away while it is in use. */
export class FaultyStorage implements Storage {
  readonly inner: Storage;
  faults: readonly Fault[];
  /** Every call so far, in order. */
  readonly calls: CallRecord[] = [];
  readonly #made = new Set<string>();

  constructor(inner: Storage, ...faults: readonly Fault[]) {
    this.inner = inner;
    this.faults = faults;
  }

  get capabilities() {
    return this.inner.capabilities;
  }

  get location() {
    return `${this.inner.location} with faults`;
  }

  async create(
    path: string,
    content: Buffer | AsyncIterable<Buffer>,
    signal?: AbortSignal,
  ): Promise<CreateOutcome> {
    return await this.#failing("create", path, async () => {
      const outcome = await this.inner.create(path, content, signal);
      if (outcome === "created") this.#made.add(path);
      return outcome;
    });
  }

  async read(path: string, range?: ByteRange, signal?: AbortSignal): Promise<Buffer> {
    return await this.#failing("read", path, async (fault) => {
      const bytes = await this.inner.read(path, range, signal);
      return fault?.effect.kind === "cut" ? bytes.subarray(0, fault.effect.bytes) : bytes;
    });
  }

  async *stream(path: string, range?: ByteRange, signal?: AbortSignal): AsyncGenerator<Buffer> {
    const fault = this.#begin("stream", path);
    let left = fault?.effect.kind === "cut" ? fault.effect.bytes : Infinity;
    for await (const piece of this.inner.stream(path, range, signal)) {
      yield left >= piece.length ? piece : piece.subarray(0, left);
      left -= piece.length;
      if (left <= 0) return;
      if (fault?.effect.kind === "fail") throw fault.effect.error();
    }
  }

  async stat(path: string, signal?: AbortSignal): Promise<ObjectStat | undefined> {
    return await this.#failing("stat", path, async () => await this.inner.stat(path, signal));
  }

  async *list(
    prefix: string,
    options: { readonly after?: string; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ObjectStat> {
    const fault = this.#begin("list", prefix);
    if (fault?.effect.kind === "relist") {
      yield* fault.effect.change(await collect(this.inner.list(prefix, options)), this.#made);
      return;
    }
    yield* this.inner.list(prefix, options);
    if (fault?.effect.kind === "fail") throw fault.effect.error();
  }

  async remove(path: string, signal?: AbortSignal): Promise<void> {
    await this.#failing("remove", path, async () => {
      await this.inner.remove(path, signal);
    });
  }

  async close(): Promise<void> {
    await this.inner.close();
  }

  /** Counts the call; throws when it fails before anything is done; else answers its fault. */
  #begin(call: StorageCall, path: string): Fault | undefined {
    const record = { call, path };
    const index = this.calls.length;
    const ofKind = this.calls.filter((earlier) => earlier.call === call).length;
    this.calls.push(record);
    const fault = this.faults.find((candidate) => candidate.strikes(record, index, ofKind));
    if (fault?.effect.kind === "fail" && fault.effect.when === "before") throw fault.effect.error();
    return fault;
  }

  async #failing<T>(
    call: StorageCall,
    path: string,
    act: (fault: Fault | undefined) => Promise<T>,
  ): Promise<T> {
    const fault = this.#begin(call, path);
    const answer = await act(fault);
    if (fault?.effect.kind === "fail") throw fault.effect.error();
    return answer;
  }
}

export function faultyStorage(inner: Storage, ...faults: readonly Fault[]): FaultyStorage {
  return new FaultyStorage(inner, ...faults);
}

/** How a run with one fault went. */
export interface FaultedRun {
  readonly index: number;
  readonly fault: Fault;
  /** What the faulted call was; undefined when the run ended before it came to that call. */
  readonly struck: CallRecord | undefined;
  /** What the operation threw; undefined when it got over the fault. */
  readonly error: unknown;
}

export interface Sweep {
  /** A fresh, equal place for every run. */
  readonly makeStorage: () => Storage | Promise<Storage>;
  /** The fault for the call of this index; `failCall({ nth: index })` when absent. */
  readonly fault?: (index: number) => Fault;
  /** Only calls of which this is true; all when absent. */
  readonly only?: (record: CallRecord) => boolean;
  /** The operation. Must make the same calls each time as long as nothing fails. */
  readonly run: (storage: FaultyStorage) => Promise<void>;
  /** Looks at what the run left, through the storage without faults. Throws when an invariant is broken. */
  readonly check: (storage: Storage, run: FaultedRun) => Promise<void>;
}

/** Runs the operation without a fault, then once for each call it made with a fault there. Answers how many that were. */
export async function sweepCalls(sweep: Sweep): Promise<number> {
  const sound = faultyStorage(await sweep.makeStorage());
  await sweep.run(sound);
  const indexes = sound.calls.flatMap((record, index) => (sweep.only?.(record) === false ? [] : [index]));
  for (const index of indexes) {
    const inner = await sweep.makeStorage();
    const fault = sweep.fault?.(index) ?? failCall({ nth: index });
    const storage = faultyStorage(inner, fault);
    let error: unknown;
    try {
      await sweep.run(storage);
    } catch (thrown) {
      error = thrown;
    }
    await sweep.check(inner, { index, fault, struck: storage.calls[index], error });
  }
  return indexes.length;
}
