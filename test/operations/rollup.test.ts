import { beforeEach, describe, expect, it } from "vitest";
import { formatInstant } from "../../src/model/instant.ts";
import { DAY_MS } from "../../src/model/policy/policy.ts";
import { rollup, type RollupRequest } from "../../src/operations/rollup.ts";
import type { RollupReport } from "../../src/operations/reports.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { collect, sourceAt } from "../e2e/house.ts";
import { fixedKeyring, TASK } from "../repository/segment/rig.ts";
import { RollupRig, START } from "../timeline/rollup/rig.ts";

const SETTINGS = {
  ...sourceAt("http://prod", ["*"]),
  policy: [{ settings: { keep: { daily: 2 } }, origin: () => "test" }],
};
const text = (day: number): string => formatInstant(START + (day - 1) * DAY_MS);

let rig: RollupRig;
let workspace: Workspace;

beforeEach(async () => {
  rig = new RollupRig();
  for (let day = 1; day <= 8; day++) await rig.run([{ x: `on day ${day}` }]);
  workspace = new Workspace(rig.repository, [SETTINGS], rig.clock);
});

async function rollUp(
  request: Partial<RollupRequest> = {},
  hooks: Parameters<typeof rollup>[2] = {},
): Promise<RollupReport[]> {
  return await collect(rollup(workspace, { tasks: [], dryRun: false, ...request }, hooks));
}

/** What a dry run can know. */
function told(report: RollupReport | undefined): unknown {
  return report?.rolledUp.map((row) => ({ ...row, readBytes: 0, writtenBytes: 0 }));
}

describe("rollup of a repository", () => {
  it("reports for each task, by its policy, what was made of what and which instants were given up", async () => {
    const foretold = await rollUp({ dryRun: true });
    const progress: unknown[] = [];
    const [report] = await rollUp({}, { progress: (done) => progress.push(done) });
    expect(report).toMatchObject({
      task: TASK,
      source: "prod",
      collection: "orders",
      dryRun: false,
      refused: null,
      generation: 9,
      rolledUp: [
        { level: "weekly", from: text(1), to: text(4), how: "merged", inputs: [text(2), text(3), text(4)] },
        { level: "weekly", from: text(4), to: text(6), how: "gathered", inputs: [text(5), text(6)] },
      ],
      drops: [
        { instant: text(2), level: "weekly", into: { level: "weekly", bucket: "2026-W01" }, rule: "keep" },
        { instant: text(3) },
        { instant: text(5), into: { level: "weekly", bucket: "2026-W02" } },
      ],
    });
    const bytes = report?.rolledUp.map(({ writtenBytes }) => writtenBytes);
    expect(bytes).toEqual([report?.writtenBytes, 0]);
    expect(report?.writtenBytes).toBeGreaterThan(0);
    expect(report?.readBytes).toBeGreaterThan(report?.writtenBytes ?? 0);
    expect(progress.at(-1)).toMatchObject({ operation: "rollup", task: "prod/orders", done: 1 });
    expect(foretold).toMatchObject([
      { dryRun: true, generation: null, drops: report?.drops, writtenBytes: 0 },
    ]);
    expect(told(foretold[0])).toEqual(told(report));
  });

  it("does it once: what is rolled up needs nothing more", async () => {
    await rollUp();
    expect(await rollUp()).toMatchObject([{ generation: null, rolledUp: [], drops: [], readBytes: 0 }]);
  });

  it("passes over a task whose source is not configured, and refuses when it is named", async () => {
    const warnings: string[] = [];
    workspace = new Workspace(rig.repository, [], rig.clock);
    expect(await rollUp({}, { warn: (warning) => warnings.push(warning) })).toEqual([]);
    expect(warnings).toMatchObject([expect.stringMatching(/^prod\/orders was passed over/)]);
    await expect(rollUp({ tasks: [TASK] })).rejects.toMatchObject({ code: "source-unknown" });
  });

  it("needs the read right", async () => {
    const writer = { ...rig.repository, keyring: fixedKeyring("write") };
    workspace = new Workspace(writer, [SETTINGS], rig.clock);
    await expect(rollUp()).rejects.toMatchObject({ code: "no-read-right" });
  });
});
