/**
 * From the spool into the repository: gathers what was accepted, commits it in batches, and tries again with growing waits while the
 * repository does not take it.
 *
 * Each source has a queue of its own: one whose captures cannot be committed holds up no other. Within a source the order of the
 * service's answers is kept, and no key occurs twice in one batch, so that every version of an overwritten upload becomes a version.
 */
import type { Clock } from "../model/clock.ts";
import { errorText, isHoldfastError } from "../model/errors.ts";
import { sortableKey } from "../model/key.ts";
import type { PendingCapture } from "../sources/watson/captures.ts";
import { backoffDelay } from "../sources/http/backoff.ts";
import { expand, type Expanded } from "./capture/expand.ts";
import type { AnswerFacts, RequestFacts } from "./capture/request-facts.ts";
import type { Commit, FlushOptions, GatewayAlarm } from "./options.ts";
import type { Spool, SpooledEntry } from "./spool/spool.ts";

const DEFAULT_INTERVAL_MS = 15_000;
const DEFAULT_BYTES = 64 * 1024 * 1024;
const DEFAULT_RETRY_MS = { first: 1_000, longest: 60_000 } as const;
/** Other writers of the same timeline are no sign of a repository that is gone, up to so many tries in a row. */
const BUSY_TRIES = 5;
/** Captures of one commit, unless a single request made more: they are all in memory, without their content. */
const BATCH_CAPTURES = 5_000;

export interface FlusherOptions {
  readonly spool: Spool;
  readonly commit: Commit;
  readonly flush: FlushOptions;
  readonly clock: Clock;
  readonly alarm: (alarm: Omit<GatewayAlarm, "at">) => void;
  readonly committed: (source: string, entries: number) => void;
}

interface Queue {
  timer: NodeJS.Timeout | undefined;
  running: Promise<void> | undefined;
  /** Failed tries in a row. */
  failures: number;
  unreachable: boolean;
  lastCommit: number | undefined;
}

interface Batch {
  readonly entries: readonly SpooledEntry[];
  readonly captures: readonly PendingCapture[];
}

export class Flusher {
  readonly #options: FlusherOptions;
  readonly #queues = new Map<string, Queue>();
  /** Measuring a content means reading it: not again for each try. */
  readonly #expanded = new WeakMap<SpooledEntry, Expanded>();
  #closed = false;

  constructor(options: FlusherOptions) {
    this.#options = options;
  }

  /** Begins; also with what an earlier process left. */
  start(): void {
    for (const source of this.#options.spool.sources()) this.#in(source, 0);
  }

  /** An entry of the source was accepted. */
  wake(source: string): void {
    const queue = this.#queue(source);
    if (queue.failures > 0) return;
    const { bytes = DEFAULT_BYTES, intervalMs = DEFAULT_INTERVAL_MS } = this.#options.flush;
    if (this.#options.spool.waitingBytes(source) >= bytes) this.#in(source, 0);
    else if (queue.timer === undefined) this.#in(source, intervalMs);
  }

  /** Whether the last try to commit captures of the source failed, for another reason than that others were committing too. */
  unreachable(source: string): boolean {
    return this.#queues.get(source)?.unreachable ?? false;
  }

  lastCommit(source: string): number | undefined {
    return this.#queues.get(source)?.lastCommit;
  }

  /** Commits everything that waits now; every source gets its try, then the first failure is thrown. */
  async flush(): Promise<void> {
    const outcomes = await Promise.allSettled(
      this.#options.spool.sources().map((source) => this.#run(source)),
    );
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** No more tries of its own; those under way end. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const queue of this.#queues.values()) {
      clearTimeout(queue.timer);
      queue.timer = undefined;
      await queue.running?.catch(() => {});
    }
  }

  #queue(source: string): Queue {
    let queue = this.#queues.get(source);
    if (queue === undefined) {
      queue = {
        timer: undefined,
        running: undefined,
        failures: 0,
        unreachable: false,
        lastCommit: undefined,
      };
      this.#queues.set(source, queue);
    }
    return queue;
  }

  #in(source: string, delayMs: number): void {
    if (this.#closed) return;
    const queue = this.#queue(source);
    clearTimeout(queue.timer);
    queue.timer = setTimeout(() => {
      queue.timer = undefined;
      this.#run(source).catch(() => {});
    }, delayMs);
    queue.timer.unref();
  }

