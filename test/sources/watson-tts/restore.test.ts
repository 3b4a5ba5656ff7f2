import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compareKeys, keyOf, sortableKey } from "../../../src/model/key.ts";
import { captureKey } from "../../../src/sources/watson/keys.ts";
import { temporaryName } from "../../../src/sources/watson-tts/target.ts";
import { MemoryIds } from "../watson/memory-ids.ts";
import { acted, MemoryTimeline } from "../watson/timeline.ts";
import { startStand, type TtsInstance } from "./stand.ts";

type Stand = Awaited<ReturnType<typeof startStand>>;

const IN_PLACE = { mode: "content" } as const;

let stand: Stand;
let home: TtsInstance;
let away: TtsInstance;
let timeline: MemoryTimeline;
let ids: MemoryIds;

beforeEach(async () => {
  stand = await startStand();
  home = stand.instance("home");
  away = stand.instance("away");
  timeline = new MemoryTimeline("voice-models");
  ids = new MemoryIds();
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

const written = (call: string): number =>
  stand.sandbox.requests.recent().filter((seen) => `${seen.method} ${seen.call}` === call).length;

describe("a restore into another instance", () => {
  it("brings every model whole, tells which became which, and shows no half-filled model under its own name", async () => {
    const words = Array.from({ length: 2500 }, (_, index) => ({
      word: `w${index}`,
      translation: `t ${index}`,
    }));
    const japanese = [{ word: "ＮＹ", translation: "ニューヨーク", part_of_speech: "Mesi" }];
    const first = await home.makeModel("Brand names", words, "en-GB", "ours");
    const second = await home.makeModel("地名", japanese, "ja-JP");
    await timeline.capture(home.source);
    stand.sandbox.requests.reset();
    const outcomes = await timeline.restore(away.source, { ids });
    expect(new Set(Object.values(outcomes).map(({ action }) => action))).toEqual(new Set(["create"]));
    expect(await away.content()).toEqual(await home.content());
    const copy = (await away.models()).find(({ name }) => name === "Brand names");
    expect(copy).toMatchObject({ language: "en-GB", description: "ours" });
    expect(outcomes[`models/Brand names [${first}]`]?.mapped).toEqual({
      group: "model",
      kept: first,
      target: copy?.customization_id,
    });
    expect(ids.get("model", second)).toBeDefined();
    expect(written("POST /v1/customizations/{id}/words")).toBe(4);
    expect(await timeline.differences(away.source, { ids })).toEqual([]);
    const names = stand.sandbox.requests.recent().filter(({ method }) => method === "POST");
    expect(names.at(0)?.call).toBe("/v1/customizations");
  });

  it("a second time writes nothing", async () => {
    await home.makeModel("m", [{ word: "x", translation: "1" }]);
    await timeline.capture(home.source);
    await timeline.restore(away.source, { ids });
    stand.sandbox.requests.reset();
    expect(acted(await timeline.restore(away.source, { ids }))).toEqual({});
    expect(stand.sandbox.requests.recent().filter(({ method }) => method !== "GET")).toEqual([]);
  });

  it("of a newer instant follows the changes, surplus words and deleted models included, as a standby needs it", async () => {
    const [a, b] = [
      await home.makeModel("a", [{ word: "x", translation: "1" }]),
      await home.makeModel("b", []),
    ];
    await timeline.capture(home.source);
    await timeline.restore(away.source, { ids });
    await home.addWords(a, [
      { word: "x", translation: "2" },
      { word: "y", translation: "3" },
    ]);
    await home.call("POST", `/customizations/${a}`, { name: "a renamed", description: "new" });
    await home.call("DELETE", `/customizations/${b}`);
    await timeline.capture(home.source);
    await away.addWords(ids.get("model", a) ?? "", [{ word: "surplus", translation: "4" }]);
    const outcomes = acted(await timeline.restore(away.source, { ids, merge: true }));
    expect(outcomes).toEqual({
      [`models/a [${a}]`]: "change",
      [`models/a [${a}]/words/x`]: "change",
      [`models/a [${a}]/words/y`]: "create",
      [`models/a [${a}]/words/surplus`]: "delete",
      [`models/b [${b}]`]: "delete",
    });
    expect(await away.content()).toEqual({ "a renamed": { x: "2", y: "3" } });
  });

  it("of one word makes its model when it is not there, and touches nothing else of one that is", async () => {
    const words = [
      { word: "x", translation: "1" },
      { word: "y", translation: "2" },
    ];
    const id = await home.makeModel("m", words);
    await timeline.capture(home.source);
    const one = { ids, whole: false, reader: timeline.reader((key) => key.endsWith("/words/x")) };
    expect(acted(await timeline.restore(away.source, one))).toEqual({
      [`models/m [${id}]`]: "create",
      [`models/m [${id}]/words/x`]: "create",
    });
    expect(await away.content()).toEqual({ m: { x: "1" } });
    await home.addWords(id, [
      { word: "x", translation: "changed" },
      { word: "y", translation: "changed" },
    ]);
    expect(acted(await timeline.restore(home.source, { ...one, ids: new MemoryIds(), ...IN_PLACE }))).toEqual(
      {
        [`models/m [${id}]/words/x`]: "change",
      },
    );
    expect(await home.content()).toEqual({ m: { x: "1", y: "changed" } });
  });

  it("names each word that the service refuses, with its own words, and restores all others", async () => {
    const words = Array.from({ length: 40 }, (_, index) => ({ word: `w${index}`, translation: `t${index}` }));
    const id = await home.makeModel("m", words);
    await timeline.capture(home.source);
    // What was accepted before October 2022 and is not any more.
    const old = '<phoneme alphabet="foo" ph="x"></phoneme>';
    for (const word of ["w7", "w23"]) {
      const key = keyOf(`models/m [${id}]/words/${word}`);
      const kept = timeline.versions.get(sortableKey(key));
      const body = Buffer.from(JSON.stringify({ word, translation: old }));
      timeline.versions.set(sortableKey(key), { ...kept!, parts: [body], state: body });
    }
    const outcomes = await timeline.restore(away.source, { ids });
    const failed = Object.values(outcomes).filter(({ action }) => action === "failed");
    expect(
      failed
        .map(({ key }) => key)
        .sort(compareKeys)
        .map(String),
    ).toEqual([`models/m [${id}]/words/w23`, `models/m [${id}]/words/w7`]);
    expect(failed.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/alphabet/),
      expect.stringMatching(/alphabet/),
    ]);
    expect(Object.keys((await away.content())["m"] ?? {})).toHaveLength(38);
    const again = acted(await timeline.restore(away.source, { ids }));
    expect(Object.values(again)).toEqual(["failed", "failed"]);
  });

  it("says of a model in a withdrawn language that it is withdrawn, and restores the others", async () => {
    stand.sandbox.modes.legacyLanguages = "on";
    const arabic = await home.makeModel("old", [{ word: "x", translation: "1" }], "ar-MS");
    await home.makeModel("new", []);
    await timeline.capture(home.source);
    stand.sandbox.modes.legacyLanguages = "off";
    const outcomes = await timeline.restore(away.source, { ids });
    for (const key of [`models/old [${arabic}]`, `models/old [${arabic}]/words/x`]) {
      expect(outcomes[key]).toMatchObject({
        action: "failed",
        reason: expect.stringMatching(/ar-MS.*withdrawn/),
      });
    }
    expect(await away.content()).toEqual({ new: {} });
  });

  it("carries the customer's label of a captured word, so that a later erasure finds it", async () => {
    const id = await home.makeModel("m", [
      { word: "hers", translation: "1" },
      { word: "ours", translation: "2" },
    ]);
    await timeline.capture(home.source);
    timeline.addCapture(captureKey(id, "words/hers"), { operation: "addWord", customer: "c-17" });
    await timeline.restore(away.source, { ids });
    await away.call("DELETE", "/user_data?customer_id=c-17");
    expect(await away.content()).toEqual({ m: { ours: "2" } });
  });

  it("refuses to mix a whole copy with somebody's models unasked", async () => {
    await home.makeModel("m", []);
    await away.makeModel("theirs", []);
    await timeline.capture(home.source);
    await expect(timeline.restore(away.source, { ids })).rejects.toMatchObject({ code: "target-not-empty" });
    await timeline.restore(away.source, { ids, merge: true });
    expect(Object.keys(await away.content()).sort()).toEqual(["m", "theirs"]);
  });

  it("finds the model whose making was cut off before it could be recorded", async () => {
    const id = await home.makeModel("m", [{ word: "x", translation: "1" }]);
    await timeline.capture(home.source);
    await away.makeModel(temporaryName(id), [{ word: "half", translation: "filled" }]);
    await timeline.restore(away.source, { ids });
    expect(await away.content()).toEqual({ m: { x: "1" } });
  });

  it("leaves no doubt about a name that the service does not take any more", async () => {
    const id = await home.makeModel("m", [{ word: "x", translation: "1" }]);
    await timeline.capture(home.source);
    const key = keyOf(`models/m [${id}]`);
    const kept = timeline.versions.get(sortableKey(key));
    const body = Buffer.from(kept!.parts[0]!.toString().replace('"name":"m"', '"name":"m & n"'));
    timeline.versions.set(sortableKey(key), { ...kept!, parts: [body] });
    const outcomes = await timeline.restore(away.source, { ids });
    expect(outcomes[`models/m [${id}]`]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/is there as "holdfast-restore-.*own name is refused/),
    });
    expect(Object.values(await away.content())).toEqual([{ x: "1" }]);
  });
});

