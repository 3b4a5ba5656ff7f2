import { describe, expect, it } from "vitest";
import { nextDue } from "../../../src/model/policy/schedule.ts";
import { backup } from "../../../src/operations/backup.ts";
import { lastStart } from "../../../src/operations/backup/due.ts";
import { catBlob } from "../../../src/operations/cat.ts";
import { commitCaptures } from "../../../src/operations/captures/commit-captures.ts";
import { listItems } from "../../../src/operations/ls.ts";
import { itemLog } from "../../../src/operations/log.ts";
import { openTimeline } from "../../../src/operations/tasks.ts";
import type { Workspace } from "../../../src/operations/workspace.ts";
import { Workspace as OpenWorkspace } from "../../../src/operations/workspace.ts";
import type { Manifest } from "../../../src/repository/manifest.ts";
import { keyringOf, keyringParts } from "../../../src/repository/sealing/open-keyring.ts";
import { readNewestManifest } from "../../../src/repository/task-store.ts";
import { collect } from "../../e2e/house.ts";
import { captureRig, gone, SOURCE, TASK, upload, watsonSettings, type CaptureRig } from "./rig.ts";

const HOUR_MS = 3_600_000;

async function keys(workspace: Workspace): Promise<string[]> {
  return (await collect(listItems(workspace, { task: TASK }))).map(({ key }) => key);
}

async function text(workspace: Workspace, item: string, name = "content"): Promise<string> {
  return Buffer.concat(await collect(catBlob(workspace, { task: TASK, item, name }))).toString("utf8");
}

async function manifest({ repository, task }: CaptureRig): Promise<Manifest> {
  const stored = await readNewestManifest(repository, task);
  if (stored === undefined) throw new Error("nothing is kept");
  return stored.manifest;
}

async function backUp({ workspace }: CaptureRig) {
  const [report] = await collect(backup(workspace, { select: [TASK], maintain: false }));
  return report;
}

describe("committing captures", () => {
  it("keeps contents and secrets as items of the task, before any backup of it", async () => {
    const rig = captureRig();
    const secret = Buffer.from("a user secret");
    await commitCaptures(rig.workspace, SOURCE, [
      upload("m1", "corpora/a", "hello corpus"),
      upload("callbacks", "http://x", "", { secret }),
    ]);
    expect(await keys(rig.workspace)).toEqual(["captures/callbacks/http://x", "captures/m1/corpora/a"]);
    expect(await text(rig.workspace, "captures/m1/corpora/a")).toBe("hello corpus");
    expect(await text(rig.workspace, "captures/callbacks/http://x", "secret")).toBe("a user secret");
    const { cursor, entries } = await manifest(rig);
    expect([cursor, entries.map(({ level }) => level)]).toEqual([{}, ["baseline"]]);
  });

  it("adds no version when the same captures are committed again after a crash", async () => {
    const rig = captureRig();
    const captures = [upload("m1", "corpora/a", "one"), upload("m1", "corpora/b", "two")];
    await commitCaptures(rig.workspace, SOURCE, captures);
    const [again] = await commitCaptures(rig.workspace, SOURCE, captures);
    expect(again).toMatchObject({ live: 0, deleted: 0, level: "intraday" });
    expect(await collect(itemLog(rig.workspace, { task: TASK, item: "captures/m1/corpora/a" }))).toHaveLength(
      1,
    );
  });

  it("keeps every version of what is uploaded again under the same name", async () => {
    const rig = captureRig();
    await commitCaptures(rig.workspace, SOURCE, [upload("m1", "corpora/a", "one")]);
    const later = upload("m1", "corpora/a", "two", { at: "2026-01-01T02:30:00.000Z" });
    await commitCaptures(rig.workspace, SOURCE, [later]);
    expect(await text(rig.workspace, "captures/m1/corpora/a")).toBe("two");
    expect(await collect(itemLog(rig.workspace, { task: TASK, item: "captures/m1/corpora/a" }))).toHaveLength(
      2,
    );
  });

  it("a deleted prefix takes everything below it along, but for what was uploaded after it", async () => {
    const rig = captureRig();
    await commitCaptures(rig.workspace, SOURCE, [
      upload("m1", "corpora/a", "one"),
      upload("m1", "audio/a", "other"),
      upload("m2", "corpora/a", "of another model"),
    ]);
    await commitCaptures(rig.workspace, SOURCE, [
      upload("m1", "corpora/b", "before the reset"),
      gone("m1", "corpora/"),
      upload("m1", "corpora/c", "after the reset"),
    ]);
    expect(await keys(rig.workspace)).toEqual([
      "captures/m1/audio/a",
      "captures/m1/corpora/c",
      "captures/m2/corpora/a",
    ]);
    await commitCaptures(rig.workspace, SOURCE, [gone("m1", "")]);
    expect(await keys(rig.workspace)).toEqual(["captures/m2/corpora/a"]);
    const [twice] = await commitCaptures(rig.workspace, SOURCE, [gone("m1", "")]);
    expect(twice?.deleted).toBe(0);
  });

  it("warns where a write-only key cannot tell what is below a deleted prefix", async () => {
    const rig = captureRig();
    await commitCaptures(rig.workspace, SOURCE, [upload("m1", "corpora/a", "one")]);
    const { masters, dataKeys } = keyringParts(rig.repository.keyring);
    const publicKeys = [...dataKeys].map(([number, { generation, publicKey }]) => {
      return [number, { generation, publicKey }] as const;
    });
    const { repository, write } = masters;
    const keyring = keyringOf({ repository, write }, new Map(publicKeys));
    const writing = new OpenWorkspace(
      { ...rig.repository, keyring },
      [watsonSettings(SOURCE)],
      rig.clock,
      () => rig.source,
    );
    const warnings: string[] = [];
    const captures = [gone("m1", ""), upload("m2", "corpora/b", "two")];
    await commitCaptures(writing, SOURCE, captures, { warn: (message) => warnings.push(message) });
    expect(warnings).toEqual([expect.stringContaining("captures/m1/")]);
    expect(await text(rig.workspace, "captures/m2/corpora/b")).toBe("two");
  });

  it("refuses content that is no longer what it was when it was taken", async () => {
    const rig = captureRig();
    const taken = upload("m1", "corpora/a", "one");
    const other = upload("m1", "corpora/a", "eno");
    const altered = { ...taken, ...(other.content === undefined ? {} : { content: other.content }) };
    await expect(commitCaptures(rig.workspace, SOURCE, [altered])).rejects.toMatchObject({
      code: "source-protocol",
    });
    expect(await readNewestManifest(rig.repository, rig.task)).toBeUndefined();
  });
});