  /** One at a time for each source; whoever comes second waits for the first, then sees to what came since. */
  async #run(source: string): Promise<void> {
    const queue = this.#queue(source);
    while (queue.running !== undefined) await queue.running.catch(() => {});
    queue.running = this.#empty(source, queue);
    try {
      await queue.running;
    } finally {
      queue.running = undefined;
    }
  }

  async #empty(source: string, queue: Queue): Promise<void> {
    const { spool, commit, clock, alarm, committed } = this.#options;
    try {
      for (;;) {
        const batch = await this.#nextBatch(source);
        if (batch.entries.length === 0) return;
        if (batch.captures.length > 0) await commit(source, batch.captures);
        for (const entry of batch.entries) await spool.remove(entry);
        committed(source, batch.entries.length);
        queue.lastCommit = clock.now();
        queue.failures = 0;
        if (queue.unreachable) {
          queue.unreachable = false;
          alarm({
            kind: "repository-back",
            source,
            message: `The repository takes captures of ${source} again.`,
          });
        }
      }
    } catch (error) {
      // What was found damaged while it was committed is looked at again, and then put aside.
      if (isHoldfastError(error, "object-damaged")) {
        for (const entry of spool.waiting(source)) this.#expanded.delete(entry);
      }
      this.#failed(source, queue, error);
      throw error;
    }
  }

  #failed(source: string, queue: Queue, error: unknown): void {
    queue.failures++;
    const busy = isHoldfastError(error, "task-busy") && queue.failures <= BUSY_TRIES;
    if (!busy && !queue.unreachable) {
      queue.unreachable = true;
      this.#options.alarm({
        kind: "repository-unreachable",
        source,
        message: `Captures of ${source} could not be committed and wait in the spool: ${errorText(error)}`,
      });
    }
    const { first, longest } = this.#options.flush.retryMs ?? DEFAULT_RETRY_MS;
    const policy = {
      attempts: Infinity,
      throttledAttempts: Infinity,
      baseDelayMs: first,
      maxDelayMs: longest,
    };
    this.#in(source, backoffDelay(policy, queue.failures, undefined));
  }

  async #nextBatch(source: string): Promise<Batch> {
    const entries: SpooledEntry[] = [];
    const captures: PendingCapture[] = [];
    const keys = new BatchKeys();
    for (const entry of this.#options.spool.waiting(source)) {
      const expanded = await this.#expand(entry);
      if (expanded === undefined) continue;
      const full = captures.length + expanded.captures.length > BATCH_CAPTURES;
      if (entries.length > 0 && (full || keys.clash(expanded.captures))) break;
      keys.add(expanded.captures);
      entries.push(entry);
      captures.push(...expanded.captures);
    }
    return { entries, captures };
  }

  async #expand(entry: SpooledEntry): Promise<Expanded | undefined> {
    const known = this.#expanded.get(entry);
    if (known !== undefined) return known;
    const { spool, alarm } = this.#options;
    await entry.named;
    const facts = entry.request as RequestFacts;
    const answer = (entry.answer ?? { at: new Date(entry.at).toISOString() }) as AnswerFacts;
    let expanded: Expanded;
    try {
      expanded = await expand(facts, answer, () => spool.readBody(entry));
    } catch (error) {
      if (!isHoldfastError(error, "object-damaged")) throw error;
      await spool.putAside(entry);
      return undefined;
    }
    this.#expanded.set(entry, expanded);
    if (expanded.problem !== undefined) {
      alarm({
        kind: "capture-incomplete",
        source: entry.source,
        message: `${facts.operation} was kept as it was sent, not unwrapped: ${expanded.problem}.`,
      });
    }
    return expanded;
  }
}

/** Keys of a batch, and prefixes that it deletes. */
class BatchKeys {
  readonly #keys = new Set<string>();
  readonly #prefixes: string[] = [];

  clash(captures: readonly PendingCapture[]): boolean {
    return captures.some((capture) => {
      const key = named(capture);
      if (capture.prefix === true && [...this.#keys].some((other) => other.startsWith(key))) return true;
      return this.#keys.has(key) || this.#prefixes.some((prefix) => key.startsWith(prefix));
    });
  }

  add(captures: readonly PendingCapture[]): void {
    for (const capture of captures) {
      this.#keys.add(named(capture));
      if (capture.prefix === true) this.#prefixes.push(named(capture));
    }
  }
}

function named({ collection, key }: PendingCapture): string {
  return `${collection} ${sortableKey(key)}`;
}
