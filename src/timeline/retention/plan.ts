/**
 * The one decision about retention: which deltas a policy merges into which. Pure; the rollup carries it out, the preview
 * and the planner show it.
 *
 * Rules (specs/cloudant-couchdb A3.3): when a level holds more than its number, its oldest deltas move to the next level.
 * There they merge into the newest one if that ends where they begin and belongs to the same calendar bucket, else they
 * open a new one. The oldest yearly folds into the baseline where yearly has a number. A pinned instant is never merged and
 * does not count; nor does what a restore kept for its own undo, which moves along with its neighbours. What a hold kept apart
 * closes up when it is released: neighbours of one week, month or year are one delta.
 */
import type { Millis } from "../../model/clock.ts";
import { DELTA_LEVELS, type DeltaLevel, type Level } from "../../model/level.ts";
import { bucketOf } from "../../model/policy/calendar.ts";
import type { Policy } from "../../model/policy/policy.ts";

/** What the decision needs to know of an entry. */
export interface Span {
  readonly epoch: number;
  readonly level: Level;
  readonly from: Millis | null;
  readonly to: Millis;
  readonly beforeRestore: boolean;
}

/** An entry of the timeline after the plan. */
export interface Planned<E extends Span> {
  readonly epoch: number;
  readonly level: Level;
  readonly from: Millis | null;
  readonly to: Millis;
  /** What it is merged from, oldest first; one for an entry that stays or only changes its level. */
  readonly inputs: readonly E[];
}

/** An instant that the plan gives up. */
export interface Drop {
  readonly instant: Millis;
  readonly level: Level;
  /** The bucket it is merged into, and the level of that. */
  readonly into: { readonly level: Level; readonly bucket: string };
  readonly rule: DropRule;
}

/**
 * `keep`: its level held more than its number. `order`: it lies among coarser deltas, or beside another one of its bucket
 * (the schedule or a hold has changed).
 */
export type DropRule = "keep" | "order";

export interface RetentionPlan<E extends Span> {
  /** Oldest first. */
  readonly entries: readonly Planned<E>[];
  /** In the order in which they are given up. */
  readonly drops: readonly Drop[];
}

export type RetentionRules = Pick<Policy, "keep" | "timezone" | "rollupMode">;

/** `entries`: oldest first, all epochs. `pinned`: whether an instant must stay. */
export function planRetention<E extends Span>(
  entries: readonly E[],
  rules: RetentionRules,
  pinned: (instant: Millis) => boolean,
): RetentionPlan<E> {
  let planned: readonly Planned<E>[] = entries.map((entry): Planned<E> => ({
    epoch: entry.epoch,
    level: entry.level,
    from: entry.from,
    to: entry.to,
    inputs: [entry],
  }));
  const drops: Drop[] = [];
  for (const level of DELTA_LEVELS) {
    planned = new LevelPass<E>(level, rules, pinned, drops).over(planned);
  }
  return { entries: planned, drops };
}

/** Coarser is higher. */
export const LEVEL_RANK: Readonly<Record<Level, number>> = {
  intraday: 0,
  daily: 1,
  weekly: 2,
  monthly: 3,
  yearly: 4,
  baseline: 5,
};

const PARENT: Readonly<Record<DeltaLevel, Level>> = {
  intraday: "daily",
  daily: "weekly",
  weekly: "monthly",
  monthly: "yearly",
  yearly: "baseline",
};

/** Moves what is due of one level up to its parent. */
class LevelPass<E extends Span> {
  readonly #level: DeltaLevel;
  readonly #parent: Level;
  readonly #rules: RetentionRules;
  readonly #pinned: (instant: Millis) => boolean;
  readonly #drops: Drop[];
  readonly #result: Planned<E>[] = [];

  constructor(level: DeltaLevel, rules: RetentionRules, pinned: (instant: Millis) => boolean, drops: Drop[]) {
    this.#level = level;
    this.#parent = PARENT[level];
    this.#rules = rules;
    this.#pinned = pinned;
    this.#drops = drops;
  }

