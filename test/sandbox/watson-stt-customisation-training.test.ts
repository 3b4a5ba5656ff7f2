/**
 * The vendor's SDK trains and upgrades language models of the stand-in.
 */
import { describe, expect, test } from "vitest";

import {
  DELAY_MS,
  NG,
  PG,
  SLOW,
  instanceOf,
  languageModel,
  refusal,
  startStand,
  statusOf,
  wavOf,
} from "./watson-stt-customisation-stand.ts";

const TEXT = Buffer.from("please call the insurance\nthe claim is new\n");

describe("training", () => {
  test("takes its time, keeps its options to itself and makes the model available", async () => {
    await using stand = await startStand({ delays: { train: DELAY_MS } });
    const customizationId = await languageModel(stand.sdk);
    await stand.sdk.addCorpus({ customizationId, corpusName: "a", corpusFile: TEXT });
    const trained = await stand.sdk.trainLanguageModel({
      customizationId,
      customizationWeight: 0.4,
      wordTypeToAdd: "user",
    });
    expect([trained.status, trained.result]).toEqual([200, {}]);
    expect(await statusOf(stand.sdk, customizationId)).toBe("training");
    expect((await refusal(stand.sdk.resetLanguageModel({ customizationId }))).status).toBe(409);
    await stand.sandbox.advance(DELAY_MS);
    const { result } = await stand.sdk.getLanguageModel({ customizationId });
    expect(result).toMatchObject({ status: "available", progress: 100 });
    expect(JSON.stringify(result)).not.toContain("0.4");
    expect(stand.sandbox.training(instanceOf(stand), "language", customizationId)?.options).toEqual({
      customization_weight: "0.4",
      word_type_to_add: "user",
    });
  });

  test("is refused without data and without anything new, which leaves the model failed; force trains again", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const empty = await refusal(stand.sdk.trainLanguageModel({ customizationId }));
    expect([empty.status, empty.message]).toEqual([400, "No input data available for training"]);
    expect(await statusOf(stand.sdk, customizationId)).toBe("failed");
    await stand.sdk.addWord({ customizationId, wordName: "Holdfast" });
    expect(await statusOf(stand.sdk, customizationId)).toBe("ready");
    await stand.sdk.trainLanguageModel({ customizationId });
    const old = await refusal(stand.sdk.trainLanguageModel({ customizationId }));
    expect([old.status, old.message]).toEqual([400, "No input data modified since last training"]);
    await stand.sdk.trainLanguageModel({ customizationId, force: true });
    expect(await statusOf(stand.sdk, customizationId)).toBe("available");
  });

  test("leaves out invalid resources only when it is not strict, and says so once", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    await stand.sdk.addCorpus({ customizationId, corpusName: "new", corpusFile: TEXT });
    await stand.sdk.addCorpus({ customizationId, corpusName: "old", corpusFile: Buffer.from([0]) });
    const strict = await refusal(stand.sdk.trainLanguageModel({ customizationId }));
    expect(strict.status).toBe(400);
    expect(strict.message).toContain("[old]");
    const { result } = await stand.sdk.trainLanguageModel({ customizationId, strict: false });
    expect(result.warnings).toEqual([
      {
        code: "invalid_corpus_files",
        message:
          "Analysis of the following corpus files has not completed successfully: [old]. They will be excluded from custom language model training.",
      },
    ]);
    expect(await statusOf(stand.sdk, customizationId)).toBe("available");
  });

  test("fails with an error on demand, and works the next time", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    await stand.sdk.addWord({ customizationId, wordName: "Holdfast" });
    stand.sandbox.failTraining("out of memory");
    await stand.sdk.trainLanguageModel({ customizationId });
    const { result } = await stand.sdk.getLanguageModel({ customizationId });
    expect([result.status, result.error]).toEqual(["failed", "out of memory"]);
    await stand.sdk.trainLanguageModel({ customizationId });
    expect((await stand.sdk.getLanguageModel({ customizationId })).result.error).toBeUndefined();
  });

  test.for(["1.5", "-1", "x"])("refuses the weight %s and leaves the model alone", async (weight) => {
    await using stand = await startStand();
    const id = await languageModel(stand.sdk);
    const answer = await stand.raw("POST", `/v1/customizations/${id}/train?customization_weight=${weight}`);
    expect(answer.status).toBe(400);
    expect(await statusOf(stand.sdk, id)).toBe("pending");
  });

  test("is undone by a reset: no data, no status, the same model", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    await stand.sdk.addCorpus({ customizationId, corpusName: "a", corpusFile: TEXT });
    await stand.sdk.addWord({ customizationId, wordName: "Holdfast" });
    await stand.sdk.trainLanguageModel({ customizationId });
    expect((await stand.sdk.resetLanguageModel({ customizationId })).status).toBe(200);
    expect((await stand.sdk.getLanguageModel({ customizationId })).result).toMatchObject({
      name: "Claims",
      status: "pending",
      progress: 0,
    });
    expect((await stand.sdk.listCorpora({ customizationId })).result.corpora).toEqual([]);
    expect((await stand.sdk.listWords({ customizationId })).result.words).toEqual([]);
    expect(stand.sandbox.uploads.list()).toEqual([]);
  });
});

