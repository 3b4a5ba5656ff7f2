/**
 * Prompts and speaker models of the Text to Speech stand-in, driven by the vendor's SDK. The clock is set forward by hand.
 */
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { WatsonTtsSandbox } from "../../src/sandbox/watson-tts/index.ts";
import { startWatsonTts } from "../../src/sandbox/watson-tts/index.ts";
import { iamClient, raw, refusal, wav } from "./watson-tts-client.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const PROCESSING_MS = 5000;
const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

let sandbox: WatsonTtsSandbox;
let tts: ReturnType<typeof iamClient>;
let instance = "";
let number = 0;

beforeAll(async () => {
  sandbox = await startWatsonTts({
    tuneByExample: "on",
    promptDelayMs: PROCESSING_MS,
    manualClockFrom: START,
  });
});

afterAll(async () => sandbox.close());

beforeEach(() => {
  instance = `instance-${number++}`;
  tts = iamClient(sandbox, sandbox.instance(instance));
});

async function createModel(language = "en-US"): Promise<string> {
  return (await tts.createCustomModel({ name: "Prompts", language })).result.customization_id;
}

async function addPrompt(
  customizationId: string,
  promptId: string,
  file: Buffer | NodeJS.ReadableStream = wav(16_000, 1),
  metadata: { prompt_text: string; speaker_id?: string } = { prompt_text: "Good morning" },
): Promise<Awaited<ReturnType<typeof tts.addCustomPrompt>>> {
  return tts.addCustomPrompt({ customizationId, promptId, metadata, file });
}

