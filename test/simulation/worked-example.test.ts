/**
 * The specification's worked example (A3.6) through real backups, which roll up and clean up: three years of days, keep 7/4/12.
 */
import { describe, expect, it } from "vitest";
import { DAY_MS } from "../../src/model/policy/policy.ts";
import { backup } from "../../src/operations/backup.ts";
import { openTimeline } from "../../src/operations/tasks.ts";
import type { TimelineEntry } from "../../src/repository/manifest.ts";
import { collect } from "../e2e/house.ts";
import { proveInstant } from "./end-proof.ts";
import { beyondNumbers, brokenChain, finerWithAge } from "./laws.ts";
import { Random } from "./random.ts";
import { simulatedRepository, TASK_TEXT } from "./sim-house.ts";
import { watchedHouse } from "./witness.ts";
import { editRandomly } from "./world.ts";

const FIRST_RUN = Date.UTC(2026, 0, 1, 2);
const LAST_RUN = Date.UTC(2028, 11, 30, 2);
const never = (): boolean => false;

/** Coarse sets after the last run, oldest first, as the specification lists them. */
const COARSE = [
  "baseline 2026-01-01",
  "yearly 2026-12-27",
  "yearly 2027-11-28",
  "monthly 2027-12-26",
  "monthly 2028-01-30",
  "monthly 2028-02-27",
  "monthly 2028-03-26",
  "monthly 2028-04-30",
  "monthly 2028-05-28",
  "monthly 2028-06-25",
  "monthly 2028-07-30",
  "monthly 2028-08-27",
  "monthly 2028-09-24",
  "monthly 2028-10-29",
  "monthly 2028-11-26",
];

/** What is newer: the weeks that ended since, and the last seven days. */
const FINE = [
  "weekly 2028-12-03",
  "weekly 2028-12-10",
  "weekly 2028-12-17",
  "weekly 2028-12-23",
  "daily 2028-12-24",
  "daily 2028-12-25",
  "daily 2028-12-26",
  "daily 2028-12-27",
  "daily 2028-12-28",
  "daily 2028-12-29",
  "daily 2028-12-30",
];

/** Early days of the example: which entries the run of that day leaves. */
const EARLY: Readonly<Record<string, readonly string[]>> = {
  "2026-01-08": ["baseline 2026-01-01", ...days("2026-01-02", 7)],
  "2026-01-09": ["baseline 2026-01-01", "weekly 2026-01-02", ...days("2026-01-03", 7)],
  "2026-01-11": ["baseline 2026-01-01", "weekly 2026-01-04", ...days("2026-01-05", 7)],
  "2026-01-12": ["baseline 2026-01-01", "weekly 2026-01-04", "weekly 2026-01-05", ...days("2026-01-06", 7)],
  "2026-02-02": [
    "baseline 2026-01-01",
    "monthly 2026-01-04",
    "weekly 2026-01-11",
    "weekly 2026-01-18",
    "weekly 2026-01-25",
    "weekly 2026-01-26",
    ...days("2026-01-27", 7),
  ],
};

function days(first: string, count: number): string[] {
  const start = Date.parse(first);
  return Array.from({ length: count }, (_, day) => `daily ${dayText(start + day * DAY_MS)}`);
}

function dayText(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}

const listed = (entries: readonly TimelineEntry[]): string[] =>
  entries.map(({ level, to }) => `${level} ${dayText(to)}`);

describe("the worked example of the specification", () => {
  it(
    "leaves exactly the listed sets after three years, each reading as its run saw it",
    { timeout: 600_000 },
    async () => {
      const { house, witness } = watchedHouse(simulatedRepository(36));
      const random = new Random(36);
      for (let edit = 0; edit < 12; edit++) editRandomly(house.collection, random, FIRST_RUN);
      await using workspace = house.workspace();
      const policy = house.effective;
      for (house.time = FIRST_RUN; house.time <= LAST_RUN; house.time += DAY_MS) {
        const [report] = await collect(backup(workspace, { select: [TASK_TEXT] }));
        expect(report?.state, report?.error?.message).toBe("committed");
        expect(report?.maintenance, "a backup rolls up and cleans up").toMatchObject({ refused: null });
        expect(report?.maintenance?.error).toBeUndefined();
        const manifest = witness.newest;
        if (manifest === undefined) throw new Error("nothing was committed");
        const broken = [...brokenChain(manifest), ...finerWithAge(manifest, never)];
        expect([...broken, ...beyondNumbers(manifest, policy, never), ...witness.violations]).toEqual([]);
        const early = EARLY[dayText(house.time)];
        if (early !== undefined) expect(listed(manifest.entries)).toEqual(early);
        const edits = random.between(0, 5);
        for (let edit = 0; edit < edits; edit++) editRandomly(house.collection, random, house.time);
      }
      const timeline = await openTimeline(workspace, TASK_TEXT);
      expect(listed(timeline.manifest.entries)).toEqual([...COARSE, ...FINE]);
      const broken: string[] = [];
      for (const instant of timeline.instants) {
        const snapshot = witness.snapshots.get(instant) ?? new Map();
        broken.push(...(await proveInstant(timeline, instant, snapshot)));
      }
      expect(broken).toEqual([]);
    },
  );
});
