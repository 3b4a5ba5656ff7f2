/**
 * `retention preview`: what the policy keeps, until when and why, and what other numbers would change. It decides as the
 * rollup does, by the same code.
 */
import type { Millis } from "../model/clock.ts";
import { formatInstant } from "../model/instant.ts";
import { keyOf } from "../model/key.ts";
import { effectivePolicy, type EffectivePolicy, type PolicySettings } from "../model/policy/layers.ts";
import { levelOfRuns, type Policy } from "../model/policy/policy.ts";
import { nextDue } from "../model/policy/schedule.ts";
import { openHolds } from "../repository/holds.ts";
import type { Hold } from "../repository/manifest.ts";
import {
  compareEnds,
  forecast,
  longest,
  type End,
  type Fate,
  type Forecast,
} from "../timeline/retention/forecast.ts";
import type { Drop } from "../timeline/retention/plan.ts";
import type { KeptVersion, Timeline } from "../timeline/timeline.ts";
import { pinnedInstants } from "../timeline/rollup/pins.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { freezeRows } from "./marks.ts";
import type {
  DropRow,
  RetentionPreview,
  RetentionRow,
  RetentionUntil,
  RetentionWhatIf,
  VersionRetentionRow,
} from "./reports.ts";
import { versionRow } from "./rows.ts";
import { openTimeline } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

export interface PreviewRetentionRequest {
  readonly task: string;
  /** Also the fate of each of its versions. */
  readonly item?: string;
  /** Also what would change with these values in the place of the configured ones. */
  readonly whatIf?: PolicySettings;
}

/** Errors: `source-unknown` (also when the task's source is not configured), `no-read-right` for an item, `object-*`. */
export async function previewRetention(
  workspace: Workspace,
  request: PreviewRetentionRequest,
  hooks: Hooks = {},
): Promise<RetentionPreview> {
  const timeline = await openTimeline(workspace, request.task, hooks);
  const { task, source, freeze } = timeline.manifest;
  const now = workspace.clock.now();
  const effective = workspace.policyOf(source.name, source.collection);
  const item = request.item === undefined ? undefined : await readItem(timeline, request.item, hooks);
  const present = new Prospect(timeline, effective.policy, now);
  return {
    task,
    source: source.name,
    collection: source.collection,
    at: new Date(now).toISOString(),
    policy: effective.values,
    ...freezeRows(freeze),
    ...present.rows(item),
    ...(request.whatIf === undefined
      ? {}
      : { whatIf: whatIf(workspace, timeline, { effective, present, settings: request.whatIf, item, now }) }),
  };
}

interface Item {
  /** Newest first. */
  readonly kept: readonly KeptVersion[];
  readonly hold: Hold | undefined;
}

async function readItem(timeline: Timeline, name: string, hooks: Hooks): Promise<Item> {
  const { repository, task, manifest } = timeline;
  const key = keyOf(name);
  const kept: KeptVersion[] = [];
  for await (const version of timeline.history(key, signalOf(hooks))) kept.push(version);
  return { kept, hold: openHolds(repository.keyring, task, manifest.holds).coverOf(key) };
}

function whatIf(
  workspace: Workspace,
  timeline: Timeline,
  given: {
    readonly effective: EffectivePolicy;
    readonly present: Prospect;
    readonly settings: PolicySettings;
    readonly item: Item | undefined;
    readonly now: Millis;
  },
): RetentionWhatIf {
  const { name, collection } = timeline.manifest.source;
  const layers = workspace.settings(name).policy ?? [];
  const layer = { settings: given.settings, origin: () => "what if" };
  const changed = effectivePolicy([...layers, layer], collection);
  const other = new Prospect(timeline, changed.policy, given.now);
  const before = new Map(given.effective.values.map((one) => [one.name, one.value]));
  return {
    policy: changed.values.filter((one) => before.get(one.name) !== one.value),
    ...other.rows(given.item),
    changes: changesOf(given.present.forecast, other.forecast),
  };
}

