import { describe, expect, it } from "vitest";
import { copyOne } from "../../../src/sources/form-recognizer/copy/copy-one.ts";
import { copyRun } from "../../../src/sources/form-recognizer/copy/copy-run.ts";
import type { CopySettings } from "../../../src/sources/form-recognizer/copy/face.ts";
import type { CopyEnd, Wish } from "../../../src/sources/form-recognizer/copy/wish.ts";
import { HoldfastError } from "../../../src/model/errors.ts";
import { CopyRig, DAY_MS, PLACE } from "./copy-rig.ts";

const SETTINGS: CopySettings = {
  allowDowngrade: false,
  keepSuperseded: 1,
  supersededForMs: 7 * DAY_MS,
  keepGoneMs: 30 * DAY_MS,
};
const METADATA =
  "Could not retrieve authorization metadata. If this issue persists use a different target model to copy into.";
const CLAIMS = "Authorization failure due to missing or invalid authorization claims.";
const DOWNGRADE =
  "Data transfer request is not allowed as it downgrades to a less secure data protection scheme. Refer documentation or contact your service administrator for details.";

async function copy(
  rig: CopyRig,
  id: string,
  settings: Partial<CopySettings> = {},
  more: Partial<Wish> = {},
): Promise<CopyEnd> {
  const side = { pollMs: 0, patienceMs: 1_000 };
  const pair = {
    source: { name: "east", service: rig.source, ...side },
    target: { name: "west", service: rig.target, ...PLACE, ...side },
    ledger: rig.ledger,
    settings: { ...SETTINGS, ...settings },
  };
  const context = rig.context();
  const model = await rig.source.details({ kind: "models", id }, context.signal);
  if (model === undefined) throw new Error("no such model");
  return await copyOne(
    copyRun(pair, context, (ref) => rig.target.models.has(`${ref.kind}/${ref.id}`)),
    {
      model,
      ...more,
    },
  );
}

describe.for(["v2.1", "2024-11-30"] as const)("one copy, %s", (version) => {
  it("is tried again with a new authorisation when the service failed it, three times in all", async () => {
    const rig = new CopyRig(version);
    const id = rig.source.addModel();
    rig.source.copyFailures.push({ code: "AuthorizationError", message: CLAIMS });
    rig.source.copyFailures.push({ code: "Internal", message: "An error occurred." });
    expect(await copy(rig, id)).toMatchObject({ state: "verified" });
    expect(rig.target.faults.calls.filter((call) => call === "authorise")).toHaveLength(3);
    expect(rig.arrived()).toHaveLength(1);
    // In v2.x placeholders are deleted; later, their names are used up and known to be.
    expect(rig.ledger.of(version === "v2.1" ? "removed" : "failed")).toHaveLength(2);
    expect([...rig.target.models.values()].filter(({ status }) => status === "creating")).toEqual([]);
  });

  it("is given up after three authorisations, and tells the service's reason", async () => {
    const rig = new CopyRig(version);
    const id = rig.source.addModel();
    for (let n = 0; n < 3; n++)
      rig.source.copyFailures.push({ code: "AuthorizationError", message: METADATA });
    const end = await copy(rig, id);
    expect(end).toMatchObject({ state: "failed", reason: expect.stringContaining(METADATA) });
    expect(end).not.toHaveProperty("stop");
    expect(rig.ledger.of("verified")).toEqual([]);
  });

  it("needs consent to a target that is encrypted less, and asks nobody else without it", async () => {
    const rig = new CopyRig(version);
    const id = rig.source.addModel();
    rig.source.copyFailures.push({ code: "DataProtectionTransformServiceError", message: DOWNGRADE });
    const end = await copy(rig, id);
    expect(end).toMatchObject({ state: "failed", stop: { code: "restore-unsafe" } });
    expect(rig.source.faults.calls.filter((call) => call === "submitCopy")).toHaveLength(1);
  });

  it("is made with that consent", async () => {
    const rig = new CopyRig(version);
    const id = rig.source.addModel();
    rig.source.copyFailures.push({ code: "DataProtectionTransformServiceError", message: DOWNGRADE });
    expect(await copy(rig, id, { allowDowngrade: true })).toMatchObject({ state: "verified" });
  });

  it("ends the pair where the target's resource cannot be found", async () => {
    const rig = new CopyRig(version);
    const id = rig.source.addModel();
    const message = "Could not fetch information for Cognitive resource with Id 'x'.";
    rig.source.copyFailures.push({ code: "ResourceResolverError", message });
    expect(await copy(rig, id)).toMatchObject({ state: "failed", stop: { code: "config-invalid" } });
  });

  it("is looked for in the target when the source dies in the middle", async () => {
    const rig = new CopyRig(version, { looks: 2 });
    const id = rig.source.addModel();
    const states = rig.source.copyState.bind(rig.source);
    rig.source.copyState = async (operation, signal) => {
      const state = await states(operation, signal);
      if (state.status === "succeeded") rig.source.faults.dead = true;
      if (rig.source.faults.dead) throw new HoldfastError("source-unreachable", "no connection");
      return state;
    };
    expect(await copy(rig, id)).toMatchObject({ state: "verified" });
  });

  it("is left to the next run when it does not come while the source is silent", async () => {
    const rig = new CopyRig(version);
    const id = rig.source.addModel();
    rig.source.copyState = () => Promise.reject(new HoldfastError("source-unreachable", "no connection"));
    expect(await copy(rig, id)).toMatchObject({
      state: "failed",
      reason: expect.stringContaining("may still come"),
    });
    expect(rig.ledger.of("submitted")).toHaveLength(1);
  });

  it("that is late is taken when it has come by the next run, and not made twice", async () => {
    const rig = new CopyRig(version, { looks: 1_000_000 });
    const id = rig.source.addModel();
    expect(await copy(rig, id)).toMatchObject({ reason: expect.stringContaining("patienceMs") });
    rig.source.begun.forEach((operation) => operation.finish());
    expect(await copy(rig, id)).toMatchObject({ state: "verified" });
    expect(rig.arrived()).toHaveLength(1);
    expect(rig.target.faults.calls.filter((call) => call === "authorise")).toHaveLength(1);
  });

  it("gives composed and neural models four times as long", async () => {
    const rig = new CopyRig(version, { looks: 100 });
    const neural = rig.source.addModel({ buildMode: "neural" });
    expect(await copy(rig, neural)).toMatchObject({ state: "verified" });
    const small = rig.source.addModel();
    expect(await copy(rig, small)).toMatchObject({ state: "failed" });
  });

  it("that lost its credentials ends the pair", async () => {
    const rig = new CopyRig(version);
    const id = rig.source.addModel();
    rig.target.failAt(
      1,
      "before",
      () => new HoldfastError("source-unauthorized", "wrong key", { status: 401 }),
    );
    expect(await copy(rig, id)).toMatchObject({ stop: { code: "source-unauthorized" } });
    expect(await copy(rig, id)).toMatchObject({ state: "verified" });
  });

  it("never tells an access token to the ledger or to people", async () => {
    const rig = new CopyRig(version);
    const id = rig.source.addModel();
    rig.source.submitCopy = (_ref, { secret }) =>
      Promise.reject(new HoldfastError("target-refused", `bad token ${secret}`, { status: 400 }));
    const end = await copy(rig, id);
    const [secret = ""] = [...rig.cloud.tickets.keys()];
    expect(secret).not.toBe("");
    expect(JSON.stringify([end, rig.ledger.history, rig.warned])).not.toContain(secret);
  });
});

