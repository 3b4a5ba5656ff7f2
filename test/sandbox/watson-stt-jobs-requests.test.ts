import { request } from "node:http";

import { expect, test } from "vitest";

import type { Stand } from "./watson-stt-jobs-stand.ts";
import { audioOf, refusal, startJobs, transcriptIn } from "./watson-stt-jobs-stand.ts";
import { NG, PG, acousticModel, languageModel, wavOf } from "./watson-stt-customisation-stand.ts";

const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const WAV = { contentType: "audio/wav" };

/** Custom models of every kind that a recognition may name. */
async function startWithModels(): Promise<
  Stand & Record<"trained" | "untrained" | "otherBase" | "acoustic", string>
> {
  // A second of audio counts for a quarter of an hour: enough to train with.
  const stand = await startJobs({ pgModels: "on", acousticScale: 900 });
  const { sdk } = stand;
  const [trained, untrained] = [await languageModel(sdk, PG), await languageModel(sdk, PG)];
  const otherBase = await languageModel(sdk, NG);
  for (const customizationId of [trained, otherBase]) {
    await sdk.addWord({ customizationId, wordName: "Holdfast", soundsLike: ["hold fast"] });
    await sdk.trainLanguageModel({ customizationId });
  }
  const acoustic = await acousticModel(sdk);
  const audio = { audioName: "one", audioResource: wavOf({ seconds: 1 }), contentType: "audio/wav" };
  await sdk.addAudio({ customizationId: acoustic, ...audio });
  await sdk.trainAcousticModel({ customizationId: acoustic });
  return Object.assign(stand, { trained, untrained, otherBase, acoustic });
}

test("jobs and recognitions name models that exist, are the instance's own, trained, and on one base model", async () => {
  await using stand = await startWithModels();
  const { sdk, trained, untrained, otherBase, acoustic } = stand;
  const hidden = "Access is denied due to invalid credentials.";
  const mixed = `The custom model is based on '${PG}' and cannot be used with '${NG}'`;
  const cases = [
    [{ model: "xx-XX_Telephony" }, 404, "Model 'xx-XX_Telephony' not found"],
    [{ languageCustomizationId: "mine" }, 400, "Malformed GUID: 'mine'"],
    [{ acousticCustomizationId: "mine" }, 400, "Malformed GUID: 'mine'"],
    [{ languageCustomizationId: UNKNOWN }, 401, hidden],
    [{ acousticCustomizationId: UNKNOWN }, 401, hidden],
    [{ languageCustomizationId: acoustic }, 401, hidden],
    [
      { languageCustomizationId: untrained },
      400,
      "Requested custom language model is not available. Please make sure the custom model is trained.",
    ],
    [{ model: NG, languageCustomizationId: trained }, 400, mixed],
    [{ languageCustomizationId: otherBase, acousticCustomizationId: acoustic }, 400, mixed],
    [{ model: PG, lowLatency: true }, 400, `low_latency is not a supported feature for model ${PG}`],
  ] as const;
  const before = stand.sandbox.uploads.list().length;
  for (const [parameters, status, message] of cases) {
    const asked = { audio: audioOf("hello"), ...WAV, ...parameters };
    expect(await refusal(sdk.createJob(asked)), message).toMatchObject({ status, message });
    expect(await refusal(sdk.recognize(asked)), message).toMatchObject({ status, message });
  }
  expect(stand.sandbox.uploads.list()).toHaveLength(before);
});

test("behind the SDK's words, a custom model of another instance is called invalid for the user", async () => {
  await using stand = await startWithModels();
  const { stranger, trained } = stand;
  const error = await refusal(
    stranger.createJob({ audio: audioOf("hello"), ...WAV, languageCustomizationId: trained }),
  );
  expect(JSON.parse(error.body)).toEqual({
    error: `Invalid customization_id '${trained}' for user`,
    code: 401,
    code_description: "Unauthorized",
  });
});

test("a transcript names the custom models that were asked for", async () => {
  await using stand = await startWithModels();
  const { sdk, trained, acoustic } = stand;
  const models = { languageCustomizationId: trained, acousticCustomizationId: acoustic };
  const { result } = await sdk.recognize({ audio: audioOf("hello"), ...WAV, ...models });
  expect(transcriptIn([result])).toContain(`custom models ${trained} ${acoustic}`);
});

test("a model of the previous generation is unknown where that generation was withdrawn", async () => {
  await using stand = await startJobs();
  const error = await refusal(stand.sdk.createJob({ audio: audioOf("hello"), ...WAV, model: PG }));
  expect(error).toMatchObject({ status: 404, message: `Model '${PG}' not found` });
});

test("audio of fewer than 100 bytes is refused, and so is audio of no known kind", async () => {
  await using stand = await startJobs();
  const cases = [
    [{ audio: Buffer.alloc(9), ...WAV }, 400, "Stream was 9 bytes but needs to be at least 100 bytes."],
    [{ audio: audioOf("hello"), contentType: "text/plain" }, 415, "Unsupported media type 'text/plain'"],
    [
      { audio: audioOf("hello"), contentType: "application/zip" },
      415,
      "Unsupported media type 'application/zip'",
    ],
    [
      { audio: Buffer.alloc(200) },
      400,
      "unable to detect the format of the audio, specify it with the header 'Content-Type'",
    ],
  ] as const;
  for (const [parameters, status, message] of cases) {
    expect(await refusal(stand.sdk.createJob(parameters))).toMatchObject({ status, message });
    expect(await refusal(stand.sdk.recognize(parameters))).toMatchObject({ status, message });
  }
  const unrated = await refusal(stand.sdk.createJob({ audio: audioOf("hello"), contentType: "audio/l16" }));
  expect(unrated.status).toBe(400);
  expect(stand.sandbox.uploads.list()).toEqual([]);
});

test.each([
  ["WAV", audioOf("hello")],
  ["FLAC", Buffer.concat([Buffer.from("fLaC"), Buffer.alloc(200)])],
  ["OGG", Buffer.concat([Buffer.from("OggS"), Buffer.alloc(200)])],
  ["WebM", Buffer.concat([Buffer.from([0x1a, 0x45, 0xdf, 0xa3]), Buffer.alloc(200)])],
  ["MP3", Buffer.concat([Buffer.from([0xff, 0xfb, 0x90]), Buffer.alloc(200)])],
])("%s audio without a content type is known by its first bytes", async (_, audio) => {
  await using stand = await startJobs();
  expect((await stand.sdk.createJob({ audio })).status).toBe(201);
});

test.each([
  ["recognitions", 2 ** 30],
  ["recognize", 100 * 2 ** 20],
])("too much audio for /v1/%s is refused before it is sent", async (call, limit) => {
  await using stand = await startJobs();
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const sent = request(`${stand.sandbox.url}/v1/${call}`, {
      method: "POST",
      auth: `apikey:${stand.sandbox.apiKey}`,
      headers: { "Content-Type": "audio/wav", "Content-Length": limit + 1 },
    });
    sent.on("response", (response) => {
      resolve(response.statusCode);
      sent.destroy();
    });
    sent.on("error", reject).flushHeaders();
  });
  expect(status).toBe(413);
});
