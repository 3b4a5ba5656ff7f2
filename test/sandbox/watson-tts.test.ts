/**
 * Voice models, voices and modes of the Text to Speech stand-in, driven by the vendor's SDK.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { WatsonTtsSandbox } from "../../src/sandbox/watson-tts/index.ts";
import { startWatsonTts } from "../../src/sandbox/watson-tts/index.ts";
import { basicClient, cp4dClient, failure, iamClient, raw, refusal } from "./watson-tts-client.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const GUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let sandbox: WatsonTtsSandbox;
let tts: ReturnType<typeof iamClient>;
let number = 0;

beforeAll(async () => {
  sandbox = await startWatsonTts();
});

afterAll(async () => sandbox.close());

// Every test has an instance of its own.
beforeEach(() => {
  tts = iamClient(sandbox, sandbox.instance(`instance-${number++}`));
});

async function createModel(language = "en-US", name = "Brand names"): Promise<string> {
  const { result } = await tts.createCustomModel({ name, language, description: "product lexicon" });
  return result.customization_id;
}

describe("voice models", () => {
  test("a created model is listed with its metadata, without words, and shown with words and prompts", async () => {
    const created = await tts.createCustomModel({ name: "Brand names", description: "product lexicon" });
    expect(created.status).toBe(201);
    const id = created.result.customization_id;
    expect(id).toMatch(GUID_V4);
    expect(created.headers).toHaveProperty("x-global-transaction-id");
    expect(Object.keys(created.result)).toEqual(["customization_id"]);
    const listed = await tts.listCustomModels();
    expect(listed.status).toBe(200);
    const [model] = listed.result.customizations;
    expect(model).toEqual({
      customization_id: id,
      owner: expect.stringMatching(GUID_V4) as string,
      created: expect.stringMatching(TIMESTAMP) as string,
      last_modified: expect.stringMatching(TIMESTAMP) as string,
      name: "Brand names",
      language: "en-US",
      description: "product lexicon",
    });
    const shown = await tts.getCustomModel({ customizationId: id });
    expect(shown.result).toEqual({ ...model, words: [], prompts: [] });
  });

  test("a model without a description has none, and one with an empty description keeps it", async () => {
    await tts.createCustomModel({ name: "none" });
    await tts.createCustomModel({ name: "empty", description: "" });
    const [none, empty] = (await tts.listCustomModels()).result.customizations;
    expect(none).not.toHaveProperty("description");
    expect(empty).toHaveProperty("description", "");
  });

  test("names may repeat, and the list may be narrowed to a language", async () => {
    const german = await createModel("de-DE");
    await createModel("en-GB");
    expect((await tts.listCustomModels()).result.customizations.map(({ name }) => name)).toEqual([
      "Brand names",
      "Brand names",
    ]);
    const { result } = await tts.listCustomModels({ language: "de-DE" });
    expect(result.customizations.map((model) => model.customization_id)).toEqual([german]);
  });

  test("an update changes name, description and words, never the language, and moves last_modified", async () => {
    const id = await createModel();
    const before = (await tts.getCustomModel({ customizationId: id })).result;
    const updated = await tts.updateCustomModel({
      customizationId: id,
      name: "Marken",
      words: [{ word: "IEEE", translation: "I triple E" }],
    });
    expect([updated.status, updated.result]).toEqual([200, {}]);
    const after = (await tts.getCustomModel({ customizationId: id })).result;
    expect(after).toMatchObject({
      name: "Marken",
      description: "product lexicon",
      language: "en-US",
      created: before.created,
      words: [{ word: "IEEE", translation: "I triple E" }],
    });
    expect(Date.parse(after.last_modified ?? "")).toBeGreaterThan(Date.parse(before.last_modified ?? ""));
  });

  test("a deleted model answers 204 once and 401 ever after", async () => {
    const id = await createModel();
    const deleted = await tts.deleteCustomModel({ customizationId: id });
    expect(deleted.status).toBe(204);
    for (const refused of await Promise.all(
      [
        tts.getCustomModel({ customizationId: id }),
        tts.deleteCustomModel({ customizationId: id }),
        tts.updateCustomModel({ customizationId: id, name: "again" }),
        tts.listWords({ customizationId: id }),
        tts.addWords({ customizationId: id, words: [] }),
        tts.listCustomPrompts({ customizationId: id }),
        tts.getPronunciation({ text: "a", customizationId: id }),
        tts.getVoice({ voice: "en-US_MichaelV3Voice", customizationId: id }),
      ].map(refusal),
    )) {
      expect(refused).toEqual({
        status: 401,
        error: `Invalid customization_id ${id}`,
        code_description: "Unauthorized",
      });
    }
    expect((await tts.listCustomModels()).result.customizations).toEqual([]);
  });

  test("an id that is no GUID is 400, one that never existed 401", async () => {
    expect(await refusal(tts.getCustomModel({ customizationId: "nonsense" }))).toEqual({
      status: 400,
      error: "Malformed GUID: 'nonsense'",
      code_description: "Bad Request",
    });
    expect((await refusal(tts.getCustomModel({ customizationId: UNKNOWN }))).status).toBe(401);
  });

  test.each([
    ["a name of 257 characters", { name: "n".repeat(257) }],
    ["a slash in the name", { name: "a/b" }],
    ["an ampersand in the name", { name: "a&b" }],
    ["a description of 129 characters", { name: "n", description: "d".repeat(129) }],
    ["a language nobody speaks", { name: "n", language: "xx-XX" }],
    ["a withdrawn language", { name: "n", language: "sv-SE" }],
  ])("%s is refused with 400 and creates nothing", async (_, params) => {
    expect((await refusal(tts.createCustomModel(params))).status).toBe(400);
    expect((await tts.listCustomModels()).result.customizations).toEqual([]);
  });

  test("the longest name and description are accepted", async () => {
    const { status } = await tts.createCustomModel({
      name: "ü".repeat(256),
      description: "𝒳".repeat(128),
    });
    expect(status).toBe(201);
  });
});

describe("voices, pronunciation and synthesis", () => {
  test("there is a voice for every language, and a model's metadata comes with a voice when asked", async () => {
    const { result } = await tts.listVoices();
    expect(new Set(result.voices.map(({ language }) => language)).size).toBe(15);
    const id = await createModel();
    const voice = (await tts.getVoice({ voice: "en-US_MichaelV3Voice", customizationId: id })).result;
    expect(voice).toMatchObject({
      name: "en-US_MichaelV3Voice",
      customizable: true,
      customization: { customization_id: id },
    });
    expect(voice.customization).not.toHaveProperty("words");
  });

  test("a first-generation voice name leads to its successor, an unknown one to 404", async () => {
    expect((await tts.getVoice({ voice: "en-US_MichaelVoice" })).result.name).toBe("en-US_MichaelV3Voice");
    expect(await refusal(tts.getVoice({ voice: "xx-XX_Nobody" }))).toEqual({
      status: 404,
      error: "Model 'xx-XX_Nobody' not found",
      code_description: "Not Found",
    });
  });

  test("a pronunciation follows the stored translation and nothing else", async () => {
    const id = await createModel();
    const ask = async (text: string): Promise<string> =>
      (await tts.getPronunciation({ text, customizationId: id, format: "ibm" })).result.pronunciation;
    const plain = await ask("IEEE");
    await tts.addWord({ customizationId: id, word: "IEEE", translation: "I triple E" });
    const custom = await ask("IEEE");
    expect(custom).not.toBe(plain);
    expect(await ask("ieee")).not.toBe(custom);
    expect(await ask("IEEE")).toBe(custom);
    await tts.addWord({
      customizationId: id,
      word: "IEEE",
      translation: '<phoneme alphabet="ibm" ph="1Y.tr1Ipxl.1i"></phoneme>',
    });
    expect(await ask("IEEE")).toBe("1Y.tr1Ipxl.1i");
  });

  test("an unknown voice is 404 for pronunciation and synthesis, an unknown format and a long text 400", async () => {
    const voice = "xx-XX_Nobody";
    const refused = await Promise.all(
      [
        tts.getPronunciation({ text: "a", voice }),
        tts.synthesize({ text: "a", voice }),
        tts.getPronunciation({ text: "a", format: "sampa" }),
        tts.synthesize({ text: "a".repeat(5 * 1024 + 1) }),
      ].map(async (call) => (await failure(call)).status),
    );
    expect(refused).toEqual([404, 404, 400, 400]);
  });

  test("a synthesis is a valid WAV of silence and says so", async () => {
    const answer = await raw(sandbox, {
      method: "POST",
      path: "/v1/synthesize?voice=en-US_MichaelV3Voice",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: "hello" }),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("audio/wav");
    expect(answer.headers["x-sandbox-notice"]).toContain("silence");
    const { result } = await tts.synthesize({ text: "hello", accept: "audio/wav" });
    const chunks: Buffer[] = [];
    for await (const chunk of result) chunks.push(chunk as Buffer);
    const audio = Buffer.concat(chunks);
    expect(audio.toString("latin1", 0, 4)).toBe("RIFF");
    expect(audio.readUInt32LE(4)).toBe(audio.length - 8);
    expect(audio.subarray(44).every((byte) => byte === 0)).toBe(true);
  });
});

describe("ways in", () => {
  test("API keys, IAM tokens and platform tokens open the same instance", async () => {
    const id = await createModel();
    const url = sandbox.instance(`instance-${number - 1}`);
    expect((await basicClient(sandbox, url).getCustomModel({ customizationId: id })).status).toBe(200);
    const cp4d = cp4dClient(sandbox, url);
    expect((await cp4d.getCustomModel({ customizationId: id })).status).toBe(200);
  });

  test("the prefix of Cloud Pak for Data names its instance too", async () => {
    const cp4d = cp4dClient(sandbox, `${sandbox.origin}/text-to-speech/cpd-1/instances/1709/api`);
    const { result } = await cp4d.createCustomModel({ name: "On premises" });
    const { result: listed } = await iamClient(sandbox, sandbox.instance("1709")).listCustomModels();
    expect(listed.customizations.map((model) => model.customization_id)).toEqual([result.customization_id]);
  });

  test("another instance does not see a model, and answers 401 for its id", async () => {
    const id = await createModel();
    const other = iamClient(sandbox, sandbox.instance("another-one"));
    expect((await other.listCustomModels()).result.customizations).toEqual([]);
    for (const refused of await Promise.all(
      [
        other.getCustomModel({ customizationId: id }),
        other.deleteCustomModel({ customizationId: id }),
        other.addWord({ customizationId: id, word: "a", translation: "b" }),
      ].map(refusal),
    )) {
      expect(refused.status).toBe(401);
    }
    expect((await tts.getCustomModel({ customizationId: id })).status).toBe(200);
  });
});

describe("plans and old languages", () => {
  test("a Lite instance refuses customisation, lists included, and still has voices", async () => {
    sandbox.modes.plan = "lite";
    try {
      for (const refused of await Promise.all(
        [tts.listCustomModels(), tts.createCustomModel({ name: "n" }), tts.listSpeakerModels()].map(refusal),
      )) {
        const { status, error } = refused;
        expect(status).toBe(400);
        expect(error).toMatch(/^This feature is not available for the IBM Cloud Lite plan\./);
      }
      expect((await tts.listVoices()).status).toBe(200);
    } finally {
      sandbox.modes.plan = "standard";
    }
  });

  test("an old instance may still use a withdrawn language", async () => {
    sandbox.modes.legacyLanguages = "on";
    try {
      expect((await tts.createCustomModel({ name: "Gamla ord", language: "sv-SE" })).status).toBe(201);
    } finally {
      sandbox.modes.legacyLanguages = "off";
    }
  });
});
