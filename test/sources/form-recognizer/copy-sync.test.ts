import { describe, expect, it } from "vitest";
import type { ApiVersion } from "../../../src/sources/form-recognizer/config.ts";
import type { Source } from "../../../src/sources/source.ts";
import { collected, CopyRig, DAY_MS, PLACE, sourceAround, told } from "./copy-rig.ts";

const GENERATIONS: readonly ApiVersion[] = ["v2.1", "2022-08-31", "2023-07-31", "2024-11-30"];

describe.for(GENERATIONS)("a standby of %s", (apiVersion) => {
  it("copies every model once, and finds nothing to do afterwards", async () => {
    const rig = new CopyRig(apiVersion);
    const ids = [rig.source.addModel(), rig.source.addModel(), rig.source.addModel()];
    const first = await rig.sync();
    expect(told(first)).toEqual(ids.map((id) => `models/${id} create`).sort());
    expect(rig.arrived()).toHaveLength(3);
    expect(rig.ledger.of("verified")).toHaveLength(3);
    const models = structuredClone([...rig.target.models.keys()]);
    expect(told(await rig.sync())).toEqual(ids.map((id) => `models/${id} same`).sort());
    expect([...rig.target.models.keys()]).toEqual(models);
  });

  it("records every step before it takes the next", async () => {
    const rig = new CopyRig(apiVersion);
    rig.source.addModel();
    await rig.sync();
    expect(rig.ledger.history.map(({ state }) => state)).toEqual(["authorised", "submitted", "verified"]);
    expect(rig.ledger.of("verified")[0]).toMatchObject({ level: "metadata" });
  });

  it("writes nothing in a preview", async () => {
    const rig = new CopyRig(apiVersion);
    const id = rig.source.addModel();
    expect(told(await rig.sync({ apply: false }))).toEqual([`models/${id} create`]);
    expect(rig.target.models.size).toBe(0);
    expect(rig.ledger.history).toEqual([]);
  });

  it("copies again what somebody has deleted in the target", async () => {
    const rig = new CopyRig(apiVersion);
    const id = rig.source.addModel();
    await rig.sync();
    rig.target.models.clear();
    expect(told(await rig.sync())).toEqual([`models/${id} create`]);
    expect(rig.arrived()).toHaveLength(1);
    expect(rig.ledger.of("verified")).toHaveLength(1);
  });

  it("goes on without its ledger, with the copies that are there", async () => {
    const rig = new CopyRig(apiVersion);
    const id = rig.source.addModel({ name: "Invoices" });
    await rig.sync();
    const lost = new CopyRig(apiVersion);
    for (const model of rig.source.models.values()) lost.source.addModel(model);
    for (const model of rig.target.models.values()) lost.target.addModel(model);
    expect(told(await lost.sync())).toEqual([`models/${id} same`]);
    expect(lost.ledger.of("verified").map(({ target }) => target)).toEqual(rig.arrived());
  });

  it("knows its originals again when copies go back", async () => {
    const rig = new CopyRig(apiVersion);
    const id = rig.source.addModel();
    await rig.sync();
    const back = new CopyRig(apiVersion).ledger;
    const outcomes = await rig.syncBack(back);
    expect(outcomes).toMatchObject([{ action: "same", mapped: { target: id } }]);
    expect(rig.source.models.size).toBe(1);
    // The original is never taken for a copy that may be deleted.
    rig.target.models.clear();
    rig.target.addModel();
    await rig.syncBack(back);
    rig.cloud.now += 40 * DAY_MS;
    await rig.syncBack(back);
    expect(rig.source.models.get(`models/${id}`)).toMatchObject({ status: "ready" });
  });

  it("keeps the copy of a model that is gone for thirty days, and only then deletes it", async () => {
    const rig = new CopyRig(apiVersion);
    const id = rig.source.addModel();
    rig.source.addModel();
    await rig.sync();
    rig.source.models.delete(`models/${id}`);
    await rig.sync();
    expect(rig.warned.map(({ message }) => message).join()).toMatch(/no longer in .*kept for 30 days/);
    rig.cloud.now += 29 * DAY_MS;
    await rig.sync();
    expect(rig.arrived()).toHaveLength(2);
    rig.cloud.now += 2 * DAY_MS;
    expect(told(await rig.sync())).toContain(`models/${id} delete`);
    expect(rig.arrived()).toHaveLength(1);
  });

  it("deletes nothing when the source could not be listed to its end", async () => {
    const rig = new CopyRig(apiVersion);
    rig.source.addModel();
    await rig.sync();
    rig.cloud.now += 40 * DAY_MS;
    rig.source.failAt(1);
    await expect(rig.sync()).rejects.toMatchObject({ code: "source-unreachable" });
    expect(rig.arrived()).toHaveLength(1);
    expect(rig.ledger.of("gone")).toEqual([]);
  });

  it("says which models have no room, before it asks for a place", async () => {
    const rig = new CopyRig(apiVersion, { limit: 1 });
    rig.source.addModel();
    rig.source.addModel();
    const outcomes = await rig.sync();
    expect(outcomes.map(({ action }) => action).sort()).toEqual(["create", "failed"]);
    expect(outcomes.find(({ action }) => action === "failed")?.reason).toMatch(/takes 1 models/);
    expect(rig.target.models.size).toBe(1);
  });

  it("leaves models of others alone, whatever they are called", async () => {
    const rig = new CopyRig(apiVersion);
    const foreign = rig.target.addModel({ id: "invoices", name: "theirs", created: "2020-01-01T00:00:00Z" });
    rig.source.addModel({ id: "invoices" });
    await rig.sync();
    rig.cloud.now += 60 * DAY_MS;
    await rig.sync();
    expect(rig.target.models.get(`models/${foreign}`)).toMatchObject({ name: "theirs" });
    expect(rig.arrived()).toHaveLength(2);
  });

  it("tells what is not ready and does not copy it", async () => {
    const rig = new CopyRig(apiVersion);
    rig.source.addModel({ status: "creating" });
    expect(await rig.sync()).toEqual([]);
    expect(rig.target.models.size).toBe(0);
    expect(rig.warned.length).toBe(apiVersion === "v2.1" ? 1 : 0);
  });

  it("warns two months before a copy ends with its original", async () => {
    const rig = new CopyRig(apiVersion);
    const id = rig.source.addModel({ expires: "2026-02-20T00:00:00Z" });
    rig.source.addModel({ expires: "2026-04-20T00:00:00Z" });
    await rig.sync();
    expect(rig.warned).toHaveLength(1);
    expect(rig.warned[0]).toMatchObject({ item: `models/${id}` });
    expect(rig.warned[0]?.message).toMatch(/expires on 2026-02-20.*only training it again/);
  });
});