function changesOf(before: Forecast, after: Forecast): RetentionWhatIf["changes"] {
  const dueBefore = new Set(before.due.map(({ instant }) => instant));
  const dueAfter = new Set(after.due.map(({ instant }) => instant));
  return after.fates.toReversed().flatMap((fate, index) => {
    const was = before.fates[before.fates.length - 1 - index] as Fate;
    const order = compareEnds(fate.end, was.end);
    const dropped = dueAfter.has(fate.instant) && !dueBefore.has(fate.instant);
    if (order === 0 && !dropped) return [];
    const change = dropped ? "dropped" : order < 0 ? "shorter" : "longer";
    return [
      { instant: formatInstant(fate.instant), change, before: untilOf(was.end), after: untilOf(fate.end) },
    ];
  });
}

/** What one policy makes of the timeline. */
class Prospect {
  readonly forecast: Forecast;
  readonly #holds: readonly Hold[];

  constructor({ repository, task, manifest }: Timeline, policy: Policy, now: Millis) {
    // Holds on items are no concern of instants, and not everybody may open them.
    this.#holds = manifest.holds.filter(({ kind }) => kind === "instant");
    const pins = pinnedInstants(manifest, openHolds(repository.keyring, task, this.#holds));
    const rules = {
      ...policy,
      levelOfRuns: levelOfRuns(policy),
      nextRun: (after: Millis) => nextDue(policy, after, after),
    };
    this.forecast = forecast(manifest.entries, rules, pins, now);
  }

  rows(item: Item | undefined): Pick<RetentionWhatIf, "instants" | "due" | "next" | "versions"> {
    const { fates, due, next } = this.forecast;
    return {
      instants: fates.toReversed().map((fate) => this.#row(fate)),
      due: due.map(dropRow),
      next: { run: new Date(next.run).toISOString(), drops: next.drops.map(dropRow) },
      ...(item === undefined ? {} : { versions: this.#versions(item) }),
    };
  }

  #row(fate: Fate): RetentionRow {
    const { instant, level, epoch, end } = fate;
    return {
      instant: formatInstant(instant),
      level,
      epoch,
      rule: this.#ruleText(fate),
      until: untilOf(end),
    };
  }

  #ruleText({ keptBy, instant }: Fate): string {
    switch (keptBy.kind) {
      case "held": {
        const reasons = this.#holds.filter((hold) => hold.instant === instant).map(({ reason }) => reason);
        return `held: ${reasons.join("; ")}`;
      }
      case "baseline":
        return "baseline";
      case "undo":
        return "kept for the undo of a restore";
      case "number": {
        const { level, position, keep } = keptBy;
        if (keep === null) return `${level} ${position}, all are kept`;
        return position > keep
          ? `${level} ${position}, only ${keep} are kept`
          : `${level} ${position} of ${keep}`;
      }
    }
  }

  #versions({ kept, hold }: Item): VersionRetentionRow[] {
    return kept.map((version, index) => {
      const row = versionRow(version);
      if (hold !== undefined)
        return { ...row, keptAt: row.instant, rule: `held: ${hold.reason}`, until: HELD };
      const newer = kept[index - 1];
      const until =
        newer !== undefined && newer.entry.epoch === version.entry.epoch ? newer.instant : Infinity;
      // It can be read at each instant from its own up to the next version's.
      const keeper = longest(
        this.forecast.fates.filter(
          ({ epoch, instant }) =>
            epoch === version.entry.epoch && instant >= version.instant && instant < until,
        ),
      );
      if (keeper !== undefined) {
        const { instant, end } = keeper;
        return { ...row, keptAt: formatInstant(instant), rule: this.#ruleText(keeper), until: untilOf(end) };
      }
      const soon: RetentionUntil = {
        kind: "after",
        time: new Date(this.forecast.next.run).toISOString(),
        into: null,
      };
      return { ...row, keptAt: row.instant, rule: "left by a hold that was released", until: soon };
    });
  }
}

const HELD: RetentionUntil = { kind: "held", time: null, into: null };

function untilOf(end: End): RetentionUntil {
  if (end.kind === "never" || end.kind === "held") return { kind: end.kind, time: null, into: null };
  const time = new Date(end.time).toISOString();
  return { kind: end.kind, time, into: end.kind === "at" ? end.into : null };
}

function dropRow({ instant, level, into, rule }: Drop): DropRow {
  return { instant: formatInstant(instant), level, into, rule };
}
