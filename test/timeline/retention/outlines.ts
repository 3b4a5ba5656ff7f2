/**
 * Timelines without data: only what the plan of retention looks at.
 */
import type { Level } from "../../../src/model/level.ts";
import { DEFAULT_POLICY } from "../../../src/model/policy/policy.ts";
import {
  planRetention,
  type Drop,
  type Planned,
  type RetentionRules,
  type Span,
} from "../../../src/timeline/retention/plan.ts";

export const DAY_MS = 86_400_000;

export const at = (day: string, time = "02:00:00"): number => Date.parse(`${day}T${time}Z`);
export const dayText = (instant: number): string => new Date(instant).toISOString().slice(0, 10);
export const never = (): boolean => false;

export const rules = (
  keep: Partial<RetentionRules["keep"]>,
  more: Partial<RetentionRules> = {},
): RetentionRules => ({
  timezone: "UTC",
  rollupMode: "eager",
  ...more,
  keep: { ...DEFAULT_POLICY.keep, ...keep },
});

/** A plan's entries as the next plan meets them. */
export function entriesOf(planned: readonly Planned<Span>[]): Span[] {
  return planned.map(({ epoch, level, from, to, inputs }) => ({
    epoch,
    level,
    from,
    to,
    beforeRestore: inputs.length === 1 && inputs[0]?.beforeRestore === true,
  }));
}

/** `weekly 2026-01-04`. */
export const listed = (entries: readonly Span[]): string[] =>
  entries.map(({ level, to }) => `${level} ${dayText(to)}`);

interface RunOptions {
  readonly level?: Level;
  readonly epoch?: number;
  readonly beforeRestore?: boolean;
  readonly pinned?: (instant: number) => boolean;
}

/** A timeline that is rolled up after each run. */
export class Outline {
  entries: Span[] = [];
  readonly drops: Drop[] = [];

  run(
    to: number,
    given: RetentionRules,
    {
      level = "daily",
      epoch = this.entries.at(-1)?.epoch ?? 1,
      beforeRestore = false,
      pinned = never,
    }: RunOptions = {},
  ): void {
    const last = this.entries.at(-1);
    const first = last?.epoch !== epoch;
    const made = {
      epoch,
      level: first ? "baseline" : level,
      from: first ? null : last.to,
      to,
      beforeRestore,
    } as const;
    this.entries.push(made);
    this.rollUp(given, pinned);
  }

  rollUp(given: RetentionRules, pinned: (instant: number) => boolean = never): void {
    const plan = planRetention(this.entries, given, pinned);
    this.entries = entriesOf(plan.entries);
    this.drops.push(...plan.drops);
  }
}