describe("a standby of models that are trained again under their id", () => {
  it("copies the new state under another name, then retires the old one", async () => {
    const rig = new CopyRig("2024-11-30");
    rig.source.addModel({ id: "invoices", tags: { team: "ap" }, description: "Invoices" });
    await rig.sync();
    rig.cloud.now += DAY_MS;
    rig.source.change({ kind: "models", id: "invoices" }, { modified: rig.cloud.stamp() });
    expect(told(await rig.sync())).toEqual(["models/invoices change"]);
    expect(rig.arrived()).toHaveLength(2);
    expect(rig.ledger.of("superseded").map(({ target }) => target)).toEqual(["invoices"]);
    const [, copy = ""] = rig.arrived();
    expect(rig.target.models.get(`models/${copy}`)).toMatchObject({
      description: "Invoices",
      tags: { team: "ap", "dr.model": "invoices" },
    });
    rig.cloud.now += 8 * DAY_MS;
    expect(told(await rig.sync())).toEqual(["models/invoices delete", "models/invoices same"]);
    expect(rig.arrived()).toEqual([copy]);
  });

  it("keeps no superseded copy when told so, and still only deletes after the new one is there", async () => {
    const rig = new CopyRig("2024-11-30");
    rig.source.addModel({ id: "invoices" });
    await rig.sync({ settings: { keepSuperseded: 0 } });
    rig.source.change({ kind: "models", id: "invoices" }, { modified: "2026-01-02T00:00:00Z" });
    for (let n = 0; n < 3; n++) rig.source.copyFailures.push({ code: "Internal", message: "no" });
    expect(told(await rig.sync({ settings: { keepSuperseded: 0 } }))).toEqual(["models/invoices failed"]);
    expect(rig.arrived()).toEqual(["invoices"]);
    expect(told(await rig.sync({ settings: { keepSuperseded: 0 } }))).toEqual(["models/invoices change"]);
    // Applications are told of the new one between two runs.
    expect(rig.arrived()).toHaveLength(2);
    expect(told(await rig.sync({ settings: { keepSuperseded: 0 } }))).toEqual([
      "models/invoices delete",
      "models/invoices same",
    ]);
    expect(rig.arrived()).toHaveLength(1);
  });

  it("leaves a model alone that somebody has put in the place of a copy", async () => {
    const rig = new CopyRig("2024-11-30");
    rig.source.addModel({ id: "invoices" });
    await rig.sync();
    rig.target.models.clear();
    rig.target.addModel({ id: "invoices", description: "theirs" });
    expect(told(await rig.sync())).toEqual(["models/invoices create"]);
    rig.source.models.clear();
    rig.source.addModel({ id: "other" });
    await rig.sync();
    rig.cloud.now += 31 * DAY_MS;
    await rig.sync();
    expect(rig.target.models.get("models/invoices")).toMatchObject({ description: "theirs" });
  });
});

