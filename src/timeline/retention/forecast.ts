/**
 * What a policy will keep, until when and why: the plan of retention, repeated over the runs that the policy will make. What
 * is predicted is what happens, as long as runs come when they are due and nobody edits the policy or the holds.
 */
import type { Millis } from "../../model/clock.ts";
import type { DeltaLevel, Level } from "../../model/level.ts";
import { bucketOf } from "../../model/policy/calendar.ts";
import { LEVEL_RANK, planRetention, type Drop, type RetentionRules, type Span } from "./plan.ts";

/** Why an instant is there now. */
export type KeptBy =
  | { readonly kind: "held" }
  | { readonly kind: "baseline" }
  /** Kept by a restore for its own undo; it moves along with its neighbours. */
  | { readonly kind: "undo" }
  /** One of those that its level keeps: the newest has position 1. `keep` is null for all. */
  | {
      readonly kind: "number";
      readonly level: DeltaLevel;
      readonly position: number;
      readonly keep: number | null;
    };

/**
 * `at`: the rollup after that run gives it up. `after`: not before that time; the forecast reaches no further. `held`: not
 * while a hold lasts, its own or that of the instant behind it, which nothing joins.
 */
export type End =
  | { readonly kind: "at"; readonly time: Millis; readonly into: Drop["into"] }
  | { readonly kind: "after"; readonly time: Millis }
  | { readonly kind: "held" }
  | { readonly kind: "never" };

export interface Fate {
  readonly instant: Millis;
  readonly epoch: number;
  readonly level: Level;
  readonly keptBy: KeptBy;
  readonly end: End;
}

export interface Forecast {
  /** Of every instant that is kept now, oldest first. */
  readonly fates: readonly Fate[];
  /** What a rollup would give up now. */
  readonly due: readonly Drop[];
  /** What the rollup after the next run gives up, those included. */
  readonly next: { readonly run: Millis; readonly drops: readonly Drop[] };
}

export interface ForecastRules extends RetentionRules {
  readonly levelOfRuns: DeltaLevel;
  /** When the run after a time is due. */
  readonly nextRun: (after: Millis) => Millis;
}

/**
 * Entries planned over, in all simulated rollups together: less than a second's work. Daily runs with the default numbers are
 * foretold for half a century, hourly ones for the better part of a year.
 */
const MAX_WORK = 500_000;

const SECOND_MS = 1_000;

/** `entries`: oldest first, at least one. `pinned`: whether a hold keeps the instant. */
export function forecast(
  entries: readonly Span[],
  rules: ForecastRules,
  pinned: (instant: Millis) => boolean,
  now: Millis,
  work = MAX_WORK,
): Forecast {
  const due = planRetention(entries, rules, pinned).drops;
  const ends = new Map<Millis, End>(
    due.map((drop) => [drop.instant, { kind: "at", time: now, into: drop.into }]),
  );
  const simulation = new Simulation(entries, rules, pinned, ends);
  const run = Math.max(simulation.nextRun(entries.at(-1)?.to ?? now), now);
  const next = { run, drops: simulation.afterRun(run) };
  simulation.goOn(run, work);
  const fates = entries.map((entry): Fate => {
    const { epoch, level, to } = entry;
    const end = ends.get(to) ?? { kind: "after", time: simulation.reached };
    return { instant: to, epoch, level, keptBy: keptBy(entry, entries, rules, pinned), end };
  });
  return { fates, due, next };
}

/** The fate, among those, that lasts longest. */
export function longest(fates: readonly Fate[]): Fate | undefined {
  let best: Fate | undefined;
  for (const fate of fates) if (best === undefined || compareEnds(fate.end, best.end) > 0) best = fate;
  return best;
}

/** Negative when `a` is sooner; 0 also where the forecast cannot tell. */
export function compareEnds(a: End, b: End): number {
  if (!("time" in a) || !("time" in b)) return Number("time" in b) - Number("time" in a);
  const difference = a.time - b.time;
  if (a.kind === "at" && b.kind === "at") return difference;
  // Of one that is not foretold only the least is known.
  if (a.kind === "after" && b.kind === "at") return Math.max(0, difference);
  if (a.kind === "at" && b.kind === "after") return Math.min(0, difference);
  return 0;
}