describe("captures beside backups", () => {
  it("a first backup after captures is a delta of the same epoch, with the captures in it", async () => {
    const rig = captureRig();
    rig.source.items.set("models/m", "{}");
    await commitCaptures(rig.workspace, SOURCE, [upload("m1", "corpora/a", "one")]);
    expect(await backUp(rig)).toMatchObject({ state: "committed", kind: "delta", live: 1 });
    expect(rig.source.captures).toMatchObject([{ cursor: {} }]);
    expect(await keys(rig.workspace)).toEqual(["captures/m1/corpora/a", "models/m"]);
  });

  it("leave the source's memory, its comparisons and the due time alone", async () => {
    const rig = captureRig();
    rig.source.items.set("models/m", "{}");
    await backUp(rig);
    const before = await manifest(rig);
    rig.clock.time += 3_600_000;
    await commitCaptures(rig.workspace, SOURCE, [upload("m1", "corpora/a", "one")]);
    const after = await manifest(rig);
    expect(after.cursor).toEqual(before.cursor);
    expect(after.runsSinceReconcile).toBe(before.runsSinceReconcile);
    expect(after.recent).toEqual(before.recent);
    expect(after.entries.at(-1)?.completeAsOf).toBe(before.entries.at(-1)?.completeAsOf);
    expect(lastStart(after)).toBe(lastStart(before));
  });

  it("do not count as a backup of a task that never had one, which is due", async () => {
    const rig = captureRig();
    await commitCaptures(rig.workspace, SOURCE, [upload("m1", "corpora/a", "one")]);
    const { policy } = rig.workspace.policyOf(SOURCE, "language-models");
    expect(nextDue(policy, lastStart(await manifest(rig)), rig.clock.time)).toBe(rig.clock.time);
    rig.clock.time += 1_000;
    await backUp(rig);
    expect(lastStart(await manifest(rig))).toBe(rig.clock.time);
  });

  it("that are committed while a backup is under way do not make it start again", async () => {
    const rig = captureRig();
    await backUp(rig);
    rig.source.items.set("models/m", "{}");
    let uploads = 0;
    rig.source.during = async () => {
      uploads += 1;
      await commitCaptures(rig.workspace, SOURCE, [upload("m1", `corpora/${uploads}`, "one")]);
    };
    expect(await backUp(rig)).toMatchObject({ state: "committed", kind: "delta" });
    expect(uploads).toBe(1);
    expect(await keys(rig.workspace)).toEqual(["captures/m1/corpora/1", "models/m"]);
  });

  it("that began the timeline while a first backup was under way are not left behind in an older epoch", async () => {
    const rig = captureRig();
    rig.source.items.set("models/m", "{}");
    rig.source.during = async () => {
      rig.source.during = undefined;
      await commitCaptures(rig.workspace, SOURCE, [upload("m1", "corpora/a", "one")]);
    };
    expect(await backUp(rig)).toMatchObject({ state: "committed", kind: "delta" });
    expect(await keys(rig.workspace)).toEqual(["captures/m1/corpora/a", "models/m"]);
  });

  it("makes instants that are newest while they are, and that do not count among the runs", async () => {
    const rig = captureRig();
    const instants: number[] = [];
    const act = async (what: Promise<unknown>): Promise<void> => {
      await what;
      instants.push((await manifest(rig)).entries.at(-1)?.to ?? 0);
      rig.clock.time += HOUR_MS;
    };
    await act(backUp(rig));
    await act(commitCaptures(rig.workspace, SOURCE, [upload("m1", "corpora/a", "one")]));
    await act(backUp(rig));
    await act(commitCaptures(rig.workspace, SOURCE, [upload("m1", "corpora/b", "two")]));
    const timeline = await openTimeline(rig.workspace, TASK);
    const meant = ["latest", "latest~1", "latest~2"].map((name) => timeline.resolve(name, rig.clock.time));
    expect(meant).toEqual([instants[3], instants[2], instants[0]]);
  });
});