describe("a restore in place", () => {
  it("keeps the id, and leaves what is newer alone unless told to delete it", async () => {
    const id = await home.makeModel("m", [
      { word: "changed", translation: "1" },
      { word: "deleted", translation: "2" },
      { word: "..", translation: "3" },
    ]);
    await timeline.capture(home.source);
    await home.addWords(id, [
      { word: "changed", translation: "other" },
      { word: "new", translation: "5" },
    ]);
    await home.deleteWord(id, "deleted");
    const newModel = await home.makeModel("newer", [{ word: "z", translation: "6" }]);
    expect(acted(await timeline.restore(home.source, { ...IN_PLACE, ids }))).toEqual({
      [`models/m [${id}]/words/changed`]: "change",
      [`models/m [${id}]/words/deleted`]: "create",
      [`models/m [${id}]/words/new`]: "newer",
      [`models/newer [${newModel}]`]: "newer",
    });
    const cleared = await timeline.restore(home.source, { ...IN_PLACE, ids, newerItems: "delete" });
    expect(acted(cleared)).toEqual({
      [`models/m [${id}]/words/new`]: "delete",
      [`models/newer [${newModel}]`]: "delete",
      [`models/newer [${newModel}]/words/z`]: "delete",
    });
    expect(await home.content()).toEqual({ m: { changed: "1", deleted: "2", "..": "3" } });
    expect((await home.models())[0]?.customization_id).toBe(id);
  });

  it("makes a deleted model again once, under a new id that it goes on with", async () => {
    const id = await home.makeModel("m", [{ word: "x", translation: "1" }]);
    await timeline.capture(home.source);
    await home.call("DELETE", `/customizations/${id}`);
    await timeline.restore(home.source, { ...IN_PLACE, ids });
    await timeline.restore(home.source, { ...IN_PLACE, ids });
    expect(await home.content()).toEqual({ m: { x: "1" } });
    expect((await home.models())[0]?.customization_id).toBe(ids.get("model", id));
  });

  it("never asks for a word that an address would take for something else to be deleted", async () => {
    const id = await home.makeModel("m", [{ word: "x", translation: "1" }]);
    await timeline.capture(home.source);
    await home.addWords(id, [{ word: "..", translation: "dots" }]);
    const outcomes = await timeline.restore(home.source, { ...IN_PLACE, ids, newerItems: "delete" });
    expect(outcomes[`models/m [${id}]/words/..`]).toMatchObject({
      action: "failed",
      reason: expect.stringMatching(/cannot be named in an address/),
    });
    expect(await home.content()).toEqual({ m: { x: "1", "..": "dots" } });
  });

  it("leaves alone what is not kept, so that it can be undone", async () => {
    const id = await home.makeModel("m", [
      { word: "kept", translation: "1" },
      { word: "raced", translation: "2" },
    ]);
    await timeline.capture(home.source);
    const before = timeline.reader();
    await home.addWords(id, [
      { word: "kept", translation: "other" },
      { word: "raced", translation: "other" },
    ]);
    await timeline.capture(home.source);
    await home.addWords(id, [{ word: "raced", translation: "raced" }]);
    const engine = timeline.engine();
    const kept = async (states: Parameters<typeof engine.known>[0]): Promise<boolean[]> =>
      await engine.known(states);
    expect(acted(await timeline.restore(home.source, { ...IN_PLACE, ids, reader: before, kept }))).toEqual({
      [`models/m [${id}]/words/kept`]: "change",
      [`models/m [${id}]/words/raced`]: "unstable",
    });
    expect(await home.content()).toEqual({ m: { kept: "1", raced: "raced" } });
  });
});

