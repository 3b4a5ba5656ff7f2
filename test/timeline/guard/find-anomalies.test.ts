import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { alarmsOf, detections, ORDINARY, seedsFrom, STRIKES } from "../../../bench/anomaly/histories.ts";
import { Collection } from "../../../bench/anomaly/collection.ts";
import { DEFAULT_POLICY } from "../../../src/model/policy/policy.ts";
import type { Manifest, TimelineEntry } from "../../../src/repository/manifest.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import { findAnomalies } from "../../../src/timeline/guard/find-anomalies.ts";
import { fixedKeyring, TASK } from "../../repository/segment/rig.ts";

const THRESHOLDS = DEFAULT_POLICY.anomaly;
const DAY = 86_400_000;

interface Run {
  readonly to: number;
  readonly baseline?: boolean;
  readonly added?: number;
  readonly changed?: number;
  readonly removed?: number;
  readonly items?: number | null;
  readonly bodyBytes?: number;
  readonly segmentBytes?: number;
  readonly live?: number;
}

function entry(run: Run): TimelineEntry {
  const { added = 0, changed = 0, removed = 0, items = null } = run;
  const segmentBytes = run.segmentBytes ?? 0;
  return {
    id: String(run.to),
    from: run.baseline ? null : run.to - DAY,
    to: run.to,
    runs: 1,
    groups: [[{ bytes: segmentBytes }]],
    counts: {
      live: run.live ?? added + changed,
      deleted: removed,
      purged: 0,
      bodyBytes: run.bodyBytes ?? 0,
      storedBytes: segmentBytes,
    },
    change: { added, changed, removed, items },
    anomalies: [],
  } as unknown as TimelineEntry;
}

function timeline(...entries: readonly TimelineEntry[]): Manifest {
  return { entries, recent: [] } as unknown as Manifest;
}

const BASELINE = entry({ to: DAY, baseline: true, added: 500_000, live: 500_000, items: 510_000 });

