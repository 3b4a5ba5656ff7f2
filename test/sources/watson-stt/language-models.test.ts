import { describe, expect, it } from "vitest";
import { keyOf, keyText } from "../../../src/model/key.ts";
import { CORPORA, fillModel, GRAMMAR } from "./filled-model.ts";
import {
  acted,
  COLLECTION,
  contextOf,
  DEFAULT_INSTANCE,
  differences,
  DR_INSTANCE,
  Ids,
  Kept,
  openStand,
  restoreInto,
  type Stand,
} from "./stand.ts";

/** The bytes that an instance was sent as a file of its only model. */
function uploaded(stand: Stand, instance: string, id: string, file: string): string | undefined {
  const upload = stand.sandbox.uploads.find(instance, `customizations/${id}/${file}`);
  return upload && stand.sandbox.uploads.bytes(upload.id).toString("utf8");
}

async function modelsOf(stand: Stand, instance: string): Promise<Record<string, unknown>[]> {
  const { customizations } = await stand.call("GET", "/v1/customizations", undefined, instance);
  return customizations as Record<string, unknown>[];
}

describe("capturing language models", () => {
  it("keeps the model, its files and its words under names that people know, and user's words apart from derived ones", async () => {
    await using stand = await openStand({ pgModels: "on" });
    const kept = new Kept();
    const id = await fillModel(stand, kept, { base: "en-US_BroadbandModel" });
    const keys = (await kept.capture(stand.source())).map(({ key }) => keyText(key));
    const model = `models/Claims [${id}]`;
    expect(keys).toEqual(
      expect.arrayContaining([
        model,
        `${model}/corpora/2026-q1`,
        `${model}/corpora/2026-q2`,
        `${model}/grammars/yesno`,
        `${model}/words/IBM`,
      ]),
    );
    expect(keys.filter((key) => key.includes("/derived-words/")).length).toBeGreaterThan(0);
    expect(keys.filter((key) => key.startsWith("captures/"))).toEqual([]);
  });

  it("asks one question about an instance in which nothing has changed", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    await fillModel(stand, kept);
    const source = stand.source();
    await kept.capture(source);
    const before = source.traffic.requests;
    expect(await kept.capture(source)).toEqual([]);
    expect(source.traffic.requests - before).toBe(1);
  });

  it("leaves a model that is being trained as it was kept, says so, and reads it when it is done", async () => {
    await using stand = await openStand({ manualClockFrom: Date.now(), delays: { train: 60_000 } });
    const kept = new Kept();
    const id = await fillModel(stand, kept, { train: false });
    const source = stand.source();
    await kept.capture(source);
    await stand.call("POST", `/v1/customizations/${id}/train`);
    const warnings: string[] = [];
    expect(await kept.capture(source, {}, contextOf(warnings))).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('"Claims" (training)')]);
    await stand.sandbox.advance(60_000);
    expect((await kept.capture(source)).map(({ key }) => keyText(key))).toEqual([`models/Claims [${id}]`]);
  });

  it("tells that a model is gone, with all that hung below it and what was captured for it", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    const id = await fillModel(stand, kept);
    const source = stand.source();
    await kept.capture(source);
    const all = kept.versions.size;
    await stand.call("DELETE", `/v1/customizations/${id}`);
    const gone = await kept.capture(source);
    expect(gone).toHaveLength(all);
    expect(gone.every(({ kind }) => kind === "deleted")).toBe(true);
    expect(await kept.capture(source)).toEqual([]);
  });

  it("tells of a deleted model with a key that may not read, and says what it cannot see", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    const id = await fillModel(stand, kept);
    const source = stand.source();
    await kept.capture(source);
    kept.mayRead = false;
    await stand.call("DELETE", `/v1/customizations/${id}`);
    const warnings: string[] = [];
    const gone = await kept.capture(source, {}, contextOf(warnings));
    expect(gone.map(({ key, kind }) => [keyText(key), kind])).toEqual([[`models/Claims [${id}]`, "deleted"]]);
    expect(warnings).toEqual([expect.stringContaining("may not read")]);
  });
});