function keptBy(
  entry: Span,
  entries: readonly Span[],
  { keep }: RetentionRules,
  pinned: (instant: Millis) => boolean,
): KeptBy {
  if (pinned(entry.to)) return { kind: "held" };
  if (entry.level === "baseline") return { kind: "baseline" };
  if (entry.beforeRestore) return { kind: "undo" };
  const { level } = entry;
  const counted = entries.filter((one) => one.level === level && !pinned(one.to) && !one.beforeRestore);
  return { kind: "number", level, position: counted.length - counted.indexOf(entry), keep: keep[level] };
}

/** The timeline as coming runs and rollups make it. */
class Simulation {
  /** The last simulated run. */
  reached: Millis = 0;
  #entries: readonly Span[];
  readonly #rules: ForecastRules;
  readonly #pinned: (instant: Millis) => boolean;
  readonly #ends: Map<Millis, End>;
  /** Instants of the timeline as it is, whose end is not known yet. */
  readonly #open: Set<Millis>;

  /** `ends`: receives what becomes known. */
  constructor(
    entries: readonly Span[],
    rules: ForecastRules,
    pinned: (instant: Millis) => boolean,
    ends: Map<Millis, End>,
  ) {
    this.#entries = entries;
    this.#rules = rules;
    this.#pinned = pinned;
    this.#ends = ends;
    this.#open = new Set(entries.map(({ to }) => to).filter((to) => !ends.has(to)));
  }

  nextRun(after: Millis): Millis {
    // Whole seconds, as instants are; a clock behind the newest instant must not make a run before it.
    const newest = this.#entries.at(-1)?.to ?? 0;
    return Math.max(Math.ceil(this.#rules.nextRun(after) / SECOND_MS) * SECOND_MS, newest + SECOND_MS);
  }

  goOn(run: Millis, work: number): void {
    let left = work;
    for (let at = this.nextRun(run); this.#open.size > 0 && left > 0; at = this.nextRun(at)) {
      left -= this.#entries.length;
      this.afterRun(at);
    }
  }

  /** What the rollup after a run at that time gives up. */
  afterRun(run: Millis): readonly Drop[] {
    const last = this.#entries.at(-1) as Span;
    const { levelOfRuns: level } = this.#rules;
    const made: Span = { epoch: last.epoch, level, from: last.to, to: run, beforeRestore: false };
    const plan = planRetention([...this.#entries, made], this.#rules, this.#pinned);
    this.reached = run;
    this.#entries = plan.entries.map(({ epoch, level: now, from, to, inputs }) => {
      const beforeRestore = inputs.length === 1 && inputs[0]?.beforeRestore === true;
      return { epoch, level: now, from, to, beforeRestore };
    });
    for (const { instant, into } of plan.drops) {
      if (this.#open.delete(instant)) this.#ends.set(instant, { kind: "at", time: run, into });
    }
    this.#settle();
    return plan.drops;
  }

  /** Finds what will never go: an instant goes when the next delta joins its entry. */
  #settle(): void {
    /** The coarsest level among later entries of the same epoch: what lies before it will move up to it. */
    let coarsest = 0;
    let after: Span | undefined;
    let afterStays = false;
    for (const entry of this.#entries.toReversed()) {
      const isLast = after === undefined || after.epoch !== entry.epoch;
      if (isLast) coarsest = 0;
      else if (after !== undefined && !this.#pinned(after.to))
        coarsest = Math.max(coarsest, LEVEL_RANK[after.level]);
      const stays = this.#staysAtLevel(entry, coarsest);
      const isHeld = this.#pinned(entry.to) || (!isLast && after !== undefined && this.#pinned(after.to));
      const settled = after !== undefined && (isLast || afterStays || (stays && this.#isFull(entry, after)));
      if ((isHeld || settled) && this.#open.delete(entry.to)) {
        this.#ends.set(entry.to, { kind: isHeld ? "held" : "never" });
      }
      [after, afterStays] = [entry, stays];
    }
  }

  /** Whether the entry moves up no more, so that it joins nothing. */
  #staysAtLevel({ level, to }: Span, coarsest: number): boolean {
    if (this.#pinned(to) || level === "baseline") return true;
    return this.#rules.keep[level] === null && coarsest <= LEVEL_RANK[level];
  }

  /** Whether nothing will join the entry at its level. */
  #isFull({ level, to }: Span, after: Span): boolean {
    const { keep, timezone } = this.#rules;
    if (level === "baseline") return keep.yearly === null;
    return bucketOf(level, to, timezone) !== bucketOf(level, after.to, timezone);
  }
}
