/**
 * A simulated collection for the anomaly guard: what a day does to it, and the entry that a run makes of that. Only figures;
 * no body is ever made.
 */
import type { Anomaly, Manifest, TimelineEntry } from "../../src/repository/manifest.ts";
import { DEFAULT_POLICY } from "../../src/model/policy/policy.ts";
import { figuresOf, remember, runFigures } from "../../src/timeline/guard/figures.ts";
import { findAnomalies } from "../../src/timeline/guard/find-anomalies.ts";

export const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2026, 0, 1, 2);
/** What a segment has beside its bodies. */
const SEGMENT_BYTES = 1_500;
/** What one version adds to a segment's tables and record: 50 to 55. */
const VERSION_BYTES = 53;

/** What happened since the run before; shares are of the live items. */
export interface Day {
  readonly added?: number;
  readonly changed?: number;
  readonly removed?: number;
  /** Removed without the feed telling. */
  readonly vanished?: number;
  /** Deletions that the service has forgotten, and told of; share of the live items. */
  readonly purged?: number;
  /** Segment bytes for each body byte. */
  readonly ratio?: number;
  /** Bytes of each body of the day. */
  readonly bytes?: number;
  /** Blobs of the day, bytes. */
  readonly blobs?: number;
  /** The collection was deleted and made again with this part of its items. */
  readonly recreated?: number;
}

export class Collection {
  live: number;
  readonly bytes: number;
  readonly ratio: number;
  manifest: Manifest | undefined;
  #deleted = 0;
  #day = 0;

  constructor(live: number, bytes: number, ratio: number) {
    this.live = live;
    this.bytes = bytes;
    this.ratio = ratio;
    this.#run({ live, added: live, changed: 0, removed: 0 }, {}, true);
  }

  /** Runs the day's backup; what the guard says of it. */
  day(day: Day): readonly Anomaly[] {
    if (day.recreated !== undefined) {
      this.live = Math.round(this.live * day.recreated);
      this.#deleted = 0;
      return this.#run({ live: this.live, added: this.live, changed: 0, removed: 0 }, day, true);
    }
    const part = (share = 0): number => Math.round(this.live * share);
    const added = part(day.added);
    const changed = Math.min(this.live, part(day.changed));
    const removed = Math.min(this.live, part(day.removed));
    const purged = Math.min(this.#deleted, part(day.purged));
    const vanished = Math.min(this.live - removed, part(day.vanished));
    this.#deleted += removed - purged;
    this.live += added - removed - vanished;
    return this.#run({ live: added + changed, added, changed, removed: removed + purged }, day, false);
  }

  /** A person says that the newest run's marks were expected. */
  expect(): void {
    const manifest = this.manifest as Manifest;
    const recent = manifest.recent.map((run) => ({ ...run, marked: false }));
    this.manifest = { ...manifest, recent };
  }

  #run(
    versions: {
      readonly live: number;
      readonly added: number;
      readonly changed: number;
      readonly removed: number;
    },
    day: Day,
    baseline: boolean,
  ): readonly Anomaly[] {
    const { added, changed, removed } = versions;
    const bodyBytes = Math.round(versions.live * (day.bytes ?? this.bytes));
    const count = versions.live + removed;
    const segmentBytes =
      count === 0
        ? 0
        : Math.round(bodyBytes * (day.ratio ?? this.ratio)) + count * VERSION_BYTES + SEGMENT_BYTES;
    const entry = {
      from: baseline ? null : 0,
      to: FIRST_DAY + this.#day++ * DAY_MS,
      groups: count === 0 ? [] : [[{ bytes: segmentBytes }]],
      counts: {
        live: versions.live,
        deleted: removed,
        purged: 0,
        bodyBytes,
        storedBytes: segmentBytes + (day.blobs ?? 0),
      },
      change: { added, changed, removed, items: this.live + this.#deleted },
      anomalies: [],
    } as unknown as TimelineEntry;
    const anomalies = findAnomalies(this.manifest, entry, DEFAULT_POLICY.anomaly);
    const marked = { ...entry, anomalies };
    const known = figuresOf(this.manifest);
    const recent = remember(known, runFigures(known.at(-1), marked));
    // As a commit does it; rollups have merged all other entries away.
    this.manifest = { entries: [marked], recent } as unknown as Manifest;
    return anomalies;
  }
}