describe("restoring language models", () => {
  it.each(["en-US_Telephony", "en-US_BroadbandModel"])(
    "rebuilds a model on %s in another instance from the timeline alone, trained as it was",
    async (base) => {
      await using stand = await openStand({ pgModels: "on" });
      const kept = new Kept();
      const id = await fillModel(stand, kept, { base });
      await kept.capture(stand.source());
      await stand.call("DELETE", `/v1/customizations/${id}`);
      const ids = new Ids();
      const target = stand.source(DR_INSTANCE);
      const outcomes = await restoreInto(target, kept, { ids, merge: false });
      expect(new Set(Object.values(acted(outcomes)))).toEqual(new Set(["create"]));
      const [model] = await modelsOf(stand, DR_INSTANCE);
      const made = String(model?.["customization_id"]);
      expect(model).toMatchObject({ name: "Claims", description: "motor claims", status: "available" });
      expect(outcomes.find(({ mapped }) => mapped !== undefined)?.mapped).toEqual({
        group: "model",
        kept: id,
        target: made,
      });
      expect(uploaded(stand, DR_INSTANCE, made, "corpora/2026-q1")).toBe(CORPORA["2026-q1"]);
      expect(uploaded(stand, DR_INSTANCE, made, "grammars/yesno")).toBe(GRAMMAR);
      expect(stand.sandbox.training(DR_INSTANCE, "language", made)).toMatchObject({
        options: { customization_weight: "0.4" },
      });
      expect(await differences(target, kept, { ids })).toEqual([]);
      const again = await restoreInto(target, kept, { ids, merge: false });
      expect(acted(again)).toEqual({});
    },
  );

  it("submits corpora in the order in which they were first submitted", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    await fillModel(stand, kept);
    await kept.capture(stand.source());
    stand.sandbox.requests.reset();
    await restoreInto(stand.source(DR_INSTANCE), kept, { ids: new Ids() });
    const corpora = stand.sandbox.requests
      .recent()
      .filter(({ method, url }) => method === "POST" && url.includes("/corpora/"));
    expect(corpora.map(({ url }) => /corpora\/([^?]+)/.exec(url)?.[1])).toEqual(["2026-q2", "2026-q1"]);
  });

  it("halves a group of words that the service refuses until it takes the rest", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    await fillModel(stand, kept);
    await kept.capture(stand.source());
    const match = { method: "POST", path: "/words$", instance: DR_INSTANCE };
    stand.sandbox.faults.add({ kind: "status", status: 400, error: "Malformed word", match, times: 2 });
    const ids = new Ids();
    const target = stand.source(DR_INSTANCE);
    const outcomes = await restoreInto(target, kept, { ids });
    // Three words: all, then the first two, then each of these, then the third.
    expect(outcomes.filter(({ action }) => action === "failed")).toEqual([]);
    const groups = stand.sandbox.requests
      .recent()
      .filter(({ url, method }) => method === "POST" && url.endsWith("/words"));
    expect(groups.filter(({ url }) => url.includes(DR_INSTANCE))).toHaveLength(5);
    expect(await differences(target, kept, { ids })).toEqual([]);
  });

  it("restores the rest when an original was never captured, and names what is not recoverable", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    const id = await fillModel(stand, kept, { uncaptured: ["2026-q1"] });
    await kept.capture(stand.source());
    const outcomes = await restoreInto(stand.source(DR_INSTANCE), kept, { ids: new Ids() });
    const failed = outcomes.filter(({ action }) => action === "failed");
    expect(failed).toEqual([
      {
        key: keyOf(`models/Claims [${id}]/corpora/2026-q1`),
        action: "failed",
        reason: expect.stringMatching(/^not recoverable: /) as string,
      },
    ]);
    expect((await modelsOf(stand, DR_INSTANCE))[0]).toMatchObject({ status: "available" });
  });

  it("previews by the same code and writes nothing", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    await fillModel(stand, kept);
    await kept.capture(stand.source());
    const target = stand.source(DR_INSTANCE);
    const planned = await restoreInto(target, kept, { apply: false });
    expect(await modelsOf(stand, DR_INSTANCE)).toEqual([]);
    const done = await restoreInto(target, kept, { ids: new Ids() });
    expect(acted(planned)).toEqual(acted(done));
  });

  it("restores one corpus, or one word, into the model that is still there", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    const id = await fillModel(stand, kept);
    const source = stand.source();
    await kept.capture(source);
    const at = `/v1/customizations/${id}`;
    await stand.call("DELETE", `${at}/corpora/2026-q1`);
    await stand.call("DELETE", `${at}/words/IBM`);
    const word = `models/Claims [${id}]/words/IBM`;
    const one = { mode: "content", whole: false, ids: new Ids() } as const;
    const wordOnly = await restoreInto(source, kept, { ...one, reader: kept.reader((key) => key === word) });
    expect(acted(wordOnly)).toEqual({ [word]: "create" });
    const corpus = `models/Claims [${id}]/corpora/2026-q1`;
    const corpusOnly = await restoreInto(source, kept, {
      ...one,
      reader: kept.reader((key) => key === corpus),
    });
    expect(acted(corpusOnly)).toEqual({ [corpus]: "create" });
    expect(await differences(source, kept)).toEqual([]);
  });

  it("puts a damaged model back in place by difference, under its own id, and deletes what is newer only when told", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    const id = await fillModel(stand, kept);
    const source = stand.source();
    await kept.capture(source);
    const at = `/v1/customizations/${id}`;
    await stand.call(
      "POST",
      `${at}/corpora/2026-q1?allow_overwrite=true`,
      "Something else was written here entirely.\n",
    );
    await stand.call("POST", `${at}/corpora/newer`, "This came later.\n");
    await stand.call("PUT", `${at}/words/IBM`, { sounds_like: ["eye bee em"], display_as: "IBM" });
    const model = `models/Claims [${id}]`;
    const expected = {
      [`${model}/corpora/2026-q1`]: "change",
      [`${model}/words/IBM`]: "change",
      [model]: "change",
    };
    const kindly = await restoreInto(source, kept, { mode: "content", ids: new Ids() });
    expect(acted(kindly)).toEqual({ ...expected, [`${model}/corpora/newer`]: "newer" });
    const thorough = await restoreInto(source, kept, {
      mode: "content",
      ids: new Ids(),
      newerItems: "delete",
    });
    expect(acted(thorough)).toMatchObject({ [`${model}/corpora/newer`]: "delete" });
    expect(uploaded(stand, DEFAULT_INSTANCE, id, "corpora/2026-q1")).toBe(CORPORA["2026-q1"]);
    expect(await differences(source, kept)).toEqual([]);
    expect(stand.sandbox.requests.recent().filter(({ url }) => url.endsWith("/reset"))).toEqual([]);
  });

  it("empties the model and writes everything anew when asked to reset, but not what it could not put back", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    const id = await fillModel(stand, kept);
    const source = stand.source();
    await kept.capture(source);
    const at = `/v1/customizations/${id}`;
    await stand.call("POST", `${at}/corpora/newer`, "This came later.\n");
    const reset = { mode: "content", ids: new Ids(), settings: { reset: true } } as const;
    await stand.call("DELETE", `${at}/words/IBM`);
    const refused = await restoreInto(source, kept, reset);
    expect(new Set(Object.values(acted(refused)))).toEqual(new Set(["failed"]));
    expect(refused.find(({ action }) => action === "failed")?.reason).toContain("newer");
    await restoreInto(source, kept, { ...reset, newerItems: "delete" });
    expect(stand.sandbox.requests.recent().filter(({ url }) => url.endsWith("/reset"))).toHaveLength(1);
    expect(await differences(source, kept)).toEqual([]);
  });

  it("leaves items alone whose present state has not been kept", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    const id = await fillModel(stand, kept);
    const source = stand.source();
    await kept.capture(source);
    await stand.call("PUT", `/v1/customizations/${id}/words/IBM`, { display_as: "Big Blue" });
    const outcomes = await restoreInto(source, kept, {
      mode: "content",
      ids: new Ids(),
      kept: async (states) => states.map(() => false),
    });
    expect(acted(outcomes)).toMatchObject({ [`models/Claims [${id}]/words/IBM`]: "unstable" });
    const { words } = await stand.call("GET", `/v1/customizations/${id}/words`);
    expect(words).toEqual(
      expect.arrayContaining([expect.objectContaining({ word: "IBM", display_as: "Big Blue" })]),
    );
  });

  it("names the successor of a base model that is gone and what it cannot carry, and migrates only when told", async () => {
    await using old = await openStand({ pgModels: "on" });
    await using stand = await openStand({ pgModels: "off" });
    const kept = new Kept();
    const id = await fillModel(old, kept, { base: "en-US_NarrowbandModel" });
    await kept.capture(old.source());
    const target = stand.source();
    const ids = new Ids();
    const refused = await restoreInto(target, kept, { ids });
    const own = refused.find(({ key }) => keyText(key) === `models/Claims [${id}]`);
    expect(own?.reason).toMatch(/successor is en-US, which cannot carry: grammars/);
    expect(await modelsOf(stand, DEFAULT_INSTANCE)).toEqual([]);
    const warnings: string[] = [];
    const migrated = await restoreInto(
      target,
      kept,
      { ids, settings: { baseModels: { "en-US_NarrowbandModel": "en-US" } } },
      contextOf(warnings),
    );
    expect(warnings.join("\n")).toContain("migration from en-US_NarrowbandModel to en-US");
    const made = Object.entries(acted(migrated));
    expect(made).toContainEqual([`models/Claims [${id}]/grammars/yesno`, "failed"]);
    expect(made).toContainEqual([`models/Claims [${id}]/corpora/2026-q1`, "create"]);
    expect((await modelsOf(stand, DEFAULT_INSTANCE))[0]).toMatchObject({
      base_model_name: "en-US",
      status: "available",
    });
  });

  it("finds the words that the service refuses and restores all others", async () => {
    await using stand = await openStand({ soundsLikeValidation: "legacy" });
    await using strict = await openStand({ soundsLikeValidation: "strict" });
    const kept = new Kept();
    const id = await fillModel(stand, kept);
    const at = `/v1/customizations/${id}/words`;
    await stand.call("POST", at, { words: [{ word: "seventyfive", sounds_like: ["75 dollars"] }] });
    await kept.capture(stand.source());
    const outcomes = await restoreInto(strict.source(), kept, { ids: new Ids(), settings: { train: true } });
    const failed = outcomes.filter(({ action }) => action === "failed").map(({ key }) => keyText(key));
    expect(failed).toEqual([`models/Claims [${id}]/words/seventyfive`]);
    expect((await modelsOf(strict, DEFAULT_INSTANCE))[0]).toMatchObject({ status: "available" });
  });

  it("keeps a second instance in step: changes are applied, a deleted model goes, what others put there stays", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    const id = await fillModel(stand, kept);
    const gone = await fillModel(stand, kept, { name: "Short-lived" });
    await stand.call(
      "POST",
      "/v1/customizations",
      { name: "Foreign", base_model_name: "en-US" },
      DR_INSTANCE,
    );
    const source = stand.source();
    const target = stand.source(DR_INSTANCE);
    await kept.capture(source);
    const standby = { ids: new Ids(), newerItems: "delete", settings: { surplus: "mapped" } } as const;
    await restoreInto(target, kept, standby);
    await stand.call("DELETE", `/v1/customizations/${gone}`);
    // As many words as before: only the captured original tells that it is another text.
    const text = CORPORA["2026-q1"].replace("twice", "daily");
    await stand.call("POST", `/v1/customizations/${id}/corpora/2026-q1?allow_overwrite=true`, text);
    kept.addCapture(id, "corpora/2026-q1", { operation: "addCorpus", at: "1970-01-01T00:00:01.000Z" }, text);
    await kept.capture(source);
    const changes = acted(await restoreInto(target, kept, standby));
    expect(changes[`models/Claims [${id}]/corpora/2026-q1`]).toBe("change");
    expect(changes[`models/Short-lived [${gone}]`]).toBe("delete");
    const names = (await modelsOf(stand, DR_INSTANCE)).map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(["Claims", "Foreign"]));
  });

  it("deletes derived words again that somebody had deleted and a restored corpus brings back", async () => {
    await using stand = await openStand({ pgModels: "on" });
    const kept = new Kept();
    const id = await fillModel(stand, kept, { base: "en-US_BroadbandModel" });
    const listed = async (model: string, instance: string): Promise<string[]> => {
      const path = `/v1/customizations/${model}/words`;
      const { words } = await stand.call("GET", path, undefined, instance);
      return (words as { word: string }[]).map(({ word }) => word);
    };
    const derived = (await listed(id, DEFAULT_INSTANCE)).filter((word) => /zyxomax|qwertium/i.test(word));
    expect(derived).toHaveLength(2);
    await stand.call("DELETE", `/v1/customizations/${id}/words/${derived[0] ?? ""}`);
    await kept.capture(stand.source());
    const ids = new Ids();
    const target = stand.source(DR_INSTANCE);
    const warnings: string[] = [];
    await restoreInto(target, kept, { ids }, contextOf(warnings));
    const [model] = await modelsOf(stand, DR_INSTANCE);
    const there = await listed(String(model?.["customization_id"]), DR_INSTANCE);
    expect(there).toContain(derived[1]);
    expect(there).not.toContain(derived[0]);
    // As the source was after the deletion: not trained since.
    expect(model).toMatchObject({ status: "ready" });
    expect(warnings).toEqual([expect.stringContaining("It had been trained, and changed since")]);
    expect(await differences(target, kept, { ids })).toEqual([]);
  });

  it("restores many models at a time, each once", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    for (let number = 0; number < 6; number++)
      await fillModel(stand, kept, { name: "Same name", grammar: false });
    await kept.capture(stand.source());
    const ids = new Ids();
    const target = stand.source(DR_INSTANCE);
    await restoreInto(target, kept, { ids, merge: false });
    expect(await modelsOf(stand, DR_INSTANCE)).toHaveLength(6);
    expect(await differences(target, kept, { ids })).toEqual([]);
  });

  it("waits while the service works, and shows for what", async () => {
    await using stand = await openStand({
      manualClockFrom: Date.now(),
      delays: { corpus: 60_000, grammar: 60_000, words: 60_000, train: 300_000 },
    });
    const kept = new Kept();
    await using made = await openStand();
    await fillModel(made, kept);
    await kept.capture(made.source());
    const phases = new Set<string>();
    const ids = new Ids();
    const target = stand.source();
    await restoreInto(
      target,
      kept,
      { ids },
      {
        ...contextOf(),
        // The service's time moves on while somebody waits for it.
        progress: ({ phase }) => {
          if (!phase.startsWith("waiting")) return;
          phases.add(phase);
          void stand.sandbox.advance(30_000);
        },
      },
    );
    expect([...phases]).toEqual([
      'waiting for the analysis of corpus "2026-q2"',
      'waiting for the analysis of corpus "2026-q1"',
      'waiting for the analysis of grammar "yesno"',
      "waiting for 3 words to be taken in",
      'waiting for language model "Claims" to be trained',
    ]);
    expect(await differences(target, kept, { ids })).toEqual([]);
  });

  it("refuses an instance with models of others unless told to merge", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    await fillModel(stand, kept);
    await kept.capture(stand.source());
    await stand.call(
      "POST",
      "/v1/customizations",
      { name: "Foreign", base_model_name: "en-US" },
      DR_INSTANCE,
    );
    await expect(
      restoreInto(stand.source(DR_INSTANCE), kept, { ids: new Ids(), merge: false }),
    ).rejects.toMatchObject({
      code: "target-not-empty",
    });
  });

  it("says when a training has failed, in the service's words, and keeps what was restored", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    const id = await fillModel(stand, kept);
    await kept.capture(stand.source());
    stand.sandbox.failTraining("Cannot compile grammar");
    const outcomes = await restoreInto(stand.source(DR_INSTANCE), kept, { ids: new Ids() });
    const failed = outcomes.filter(({ action }) => action === "failed");
    expect(failed.map(({ key }) => keyText(key))).toEqual([`models/Claims [${id}]`]);
    expect(failed[0]?.reason).toContain("Cannot compile grammar");
  });
});

describe("reading language models as they are", () => {
  it("gives the present versions in the order of the keys", async () => {
    await using stand = await openStand();
    const kept = new Kept();
    const id = await fillModel(stand, kept);
    const source = stand.source();
    await kept.capture(source);
    const keys = [
      keyOf(`models/Claims [${id}]/words/IBM`),
      keyOf("models/x [none]"),
      keyOf(`models/Claims [${id}]`),
    ];
    const [word, none, model] = await source.readItems(COLLECTION, keys, contextOf());
    expect(none).toBeUndefined();
    expect(word).toEqual(kept.versions.get(`models/Claims [${id}]/words/IBM`));
    expect(model).toEqual(kept.versions.get(`models/Claims [${id}]`));
  });
});
