import { describe, expect, it } from "vitest";
import { backup } from "../../src/operations/backup.ts";
import { commitCaptures } from "../../src/operations/captures/commit-captures.ts";
import { readiness } from "../../src/operations/readiness.ts";
import { collect } from "../e2e/house.ts";
import { simulatedRepository, SimHouse, TASK_TEXT } from "../simulation/sim-house.ts";
import { captureRig, SOURCE, TASK, upload, type CaptureRig } from "./captures/rig.ts";

const MODEL = "models/Claims [m1]";

/** A model that was never trained and has one corpus, as the service lists it. */
function listModel({ source }: CaptureRig): void {
  const model = {
    customization_id: "m1",
    name: "Claims",
    language: "en-US",
    base_model_name: "en-US_Telephony",
    versions: ["en-US_Telephony.v2026-01-01"],
    status: "ready",
  };
  const corpus = { name: "q1", total_words: 3, out_of_vocabulary_words: 0, status: "analyzed" };
  source.items.set(MODEL, JSON.stringify(model));
  source.items.set(`${MODEL}/corpora/q1`, JSON.stringify(corpus));
}

async function backUp({ workspace }: CaptureRig) {
  const [report] = await collect(backup(workspace, { select: [TASK], maintain: false }));
  return report;
}

describe("readiness", () => {
  it("is judged after every backup, until the original is there", async () => {
    const rig = captureRig();
    listModel(rig);
    const before = await backUp(rig);
    expect(before?.readiness?.counts).toEqual({ complete: 0, degraded: 0, partial: 0, lost: 1 });
    const [lost] = before?.readiness?.notRecoverable ?? [];
    expect([lost?.key, lost?.verdict]).toEqual([MODEL, "lost"]);
    expect(lost?.missing.map(({ key }) => key)).toContain(`${MODEL}/corpora/q1`);
    await commitCaptures(rig.workspace, SOURCE, [upload("m1", "corpora/q1", "one two three")]);
    const after = await backUp(rig);
    expect(after?.readiness).toEqual({
      counts: { complete: 1, degraded: 0, partial: 0, lost: 0 },
      notRecoverable: [],
    });
  });

  it("tells of any kept instant, of a source, of one collection or of everything", async () => {
    const rig = captureRig();
    listModel(rig);
    const first = await backUp(rig);
    rig.clock.time += 60_000;
    await commitCaptures(rig.workspace, SOURCE, [upload("m1", "corpora/q1", "one two three")]);
    const verdicts = async (request: Parameters<typeof readiness>[1]) =>
      (await collect(readiness(rig.workspace, request))).map(({ key, verdict }) => [key, verdict]);
    for (const select of [{}, { select: SOURCE }, { select: TASK }, { select: rig.task }]) {
      expect(await verdicts(select)).toEqual([[MODEL, "complete"]]);
    }
    expect(await verdicts({ at: first?.instant ?? "" })).toEqual([[MODEL, "lost"]]);
  });

  it("refuses what is not kept, and kinds whose items are all that there is", async () => {
    const rig = captureRig();
    await expect(collect(readiness(rig.workspace, { select: "nobody" }))).rejects.toMatchObject({
      code: "source-unknown",
    });
    expect(await collect(readiness(rig.workspace, {}))).toEqual([]);
    const house = new SimHouse(simulatedRepository(2));
    const [report] = await collect(backup(house.workspace(), { select: [TASK_TEXT] }));
    expect([report?.state, report?.readiness]).toEqual(["committed", undefined]);
    await expect(collect(readiness(house.workspace(), { select: TASK_TEXT }))).rejects.toMatchObject({
      code: "usage",
    });
  });
});
