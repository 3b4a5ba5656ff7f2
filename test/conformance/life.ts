/**
 * The life of a timeline that every source kind has to get through: backups, rollups, cleanups, restores. What each
 * instant must be is put aside by a restore right after its run, before anything was rolled up.
 */
import { describe, expect, it } from "vitest";
import { DAY_MS, DEFAULT_POLICY, type Policy } from "../../src/model/policy/policy.ts";
import { backup } from "../../src/operations/backup.ts";
import { compare } from "../../src/operations/compare.ts";
import { restore } from "../../src/operations/restore.ts";
import { openTimeline } from "../../src/operations/tasks.ts";
import type { Workspace } from "../../src/operations/workspace.ts";
import { cleanupTask } from "../../src/repository/cleanup/cleanup-task.ts";
import { rollupTask } from "../../src/timeline/rollup/rollup-task.ts";
import { collect } from "../e2e/house.ts";

export interface LifeFixture extends AsyncDisposable {
  readonly workspace: Workspace;
  /** `SOURCE/COLLECTION`; nothing of it has been kept yet. */
  readonly task: string;
  /** Some changes: items added, changed and deleted. */
  edit(): Promise<void>;
  advance(ms: number): void;
}

const RUNS = 12;
const POLICY: Policy = {
  ...DEFAULT_POLICY,
  keep: { intraday: null, daily: 2, weekly: 2, monthly: 1, yearly: 1 },
};
const NEVER = new AbortController().signal;

const asideOf = (instant: number): string => `aside-${instant}`;

export function describeLife(kind: string, open: () => Promise<LifeFixture>): void {
  describe(`a timeline of the kind ${kind}`, () => {
    it("is backed up, rolled up, cleaned up and restored as it was at every kept instant", async () => {
      await using fixture = await open();
      const { workspace, task } = fixture;
      const { repository, clock } = workspace;
      const options = { policy: POLICY, clock, dryRun: false, signal: NEVER };
      for (let run = 0; run < RUNS; run++) {
        await fixture.edit();
        const [report] = await collect(backup(workspace, { select: [task] }));
        expect(report?.state, report?.error?.message).toBe("committed");
        const collection = asideOf(Date.parse(report?.instant as string));
        await restore(workspace, { task, scope: {}, target: { collection }, apply: true });
        const timeline = await openTimeline(workspace, task);
        await rollupTask(repository, timeline.task, options);
        const { cleanupAfter } = POLICY;
        await cleanupTask(repository, timeline.task, { ...options, cleanupAfter, sweep: true });
        fixture.advance(9 * DAY_MS);
      }
      const { instants, manifest } = await openTimeline(workspace, task);
      expect(instants.length).toBeLessThan(RUNS - 3);
      const written = [...manifest.entries, ...manifest.retired.map(({ entry }) => entry)];
      expect(written.length).toBeLessThan(RUNS);
      for (const instant of instants) {
        const at = new Date(instant).toISOString();
        const aside = { collection: asideOf(instant) };
        expect(await compare(workspace, { task, at, target: aside })).toMatchObject({ differences: [] });
        const fresh = { collection: `fresh-${instant}` };
        const { failures } = await restore(workspace, { task, at, scope: {}, target: fresh, apply: true });
        expect(failures).toEqual([]);
        expect(await compare(workspace, { task, at, target: fresh })).toMatchObject({ differences: [] });
      }
    });
  });
}