describe("prompts", () => {
  test("a prompt is created as processing, available after a while, and shown by the model and the list", async () => {
    const id = await createModel();
    const created = await addPrompt(id, "greeting_1");
    expect(created.status).toBe(201);
    const processing = { prompt: "Good morning", prompt_id: "greeting_1", status: "processing" };
    expect(created.result).toEqual(processing);
    await sandbox.advance(PROCESSING_MS - 1);
    const prompt = { customizationId: id, promptId: "greeting_1" };
    expect((await tts.getCustomPrompt(prompt)).result).toEqual(processing);
    await sandbox.advance(1);
    const available = { ...processing, status: "available" };
    expect((await tts.getCustomPrompt(prompt)).result).toEqual(available);
    expect((await tts.listCustomPrompts({ customizationId: id })).result).toEqual({ prompts: [available] });
    expect((await tts.getCustomModel({ customizationId: id })).result.prompts).toEqual([available]);
  });

  test("the times of a model are those of the stand-in's clock", async () => {
    const id = await createModel();
    const { result } = await tts.getCustomModel({ customizationId: id });
    expect(result.created).toBe(new Date(sandbox.now()).toISOString());
    expect(sandbox.now()).toBeGreaterThanOrEqual(START);
  });

  test.each([
    ["that is no WAV", Buffer.from("ID3 this is a song")],
    ["sampled at 8 kHz", wav(8000, 1)],
    ["of 31 seconds", wav(16_000, 31)],
    ["without a sound", wav(16_000, 0)],
  ])("audio %s is accepted and fails later, with a reason", async (_, file) => {
    const id = await createModel();
    const { status, result } = await addPrompt(id, "p", file);
    expect([status, result.status]).toEqual([201, "processing"]);
    await sandbox.advance(PROCESSING_MS);
    const { result: failed } = await tts.getCustomPrompt({ customizationId: id, promptId: "p" });
    expect(failed).toMatchObject({ status: "failed", error: expect.stringMatching(/./) as string });
  });

  test("the audio arrives unchanged, from a buffer or a file, and only tests can see it", async () => {
    const id = await createModel();
    const audio = wav(22_050, 2, 7);
    const folder = await mkdtemp(join(tmpdir(), "holdfast-"));
    try {
      const file = join(folder, "greeting.wav");
      await writeFile(file, audio);
      await addPrompt(id, "from_file", createReadStream(file));
      await addPrompt(id, "from_buffer", audio);
    } finally {
      await rm(folder, { recursive: true });
    }
    for (const prompt of ["from_file", "from_buffer"]) {
      const upload = sandbox.uploads.find(instance, `customizations/${id}/prompts/${prompt}`);
      expect(upload).toMatchObject({ bytes: audio.length, contentType: "audio/wav" });
      expect(sandbox.uploads.bytes(upload?.id ?? "").equals(audio)).toBe(true);
    }
  });

  test("the same id again replaces text and audio", async () => {
    const id = await createModel();
    await addPrompt(id, "p", wav(16_000, 1, 1));
    const second = wav(16_000, 1, 2);
    await addPrompt(id, "p", second, { prompt_text: "Good evening" });
    expect((await tts.listCustomPrompts({ customizationId: id })).result.prompts).toMatchObject([
      { prompt: "Good evening" },
    ]);
    const kept = sandbox.uploads.list().filter(({ name }) => name.startsWith(`customizations/${id}/`));
    expect(kept).toHaveLength(1);
    expect(sandbox.uploads.bytes(kept[0]?.id ?? "").equals(second)).toBe(true);
  });

  test("a deleted prompt answers 204 and is 404 ever after, and its audio is gone", async () => {
    const id = await createModel();
    const prompt = { customizationId: id, promptId: "p" };
    await addPrompt(id, "p");
    expect((await tts.deleteCustomPrompt(prompt)).status).toBe(204);
    expect((await refusal(tts.getCustomPrompt(prompt))).status).toBe(404);
    expect((await refusal(tts.deleteCustomPrompt(prompt))).status).toBe(404);
    expect(sandbox.uploads.find(instance, `customizations/${id}/prompts/p`)).toBeUndefined();
  });

  test("deleting a model deletes its prompts' audio", async () => {
    const id = await createModel();
    await addPrompt(id, "p");
    await tts.deleteCustomModel({ customizationId: id });
    expect(sandbox.uploads.list().filter(({ name }) => name.includes(id))).toEqual([]);
  });

  test.each([
    ["an id with a dash", "en-US", "a-b", { prompt_text: "x" }, 400],
    ["an id of 50 characters", "en-US", "a".repeat(50), { prompt_text: "x" }, 400],
    ["a text of 1001 characters", "en-US", "a", { prompt_text: "x".repeat(1001) }, 400],
    ["an empty text", "en-US", "a", { prompt_text: "" }, 400],
    ["a speaker nobody knows", "en-US", "a", { prompt_text: "x", speaker_id: UNKNOWN }, 404],
    ["a German model", "de-DE", "a", { prompt_text: "x" }, 400],
  ])("%s is refused, and no audio is kept", async (_, language, promptId, metadata, status) => {
    const id = await createModel(language);
    expect((await refusal(addPrompt(id, promptId, wav(16_000, 1), metadata))).status).toBe(status);
    expect((await tts.listCustomPrompts({ customizationId: id })).result.prompts).toEqual([]);
    expect(sandbox.uploads.list().filter(({ name }) => name.includes(id))).toEqual([]);
  });

  test("a body that is no multipart is 415, one without a file 400", async () => {
    const id = await createModel();
    const path = `/instances/${instance}/v1/customizations/${id}/prompts/p`;
    const wrongType = await raw(sandbox, {
      method: "POST",
      path,
      headers: { "content-type": "audio/wav" },
      body: wav(16_000, 1),
    });
    expect(wrongType.status).toBe(415);
    const incomplete = await raw(sandbox, {
      method: "POST",
      path,
      headers: { "content-type": "multipart/form-data; boundary=b" },
      body: '--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{"prompt_text":"x"}\r\n--b--\r\n',
    });
    expect(incomplete).toMatchObject({ status: 400, text: expect.stringContaining("'file'") as string });
    const truncated = await raw(sandbox, {
      method: "POST",
      path,
      headers: { "content-type": "multipart/form-data; boundary=b" },
      body: '--b\r\nContent-Disposition: form-data; name="file"; filename="_"\r\n\r\nRIFF',
    });
    expect(truncated.status).toBe(400);
    expect(sandbox.uploads.list().filter(({ name }) => name.includes(id))).toEqual([]);
  });

  test("a synthesis with an unknown prompt is 400, with a known one 200", async () => {
    const id = await createModel();
    await addPrompt(id, "p");
    const say = async (prompt: string): Promise<number> =>
      (await tts.synthesize({ text: `<speak><ibm:prompt id="${prompt}"/></speak>`, customizationId: id }))
        .status;
    expect(await say("p")).toBe(200);
    await expect(say("q")).rejects.toMatchObject({ status: 400 });
  });
});

