/**
 * Standbys between two resources of the stand-in, through the real client: whole runs in every version, and the service's own refusals.
 */
import { describe, expect, it } from "vitest";
import { API_VERSIONS } from "../../../src/sources/form-recognizer/config.ts";
import { told } from "./copy-rig.ts";
import { CopyStand } from "./copy-stand.ts";

const ONE = "44834e05-353f-4d91-a680-31a0566a724e";
const TWO = "5ae1e3ec-2bf5-4c11-8b45-6aa0b8ef0d0c";

/** What the classifier tells apart. */
const SORTED = {
  a: { kind: "azureBlob", azureBlobSource: { containerUrl: "https://forms.example.test/training" } },
  b: { kind: "azureBlob", azureBlobSource: { containerUrl: "https://forms.example.test/training" } },
};

describe.for(API_VERSIONS)("a standby between two resources, %s", (version) => {
  it("copies, verifies, and then has nothing to do", async () => {
    await using stand = await CopyStand.start(version);
    stand.make({ id: ONE, name: "Invoices", tags: { team: "ap" }, description: "what we get" });
    stand.make({ id: TWO });
    expect(told(await stand.sync())).toEqual([`models/${ONE} create`, `models/${TWO} create`]);
    expect(stand.ledger.of("verified").map(({ level }) => level)).toEqual(["metadata", "metadata"]);
    expect(stand.held()).toHaveLength(2);
    expect(stand.warned).toEqual([]);
    expect(told(await stand.sync({ verify: true }))).toEqual([`models/${ONE} same`, `models/${TWO} same`]);
    expect(stand.held()).toHaveLength(2);
    if (version.startsWith("v2")) return;
    expect(stand.held().find(({ id }) => id === ONE)).toMatchObject({
      description: "what we get",
      tags: { team: "ap", "dr.model": ONE },
    });
  });

  it("finds its copies again without the ledger", async () => {
    await using stand = await CopyStand.start(version);
    stand.make({ id: ONE, name: "Invoices" });
    await stand.sync();
    await using lost = new CopyStand(stand.sandbox, version);
    expect(told(await lost.sync())).toEqual([`models/${ONE} same`]);
    expect(lost.ledger.of("verified").map(({ target }) => target)).toEqual(stand.held().map(({ id }) => id));
  });

  it("copies composed models", async () => {
    if (version === "v2.0") return;
    await using stand = await CopyStand.start(version);
    stand.make({ id: ONE });
    stand.make({ id: TWO });
    const v4 = version === "2024-11-30";
    if (v4) stand.make({ kind: "classifiers", id: "sorter", content: { docTypes: SORTED } });
    const content = v4
      ? { docTypes: { a: { modelId: ONE, fieldSchema: {} }, b: { modelId: TWO, fieldSchema: {} } } }
      : { docTypes: { [ONE]: { fieldSchema: {} }, [TWO]: { fieldSchema: {} } } };
    const composed = stand.make({
      composed: true,
      ...(version === "v2.1" ? {} : { id: "both", content }),
      ...(v4 ? { content: { ...content, classifierId: "sorter" } } : {}),
    });
    const outcomes = await stand.sync();
    expect(outcomes.filter(({ action }) => action !== "create")).toEqual([]);
    expect(outcomes.find(({ key }) => key.toString() === `models/${composed}`)?.mapped).toBeDefined();
    expect(stand.held().filter(({ composed: is, status }) => is && status === "ready")).toHaveLength(1);
    const again = await stand.sync();
    expect(again.every(({ action }) => action === "same")).toBe(true);
  });

  it("does not use an authorisation up by being throttled", async () => {
    await using stand = await CopyStand.start(version);
    stand.more = { retry: { baseDelayMs: 1, maxDelayMs: 1, attempts: 1, throttledAttempts: 5 } };
    stand.make({ id: ONE });
    stand.sandbox.faults.add({
      kind: "status",
      status: 429,
      retryAfter: 0,
      times: 3,
      match: { method: "POST", path: "/copy(\\?|$)|:copyTo" },
    });
    expect(told(await stand.sync())).toEqual([`models/${ONE} create`]);
    expect(stand.held()).toHaveLength(1);
  });

  it("asks for consent before a copy that is protected less, and makes it with it", async () => {
    await using stand = await CopyStand.start(version, {
      resources: [
        { name: "east", region: "eastus", encrypted: true },
        { name: "west", region: "westus2" },
      ],
    });
    stand.make({ id: ONE });
    stand.make({ id: TWO });
    await expect(stand.sync()).rejects.toThrow(/allowDowngrade/);
    expect(stand.held().filter(({ status }) => status !== "reserved")).toEqual([]);
    const outcomes = await stand.sync({ settings: { allowDowngrade: true } });
    expect(told(outcomes)).toEqual([`models/${ONE} create`, `models/${TWO} create`]);
    expect(stand.held().filter(({ status }) => status === "ready")).toHaveLength(2);
  });

  it("takes a copy over that came while the source died", async () => {
    await using stand = await CopyStand.start(version);
    stand.make({ id: ONE });
    const states = { resource: "east", method: "GET", path: "copyResults|operations" };
    stand.sandbox.faults.add({ kind: "cut", match: states });
    expect(told(await stand.sync())).toEqual([`models/${ONE} create`]);
  });
});

describe("a target of v2.1 with another region than configured", () => {
  it("is named, instead of a used authorisation", async () => {
    await using stand = await CopyStand.start("v2.1");
    stand.make({ id: ONE });
    stand.more = { region: "northeurope" };
    await expect(stand.sync()).rejects.toMatchObject({ code: "config-invalid" });
    expect(stand.held()).toEqual([]);
  });

  it("is named when the service does not find the resource", async () => {
    await using stand = await CopyStand.start("v2.1", { modes: { strictRegion: true } });
    stand.make({ id: ONE });
    stand.more = { region: "northeurope" };
    await expect(stand.sync()).rejects.toThrow(/Could not fetch information/);
    expect(stand.held()).toEqual([]);
  });
});

describe("a copy that takes its time", () => {
  it.for(["v2.1", "2024-11-30"] as const)(
    "is not made twice when its answer was lost, %s",
    async (version) => {
      await using stand = await CopyStand.start(version, { copyMs: 10, realTime: true });
      stand.make({ id: ONE });
      stand.more = { pollMs: 2 };
      stand.sandbox.faults.add({
        kind: "answer-lost",
        times: 1,
        match: { method: "POST", path: "/copy(\\?|$)|:copyTo" },
      });
      expect(told(await stand.sync())).toEqual([`models/${ONE} create`]);
      expect(stand.held()).toHaveLength(1);
      expect(stand.ledger.steps()).toHaveLength(1);
    },
  );
});
