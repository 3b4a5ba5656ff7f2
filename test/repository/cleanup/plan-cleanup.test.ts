import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Millis } from "../../../src/model/clock.ts";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import { planCleanup, type CleanupEvidence } from "../../../src/repository/cleanup/plan-cleanup.ts";
import {
  manifestPaths,
  NO_RETENTION,
  type Hold,
  type Manifest,
  type RetiredEntry,
  type TimelineEntry,
} from "../../../src/repository/manifest.ts";
import { packPath, segmentPath } from "../../../src/repository/paths.ts";
import { TASK } from "../segment/rig.ts";
import { entryOf, SOURCE } from "./rig.ts";

/** Few names, so that files are often shared. */
const NAMES = ["1", "2", "3", "4", "5", "6", "7", "8"].map((digit) => digit.repeat(32));
const PATHS = [...NAMES.map((id) => segmentPath(TASK, id)), ...NAMES.map((id) => packPath(TASK, id))];
const NOW: Millis = 100 * DAY_MS;

const wrapped = { generation: 1, ephemeral: Buffer.alloc(0), sealed: Buffer.alloc(0) };

function segmentOf(id: string): TimelineEntry["groups"][number][number] {
  const counts = { live: 1, deleted: 0, purged: 0, bodyBytes: 1, blobRefs: 0 };
  const place = { offset: 0, length: 1 };
  return {
    id,
    bytes: 10,
    sha256: "",
    wrapped,
    bounds: Buffer.alloc(0),
    footer: place,
    directory: place,
    counts,
  };
}

const day = fc.integer({ min: 1, max: 12 }).map((at) => at * DAY_MS);
const entries = fc.array(fc.tuple(day, fc.subarray(NAMES, { minLength: 1 })), { minLength: 1, maxLength: 4 });
const asEntry = ([to, ids]: readonly [Millis, readonly string[]]): TimelineEntry =>
  entryOf("daily", to - DAY_MS, to, [ids.map(segmentOf)]);

const hold = (instant: Millis): Hold => ({
  id: "",
  kind: "instant",
  instant,
  selector: null,
  reason: "",
  since: 0,
});

const scenes = fc
  .record({
    entries,
    retired: fc.array(fc.tuple(entries, fc.integer({ min: 90, max: 101 })), { maxLength: 3 }),
    packs: fc.subarray(NAMES),
    condemned: fc.subarray(PATHS),
    deleting: fc.boolean(),
    holds: fc.array(day, { maxLength: 2 }),
    named: fc.subarray(PATHS),
    listed: fc.option(fc.subarray(PATHS), { nil: null }),
    idle: fc.subarray(NAMES),
    same: fc.boolean(),
    cleanupAfter: fc.constantFrom(null, 0, DAY_MS, 5 * DAY_MS),
    oldestLease: fc.constantFrom(undefined, 3, 7),
  })
  .map((scene): { manifest: Manifest; evidence: CleanupEvidence } => {
    const retired = scene.retired.flatMap(([list, at]) =>
      list.map((one): RetiredEntry => ({
        entry: asEntry(one),
        retiredAt: at * DAY_MS,
        into: "",
        generation: 2,
      })),
    );
    const place = { offset: 0, length: 1 };
    const pack = (id: string) => ({
      id,
      bytes: 20,
      sha256: "",
      wrapped,
      table: place,
      blobs: 1,
      storedBytes: 1,
    });
    const bare = { entries: scene.entries.map(asEntry), retired, packs: scene.packs.map(pack), task: TASK };
    const needed = manifestPaths(bare);
    const manifest: Manifest = {
      ...NO_RETENTION,
      ...bare,
      format: 1,
      repository: "",
      generation: 7,
      previous: null,
      written: 0,
      source: SOURCE,
      cursor: {},
      runsSinceReconcile: 0,
      holds: scene.holds.map(hold),
      condemned: scene.condemned
        .filter((path) => !needed.has(path))
        .map((path) => ({
          path,
          bytes: 1,
          since: NOW - 2 * DAY_MS,
          generation: 5,
          why: "unreferenced",
          deleting: scene.deleting,
        })),
    };
    const unnamed = (scene.listed ?? []).filter((path) => !needed.has(path));
    const sweep = {
      generation: scene.same ? 7 : 6,
      unnamed: new Map(unnamed.map((path) => [path, { path, size: 1 }])),
      idlePacks: new Set(scene.idle),
    };
    const evidence: CleanupEvidence = {
      now: NOW,
      cleanupAfter: scene.cleanupAfter,
      named: new Set(scene.named),
      gone: new Set(),
      sweep: scene.listed === null ? null : sweep,
      oldestLease: scene.oldestLease,
      chainFrom: 1,
    };
    return { manifest, evidence };
  });

describe("the plan of a cleanup", () => {
  it("never condemns what the next manifest, an undo record or an open run needs, and nothing twice", () => {
    fc.assert(
      fc.property(scenes, ({ manifest, evidence }) => {
        const { next } = planCleanup(manifest, evidence);
        const needed = manifestPaths({ ...manifest, ...next });
        const before = new Set(manifest.condemned.map(({ path }) => path));
        const paths = next.condemned.map(({ path }) => path);
        expect(paths.filter((path) => needed.has(path))).toEqual([]);
        expect(paths.filter((path) => evidence.named.has(path) && !before.has(path))).toEqual([]);
        expect(new Set(paths).size).toBe(paths.length);
        expect(next).not.toHaveProperty("entries");
      }),
    );
  });

  it("forgets no file: whatever was named or condemned is named or condemned afterwards, or was nowhere to be seen", () => {
    fc.assert(
      fc.property(scenes, ({ manifest, evidence }) => {
        const { next } = planCleanup(manifest, evidence);
        const after = manifestPaths({ ...manifest, ...next });
        for (const { path } of next.condemned) after.add(path);
        for (const path of manifestPaths(manifest))
          expect(after.has(path) || evidence.named.has(path)).toBe(true);
        for (const { path } of manifest.condemned) {
          const seen = evidence.sweep === null || evidence.sweep.unnamed.has(path);
          expect(after.has(path) || evidence.named.has(path) || !seen).toBe(true);
        }
      }),
    );
  });

  it("is done with once it was carried out", () => {
    fc.assert(
      fc.property(scenes, ({ manifest, evidence }) => {
        const { next } = planCleanup(manifest, evidence);
        const again = planCleanup({ ...manifest, ...next, generation: 8 }, { ...evidence, sweep: null });
        expect(again).toMatchObject({ next, changed: false, forgotten: [] });
      }),
    );
  });

  it("drops no held instant that could be brought back, nor what leads to it", () => {
    fc.assert(
      fc.property(scenes, ({ manifest, evidence }) => {
        const { next, forgotten } = planCleanup(manifest, evidence);
        const kept = new Set(manifest.entries.map(({ to }) => to));
        for (const { instant } of manifest.holds) {
          if (instant === null || kept.has(instant)) continue;
          expect(forgotten).not.toContain(instant);
          const chain = (all: readonly RetiredEntry[], to: Millis): unknown[] => {
            const links = all.filter(({ entry }) => entry.to === to);
            if (links.length === 0 || kept.has(to)) return [];
            return [...links, ...chain(all, to - DAY_MS)];
          };
          expect(chain(next.retired, instant)).toEqual(chain(manifest.retired, instant));
        }
      }),
    );
  });
});
