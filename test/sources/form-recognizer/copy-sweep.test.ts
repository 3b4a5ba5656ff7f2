/**
 * A disturbance at every single call of a run, in every generation, with composed models and classifiers: cheap, because the resources are in
 * memory. copy-faults.test.ts does the same through the real client.
 */
import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import type { ApiVersion } from "../../../src/sources/form-recognizer/config.ts";
import { CopyRig, DAY_MS } from "./copy-rig.ts";

/** v2.0 differs from v2.1, and v3.1 from v3.0, in nothing that a copy meets. */
const VERSIONS: readonly ApiVersion[] = ["v2.1", "2022-08-31", "2024-11-30"];

const DISTURBANCES = [
  ["no connection", "before", () => new HoldfastError("source-unreachable", "no connection")],
  ["a lost answer", "after", () => new HoldfastError("source-unreachable", "the answer was lost")],
  ["throttling", "before", () => new HoldfastError("source-throttled", "too many requests", { status: 429 })],
  ["a kill before the call", "before", () => new Error("killed")],
  ["a kill after the call", "after", () => new Error("killed")],
] as const;

/** More than any of the runs here needs. */
const MOST_CALLS = 100;

const FOREIGN = "models/foreign";

/** Names of everything that must have one copy afterwards. */
function filled(version: ApiVersion): { readonly rig: CopyRig; readonly wanted: string[] } {
  const rig = new CopyRig(version);
  rig.target.addModel({ id: "foreign", name: "theirs", created: "2020-01-01T00:00:00Z" });
  const one = rig.source.addModel({ id: "one", name: "one" });
  const two = rig.source.addModel({ id: "two", name: "two" });
  const wanted = [`models/${one}`, `models/${two}`];
  const v4 = version === "2024-11-30";
  if (v4) wanted.push(`classifiers/${rig.source.addModel({ kind: "classifiers", id: "sorter" })}`);
  const docTypes = { a: { modelId: one }, b: { modelId: two } };
  const composed = rig.source.addModel({
    id: "both",
    composed: true,
    components: [one, two],
    buildMode: "composed",
    ...(v4 ? { classifier: "sorter", content: { docTypes } } : {}),
  });
  wanted.push(`models/${composed}`);
  return { rig, wanted };
}

async function expectSound(rig: CopyRig, wanted: readonly string[]): Promise<void> {
  const outcomes = await rig.sync();
  expect(outcomes.filter(({ action }) => action === "failed")).toEqual([]);
  const verified = rig.ledger.of("verified");
  expect(verified.map(({ key }) => key).sort()).toEqual([...wanted].sort());
  const named = new Set(rig.ledger.steps().map(({ target }) => target));
  const unnamed = [...rig.target.models.values()].filter(({ id }) => id !== "foreign" && !named.has(id));
  expect(unnamed.every(({ status }) => status === "creating")).toBe(true);
  expect(unnamed.length).toBeLessThanOrEqual(rig.target.traits.choosesIds ? 1 : 0);
  rig.cloud.now += 2 * DAY_MS;
  await rig.sync();
  const kept = [...rig.target.models].filter(
    ([, model]) => model.status !== "reserved" && !unnamed.includes(model),
  );
  const expected = [FOREIGN, ...verified.map(({ key, target }) => `${key.split("/")[0]}/${target}`)];
  expect(kept.map(([name]) => name).sort()).toEqual(expected.sort());
  expect([...rig.source.models.keys()].sort()).toEqual([...wanted].sort());
}

describe.for(VERSIONS)("a standby of %s", (version) => {
  it.for(DISTURBANCES)("comes through %s at any call of either side", async ([, when, error]) => {
    for (const side of ["source", "target"] as const) {
      for (let call = 1; ; call++) {
        const { rig, wanted } = filled(version);
        rig[side].failAt(call, when, error);
        await rig.sync().catch(() => undefined);
        const made = rig[side].faults.calls.length;
        rig[side].failAt(Number.POSITIVE_INFINITY);
        await expectSound(rig, wanted);
        if (made < call) break;
        expect(call).toBeLessThan(MOST_CALLS);
      }
    }
  });

  it("comes through any number of disturbed runs one after the other", async () => {
    const { rig, wanted } = filled(version);
    for (let call = 1; call < 12; call++) {
      rig.source.failAt(call, "after", DISTURBANCES[4][2]);
      await rig.sync().catch(() => undefined);
      rig.source.failAt(Number.POSITIVE_INFINITY);
      rig.target.failAt(call, "before", DISTURBANCES[0][2]);
      await rig.sync().catch(() => undefined);
      rig.target.failAt(Number.POSITIVE_INFINITY);
    }
    await expectSound(rig, wanted);
  });

  it("ends what is under way when it is stopped, and goes on with it next time", async () => {
    const { rig, wanted } = filled(version);
    const stop = new AbortController();
    rig.source.failAt(4, "before", () => {
      stop.abort();
      return new HoldfastError("source-unreachable", "no connection");
    });
    await expect(rig.sync({ signal: stop.signal })).rejects.toThrow(/abort/);
    expect(rig.ledger.of("verified")).toEqual([]);
    await expectSound(rig, wanted);
  });
});