describe("upgrades", () => {
  test("add a version and bring the status back", async () => {
    await using stand = await startStand({ pgModels: "on", delays: { upgrade: DELAY_MS } });
    const customizationId = await languageModel(stand.sdk, PG);
    expect((await refusal(stand.sdk.upgradeLanguageModel({ customizationId }))).status).toBe(400);
    await stand.sdk.addWord({ customizationId, wordName: "Holdfast" });
    await stand.sdk.trainLanguageModel({ customizationId });
    expect((await stand.sdk.upgradeLanguageModel({ customizationId })).status).toBe(200);
    expect(await statusOf(stand.sdk, customizationId)).toBe("upgrading");
    await stand.sandbox.advance(DELAY_MS);
    expect((await stand.sdk.getLanguageModel({ customizationId })).result).toMatchObject({
      status: "available",
      versions: [`${PG}.v2020-01-16`, `${PG}.v2026-07-01`],
    });
  });

  test("are refused for models that are upgraded by training", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    await stand.sdk.addWord({ customizationId, wordName: "Holdfast" });
    expect((await refusal(stand.sdk.upgradeLanguageModel({ customizationId }))).status).toBe(400);
  });
});

describe("the SDK's own waiting", () => {
  test("ends when corpora are analysed and when the model is trained", async () => {
    await using stand = await startStand({ delays: SLOW });
    const customizationId = await languageModel(stand.sdk);
    const wait = { customizationId, interval: 1, times: 1000 };
    await stand.sdk.addCorpus({ customizationId, corpusName: "a", corpusFile: TEXT });
    const corpora = stand.sdk.whenCorporaAnalyzed(wait);
    await stand.sandbox.advance(DELAY_MS);
    await expect(corpora).resolves.toMatchObject({ corpora: [{ status: "analyzed" }] });
    await stand.sdk.trainLanguageModel({ customizationId });
    const model = stand.sdk.whenCustomizationReady(wait);
    await stand.sandbox.advance(DELAY_MS);
    await expect(model).resolves.toMatchObject({ status: "available" });
  });
});

describe("recognition", () => {
  const audio = wavOf({ seconds: 1 });

  test("takes a model that was trained once, whatever happens to it, and no other", async () => {
    await using stand = await startStand({ delays: { words: DELAY_MS } });
    const languageCustomizationId = await languageModel(stand.sdk);
    const params = { audio, contentType: "audio/wav", model: NG, languageCustomizationId };
    const early = await refusal(stand.sdk.createJob(params));
    expect([early.status, early.message]).toEqual([
      400,
      "Requested custom language model is not available. Please make sure the custom model is trained.",
    ]);
    const customizationId = languageCustomizationId;
    await stand.sdk.addWord({ customizationId, wordName: "Holdfast" });
    await stand.sdk.trainLanguageModel({ customizationId });
    expect(await statusOf(stand.sdk, customizationId)).toBe("available");
    await stand.sdk.addWords({ customizationId, words: [{ word: "quokka" }] });
    expect(await statusOf(stand.sdk, customizationId)).toBe("pending");
    expect((await stand.sdk.createJob(params)).status).toBe(201);
    await stand.sandbox.advance(DELAY_MS);
    await stand.sdk.resetLanguageModel({ customizationId });
    expect((await refusal(stand.sdk.createJob(params))).status).toBe(400);
  });
});