describe("the anomaly guard", () => {
  it("says what was deleted, out of how many, what is ordinary and which run was good", () => {
    const [mark, ...more] = findAnomalies(
      timeline(BASELINE),
      entry({ to: 2 * DAY, removed: 412_000 }),
      THRESHOLDS,
    );
    expect(more).toEqual([]);
    expect(mark).toEqual({
      kind: "mass-deletion",
      message:
        "412,000 of 500,000 items (82 %) that were kept are gone; up to 30 % is ordinary. The last good run is 1970-01-02T00:00:00Z.",
      observed: 0.824,
      threshold: 0.3,
    });
  });

  it("names both sides of a collection that was made again smaller", () => {
    const again = entry({ to: 2 * DAY, baseline: true, added: 1_000, live: 1_000 });
    expect(findAnomalies(timeline(BASELINE), again, THRESHOLDS)).toMatchObject([
      {
        kind: "feed-shrank",
        message: expect.stringMatching(
          /^The collection was re-created with 1,000 items; 500,000 were kept\. /,
        ),
      },
    ]);
  });

  it("notices items that vanish without the feed telling of them, and not twice what it tells of", () => {
    const before = timeline(BASELINE);
    expect(findAnomalies(before, entry({ to: 2 * DAY, items: 200_000 }), THRESHOLDS)).toMatchObject([
      { kind: "feed-shrank" },
    ]);
    const told = entry({ to: 2 * DAY, items: 200_000, removed: 310_000 });
    expect(findAnomalies(before, told, THRESHOLDS).map(({ kind }) => kind)).toEqual(["mass-deletion"]);
  });

  it("judges nothing in a first run, in a small collection, or where it is switched off", () => {
    expect(findAnomalies(undefined, BASELINE, THRESHOLDS)).toEqual([]);
    const small = timeline(entry({ to: DAY, baseline: true, added: 99, live: 99, items: 99 }));
    expect(findAnomalies(small, entry({ to: 2 * DAY, removed: 99, items: 0 }), THRESHOLDS)).toEqual([]);
    const off = { ...THRESHOLDS, enabled: false };
    expect(findAnomalies(timeline(BASELINE), entry({ to: 2 * DAY, removed: 500_000 }), off)).toEqual([]);
  });

  it("takes what a person called expected for ordinary, and a mark alone for nothing", () => {
    const marked = new Collection(10_000, 500, 0.25);
    expect(marked.day({ removed: 0.4, added: 0.7 })).toHaveLength(1);
    expect(marked.day({ removed: 0.4, added: 0.7 })).toHaveLength(1);
    marked.expect();
    expect(marked.day({ removed: 0.4, added: 0.7 })).toEqual([]);
    expect(marked.day({ removed: 0.9 })).toHaveLength(1);
  });

  it("recognises a yearly job when it comes again, though every run's own entry has been merged away", () => {
    const collection = new Collection(10_000, 500, 0.25);
    for (let day = 1; day < 20; day++) collection.day({ changed: 0.01 });
    expect(collection.day({ changed: 0.9 })).toHaveLength(1);
    collection.expect();
    for (let day = 1; day < 365; day++) expect(collection.day({ changed: 0.01 })).toEqual([]);
    expect(collection.day({ changed: 0.9 })).toEqual([]);
    expect(collection.manifest?.recent.length).toBeLessThan(64 + 14 * 5);
  });

  it("marks hardly any ordinary run of a year, and every attack", () => {
    const ordinary = Object.entries(ORDINARY).map(([name, life]) => [name, alarmsOf(life, [1, 2])] as const);
    const quiet = [
      "steady work",
      "hot set of few items",
      "idle, now and then a burst",
      "quick growth",
      "filled in its first week",
      "season with a peak",
      "weekly batch over 40 %",
      "monthly clean-out of 20 %",
      "quarterly import of the double",
      "reloaded every night",
    ];
    for (const [name, { alarms, histories }] of ordinary) {
      // What exceeds a threshold is marked when it comes for the first times, until somebody has called it expected.
      expect([name, alarms <= (quiet.includes(name) ? 0 : 3 * histories)]).toEqual([name, true]);
    }
    // Seeds whose background is not the one with images, in which encrypted bodies do not stand out.
    const seeds = seedsFrom(1, 20).filter((seed) => seed % 5 !== 4);
    for (const [name, strike] of Object.entries(STRIKES)) {
      expect([name, detections(strike, seeds)]).toEqual([name, seeds.length]);
    }
  });

  it("tells encrypted bodies from ordinary ones by what real segments make of them", async () => {
    const target = { storage: memoryStorage(), keyring: fixedKeyring("write"), task: TASK };
    const bodies = {
      plain: (index: number) =>
        JSON.stringify({
          _id: `order:${index}`,
          customer: `c-${(index * 7919) % 5000}`,
          total: index % 977,
          note: "paid by card, sent by post",
        }),
      encrypted: (index: number) => {
        const bytes = createHash("shake256", { outputLength: 90 }).update(String(index)).digest();
        return JSON.stringify({ _id: `order:${index}`, data: bytes.toString("base64") });
      },
    };
    const written = async (body: (index: number) => string) => {
      const versions = Array.from({ length: 5_000 }, (_, index) => ({
        key: Buffer.from(`order:${String(index).padStart(6, "0")}`),
        kind: "live" as const,
        revision: `2-${createHash("md5").update(String(index)).digest("hex")}`,
        observation: { run: "11".repeat(16), at: 1, sequence: "5-a" },
        fingerprint: createHash("md5").update(body(index)).digest().subarray(0, 8),
        parts: [Buffer.from(body(index))],
        blobs: [],
      }));
      const { bytes, counts } = await writeSegment(target, [versions]);
      return { bodyBytes: counts.bodyBytes, segmentBytes: bytes };
    };
    const plain = await written(bodies.plain);
    const before = timeline(
      entry({ to: DAY, baseline: true, added: 50_000, live: 50_000, ...plain }),
      entry({ to: 2 * DAY, changed: 5_000, ...plain }),
    );
    const run = (sizes: typeof plain) => entry({ to: 3 * DAY, changed: 5_000, ...sizes });
    expect(findAnomalies(before, run(plain), THRESHOLDS)).toEqual([]);
    expect(findAnomalies(before, run(await written(bodies.encrypted)), THRESHOLDS)).toMatchObject([
      { kind: "entropy-jump", message: expect.stringContaining("they look encrypted or compressed") },
    ]);
  });
});
