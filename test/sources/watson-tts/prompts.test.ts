import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keyText } from "../../../src/model/key.ts";
import type { Readiness } from "../../../src/sources/source.ts";
import { captureKey } from "../../../src/sources/watson/keys.ts";
import { ttsReadiness } from "../../../src/sources/watson-tts/readiness.ts";
import { wav } from "../../sandbox/watson-tts-client.ts";
import { MemoryIds } from "../watson/memory-ids.ts";
import { acted, MemoryTimeline } from "../watson/timeline.ts";
import { startStand, type TtsInstance } from "./stand.ts";

type Stand = Awaited<ReturnType<typeof startStand>>;

const SPEAKER_AUDIO = wav(16_000, 2, 3);
const PROMPT_AUDIO = wav(22_050, 1, 5);

let stand: Stand;
let home: TtsInstance;
let away: TtsInstance;
let timeline: MemoryTimeline;
let ids: MemoryIds;
let model: string;
let speaker: string;

beforeEach(async () => {
  stand = await startStand({ tuneByExample: "on" });
  home = stand.instance("home");
  away = stand.instance("away");
  timeline = new MemoryTimeline("voice-models");
  ids = new MemoryIds();
  model = await home.makeModel("m", [{ word: "x", translation: "1" }]);
  const wave = { "content-type": "audio/wav" };
  const made = await home.call("POST", "/speakers?speaker_name=anna", SPEAKER_AUDIO, wave);
  speaker = (made as { speaker_id: string }).speaker_id;
  const form = new FormData();
  form.set("metadata", JSON.stringify({ prompt_text: "Hello & welcome", speaker_id: speaker }));
  form.set("file", new Blob([new Uint8Array(PROMPT_AUDIO)], { type: "audio/wav" }), "p.wav");
  await fetch(`${home.url}/v1/customizations/${model}/prompts/greeting`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`apikey:${stand.sandbox.apiKey}`)}` },
    body: form,
  });
  await timeline.capture(home.source);
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

function captureOriginals(): void {
  timeline.addCapture(captureKey("speakers", speaker), { operation: "createSpeakerModel" }, SPEAKER_AUDIO);
  timeline.addCapture(captureKey(model, "prompts/greeting"), { operation: "addCustomPrompt" }, PROMPT_AUDIO);
}

async function readiness(): Promise<Readiness[]> {
  const all: Readiness[] = [];
  for await (const one of ttsReadiness("voice-models", timeline.reader())) all.push(one);
  return all;
}

describe("prompts and speakers", () => {
  it("come back from their captured recordings, byte for byte, where the target takes them", async () => {
    captureOriginals();
    const outcomes = await timeline.restore(away.source, { ids });
    expect(new Set(Object.values(acted(outcomes)))).toEqual(new Set(["create"]));
    const target = ids.get("model", model) ?? "";
    const newSpeaker = ids.get("speaker", speaker);
    expect(await away.call("GET", `/customizations/${target}/prompts/greeting`)).toMatchObject({
      prompt: "Hello & welcome",
      status: "available",
      speaker_id: newSpeaker,
    });
    const { uploads } = stand.sandbox;
    const audio = (name: string): Buffer => uploads.bytes(uploads.find("away", name)?.id ?? "");
    expect(audio(`speakers/${newSpeaker}`).equals(SPEAKER_AUDIO)).toBe(true);
    expect(audio(`customizations/${target}/prompts/greeting`).equals(PROMPT_AUDIO)).toBe(true);
    expect(await timeline.differences(away.source, { ids })).toEqual([]);
    expect(acted(await timeline.restore(away.source, { ids }))).toEqual({});
  });

  it("are reported as archival where the target takes none any more, and the words are restored", async () => {
    captureOriginals();
    stand.sandbox.modes.tuneByExample = "off";
    const outcomes = await timeline.restore(away.source, { ids });
    for (const key of [`models/m [${model}]/prompts/greeting`, `speakers/anna [${speaker}]`]) {
      expect(outcomes[key]).toMatchObject({
        action: "failed",
        reason: expect.stringMatching(/^archival: .*no longer supported.*stays kept as captures\//),
      });
    }
    expect(await away.content()).toEqual({ m: { x: "1" } });
    const differences = await timeline.differences(away.source, { ids });
    expect(differences.map(({ key, difference }) => [keyText(key), difference])).toEqual([
      [`models/m [${model}]/prompts/greeting`, "missing"],
      [`speakers/anna [${speaker}]`, "missing"],
    ]);
  });

  it("whose recordings were never captured are not recoverable, in the preview, the restore and the readiness", async () => {
    for (const apply of [false, true]) {
      const outcomes = await timeline.restore(away.source, { ids, apply });
      for (const key of [`models/m [${model}]/prompts/greeting`, `speakers/anna [${speaker}]`]) {
        expect(outcomes[key]).toMatchObject({
          action: "failed",
          reason: expect.stringMatching(/^not recoverable: its recording was never captured/),
        });
      }
    }
    const verdicts = await readiness();
    expect(verdicts.map(({ key, verdict }) => [keyText(key), verdict])).toEqual([
      [`models/m [${model}]`, "partial"],
      [`speakers/anna [${speaker}]`, "lost"],
    ]);
    expect(verdicts[0]?.missing[0]?.what).toMatch(/^Not recoverable: .*greeting was never captured/);
  });

  it("are ready when their recordings are proven, and doubtful when those are only claimed", async () => {
    captureOriginals();
    expect((await readiness()).map(({ verdict, missing }) => [verdict, missing])).toEqual([
      ["complete", []],
      ["complete", []],
    ]);
    timeline.addCapture(captureKey(model, "prompts/greeting"), { evidence: "claimed" }, PROMPT_AUDIO);
    timeline.addCapture(captureKey("speakers", speaker), { incomplete: "the disk was full" }, SPEAKER_AUDIO);
    const [ofModel, ofSpeaker] = await readiness();
    expect(ofModel).toMatchObject({ verdict: "degraded" });
    expect(ofSpeaker).toMatchObject({ verdict: "lost" });
    expect(ofSpeaker?.missing[0]?.what).toMatch(/the disk was full/);
  });

  it("are left where they are in place, and newer ones deleted only when asked", async () => {
    captureOriginals();
    const outcomes = await timeline.restore(home.source, { mode: "content", ids });
    expect(acted(outcomes)).toEqual({});
    const empty = new MemoryTimeline("voice-models");
    const other = stand.instance("other");
    await other.makeModel("n", []);
    await empty.capture(other.source);
    const wave = { "content-type": "audio/wav" };
    await other.call("POST", "/speakers?speaker_name=new", SPEAKER_AUDIO, wave);
    const kept = acted(await empty.restore(other.source, { mode: "content", ids: new MemoryIds() }));
    expect(Object.values(kept)).toEqual(["newer"]);
    await empty.restore(other.source, { mode: "content", ids: new MemoryIds(), newerItems: "delete" });
    expect(await other.call("GET", "/speakers")).toEqual({ speakers: [] });
  });
});
