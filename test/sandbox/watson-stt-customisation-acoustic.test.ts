/**
 * The vendor's SDK drives the calls on custom acoustic models and their trainings against the stand-in.
 */
import { describe, expect, test } from "vitest";

import {
  DELAY_MS,
  NG,
  PG,
  acousticModel,
  instanceOf,
  languageModel,
  refusal,
  startStand,
  wavOf,
} from "./watson-stt-customisation-stand.ts";
import type { Stand } from "./watson-stt-customisation-stand.ts";

/** One second stands for ten minutes, so that a second of sound is enough to train with. */
const PRIVATE = { pgModels: "on", acousticScale: 600 } as const;

async function acousticStatus(stand: Stand, customizationId: string): Promise<string | undefined> {
  return (await stand.sdk.getAcousticModel({ customizationId })).result.status;
}

async function addWav(
  stand: Stand,
  customizationId: string,
  audioName: string,
  seconds = 1,
): Promise<number> {
  const audioResource = wavOf({ seconds });
  const params = { customizationId, audioName, audioResource, contentType: "audio/wav" };
  return (await stand.sdk.addAudio(params)).status;
}

describe("acoustic models", () => {
  test("are created, listed, shown, reset and deleted", async () => {
    await using stand = await startStand(PRIVATE);
    const created = await stand.sdk.createAcousticModel({
      name: "Hall",
      baseModelName: PG,
      description: "echo",
    });
    expect(created.status).toBe(201);
    const customizationId = created.result.customization_id;
    const { result } = await stand.sdk.listAcousticModels({ language: "en-US" });
    expect(result.customizations).toEqual([
      {
        owner: expect.any(String) as string,
        base_model_name: PG,
        customization_id: customizationId,
        versions: [`${PG}.v2020-01-16`],
        created: "2026-07-01T08:00:00.000Z",
        updated: "2026-07-01T08:00:00.000Z",
        name: "Hall",
        description: "echo",
        progress: 0,
        language: "en-US",
        status: "pending",
      },
    ]);
    await addWav(stand, customizationId, "a");
    expect((await stand.sdk.resetAcousticModel({ customizationId })).status).toBe(200);
    expect(await acousticStatus(stand, customizationId)).toBe("pending");
    expect((await stand.sdk.deleteAcousticModel({ customizationId })).status).toBe(200);
    expect((await refusal(stand.sdk.getAcousticModel({ customizationId }))).status).toBe(401);
  });

  test("need a base model of the previous generation, which IBM Cloud has no more", async () => {
    await using private_ = await startStand(PRIVATE);
    const next = await refusal(acousticModel(private_.sdk, NG));
    expect([next.status, next.message]).toEqual([
      400,
      `custom acoustic model is not a supported feature for model ${NG}`,
    ]);
    await using cloud = await startStand();
    expect((await refusal(acousticModel(cloud.sdk))).message).toBe(
      `The base model '${PG}' is not recognized`,
    );
  });

  test("are no language models", async () => {
    await using stand = await startStand(PRIVATE);
    const customizationId = await acousticModel(stand.sdk);
    expect((await refusal(stand.sdk.getLanguageModel({ customizationId }))).status).toBe(401);
  });
});

describe("training", () => {
  test("needs ten minutes, takes its time and makes the model available", async () => {
    await using stand = await startStand({ ...PRIVATE, delays: { train: DELAY_MS } });
    const customizationId = await acousticModel(stand.sdk);
    const empty = await refusal(stand.sdk.trainAcousticModel({ customizationId }));
    expect(empty.message).toBe("No input data available for training");
    await addWav(stand, customizationId, "a", 0.5);
    const little = await refusal(stand.sdk.trainAcousticModel({ customizationId }));
    expect([little.status, little.message]).toEqual([
      400,
      "The custom model needs at least 10 minutes of audio",
    ]);
    await addWav(stand, customizationId, "b", 0.5);
    expect((await stand.sdk.trainAcousticModel({ customizationId })).result).toEqual({});
    expect(await acousticStatus(stand, customizationId)).toBe("training");
    expect((await refusal(addWav(stand, customizationId, "c"))).status).toBe(409);
    await stand.sandbox.advance(DELAY_MS);
    expect((await stand.sdk.getAcousticModel({ customizationId })).result).toMatchObject({
      status: "available",
      progress: 100,
    });
    const again = await refusal(stand.sdk.trainAcousticModel({ customizationId }));
    expect(again.message).toBe("No input data modified since last training");
  });

  test("leaves out invalid audio only when it is not strict", async () => {
    await using stand = await startStand(PRIVATE);
    const customizationId = await acousticModel(stand.sdk);
    await addWav(stand, customizationId, "good", 2);
    const audioResource = Buffer.from("no audio at all, none");
    await stand.sdk.addAudio({ customizationId, audioName: "bad", audioResource, contentType: "audio/mp3" });
    expect((await refusal(stand.sdk.trainAcousticModel({ customizationId }))).message).toContain("[bad]");
    const { result } = await stand.sdk.trainAcousticModel({ customizationId, strict: false });
    expect(result.warnings?.map(({ code }) => code)).toEqual(["invalid_audio_files"]);
  });

  test("with a language model needs one that is trained, on the same base", async () => {
    await using stand = await startStand(PRIVATE);
    const customizationId = await acousticModel(stand.sdk);
    await addWav(stand, customizationId, "a");
    const train = async (customLanguageModelId: string): Promise<unknown> =>
      stand.sdk.trainAcousticModel({ customizationId, customLanguageModelId });
    const elsewhere = await languageModel(stand.sdk, NG);
    expect((await refusal(train(elsewhere))).status).toBe(400);
    const language = await languageModel(stand.sdk, PG);
    expect((await refusal(train(language))).message).toBe(
      "Requested custom language model is not available. Please make sure the custom model is trained.",
    );
    expect(await acousticStatus(stand, customizationId)).toBe("ready");
    await stand.sdk.addWord({ customizationId: language, wordName: "Holdfast" });
    await stand.sdk.trainLanguageModel({ customizationId: language });
    await train(language);
    expect(stand.sandbox.training(instanceOf(stand), "acoustic", customizationId)?.options).toEqual({
      custom_language_model_id: language,
    });
  });

  test("and upgrade together with a language model follow the documented steps", async () => {
    await using stand = await startStand(PRIVATE);
    const language = await languageModel(stand.sdk, PG);
    await stand.sdk.addWord({ customizationId: language, wordName: "Holdfast" });
    await stand.sdk.trainLanguageModel({ customizationId: language });
    const customizationId = await acousticModel(stand.sdk);
    await addWav(stand, customizationId, "a");
    await stand.sdk.trainAcousticModel({ customizationId, customLanguageModelId: language });
    await stand.sdk.upgradeLanguageModel({ customizationId: language });
    expect((await stand.sdk.upgradeAcousticModel({ customizationId })).status).toBe(200);
    const together = { customizationId, customLanguageModelId: language };
    const error = await refusal(stand.sdk.upgradeAcousticModel(together));
    expect([error.status, error.message]).toEqual([400, "No input data modified since last training"]);
    expect((await stand.sdk.upgradeAcousticModel({ ...together, force: true })).status).toBe(200);
    expect((await stand.sdk.getAcousticModel({ customizationId })).result).toMatchObject({
      status: "available",
      versions: [`${PG}.v2020-01-16`, `${PG}.v2026-07-01`],
    });
  });
});
