/**
 * Claims: whoever works on a standby says so, so that two runs do not work on it at once. A claim is renewed while the work goes on and
 * runs out when that ends without a word, after a crash or a power cut.
 *
 * Claims are numbered objects, the newest counts; it is the one that is never removed, so that no number is used twice.
 */
import type { Clock, Millis } from "../model/clock.ts";
import { HoldfastError, isHoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import type { TaskName } from "../model/task.ts";
import {
  createNumbered,
  hiddenName,
  listOrdinals,
  ordinalPath,
  readNumbered,
  type Series,
} from "./numbered-objects.ts";
import { claimOf } from "./paths.ts";
import type { Repository } from "./repository.ts";

/** A claim counts for this long after it was taken or renewed: whoever crashed is waited for so long at most. */
export const CLAIM_MS = 10 * 60_000;
/** Renewed this often; one renewal may fail. */
const RENEW_MS = 3 * 60_000;
/** Others that take and give back their claims at the same time may come first this often. */
const ATTEMPTS = 20;

/** Who works: shown to people, and looked at by others on the same machine. */
export interface ClaimHolder {
  readonly host: string;
  readonly process: number;
  /** Tells apart what has the same host name and process number: containers, and the machine before a restart. */
  readonly space: string;
}

/** What lies under one number. */
interface ClaimNote extends ClaimHolder {
  readonly since: Millis;
  readonly until: Millis;
  /** The work is done. */
  readonly released: boolean;
}

/** Dispose of it when the work is done. */
export interface Claim extends AsyncDisposable {
  /** Errors: `task-busy` when the claim ran out, or another run has taken over. */
  assertHeld(): void;
}

export interface ClaimOptions {
  readonly repository: Repository;
  readonly task: TaskName;
  /** What is claimed. */
  readonly standby: string;
  readonly holder: ClaimHolder;
  /** Whether somebody who did not give a claim back is known to work no more. */
  readonly isGone: (holder: ClaimHolder) => boolean;
  readonly clock: Clock;
  readonly warn?: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Errors: `task-busy`, naming who works and since when; `storage-*`. */
export async function takeClaim(options: ClaimOptions): Promise<Claim> {
  const { standby, task, holder, clock } = options;
  const series = seriesOf(options);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const newest = (await listOrdinals(series)).at(-1) ?? 0;
    const note = newest === 0 ? undefined : await readNote(series, newest, options);
    if (note === "changing") continue;
    if (note !== undefined && isHeld(note, options)) throw busy(standby, task, note);
    const since = clock.now();
    const own = { ...holder, since, until: since + CLAIM_MS, released: false };
    if ((await createNumbered(series, newest + 1, own)) === "exists") continue;
    await removeBefore(series, newest + 1);
    return new HeldClaim(options, series, newest + 1, own);
  }
  throw new HoldfastError("task-busy", `Other runs of standby ${standby} keep beginning and ending.`, {
    task,
  });
}

class HeldClaim implements Claim {
  readonly #options: ClaimOptions;
  readonly #series: Series;
  #ordinal: number;
  #note: ClaimNote;
  #lost = false;
  #renewal: Promise<void> = Promise.resolve();
  readonly #timer: NodeJS.Timeout;

  constructor(options: ClaimOptions, series: Series, ordinal: number, note: ClaimNote) {
    this.#options = options;
    this.#series = series;
    this.#ordinal = ordinal;
    this.#note = note;
    this.#timer = setInterval(() => {
      this.#renewal = this.#replace({ released: false }).catch(() => {
        // The claim still has most of its time; the next renewal tries again.
      });
    }, RENEW_MS);
    this.#timer.unref();
  }

  assertHeld(): void {
    const { standby, task, clock } = this.#options;
    if (!this.#lost && clock.now() <= this.#note.until) return;
    throw new HoldfastError(
      "task-busy",
      `This run of standby ${standby} paused for so long that another one may have taken over; nothing was lost. Run it again.`,
      { task },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
    // A claim that cannot be given back runs out: no reason to fail what was done under it.
    await this.#replace({ released: true }).catch(() => {});
  }

  /** Only while it is still the newest one, and within its time: afterwards it is not this run's any more. */
  async #replace({ released }: { readonly released: boolean }): Promise<void> {
    const now = this.#options.clock.now();
    if (this.#lost || now > this.#note.until) return;
    const newest = (await listOrdinals(this.#series)).at(-1);
    const note = { ...this.#note, until: now + CLAIM_MS, released };
    if (newest !== this.#ordinal || (await createNumbered(this.#series, newest + 1, note)) === "exists") {
      this.#lost = true;
      return;
    }
    this.#ordinal = newest + 1;
    this.#note = note;
    await removeBefore(this.#series, this.#ordinal);
  }
}

function isHeld(note: ClaimNote, { clock, isGone }: ClaimOptions): boolean {
  return !note.released && note.until >= clock.now() && !isGone(note);
}

/** Undefined for one that does not read: nobody can be waited for then. */
async function readNote(
  series: Series,
  ordinal: number,
  { standby, warn }: ClaimOptions,
): Promise<ClaimNote | "changing" | undefined> {
  try {
    return (await readNumbered(series, ordinal)) as ClaimNote;
  } catch (error) {
    if (isHoldfastError(error, "object-missing")) return "changing";
    if (!isHoldfastError(error, "object-damaged")) throw error;
    warn?.(
      `${ordinalPath(series, ordinal)} does not read: see that nobody else runs standby ${standby} at the moment.`,
    );
    return undefined;
  }
}

/** Best effort: only the newest one counts. */
async function removeBefore(series: Series, ordinal: number): Promise<void> {
  try {
    for (const old of await listOrdinals(series)) {
      if (old < ordinal) await series.repository.storage.remove(ordinalPath(series, old));
    }
  } catch {
    // The next claim tries again.
  }
}

function busy(standby: string, task: string, { host, process, since, until }: ClaimNote): HoldfastError {
  return new HoldfastError(
    "task-busy",
    `Process ${process} on ${host} has been running standby ${standby} since ${formatInstant(since)}. ` +
      `If it is gone without a word, its claim ends at ${formatInstant(until)}.`,
    { task },
  );
}

function seriesOf({ repository, task, standby, signal }: ClaimOptions): Series {
  const name = hiddenName(repository, "standby", standby);
  return { repository, task, purpose: "claim", folder: claimOf(task, name), name, signal };
}