async function createSpeaker(speakerName: string, audio = wav(16_000, 2)): Promise<string> {
  return (await tts.createSpeakerModel({ speakerName, audio })).result.speaker_id;
}

describe("speaker models", () => {
  test("a speaker is created at once, listed, and shows the prompts that use it", async () => {
    const created = await tts.createSpeakerModel({ speakerName: "anna", audio: wav(16_000, 2) });
    expect(created.status).toBe(201);
    const { speaker_id: speakerId } = created.result;
    expect((await tts.listSpeakerModels()).result).toEqual({
      speakers: [{ speaker_id: speakerId, name: "anna" }],
    });
    expect((await tts.getSpeakerModel({ speakerId })).result).toEqual({ customizations: [] });
    const id = await createModel();
    await addPrompt(id, "p", wav(16_000, 1), { prompt_text: "Hello", speaker_id: speakerId });
    await sandbox.advance(PROCESSING_MS);
    expect((await tts.getSpeakerModel({ speakerId })).result).toEqual({
      customizations: [
        { customization_id: id, prompts: [{ prompt: "Hello", prompt_id: "p", status: "available" }] },
      ],
    });
  });

  test("deleting a speaker leaves its prompts as they are", async () => {
    const speakerId = await createSpeaker("anna");
    const id = await createModel();
    await addPrompt(id, "p", wav(16_000, 1), { prompt_text: "Hello", speaker_id: speakerId });
    expect((await tts.deleteSpeakerModel({ speakerId })).status).toBe(204);
    expect((await refusal(tts.getSpeakerModel({ speakerId }))).status).toBe(404);
    expect((await refusal(tts.deleteSpeakerModel({ speakerId }))).status).toBe(404);
    const { result } = await tts.getCustomPrompt({ customizationId: id, promptId: "p" });
    expect(result).toMatchObject({ prompt_id: "p", speaker_id: speakerId });
    expect(sandbox.uploads.find(instance, `speakers/${speakerId}`)).toBeUndefined();
  });

  test("a name is taken until its speaker is deleted, and per instance only", async () => {
    const speakerId = await createSpeaker("anna");
    expect((await refusal(createSpeaker("anna"))).status).toBe(400);
    const elsewhere = iamClient(sandbox, sandbox.instance("other-speakers"));
    expect((await elsewhere.createSpeakerModel({ speakerName: "anna", audio: wav(16_000, 1) })).status).toBe(
      201,
    );
    expect((await refusal(elsewhere.getSpeakerModel({ speakerId }))).status).toBe(404);
    await tts.deleteSpeakerModel({ speakerId });
    expect(await createSpeaker("anna")).not.toBe(speakerId);
  });

  test.each([
    ["a name with a space", "anna b", wav(16_000, 1)],
    ["audio that is no WAV", "anna", Buffer.from("noise")],
    ["61 seconds of audio", "anna", wav(16_000, 61)],
  ])("%s is refused, and nothing is kept", async (_, name, audio) => {
    expect((await refusal(createSpeaker(name, audio))).status).toBe(400);
    expect((await tts.listSpeakerModels()).result.speakers).toEqual([]);
    expect(sandbox.uploads.list().filter((upload) => upload.instance === instance)).toEqual([]);
  });
});

test("where the feature is off, nothing is created, and what exists stays usable", async () => {
  const id = await createModel();
  await addPrompt(id, "old");
  const speakerId = (await tts.createSpeakerModel({ speakerName: "old", audio: wav(16_000, 1) })).result
    .speaker_id;
  sandbox.modes.tuneByExample = "off";
  try {
    const off = {
      status: 400,
      error: "This feature is no longer supported",
      code_description: "Bad Request",
    };
    expect(await refusal(addPrompt(id, "new"))).toEqual(off);
    const creation = tts.createSpeakerModel({ speakerName: "new", audio: wav(16_000, 1) });
    expect(await refusal(creation)).toEqual(off);
    expect((await tts.getCustomPrompt({ customizationId: id, promptId: "old" })).status).toBe(200);
    expect((await tts.deleteCustomPrompt({ customizationId: id, promptId: "old" })).status).toBe(204);
    expect((await tts.deleteSpeakerModel({ speakerId })).status).toBe(204);
  } finally {
    sandbox.modes.tuneByExample = "on";
  }
});
