/**
 * Versions that were given up: no read ever answers with an older version in their place.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { keyOf } from "../../src/model/key.ts";
import type { TaskName } from "../../src/model/task.ts";
import type { Version } from "../../src/model/version.ts";
import {
  NO_RETENTION,
  type LostVersions,
  type Manifest,
  type TimelineEntry,
} from "../../src/repository/manifest.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { taskFingerprints } from "../../src/repository/segment/fingerprint.ts";
import { writeSegment } from "../../src/repository/segment/segment-writer.ts";
import { carryLost, hashText } from "../../src/timeline/lost.ts";
import { Timeline } from "../../src/timeline/timeline.ts";
import { collect, newRepository } from "../e2e/house.ts";

const TASK: TaskName = "backup-00112233445566778899aabbccddeeff";
const KEYS = ["a", "b", "c", "d", "e"] as const;
const SECOND_MS = 1_000;
/** Histories; each writes a few segments into memory. */
const RUNS = 60;

let repository: Repository;

beforeAll(async () => {
  repository = await newRepository();
});

/** What one entry holds, and what of it is lost. */
interface Layer {
  readonly versions: readonly string[];
  readonly lost: readonly string[];
}

const hashOf = (key: string): string =>
  hashText(taskFingerprints(repository.keyring, TASK).keyHash(keyOf(key)));

async function entryOf({ versions, lost }: Layer, at: number): Promise<TimelineEntry> {
  const records = [...new Set(versions)].sort().map((key): Version => ({
    key: keyOf(key),
    kind: "live",
    revision: `${key}${at}`,
    observation: { run: "0".repeat(32), at, sequence: "" },
    fingerprint: Buffer.alloc(8, at),
    parts: [],
    blobs: [],
  }));
  const groups = records.length === 0 ? [] : [[await writeSegment({ ...repository, task: TASK }, [records])]];
  const marks: LostVersions[] =
    lost.length === 0 ? [] : [{ at: 0, keyHashes: lost.map(hashOf), reason: "test" }];
  return {
    id: String(at).padStart(32, "0"),
    epoch: 1,
    identity: "",
    level: at === 0 ? "baseline" : "daily",
    from: at === 0 ? null : (at - 1) * SECOND_MS,
    to: at * SECOND_MS,
    completeAsOf: 0,
    startedAt: 0,
    beforeRestore: false,
    reason: "",
    groups,
    counts: { live: records.length, deleted: 0, purged: 0, bodyBytes: 0, storedBytes: 0 },
    runs: 1,
    change: null,
    anomalies: [],
    held: [],
    lost: marks,
  };
}

function timelineOf(entries: readonly TimelineEntry[]): Timeline {
  const manifest: Manifest = {
    ...NO_RETENTION,
    format: 1,
    repository: repository.id,
    task: TASK,
    generation: 1,
    previous: null,
    written: 0,
    source: { name: "prod", kind: "couchdb", collection: "x" },
    entries,
    packs: [],
    cursor: {},
    runsSinceReconcile: 0,
  };
  return new Timeline(repository, TASK, { manifest, digest: "" });
}

/** The answer by the words of the rule: the newest entry that holds or lost the item; a loss goes before the entry's own. */
function answer(layers: readonly Layer[], key: string): string | undefined {
  for (const [at, { versions, lost }] of [...layers.entries()].reverse()) {
    if (lost.includes(key)) return "lost";
    if (versions.includes(key)) return `${key}${at}`;
  }
  return undefined;
}

async function read(timeline: Timeline, at: number) {
  const view = timeline.at(at * SECOND_MS);
  const gets: (string | undefined)[] = [];
  for (const key of KEYS) {
    try {
      gets.push((await view.get(keyOf(key)))?.revision);
    } catch (error) {
      expect(error).toMatchObject({ code: "version-lost", context: { item: key } });
      gets.push("lost");
    }
  }
  const lost: (string | undefined)[] = [];
  timeline.onLost = ({ key }) => lost.push(key?.toString());
  const scanned = (await collect(view.scan())).flat().map(({ revision }) => revision);
  return { gets, scanned, lost, contains: await view.contains(KEYS.map(keyOf)) };
}

const keys = fc.subarray([...KEYS]);
const layers = fc.array(fc.record({ versions: keys, lost: fc.oneof(fc.constant([]), keys) }), {
  minLength: 1,
  maxLength: 4,
});

describe("reading what was given up", () => {
  it("tells that it is lost where it would answer, and answers as before everywhere else", async () => {
    await fc.assert(
      fc.asyncProperty(layers, async (history) => {
        const timeline = timelineOf(await Promise.all(history.map(entryOf)));
        for (const at of history.keys()) {
          const expected = KEYS.map((key) => answer(history.slice(0, at + 1), key));
          const { gets, scanned, lost, contains } = await read(timeline, at);
          expect(gets).toEqual(expected);
          expect(scanned).toEqual(expected.filter((told) => told !== undefined && told !== "lost"));
          expect(contains).toEqual(expected.map((told) => told !== undefined));
          // Those whose name an older or newer version tells are named, the others are counted.
          expect(lost).toHaveLength(expected.filter((told) => told === "lost").length);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("is the same after the entries are gathered into one", async () => {
    await fc.assert(
      fc.asyncProperty(layers, fc.nat(), async (history, pick) => {
        const entries = await Promise.all(history.map(entryOf));
        const first = pick % history.length;
        const inputs = entries.slice(first);
        const newest = inputs.at(-1) as TimelineEntry;
        const gathered: TimelineEntry = {
          ...newest,
          groups: inputs.flatMap(({ groups }) => groups),
          lost: await carryLost(repository, TASK, inputs),
        };
        const timeline = timelineOf([...entries.slice(0, first), gathered]);
        const { gets } = await read(timeline, history.length - 1);
        expect(gets).toEqual(KEYS.map((key) => answer(history, key)));
      }),
      { numRuns: RUNS },
    );
  });
});
