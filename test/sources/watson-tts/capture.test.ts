import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keyOf, sortableKey } from "../../../src/model/key.ts";
import { captureKey } from "../../../src/sources/watson/keys.ts";
import { wav } from "../../sandbox/watson-tts-client.ts";
import { contextOf, MemoryTimeline } from "../watson/timeline.ts";
import { startStand, type TtsInstance } from "./stand.ts";

type Stand = Awaited<ReturnType<typeof startStand>>;

const DAY_MS = 86_400_000;

let stand: Stand;
let home: TtsInstance;
let timeline: MemoryTimeline;

beforeEach(async () => {
  stand = await startStand({ tuneByExample: "on" });
  home = stand.instance("home");
  timeline = new MemoryTimeline("voice-models");
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

const calls = (): string[] => stand.sandbox.requests.recent().map(({ method, call }) => `${method} ${call}`);

describe("a capture", () => {
  it("keeps each listed element byte for byte, under the name and id of its model", async () => {
    const id = await home.makeModel(
      "A 100%",
      [{ word: "ＮＹ", translation: "New\u00a0York, NY" }],
      "en-US",
      "x",
    );
    const { run, items } = await timeline.capture(home.source);
    expect(run).toBe("baseline");
    const model = `models/A 100%25 [${id}]`;
    expect(items).toEqual({ [model]: "live", [`${model}/words/ＮＹ`]: "live" });
    const answer = await fetch(`${home.url}/v1/customizations`, {
      headers: { authorization: `Basic ${btoa(`apikey:${stand.sandbox.apiKey}`)}` },
    });
    expect(await answer.text()).toBe(`{"customizations":[${timeline.body(model)}]}`);
    expect(timeline.body(`${model}/words/ＮＹ`)).toBe(`{"word":"ＮＹ","translation":"New\u00a0York, NY"}`);
  });

  it("keeps prompts and speakers beside the words", async () => {
    const id = await home.makeModel("M", []);
    const audio = wav(16_000, 1);
    const wave = { "content-type": "audio/wav" };
    const made = (await home.call("POST", "/speakers?speaker_name=anna", audio, wave)) as {
      speaker_id: string;
    };
    const form = new FormData();
    form.set("metadata", JSON.stringify({ prompt_text: "Hello", speaker_id: made.speaker_id }));
    form.set("file", new Blob([new Uint8Array(audio)], { type: "audio/wav" }), "p.wav");
    const answer = await fetch(`${home.url}/v1/customizations/${id}/prompts/greeting`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`apikey:${stand.sandbox.apiKey}`)}` },
      body: form,
    });
    expect(answer.status).toBe(201);
    const { items } = await timeline.capture(home.source);
    expect(Object.keys(items).sort()).toEqual([
      `models/M [${id}]`,
      `models/M [${id}]/prompts/greeting`,
      `speakers/anna [${made.speaker_id}]`,
    ]);
    expect((await timeline.capture(home.source)).items).toEqual({});
    await home.call("DELETE", `/speakers/${made.speaker_id}`);
    await home.call("DELETE", `/customizations/${id}/prompts/greeting`);
    expect((await timeline.capture(home.source)).items).toEqual({
      [`models/M [${id}]/prompts/greeting`]: "deleted",
      [`speakers/anna [${made.speaker_id}]`]: "deleted",
    });
  });

  it("costs two requests when nothing has changed, and reads only the model that has", async () => {
    const [a, b] = [
      await home.makeModel("a", [{ word: "x", translation: "y" }]),
      await home.makeModel("b", []),
    ];
    await timeline.capture(home.source);
    stand.sandbox.requests.reset();
    expect(await timeline.capture(home.source)).toEqual({ run: "delta", items: {} });
    expect(calls()).toEqual(["GET /v1/customizations", "GET /v1/speakers"]);
    await home.addWords(b, [{ word: "w", translation: "v" }]);
    stand.sandbox.requests.reset();
    expect((await timeline.capture(home.source)).items).toEqual({ [`models/b [${b}]/words/w`]: "live" });
    expect(calls().filter((call) => call === "GET /v1/customizations/{id}")).toHaveLength(1);
    expect(a).not.toBe(b);
  });

  it("finds what moves no time stamp: when asked to reconcile, and after a day", async () => {
    stand.sandbox.modes.lastModifiedOnDelete = "off";
    const id = await home.makeModel("m", [
      { word: "x", translation: "1" },
      { word: "y", translation: "2" },
    ]);
    await timeline.capture(home.source);
    await home.deleteWord(id, "x");
    expect((await timeline.capture(home.source)).items).toEqual({});
    expect((await timeline.capture(home.source, { reconcile: true })).items).toEqual({
      [`models/m [${id}]/words/x`]: "deleted",
    });
    await home.deleteWord(id, "y");
    const tomorrow = contextOf({ now: () => stand.sandbox.now() + DAY_MS });
    expect((await timeline.capture(home.source, { context: tomorrow })).items).toEqual({
      [`models/m [${id}]/words/y`]: "deleted",
    });
  });

  it("takes no new version for bookkeeping alone", async () => {
    const id = await home.makeModel("m", [{ word: "x", translation: "1" }]);
    await timeline.capture(home.source);
    await home.addWords(id, [{ word: "x", translation: "1" }]);
    expect((await timeline.capture(home.source)).items).toEqual({});
  });

  it("gives a renamed model no new key", async () => {
    const id = await home.makeModel("before", []);
    await timeline.capture(home.source);
    await home.call("POST", `/customizations/${id}`, { name: "after" });
    expect((await timeline.capture(home.source)).items).toEqual({ [`models/before [${id}]`]: "live" });
    expect(timeline.body(`models/before [${id}]`)).toContain('"name":"after"');
  });

  it("deletes everything of a model that is gone, what was captured for it included, and once only", async () => {
    const id = await home.makeModel("m", [{ word: "x", translation: "1" }]);
    await timeline.capture(home.source);
    timeline.addCapture(captureKey(id, "prompts/p"), {}, Buffer.from("audio"));
    timeline.addCapture(captureKey("another", "prompts/p"), {}, Buffer.from("audio"));
    await home.call("DELETE", `/customizations/${id}`);
    expect((await timeline.capture(home.source)).items).toEqual({
      [`models/m [${id}]`]: "deleted",
      [`models/m [${id}]/words/x`]: "deleted",
      [`captures/${id}/prompts/p`]: "deleted",
    });
    expect((await timeline.capture(home.source, { reconcile: true })).items).toEqual({});
  });

  it("reads everything as a delta when other writers committed first, and keeps the keys that are there", async () => {
    const id = await home.makeModel("before", [{ word: "x", translation: "1" }]);
    await timeline.capture(home.source);
    await home.call("POST", `/customizations/${id}`, { name: "after" });
    timeline.cursor = {};
    expect(await timeline.capture(home.source)).toEqual({
      run: "delta",
      items: { [`models/before [${id}]`]: "live" },
    });
  });

  it("with a key that may only write deletes the models it knows and says what it cannot see", async () => {
    const gone = await home.makeModel("gone", [{ word: "x", translation: "1" }]);
    const stays = await home.makeModel("stays", [{ word: "x", translation: "1" }]);
    timeline.mayRead = false;
    await timeline.capture(home.source);
    await home.call("DELETE", `/customizations/${gone}`);
    await home.deleteWord(stays, "x");
    const context = contextOf();
    expect((await timeline.capture(home.source, { context })).items).toEqual({
      [`models/gone [${gone}]`]: "deleted",
    });
    expect(context.warnings).toEqual([expect.stringMatching(/deletions of single words.*are not seen/)]);
  });

  it("leaves kept speakers alone when the service does not list them any more", async () => {
    timeline.versions.set(sortableKey(keyOf("speakers/anna [1]")), {
      key: keyOf("speakers/anna [1]"),
      kind: "live",
      revision: "",
      state: Buffer.from("kept"),
      parts: [Buffer.from("{}")],
      blobs: [],
    });
    stand.sandbox.faults.add({ kind: "status", status: 404, match: { path: "/v1/speakers" } });
    const context = contextOf();
    timeline.cursor = {};
    expect((await timeline.capture(home.source, { context })).items).toEqual({});
    expect(context.warnings).toEqual([expect.stringMatching(/Speaker models are not listed any more/)]);
  });

  it("fails in a Lite instance with the service's own words, and the check says why", async () => {
    stand.sandbox.modes.plan = "lite";
    await expect(timeline.capture(home.source)).rejects.toThrow(/not available for the IBM Cloud Lite plan/);
    const { abilities } = await home.source.test(contextOf());
    expect(abilities.filter(({ ok }) => ok)).toEqual([]);
    expect(abilities[1]?.detail).toMatch(/Lite plan/);
  });
});
