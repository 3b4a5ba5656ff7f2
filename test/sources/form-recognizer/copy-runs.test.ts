import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import { inOrder } from "../../../src/sources/form-recognizer/copy/plan.ts";
import type { ModelKind } from "../../../src/sources/form-recognizer/keys.ts";
import type { ListedModel } from "../../../src/sources/form-recognizer/service/face.ts";
import { CopyRig, DAY_MS, PLACE, sourceAround } from "./copy-rig.ts";

describe("a run", () => {
  it("has at most four copies under way", async () => {
    const rig = new CopyRig("2024-11-30", { looks: 3 });
    for (let n = 0; n < 12; n++) rig.source.addModel();
    let most = 0;
    const state = rig.source.copyState.bind(rig.source);
    rig.source.copyState = (...given) => {
      most = Math.max(most, [...rig.source.begun.values()].filter(({ finished }) => !finished).length);
      return state(...given);
    };
    await rig.sync();
    expect(most).toBe(4);
    expect(rig.arrived()).toHaveLength(12);
  });

  it("goes on where one whose outcomes nobody read was left", async () => {
    const rig = new CopyRig("v2.1", { looks: 3 });
    for (let n = 0; n < 6; n++) rig.source.addModel();
    const { copies } = sourceAround(rig.source, PLACE);
    const target = sourceAround(rig.target, PLACE);
    const request = { target, ledger: rig.ledger, apply: true, verify: false, settings: {} };
    const context = rig.context();
    for await (const { action } of copies?.copyTo(request, context) ?? []) {
      expect(action).toBe("create");
      break;
    }
    const asked = rig.target.faults.calls.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(rig.target.faults.calls).toHaveLength(asked);
    await rig.sync();
    expect(rig.arrived()).toEqual(
      rig.ledger
        .of("verified")
        .map((step) => step.target)
        .sort(),
    );
    expect(rig.arrived()).toHaveLength(6);
  });

  it("copies the others when one model fails", async () => {
    const rig = new CopyRig("v2.1");
    const bad = rig.source.addModel();
    rig.source.addModel();
    const submit = rig.source.submitCopy.bind(rig.source);
    const refusal = new HoldfastError("target-refused", "no", { status: 400, code: "1002" });
    rig.source.submitCopy = (ref, ...rest) =>
      ref.id === bad ? Promise.reject(refusal) : submit(ref, ...rest);
    const outcomes = await rig.sync();
    expect(outcomes.map(({ action }) => action).sort()).toEqual(["create", "failed"]);
    expect([...rig.target.models.values()].map(({ status }) => status)).toEqual(["ready"]);
  });

  it("ends when credentials are refused, and says of the rest that it was not tried", async () => {
    const rig = new CopyRig("v2.1");
    for (let n = 0; n < 6; n++) rig.source.addModel();
    const denied = new HoldfastError("source-unauthorized", "wrong key", { status: 401 });
    rig.target.authorise = () => Promise.reject(denied);
    await expect(rig.sync()).rejects.toBe(denied);
    expect(rig.target.models.size).toBe(0);
  });

  it("deletes old placeholders that its ledger names, and tells of others", async () => {
    const rig = new CopyRig("v2.1");
    const id = rig.source.addModel();
    rig.source.addModel();
    rig.ledger.dieAfter = 1;
    await expect(rig.sync()).rejects.toThrow("killed");
    rig.ledger.dieAfter = Number.POSITIVE_INFINITY;
    const [own] = rig.ledger.of("authorised");
    rig.source.models.delete(own?.key ?? id);
    const foreign = rig.target.addModel({ status: "creating" });
    rig.cloud.now += DAY_MS;
    await rig.sync();
    expect(rig.target.models.has(`models/${own?.target}`)).toBe(true);
    rig.cloud.now += DAY_MS;
    await rig.sync();
    expect(rig.target.models.has(`models/${own?.target}`)).toBe(false);
    expect(rig.target.models.has(`models/${foreign}`)).toBe(true);
    expect(rig.warned.at(-1)?.message).toContain(foreign);
  });

  describe.for(["v2.1", "2024-11-30"] as const)("long after one that was killed, %s", (version) => {
    async function killed(): Promise<{ readonly rig: CopyRig; readonly id: string }> {
      const rig = new CopyRig(version);
      const id = rig.source.addModel();
      rig.source.addModel({ name: "other", created: "2025-01-01T00:00:00Z" });
      rig.ledger.dieAfter = 4;
      await expect(rig.sync()).rejects.toThrow("killed");
      rig.ledger.dieAfter = Number.POSITIVE_INFINITY;
      rig.source.begun.forEach((operation) => operation.finish());
      rig.source.begun.clear();
      rig.cloud.now += 3 * DAY_MS;
      return { rig, id };
    }

    it("takes over what has come since", async () => {
      const { rig } = await killed();
      const before = rig.arrived();
      expect(before).toHaveLength(2);
      await rig.sync();
      expect(rig.arrived()).toEqual(before);
      expect(
        rig.ledger
          .of("verified")
          .map(({ target }) => target)
          .sort(),
      ).toEqual(before);
    });

    it("keeps what has come of a model that is gone like any other copy of it", async () => {
      const { rig, id } = await killed();
      rig.source.models.delete(`models/${id}`);
      await rig.sync();
      expect(rig.arrived()).toHaveLength(2);
      expect(rig.ledger.of("gone")).toMatchObject([{ key: `models/${id}` }]);
      rig.cloud.now += 31 * DAY_MS;
      await rig.sync();
      expect(rig.arrived()).toHaveLength(1);
    });
  });

  it("takes no model for gone that its version of the API does not show", async () => {
    const rig = new CopyRig("2022-08-31");
    rig.source.addModel();
    for (const [key, version] of [
      ["models/late", "late|2026-01-01T00:00:00Z|2024-11-30"],
      ["models/0a", "0a"],
      ["classifiers/sorter", "sorter|2026-01-01T00:00:00Z|2022-08-31"],
    ] as const) {
      await rig.ledger.record({ key, version, target: "x", state: "verified", operation: "y", at: 0 });
    }
    await rig.sync();
    expect(rig.ledger.of("gone")).toEqual([]);
  });

  it("re-reads every copy when it is asked to verify", async () => {
    const rig = new CopyRig("2024-11-30");
    const id = rig.source.addModel();
    await rig.sync();
    rig.target.change({ kind: "models", id }, { content: { docTypes: {} } });
    await rig.sync();
    expect(rig.warned).toEqual([]);
    await rig.sync({ verify: true });
    expect(rig.warned[0]?.message).toMatch(/ready, but not equal/);
    expect(rig.ledger.of("verified")[0]).toMatchObject({ level: "exists" });
  });
});

function listed(id: string, kind: ModelKind, expires?: string): ListedModel {
  return {
    kind,
    id,
    status: "ready",
    created: "2026-01-01T00:00:00Z",
    apiVersion: "2024-11-30",
    tags: {},
    ...(expires === undefined ? {} : { expires }),
  };
}

describe("the order of copies", () => {
  it("is classifiers, models by their expiry, neural models, composed models", () => {
    const plain = { wanted: "", composed: false, neural: false };
    const ordered = inOrder([
      { ...plain, model: listed("composed", "models"), composed: true },
      { ...plain, model: listed("neural", "models", "2026-01-01T00:00:00Z"), neural: true },
      { ...plain, model: listed("never", "models") },
      { ...plain, model: listed("late", "models", "2028-01-01T00:00:00Z") },
      { ...plain, model: listed("soon", "models", "2027-01-01T00:00:00Z") },
      { ...plain, model: listed("sorter", "classifiers") },
    ]);
    expect(ordered.map(({ model }) => model.id)).toEqual([
      "sorter",
      "soon",
      "late",
      "never",
      "neural",
      "composed",
    ]);
  });
});
