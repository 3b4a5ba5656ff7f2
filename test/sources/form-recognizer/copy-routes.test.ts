import { describe, expect, it } from "vitest";
import { compareKeys, keyOf, keyText } from "../../../src/model/key.ts";
import type { Version } from "../../../src/model/version.ts";
import type { ApiVersion } from "../../../src/sources/form-recognizer/config.ts";
import { modelKey, type ModelRef } from "../../../src/sources/form-recognizer/keys.ts";
import type { CopyLedger, Route } from "../../../src/sources/live-copies.ts";
import type { VersionReader } from "../../../src/sources/source.ts";
import { collected, CopyRig, MemoryLedger, sourceAround } from "./copy-rig.ts";

const RUN = { run: "0".repeat(32), at: 0, sequence: "" };

/** What a capture has kept of the source's models. */
async function kept(rig: CopyRig): Promise<Version[]> {
  const versions: Version[] = [];
  for (const { kind, id } of rig.source.models.values()) {
    const ref: ModelRef = { kind, id };
    const details = await rig.source.details(ref, new AbortController().signal);
    if (details === undefined) continue;
    versions.push({
      key: modelKey(ref),
      kind: "live",
      revision: details.created,
      observation: RUN,
      fingerprint: Buffer.alloc(8),
      parts: [details.raw],
      blobs: [],
    });
  }
  return versions.sort((a, b) => compareKeys(a.key, b.key));
}

/** Only what routes may ask for. */
function readerOf(versions: readonly Version[]): VersionReader {
  const reader: Pick<VersionReader, "within"> = {
    async *within(prefix) {
      yield versions.filter(({ key }) => key.subarray(0, prefix.length).equals(prefix));
    },
  };
  return reader as VersionReader;
}

async function routes(
  rig: CopyRig,
  versions: readonly Version[],
  ledger: CopyLedger = rig.ledger,
): Promise<Record<string, Route>> {
  rig.source.faults.dead = true;
  const { copies } = sourceAround(rig.target);
  if (copies === undefined) throw new Error("no copies");
  const found = await collected(copies.routes({ ledger, reader: readerOf(versions) }, rig.context()));
  return Object.fromEntries(found.map((route) => [keyText(route.key), route]));
}

describe.for(["v2.1", "2022-08-31", "2024-11-30"] as const)(
  "routes of %s, the source being dead",
  (version) => {
    it("name the verified copy of every kept model", async () => {
      const rig = new CopyRig(version);
      const [one, two] = [rig.source.addModel(), rig.source.addModel()];
      const outcomes = await rig.sync();
      const found = await routes(rig, await kept(rig));
      for (const id of [one, two]) {
        const target = outcomes.find(({ mapped }) => mapped?.kept === id)?.mapped?.target;
        expect(found[`models/${id}`]).toMatchObject({ state: "ready", target, level: "metadata" });
      }
    });

    it("say what was never copied, and what can be done", async () => {
      const rig = new CopyRig(version);
      const id = rig.source.addModel();
      const found = await routes(rig, await kept(rig));
      expect(found[`models/${id}`]).toMatchObject({
        state: "missing",
        detail: expect.stringMatching(/never copied.*retrain/),
      });
    });

    it("do not trust the ledger alone", async () => {
      const rig = new CopyRig(version);
      const id = rig.source.addModel();
      await rig.sync();
      rig.target.models.clear();
      const found = await routes(rig, await kept(rig));
      expect(found[`models/${id}`]).toMatchObject({ state: "missing" });
      expect(found[`models/${id}`]).not.toHaveProperty("target");
    });

    it("find copies without a ledger", async () => {
      const rig = new CopyRig(version);
      const id = rig.source.addModel();
      await rig.sync();
      const found = await routes(rig, await kept(rig), new MemoryLedger());
      expect(found[`models/${id}`]).toMatchObject({ state: "ready", target: rig.arrived()[0] });
    });

    it("find a copy that came after its run was killed", async () => {
      const rig = new CopyRig(version);
      const id = rig.source.addModel();
      rig.ledger.dieAfter = 2;
      await expect(rig.sync()).rejects.toThrow("killed");
      const found = await routes(rig, await kept(rig));
      expect(found[`models/${id}`]).toMatchObject({ state: "ready", level: "metadata" });
    });
  },
);

async function retrained(version: ApiVersion): Promise<CopyRig> {
  const rig = new CopyRig(version);
  rig.source.addModel({ id: "invoices" });
  await rig.sync();
  const change = { created: "2026-04-01T00:00:00Z", modified: "2026-04-01T00:00:00Z" };
  rig.source.change({ kind: "models", id: "invoices" }, change);
  return rig;
}

describe("routes of models that are trained again", () => {
  it("name the copy of the earlier state, and say so", async () => {
    const rig = await retrained("2024-11-30");
    const found = await routes(rig, await kept(rig));
    expect(found["models/invoices"]).toMatchObject({
      state: "older",
      target: "invoices",
      version: "invoices|2026-01-01T00:00:00Z|2024-11-30",
      detail: expect.stringContaining("earlier state"),
    });
  });

  it("name the document types that are called otherwise in the copy, and when it expires", async () => {
    const rig = await retrained("2024-11-30");
    rig.source.change({ kind: "models", id: "invoices" }, { expires: "2028-04-01T00:00:00Z" });
    await rig.sync();
    const found = await routes(rig, await kept(rig));
    const target = found["models/invoices"]?.target ?? "";
    expect(target).toMatch(/^invoices\./);
    expect(found["models/invoices"]).toMatchObject({
      state: "ready",
      expires: Date.parse("2028-04-01T00:00:00Z"),
      renamed: { invoices: target },
    });
  });

  it("do not name a model that somebody has put in the copy's place", async () => {
    const rig = new CopyRig("2024-11-30");
    rig.source.addModel({ id: "invoices" });
    await rig.sync();
    const versions = await kept(rig);
    rig.target.models.clear();
    rig.target.addModel({
      id: "invoices",
      created: "2026-06-01T00:00:00Z",
      modified: "2026-06-01T00:00:00Z",
    });
    expect((await routes(rig, versions))["models/invoices"]).toMatchObject({ state: "missing" });
  });
});

describe("routes", () => {
  it("come in byte order of key and know nothing but models and classifiers", async () => {
    const rig = new CopyRig("2024-11-30");
    rig.source.addModel({ id: "zebra" });
    rig.source.addModel({ id: "Apple" });
    rig.source.addModel({ kind: "classifiers", id: "sorter" });
    await rig.sync();
    const versions = await kept(rig);
    const data: Version = { ...(versions[0] as Version), key: keyOf("data/set/a.pdf") };
    expect(Object.keys(await routes(rig, [...versions, data]))).toEqual([
      "classifiers/sorter",
      "models/Apple",
      "models/zebra",
    ]);
  });

  it("tell that classifiers of v3.1 can only be built again", async () => {
    const rig = new CopyRig("2023-07-31");
    rig.source.addModel({ kind: "classifiers", id: "sorter" });
    await rig.sync();
    const found = await routes(rig, await kept(rig));
    expect(found["classifiers/sorter"]).toMatchObject({
      state: "missing",
      detail: expect.stringContaining("retrain"),
    });
  });
});