describe("copies into a target of v2.x", () => {
  it("compare the configured region with where the target says it is, before a used ticket is blamed", async () => {
    const rig = new CopyRig("v2.1");
    const id = rig.source.addModel();
    Object.assign(rig.target, { region: "East US" });
    rig.source.copyFailures.push({ code: "AuthorizationError", message: METADATA });
    expect(await copy(rig, id)).toMatchObject({
      stop: { code: "config-invalid", message: expect.stringMatching(/runs in eastus.*region westus2/) },
    });
  });

  it("that come after all into a deleted placeholder are deleted once another copy is proved", async () => {
    const rig = new CopyRig("v2.1", { looks: 0 });
    const id = rig.source.addModel();
    const submit = rig.source.submitCopy.bind(rig.source);
    rig.source.submitCopy = async (...given) => {
      rig.source.submitCopy = submit;
      await submit(...given);
      return "unsure";
    };
    await rig.sync();
    const [first] = rig.source.begun.values();
    expect(rig.ledger.of("removed")).toHaveLength(1);
    first?.finish();
    expect(rig.arrived()).toHaveLength(2);
    await rig.sync();
    expect(rig.arrived()).toEqual(rig.ledger.of("verified").map(({ target }) => target));
    expect(rig.ledger.of("verified")).toMatchObject([{ key: `models/${id}` }]);
  });

  it("leave no placeholder behind when the ledger cannot name it", async () => {
    const rig = new CopyRig("v2.1");
    const id = rig.source.addModel();
    rig.ledger.dieAfter = 0;
    await expect(copy(rig, id)).rejects.toThrow("killed");
    expect(rig.target.models.size).toBe(0);
  });
});