describe("classifiers", () => {
  it("are copied by v4, and known again by the end of their description", async () => {
    const rig = new CopyRig("2024-11-30");
    rig.source.addModel({ kind: "classifiers", id: "sorter", description: "Sorts" });
    expect(told(await rig.sync())).toEqual(["classifiers/sorter create"]);
    expect(rig.target.models.get("classifiers/sorter")?.description).toMatch(/^Sorts \[dr:[0-9a-f]{16}\]$/);
    const lost = new CopyRig("2024-11-30");
    for (const model of rig.source.models.values()) lost.source.addModel(model);
    for (const model of rig.target.models.values()) lost.target.addModel(model);
    expect(told(await lost.sync())).toEqual(["classifiers/sorter same"]);
    expect(await lost.syncBack(new CopyRig("2024-11-30").ledger)).toMatchObject([
      { action: "same", mapped: { target: "sorter" } },
    ]);
  });

  it("of v3.1 are reported with what to do", async () => {
    const rig = new CopyRig("2023-07-31");
    rig.source.addModel({ kind: "classifiers", id: "sorter" });
    const [outcome] = await rig.sync();
    expect(outcome).toMatchObject({ action: "failed" });
    expect(outcome?.reason).toMatch(/cannot copy classifiers.*retrain/);
  });
});

describe("models of v2.x that cannot be told apart", () => {
  it("are copied anew instead of guessed", async () => {
    const rig = new CopyRig("v2.1");
    const one = rig.source.addModel({ name: "twin" });
    rig.source.addModel({ ...rig.source.models.get(`models/${one}`), id: rig.cloud.guid() });
    rig.target.addModel({ ...rig.source.models.get(`models/${one}`), id: rig.cloud.guid() });
    const outcomes = await rig.sync();
    expect(outcomes.map(({ action }) => action)).toEqual(["create", "create"]);
    expect(rig.warned.filter(({ message }) => message.includes("may be a copy of"))).toHaveLength(2);
    expect(rig.arrived()).toHaveLength(3);
  });
});

describe("settings and pairs", () => {
  it("refuses settings that it does not know", async () => {
    const rig = new CopyRig("v2.1");
    await expect(rig.sync({ settings: { keepSupersedet: 1 } })).rejects.toThrow(/no setting keepSupersedet/);
    await expect(rig.sync({ settings: { allowDowngrade: "yes" } })).rejects.toThrow(/true or false/);
    await expect(rig.sync({ settings: { keepGoneDays: -1 } })).rejects.toThrow(/0 or more/);
  });

  it("refuses a resource as its own standby, and two versions of the API", async () => {
    const rig = new CopyRig("v2.1");
    const { copies } = sourceAround(rig.source, PLACE);
    const sync = async (target: Source): Promise<unknown> =>
      await collected(
        copies?.copyTo(
          { target, ledger: rig.ledger, apply: true, verify: false, settings: {} },
          rig.context(),
        ) ?? (async function* () {})(),
      );
    await expect(sync(sourceAround(rig.source, PLACE))).rejects.toThrow(/standby of itself/);
    const later = new CopyRig("2024-11-30").target;
    await expect(sync(sourceAround(later))).rejects.toThrow(/source's version of the API/);
    await expect(sync(sourceAround(rig.target))).rejects.toMatchObject({ code: "config-invalid" });
    expect(rig.target.models.size).toBe(0);
  });
});
