import { beforeEach, describe, expect, it } from "vitest";
import { DAY_MS, DEFAULT_POLICY } from "../../src/model/policy/policy.ts";
import { commitRun } from "../../src/operations/backup/commit-run.ts";
import { findInterrupted } from "../../src/operations/backup/interrupted.ts";
import { cleanup, type CleanupRequest } from "../../src/operations/cleanup.ts";
import type { CleanupFile, CleanupReport } from "../../src/operations/reports.ts";
import { listRuns } from "../../src/operations/runs.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { newTimedId } from "../../src/repository/ids.ts";
import { writeRunRecord } from "../../src/repository/run-records.ts";
import { collect, sourceAt } from "../e2e/house.ts";
import { recordOf, SOURCE, TaskRig } from "../repository/cleanup/rig.ts";
import { TASK } from "../repository/segment/rig.ts";

let rig: TaskRig;
let workspace: Workspace;

beforeEach(async () => {
  rig = new TaskRig();
  await rig.run({ a: "1" });
  workspace = new Workspace(rig.repository, [sourceAt("http://prod", ["*"])], rig.clock);
});

async function cleanUp(
  request: Partial<CleanupRequest> = {},
  warn?: (text: string) => void,
): Promise<CleanupReport[]> {
  return collect(cleanup(workspace, { tasks: [], dryRun: false, ...request }, warn ? { warn } : {}));
}

describe("cleanup of a repository", () => {
  it("reports each task with what was deleted, what waits and what is forgotten, as its policy says", async () => {
    const days = [await rig.run({ a: "2" }), await rig.run({ a: "3" })];
    await rig.rollUp(...days.map(({ to }) => to));
    await rig.segment({ crashed: "1" });
    rig.now += DEFAULT_POLICY.cleanupAfter ?? 0;
    const files: CleanupFile[] = [];
    const dry = await cleanUp({ tasks: [TASK], dryRun: true });
    const [report] = await cleanUp({ onFile: (file) => files.push(file) });
    expect(report).toMatchObject({
      task: TASK,
      source: "prod",
      collection: "orders",
      refused: null,
      forgotten: [new Date(days[0]?.to ?? 0).toISOString().replace(".000", "")],
      files: 2,
      waiting: 1,
      examples: files,
      swept: true,
    });
    expect(report?.waitingBytes).toBe(files[2]?.bytes);
    expect(dry).toEqual([{ ...report, dryRun: true }]);
  });

  it("passes over a task whose source is not configured, and refuses when it is named", async () => {
    const warnings: string[] = [];
    workspace = new Workspace(rig.repository, [], rig.clock);
    expect(await cleanUp({}, (text) => warnings.push(text))).toEqual([]);
    expect(warnings).toMatchObject([expect.stringMatching(/^prod\/orders was passed over/)]);
    await expect(cleanUp({ tasks: [TASK] })).rejects.toMatchObject({ code: "source-unknown" });
  });

  it("warns of what does not read and therefore keeps files from being searched", async () => {
    const path = `tasks/${TASK}/runs/${"1".repeat(32)}/000001`;
    await rig.repository.storage.create(path, Buffer.from("noise"));
    const warnings: string[] = [];
    expect(await cleanUp({}, (text) => warnings.push(text))).toMatchObject([{ swept: false }]);
    expect(warnings).toMatchObject([expect.stringContaining(path)]);
  });
});

describe("a run whose blobs' pack was given up meanwhile", () => {
  it("is not committed, because its versions may refer to it", async () => {
    const { packs } = await rig.pack("picture");
    await rig.amend((manifest) => ({ ...manifest, packs: [...packs] }));
    const base = await rig.newest();
    await rig.cleanup({ sweep: true });
    expect((await rig.manifest()).packs).toEqual([]);
    const finished = {
      run: newTimedId(rig.now),
      source: SOURCE,
      policy: DEFAULT_POLICY,
      startedAt: rig.now,
      start: { kind: "start", run: "delta", identity: "one" },
      end: { kind: "end", cursor: {}, through: rig.now, completeAsOf: rig.now },
      output: {
        groups: [[await rig.segment({ p: "1" })]],
        packs: [],
        counts: { live: 1, deleted: 0, purged: 0, bodyBytes: 1, storedBytes: 1 },
        change: { added: 1, changed: 0, removed: 0 },
      },
      reconciled: false,
      beforeRestore: false,
    } as const;
    const { signal } = new AbortController();
    expect(await commitRun(rig.repository, TASK, base, finished, rig.clock, signal)).toBeUndefined();
    const again = await commitRun(rig.repository, TASK, await rig.newest(), finished, rig.clock, signal);
    expect(again?.manifest.entries).toHaveLength(2);
  });

  it("is not continued from its checkpoint, but one whose packs are all there is", async () => {
    const kept = await rig.pack("kept picture");
    await rig.run({ k: "1" }, kept);
    const idle = await rig.pack("idle picture");
    const lost = await rig.checkpoint([await rig.segment({ p: "1" }, idle.blobs)]);
    await rig.cleanup({ sweep: true });
    expect(await findInterrupted(workspace, TASK, await rig.newest())).toBeUndefined();
    rig.now += 1;
    const whole = await rig.checkpoint([await rig.segment({ p: "1" }, kept.blobs)]);
    await rig.cleanup({ sweep: true });
    expect(await findInterrupted(workspace, TASK, await rig.newest())).toEqual(whole);
    expect(lost.run).not.toBe(whole.run);
  });
});

describe("the list of runs", () => {
  it("is the newest ones on demand, with how many there are, open ones included", async () => {
    for (let index = 0; index < 400; index++) {
      const at = rig.now - (400 - index) * DAY_MS;
      await writeRunRecord(rig.repository, TASK, recordOf(newTimedId(at), at));
    }
    const open = await rig.checkpoint([]);
    await rig.cleanup();
    const counted: unknown[] = [];
    const request = { task: TASK, limit: 3, counted: (...told: unknown[]) => counted.push(told) };
    const runs = await collect(listRuns(workspace, request));
    expect(runs.map(({ state }) => state)).toEqual(["running", "committed", "committed"]);
    expect(runs[0]?.run).toBe(open.run);
    expect(counted).toEqual([[TASK, 401]]);
    expect(await collect(listRuns(workspace, {}))).toHaveLength(401);
  });
});