describe("copies into a target of v3 and later", () => {
  it("take another name when theirs is reserved by somebody", async () => {
    const rig = new CopyRig("2023-07-31");
    const id = rig.source.addModel({ id: "invoices" });
    rig.target.addModel({ id: "invoices", status: "reserved" });
    const end = await copy(rig, id);
    expect(end).toMatchObject({ step: { target: expect.stringMatching(/^invoices\.[0-9a-f]{8}a$/) } });
  });

  it("get the id that is wanted", async () => {
    const rig = new CopyRig("2023-07-31");
    const id = rig.source.addModel({ id: "copy-of-invoices" });
    expect(await copy(rig, id, {}, { wanted: "invoices" })).toMatchObject({ step: { target: "invoices" } });
  });

  it("are not believed when somebody else's model has come under the name", async () => {
    const rig = new CopyRig("2023-07-31");
    const id = rig.source.addModel({ id: "invoices" });
    rig.ledger.dieAfter = 1;
    await expect(copy(rig, id)).rejects.toThrow("killed");
    rig.ledger.dieAfter = Number.POSITIVE_INFINITY;
    rig.source.begun.clear();
    rig.target.addModel({ id: "invoices", description: "theirs" });
    expect(await copy(rig, id)).toMatchObject({ state: "verified" });
    expect(rig.target.models.get("models/invoices")).toMatchObject({ description: "theirs" });
    expect(rig.arrived()).toHaveLength(2);
  });

  it("are not counted when the model was trained again meanwhile", async () => {
    const rig = new CopyRig("2024-11-30");
    const id = rig.source.addModel({ id: "invoices" });
    const submit = rig.source.submitCopy.bind(rig.source);
    rig.source.submitCopy = async (...given) => {
      rig.source.change({ kind: "models", id }, { modified: "2026-05-05T00:00:00Z" });
      return await submit(...given);
    };
    expect(await copy(rig, id)).toMatchObject({ reason: expect.stringContaining("trained again while") });
    rig.source.submitCopy = submit;
    expect(await copy(rig, id)).toMatchObject({ state: "verified" });
  });
});

describe("composed models", () => {
  it("of v4 are composed again in the target from the copies of their parts", async () => {
    const rig = new CopyRig("2024-11-30");
    rig.target.addModel({ id: "invoice" });
    const one = rig.source.addModel({ id: "invoice" });
    rig.source.addModel({ kind: "classifiers", id: "sorter" });
    const docTypes = {
      a: { modelId: one, confidenceThreshold: 0.5, fieldSchema: {} },
      b: { modelId: "prebuilt-receipt" },
    };
    const content = { docTypes, split: "auto" };
    rig.source.addModel({ id: "all", composed: true, components: [one], classifier: "sorter", content });
    let asked: unknown;
    const compose = rig.target.compose.bind(rig.target);
    rig.target.compose = (request, signal) => {
      asked = request;
      return compose(request, signal);
    };
    await rig.sync();
    const part = rig.ledger.of("verified").find(({ key }) => key === "models/invoice")?.target;
    expect(part).toMatch(/^invoice\./);
    expect(asked).toMatchObject({
      id: "all",
      classifier: "sorter",
      split: "auto",
      docTypes: { a: { modelId: part, confidenceThreshold: 0.5 }, b: { modelId: "prebuilt-receipt" } },
    });
    expect(JSON.stringify(asked)).not.toContain("fieldSchema");
    expect(rig.ledger.of("verified")).toHaveLength(3);
    expect((await rig.sync()).map(({ action }) => action)).toEqual(["same", "same", "same"]);
  });

  it("of v3 are copied, and composed again only when the service refuses", async () => {
    const rig = new CopyRig("2023-07-31");
    const one = rig.source.addModel({ id: "one" });
    const two = rig.source.addModel({ id: "two" });
    const content = { docTypes: { one: {}, two: {} } };
    rig.source.addModel({ id: "both", composed: true, buildMode: "composed", content });
    const refusal = new HoldfastError("target-refused", "no", { status: 404, code: "ModelNotFound" });
    const submit = rig.source.submitCopy.bind(rig.source);
    rig.source.submitCopy = (ref, ...rest) =>
      ref.id === "both" ? Promise.reject(refusal) : submit(ref, ...rest);
    const outcomes = await rig.sync();
    expect(outcomes.map(({ action }) => action)).toEqual(["create", "create", "create"]);
    const composed = [...rig.target.models.values()].find(({ composed: is }) => is);
    expect(composed).toMatchObject({ status: "ready", components: [one, two] });
  });

  it("are not composed of copies of what their parts once were", async () => {
    const rig = new CopyRig("2024-11-30");
    const part = rig.source.addModel({ id: "part" });
    await rig.sync();
    rig.source.change({ kind: "models", id: part }, { modified: "2026-01-09T00:00:00Z" });
    for (let n = 0; n < 3; n++) rig.source.copyFailures.push({ code: "Internal", message: "no" });
    const content = { docTypes: { a: { modelId: part } } };
    rig.source.addModel({ id: "all", composed: true, components: [part], content });
    const outcomes = await rig.sync();
    expect(outcomes.map(({ action }) => action)).toEqual(["failed", "failed"]);
    expect(outcomes[1]?.reason).toMatch(/no verified copy.*models\/part/);
  });

  it("are not tried without their parts, and say which are missing", async () => {
    const rig = new CopyRig("2024-11-30");
    const content = { docTypes: { a: { modelId: "lost" } } };
    rig.source.addModel({ id: "all", composed: true, components: ["lost"], classifier: "sorter", content });
    const [outcome] = await rig.sync();
    expect(outcome).toMatchObject({ action: "failed" });
    expect(outcome?.reason).toMatch(/models\/lost, classifiers\/sorter/);
  });
});
