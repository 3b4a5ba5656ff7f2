/**
 * Timelines of sizes alone: entries whose segments have bytes and items but no file. What the plan of retention and the
 * decisions of the rollup look at is there, so years of runs are played through in seconds and come out the same every time.
 */
import type { Millis } from "../../src/model/clock.ts";
import type { Level } from "../../src/model/level.ts";
import { levelOfRuns, type Policy } from "../../src/model/policy/policy.ts";
import type { TimelineEntry } from "../../src/repository/manifest.ts";
import type { SegmentInfo } from "../../src/repository/segment/segment.ts";
import { planRetention } from "../../src/timeline/retention/plan.ts";
import { makingsOf, type Making } from "../../src/timeline/rollup/making.ts";

let made = 0;

/** A segment of which only the size is known. */
export function accountedSegment(bytes: number): SegmentInfo {
  const empty = Buffer.alloc(0);
  return {
    id: String(made++),
    bytes,
    sha256: "",
    wrapped: { generation: 1, bytes: empty } as unknown as SegmentInfo["wrapped"],
    bounds: empty,
    footer: { offset: 0, length: 0 },
    directory: { offset: 0, length: 0 },
    counts: { live: 0, deleted: 0, purged: 0, bodyBytes: 0, blobRefs: 0 },
  };
}

export function accountedEntry(
  level: Level,
  from: Millis | null,
  to: Millis,
  groups: TimelineEntry["groups"],
): TimelineEntry {
  return {
    id: String(made++),
    epoch: 1,
    identity: "one",
    level,
    from,
    to,
    completeAsOf: to,
    startedAt: to,
    beforeRestore: false,
    reason: "",
    groups,
    counts: { live: 0, deleted: 0, purged: 0, bodyBytes: 0, storedBytes: 0 },
    runs: 1,
    change: null,
    anomalies: [],
    held: [],
    lost: [],
  };
}

/** Bytes that runs have stored, and bytes that rollups have written anew. */
export interface Account {
  readonly baselineBytes: number;
  readonly deltaBytes: number;
  readonly rewrittenBytes: number;
  /** Groups that the busiest entry has had. */
  readonly mostGroups: number;
  readonly entries: number;
}

/** A timeline of items that all have one size. */
export class AccountedTimeline {
  readonly #itemBytes: number;
  readonly #policy: Policy;
  readonly #items = new Map<SegmentInfo, ReadonlySet<number>>();
  #entries: readonly TimelineEntry[] = [];
  #baselineBytes = 0;
  #deltaBytes = 0;
  #rewrittenBytes = 0;
  #mostGroups = 0;

  constructor(policy: Policy, itemBytes: number) {
    this.#policy = policy;
    this.#itemBytes = itemBytes;
  }

  get account(): Account {
    return {
      baselineBytes: this.#baselineBytes,
      deltaBytes: this.#deltaBytes,
      rewrittenBytes: this.#rewrittenBytes,
      mostGroups: this.#mostGroups,
      entries: this.#entries.length,
    };
  }

  /** A run that found these items changed, and the rollup after it. */
  run(to: Millis, items: ReadonlySet<number>): void {
    const last = this.#entries.at(-1);
    const level = last === undefined ? "baseline" : levelOfRuns(this.#policy);
    const segment = this.#write(items);
    if (last === undefined) this.#baselineBytes += segment.bytes;
    else this.#deltaBytes += segment.bytes;
    const groups = items.size === 0 ? [] : [[segment]];
    this.#entries = [...this.#entries, accountedEntry(level, last?.to ?? null, to, groups)];
    this.#rollUp();
  }

  #rollUp(): void {
    const { entries } = planRetention(this.#entries, this.#policy, () => false);
    const makings = new Map(makingsOf(entries, false).map((making) => [making.planned, making]));
    this.#entries = entries.map((planned) => {
      const making = makings.get(planned);
      return making === undefined ? (planned.inputs[0] as TimelineEntry) : this.#make(making);
    });
    for (const { groups } of this.#entries) this.#mostGroups = Math.max(this.#mostGroups, groups.length);
  }

  #make({ planned: { level, from, to, inputs }, how, untouched }: Making): TimelineEntry {
    const gathered = inputs.flatMap(({ groups }) => groups);
    const runs = inputs.reduce((sum, input) => sum + input.runs, 0);
    const whole = { ...accountedEntry(level, from, to, gathered), runs };
    if (how === "gathered") return whole;
    const items = new Set<number>();
    for (const segment of gathered.slice(untouched).flat())
      for (const item of this.#items.get(segment) ?? []) items.add(item);
    const merged = this.#write(items);
    this.#rewrittenBytes += merged.bytes;
    return { ...whole, groups: [...gathered.slice(0, untouched), [merged]] };
  }

  #write(items: ReadonlySet<number>): SegmentInfo {
    const segment = accountedSegment(items.size * this.#itemBytes);
    this.#items.set(segment, items);
    return segment;
  }
}
