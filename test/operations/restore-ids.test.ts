/**
 * What restores and comparisons are told of ids that the target chooses, and what they remember of them.
 */
import { describe, expect, it } from "vitest";
import { keyOf } from "../../src/model/key.ts";
import { compare } from "../../src/operations/compare.ts";
import { backup } from "../../src/operations/backup.ts";
import { restore } from "../../src/operations/restore.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import type { RestoreOutcome, RestoreRequest } from "../../src/sources/source.ts";
import { collect } from "../e2e/house.ts";
import { captureRig, SOURCE, TASK, watsonSettings } from "./captures/rig.ts";
import { StubSource } from "./captures/stub-source.ts";

/** A kept model, and a second instance that gives every model a new id the first time. */
async function house() {
  const rig = captureRig();
  rig.source.items.set("models/m [old-1]", "{}");
  await collect(backup(rig.workspace, { select: [TASK] }));
  const second = new StubSource();
  const made: string[] = [];
  const requests: RestoreRequest[] = [];
  second.restoring = async function* (request): AsyncGenerator<RestoreOutcome> {
    requests.push(request);
    const { ids, apply } = request;
    const known = ids?.get("model", "old-1");
    const key = keyOf("models/m [old-1]");
    if (known !== undefined) {
      yield { key, action: "same", mapped: { group: "model", kept: "old-1", target: known } };
      return;
    }
    if (apply) {
      made.push("new-1");
      await ids?.set("model", "old-1", "new-1");
    }
    yield {
      key,
      action: "create",
      ...(apply ? { mapped: { group: "model", kept: "old-1", target: "new-1" } } : {}),
    };
  };
  const open = (): Workspace =>
    new Workspace(
      rig.repository,
      [watsonSettings(SOURCE), watsonSettings("dr", "http://dr.example")],
      rig.clock,
      ({ url }) => (url === "http://dr.example" ? second : rig.source),
    );
  return { rig, second, made, requests, open };
}

describe("ids of restored objects", () => {
  it("are kept for the target, so that a repeated restore makes nothing a second time", async () => {
    const { made, open } = await house();
    const request = { task: TASK, scope: {}, target: { source: "dr" }, apply: true };
    const first = await restore(open(), request);
    expect(first.ids).toEqual([{ group: "model", kept: "old-1", target: "new-1" }]);
    const second = await restore(open(), request);
    expect([second.counts.same, second.ids, made]).toEqual([1, first.ids, ["new-1"]]);
  });

  it("are not there in a preview of a target that was never written, and are in a later one", async () => {
    const { requests, open } = await house();
    const request = { task: TASK, scope: {}, target: { source: "dr" } };
    const preview = await restore(open(), { ...request, apply: false });
    expect([requests[0]?.ids, preview.ids]).toEqual([undefined, undefined]);
    await restore(open(), { ...request, apply: true });
    expect((await restore(open(), { ...request, apply: false })).ids).toHaveLength(1);
  });

  it("are given to a comparison with the same target", async () => {
    const { second, open } = await house();
    await restore(open(), { task: TASK, scope: {}, target: { source: "dr" }, apply: true });
    let found: string | undefined;
    second.comparing = ({ ids }) => (found = ids?.get("model", "old-1"));
    await compare(open(), { task: TASK, target: { source: "dr" } });
    expect(found).toBe("new-1");
  });

  it("go with the kind's own switches to a restore in place too", async () => {
    const { rig, open } = await house();
    const seen: unknown[] = [];
    rig.source.restoring = async function* ({ settings, ids }): AsyncGenerator<RestoreOutcome> {
      seen.push(settings);
      await ids?.set("model", "old-1", "old-1");
      yield {
        key: keyOf("models/m [old-1]"),
        action: "same",
        mapped: { group: "model", kept: "old-1", target: "old-1" },
      };
    };
    const report = await restore(open(), {
      task: TASK,
      scope: {},
      target: { inPlace: true },
      apply: true,
      settings: { train: false },
    });
    expect([seen, report.ids]).toEqual([
      [{ train: false }],
      [{ group: "model", kept: "old-1", target: "old-1" }],
    ]);
  });

  it("a collection of such a kind goes in place or to another source, never beside itself or to another kind", async () => {
    const { open } = await house();
    const workspace = open();
    for (const target of [{}, { collection: "other" }, { source: "dr", collection: "jobs" }]) {
      await expect(restore(workspace, { task: TASK, scope: {}, target, apply: false })).rejects.toMatchObject(
        {
          code: "usage",
        },
      );
    }
    const couch = { kind: "couchdb", url: "http://c.example", auth: { kind: "none" } } as const;
    const mixed = new Workspace(workspace.repository, [
      watsonSettings(SOURCE),
      { name: "couch", collections: ["*"], exclude: [], options: couch },
    ]);
    const target = { source: "couch" };
    await expect(restore(mixed, { task: TASK, scope: {}, target, apply: false })).rejects.toThrow(/kind/);
    await expect(compare(mixed, { task: TASK, target })).rejects.toThrow(/kind/);
  });
});
