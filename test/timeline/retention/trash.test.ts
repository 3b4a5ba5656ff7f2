/**
 * The way back to trashed instants, on timelines without data: the state at an instant is what its entries cover.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Level } from "../../../src/model/level.ts";
import type { RetiredEntry, TimelineEntry } from "../../../src/repository/manifest.ts";
import { planRetention } from "../../../src/timeline/retention/plan.ts";
import { trashedInstants, wayBack, withWayBack } from "../../../src/timeline/retention/trash.ts";
import { at, DAY_MS, dayText, never, rules } from "./outlines.ts";

interface Trash {
  entries: readonly TimelineEntry[];
  retired: readonly RetiredEntry[];
}

function entryOf(
  level: Level,
  from: number | null,
  to: number,
  more: Partial<TimelineEntry> = {},
): TimelineEntry {
  const counts = { live: 1, deleted: 1, purged: 0, bodyBytes: 1, storedBytes: 1 };
  const made = {
    id: `${level} ${to}`,
    epoch: 1,
    level,
    from,
    to,
    groups: [],
    counts,
    runs: 1,
    held: [],
    beforeRestore: false,
  };
  return { ...made, ...more } as unknown as TimelineEntry;
}

/** Rolls up as the rollup does: what an entry is made of is retired. */
function rolledUp({ entries, retired }: Trash, keep: Parameters<typeof rules>[0], now: number): Trash {
  const plan = planRetention(entries, rules(keep), never);
  const gone: RetiredEntry[] = [];
  const next = plan.entries.map((planned) => {
    const { inputs, level, from, to, epoch } = planned;
    const newest = inputs.at(-1) as TimelineEntry;
    if (inputs.length === 1) return { ...newest, level };
    for (const entry of inputs) {
      if (entry.to !== to) gone.push({ entry, retiredAt: now, into: `${level} ${to}`, generation: 1 });
    }
    return entryOf(level, from, to, { epoch, runs: 2 });
  });
  return { entries: next, retired: [...retired, ...gone] };
}

function lived(days: number, keep: Parameters<typeof rules>[0]): Trash {
  let trash: Trash = { entries: [], retired: [] };
  for (let day = 0; day < days; day++) {
    const to = at("2026-09-20") + day * DAY_MS;
    const last = trash.entries.at(-1);
    const made = entryOf(last === undefined ? "baseline" : "daily", last?.to ?? null, to);
    trash = rolledUp({ ...trash, entries: [...trash.entries, made] }, keep, to);
  }
  return trash;
}

const days = (instants: readonly number[]): string[] => instants.map(dayText);

describe("bringing an instant back", () => {
  it("puts the fewest retired entries before the one that stands there, which then goes on from it", () => {
    const trash = lived(30, { daily: 3, weekly: 1, monthly: 2 });
    const instant = at("2026-10-05");
    const way = wayBack(trash, instant);
    expect(way?.before).toMatchObject({ from: at("2026-09-27"), to: at("2026-10-11"), level: "monthly" });
    const back = withWayBack({ ...trash, holds: [] }, way as NonNullable<typeof way>);
    const around = back.entries.filter(({ to }) => to >= at("2026-09-27") && to <= at("2026-10-11"));
    expect(
      around.map(({ level, from, to }) => [level, from === null ? null : dayText(from), dayText(to)]),
    ).toEqual([
      ["monthly", "2026-09-20", "2026-09-27"],
      ["monthly", "2026-09-27", "2026-10-04"],
      ["monthly", "2026-10-04", "2026-10-05"],
      ["monthly", "2026-10-05", "2026-10-11"],
    ]);
    expect(back.retired).toHaveLength(trash.retired.length - 2);
    expect(wayBack(back, instant)).toBeUndefined();
  });

  it("works for every instant that was ever given up, one after the other, in any order", () => {
    const order = fc.array(fc.nat(), { minLength: 1, maxLength: 12 });
    const aKeep = fc.record({
      daily: fc.integer({ min: 1, max: 5 }),
      weekly: fc.integer({ min: 1, max: 3 }),
      monthly: fc.integer({ min: 1, max: 2 }),
      yearly: fc.constantFrom(1, null),
    });
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 200 }), aKeep, order, (count, keep, picks) => {
        const trash = lived(count, keep);
        let now: Trash = trash;
        const all = new Set(
          [...trash.entries, ...trash.retired.map(({ entry }) => entry)].map(({ to }) => to),
        );
        expect(all.size).toBe(count);
        for (const pick of picks) {
          const lost = trashedInstants(now).map(({ instant }) => instant);
          const kept = now.entries.map(({ to }) => to);
          // Nothing is out of reach.
          expect([...lost, ...kept].sort((a, b) => a - b)).toEqual([...all].sort((a, b) => a - b));
          const instant = lost[pick % Math.max(1, lost.length)];
          const way = instant === undefined ? undefined : wayBack(now, instant);
          if (instant === undefined || way === undefined) break;
          now = withWayBack({ ...now, holds: [] }, way);
          expect(now.entries.map(({ to }) => to)).toContain(instant);
          for (const [index, { from, to }] of now.entries.entries()) {
            const before = now.entries[index - 1];
            expect(from).toBe(before?.to ?? null);
            expect(to).toBeGreaterThan(before?.to ?? 0);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("needs every link: what is forgotten in between cannot be stepped over", () => {
    const { entries, retired } = lived(30, { daily: 3, weekly: 1, monthly: 2 });
    const first = (wayBack({ entries, retired }, at("2026-10-05"))?.chain ?? [])[0];
    const left = retired.filter((one) => one !== first && one.entry.to !== at("2026-10-04"));
    expect(wayBack({ entries, retired: left }, at("2026-10-05"))).toBeUndefined();
    expect(days(trashedInstants({ entries, retired: left }).map(({ instant }) => instant))).not.toContain(
      "2026-10-05",
    );
  });

  it("makes an epoch of its own of a baseline whose successor may have forgotten deletions", () => {
    const old = entryOf("baseline", null, at("2026-01-01"));
    const counts = { live: 1, deleted: 0, purged: 0, bodyBytes: 1, storedBytes: 1 };
    const folded = entryOf("baseline", null, at("2026-12-31"), { counts });
    const newest = entryOf("daily", folded.to, at("2027-01-01"));
    const again = entryOf("baseline", null, at("2027-02-01"), { epoch: 2 });
    const retired = [{ entry: old, retiredAt: 1, into: folded.id, generation: 2 }];
    const trash = { entries: [folded, newest, again], retired, holds: [] };
    const way = wayBack(trash, old.to);
    const epochs = withWayBack(trash, way as NonNullable<typeof way>).entries.map(({ epoch, level }) => [
      epoch,
      level,
    ]);
    expect(epochs).toEqual([
      [1, "baseline"],
      [2, "baseline"],
      [2, "daily"],
      [3, "baseline"],
    ]);
  });
});