describe("a restore in place of a model that was made again", () => {
  it("knows what is kept of it, also when it was first seen under its temporary name", async () => {
    const id = await home.makeModel("m", [{ word: "x", translation: "1" }]);
    await timeline.capture(home.source);
    const before = timeline.reader();
    await home.call("DELETE", `/customizations/${id}`);
    await home.makeModel(temporaryName(id), []);
    await timeline.capture(home.source);
    await timeline.restore(home.source, { ...IN_PLACE, ids, reader: before });
    await home.addWords(ids.get("model", id) ?? "", [{ word: "x", translation: "2" }]);
    await timeline.capture(home.source);
    const engine = timeline.engine();
    const kept = async (states: Parameters<typeof engine.known>[0]): Promise<boolean[]> =>
      await engine.known(states);
    expect(acted(await timeline.restore(home.source, { ...IN_PLACE, ids, reader: before, kept }))).toEqual({
      [`models/m [${id}]/words/x`]: "change",
    });
  });
});

describe("a preview", () => {
  it("tells what the restore then does, and writes nothing", async () => {
    const id = await home.makeModel("m", [{ word: "x", translation: "1" }]);
    await timeline.capture(home.source);
    await home.addWords(id, [{ word: "x", translation: "2" }]);
    for (const [instance, more] of [
      [away, {}],
      [home, IN_PLACE],
    ] as const) {
      stand.sandbox.requests.reset();
      const planned = acted(await timeline.restore(instance.source, { ids, ...more, apply: false }));
      expect(stand.sandbox.requests.recent().filter(({ method }) => method !== "GET")).toEqual([]);
      expect(ids.all()).toEqual([]);
      expect(acted(await timeline.restore(instance.source, { ids: new MemoryIds(), ...more }))).toEqual(
        planned,
      );
    }
  });
});