  over(planned: readonly Planned<E>[]): readonly Planned<E>[] {
    const keep = this.#rules.keep[this.#level];
    const misplaced = this.#misplaced(planned);
    let excess = keep === null ? 0 : planned.filter((entry) => this.#counts(entry)).length - keep;
    for (let index = 0; index < planned.length;) {
      const entry = planned[index] as Planned<E>;
      if (!this.#moves(entry)) {
        if (!this.#closesUp(entry)) this.#result.push(entry);
        index += 1;
        continue;
      }
      // Lazily a bucket moves as a whole or not at all; years fold into the baseline one by one.
      const whole = this.#rules.rollupMode === "lazy" && this.#parent !== "baseline";
      const end = whole ? this.#endOfBucket(planned, index) : index + 1;
      const group = planned.slice(index, end);
      const counted = group.filter((member) => this.#counts(member)).length;
      const forced = misplaced.has(entry);
      const due = excess > 0 && counted <= excess;
      for (const member of group) this.#place(member, forced ? "order" : due ? "keep" : undefined);
      excess -= counted;
      index = end;
    }
    return this.#result;
  }

  #place(entry: Planned<E>, rule: DropRule | undefined): void {
    if (rule === undefined || !this.#moveUp(entry, rule)) this.#result.push(entry);
  }

  /** Joins an entry of the parent level to another one of its bucket. Several runs of one day are several dailies. */
  #closesUp(entry: Planned<E>): boolean {
    const { level, to } = entry;
    if (level !== this.#parent || level === "daily" || level === "baseline" || this.#pinned(to)) return false;
    return this.#join(entry, "order");
  }

  /** False when there is nothing that it could move up to. */
  #moveUp(entry: Planned<E>, rule: DropRule): boolean {
    if (this.#join(entry, rule)) return true;
    if (this.#parent === "baseline") return false;
    this.#result.push({ ...entry, level: this.#parent });
    return true;
  }

  /** Makes the entry part of the newest one of the parent level, if that ends where it begins and is of its bucket. */
  #join(entry: Planned<E>, rule: DropRule): boolean {
    const parent = this.#parent;
    const before = this.#result[this.#result.length - 1];
    const joins =
      before !== undefined &&
      before.level === parent &&
      before.epoch === entry.epoch &&
      before.to === entry.from &&
      !this.#pinned(before.to) &&
      (parent === "baseline" || this.#bucket(before.to) === this.#bucket(entry.to));
    if (!joins) return false;
    const into = { level: parent, bucket: this.#bucket(entry.to) };
    this.#drops.push({ instant: before.to, level: before.level, into, rule });
    this.#result[this.#result.length - 1] = {
      ...before,
      to: entry.to,
      inputs: [...before.inputs, ...entry.inputs],
    };
    return true;
  }

  #bucket(to: Millis): string {
    return this.#parent === "baseline" ? "" : bucketOf(this.#parent, to, this.#rules.timezone);
  }

  #moves(entry: Planned<E>): boolean {
    return entry.level === this.#level && !this.#pinned(entry.to);
  }

  #counts(entry: Planned<E>): boolean {
    return this.#moves(entry) && !(entry.inputs.length === 1 && entry.inputs[0]?.beforeRestore === true);
  }

  /** Entries of this level that coarser ones of the same epoch follow. */
  #misplaced(planned: readonly Planned<E>[]): Set<Planned<E>> {
    const found = new Set<Planned<E>>();
    const coarsest = new Map<number, number>();
    for (const entry of planned.toReversed()) {
      const behind = coarsest.get(entry.epoch) ?? -1;
      if (this.#moves(entry) && behind > LEVEL_RANK[this.#level]) found.add(entry);
      if (!this.#pinned(entry.to)) coarsest.set(entry.epoch, Math.max(behind, LEVEL_RANK[entry.level]));
    }
    return found;
  }

  #endOfBucket(planned: readonly Planned<E>[], start: number): number {
    const first = planned[start] as Planned<E>;
    let end = start + 1;
    for (; end < planned.length; end++) {
      const next = planned[end] as Planned<E>;
      const same =
        this.#moves(next) && next.epoch === first.epoch && this.#bucket(next.to) === this.#bucket(first.to);
      if (!same) break;
    }
    return end;
  }
}
