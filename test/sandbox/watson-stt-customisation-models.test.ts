/**
 * The vendor's SDK drives the calls on base models and custom language models against the stand-in, in each of its modes.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import {
  DELAY_MS,
  LSM,
  NG,
  PG,
  SLOW,
  languageModel,
  refusal,
  startStand,
  statusOf,
} from "./watson-stt-customisation-stand.ts";

const JSON_TYPE = { "content-type": "application/json" };
const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const TEXT = Buffer.from("please call the insurance\nthe claim is new\n");

describe("base models", () => {
  test("are listed without the previous generation, and with it where it lives on", async () => {
    await using cloud = await startStand();
    const names = (await cloud.sdk.listModels()).result.models.map(({ name }) => name);
    expect(names).toContain(NG);
    expect(names).toContain(LSM);
    expect(names).not.toContain(PG);
    await using private_ = await startStand({ pgModels: "on" });
    const { result } = await private_.sdk.getModel({ modelId: PG });
    expect(result).toMatchObject({
      language: "en-US",
      rate: 16_000,
      supported_features: { custom_language_model: true, custom_acoustic_model: true },
    });
  });

  test("answer 404 for a name that nobody knows", async () => {
    await using stand = await startStand();
    const error = await refusal(stand.sdk.getModel({ modelId: "xx-XX_Telephony" }));
    expect([error.status, error.message]).toEqual([404, "Model 'xx-XX_Telephony' not found"]);
  });
});

describe("language models", () => {
  test("are created with 201 and shown as they were created", async () => {
    await using stand = await startStand();
    const created = await stand.sdk.createLanguageModel({
      name: "Claims",
      baseModelName: NG,
      description: "motor claims",
      dialect: "EN-us",
    });
    expect(created.status).toBe(201);
    const customizationId = created.result.customization_id;
    const { result } = await stand.sdk.getLanguageModel({ customizationId });
    expect(result).toMatchObject({
      customization_id: customizationId,
      name: "Claims",
      description: "motor claims",
      base_model_name: NG,
      language: "en-US",
      dialect: "en-US",
      versions: ["en-US_Telephony.v2023-02-27"],
      created: "2026-07-01T08:00:00.000Z",
      updated: "2026-07-01T08:00:00.000Z",
      status: "pending",
      progress: 0,
    });
    expect(result.owner).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("are listed, all or those of a language", async () => {
    await using stand = await startStand();
    const english = await languageModel(stand.sdk);
    const german = await languageModel(stand.sdk, "de-DE_Telephony");
    const all = (await stand.sdk.listLanguageModels()).result.customizations;
    expect(all.map((model) => model.customization_id)).toEqual([english, german]);
    const some = (await stand.sdk.listLanguageModels({ language: "de-DE" })).result.customizations;
    expect(some.map((model) => model.customization_id)).toEqual([german]);
  });

  test("answer 401 when they are unknown, deleted, or another instance's, and 400 to what is no GUID", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const foreign = await refusal(stand.stranger.getLanguageModel({ customizationId }));
    expect([foreign.status, foreign.message]).toEqual([401, "Access is denied due to invalid credentials."]);
    expect(JSON.parse(foreign.body)).toMatchObject({
      error: `Invalid customization_id '${customizationId}' for user`,
      code: 401,
    });
    expect((await refusal(stand.sdk.getLanguageModel({ customizationId: UNKNOWN }))).status).toBe(401);
    const deleted = await stand.sdk.deleteLanguageModel({ customizationId });
    expect([deleted.status, deleted.result]).toEqual([200, {}]);
    expect((await refusal(stand.sdk.getLanguageModel({ customizationId }))).status).toBe(401);
    const malformed = await refusal(stand.sdk.getLanguageModel({ customizationId: "claims" }));
    expect([malformed.status, malformed.message]).toEqual([400, "Malformed GUID: 'claims'"]);
  });

  test.for([
    [{ name: "a:b", baseModelName: NG }, "Invalid value for custom model name 'a:b'"],
    [
      { name: "x".repeat(257), baseModelName: NG },
      `Invalid value for custom model name '${"x".repeat(257)}'`,
    ],
    [{ name: "a", baseModelName: "xx" }, "The base model 'xx' is not recognized"],
    [{ name: "a", baseModelName: PG }, `The base model '${PG}' is not recognized`],
    [
      { name: "a", baseModelName: "nl-NL" },
      "custom language model is not a supported feature for model nl-NL",
    ],
    [
      { name: "a", baseModelName: NG, dialect: "en-GB" },
      `The dialect 'en-GB' is not valid for the base model '${NG}'`,
    ],
    [
      { name: "a", baseModelName: NG, description: "x".repeat(129) },
      "Invalid value for custom model description",
    ],
  ] as const)("are not created from %j", async ([params, message]) => {
    await using stand = await startStand();
    const error = await refusal(stand.sdk.createLanguageModel(params));
    expect([error.status, error.message]).toEqual([400, message]);
  });

  test.for([
    [{ base_model_name: NG }, "Required parameter 'name' is missing"],
    [{ name: "", base_model_name: NG }, "Required parameter 'name' cannot be empty string"],
    [{ name: null, base_model_name: NG }, "Required parameter 'name' cannot be null"],
    [{ name: "a" }, "Required parameter 'base_model_name' is missing"],
  ] as const)("are not created from what the SDK would not send: %j", async ([body, error]) => {
    await using stand = await startStand();
    const answer = await stand.raw("POST", "/v1/customizations", {
      body: JSON.stringify(body),
      headers: JSON_TYPE,
    });
    await expect(answer.json()).resolves.toEqual({ error, code: 400, code_description: "Bad Request" });
  });

  test("are refused beyond the limit of an instance", async () => {
    await using stand = await startStand({ maxModels: 1 });
    await languageModel(stand.sdk);
    expect((await refusal(languageModel(stand.sdk))).status).toBe(400);
    await expect(languageModel(stand.stranger)).resolves.toMatch(/-/);
  });

  test("have the Spanish dialects of the previous generation", async () => {
    await using stand = await startStand({ pgModels: "on" });
    const customizationId = await languageModel(stand.sdk, "es-MX_NarrowbandModel");
    const { result } = await stand.sdk.getLanguageModel({ customizationId });
    expect([result.language, result.dialect]).toEqual(["es-MX", "es-US"]);
  });

  test("say which query parameters nobody knows", async () => {
    await using stand = await startStand();
    const id = await languageModel(stand.sdk);
    const answer = await stand.raw("GET", `/v1/customizations/${id}?x=1`);
    await expect(answer.json()).resolves.toMatchObject({
      warnings: "Unexpected query parameter(s) ['x'] detected",
    });
  });
});

describe("modes", () => {
  test("the Lite plan has no customisation", async () => {
    await using stand = await startStand({ plan: "lite" });
    const error = await refusal(stand.sdk.listLanguageModels());
    expect(error.status).toBe(400);
    expect(error.message).toContain("not available for the IBM Cloud Lite plan");
    expect((await stand.sdk.listModels()).status).toBe(200);
  });

  test("a base model can be withdrawn under a custom model, which stays", async () => {
    await using stand = await startStand({ pgModels: "on" });
    const customizationId = await languageModel(stand.sdk, PG);
    stand.sandbox.modes.pgModels = "off";
    expect((await refusal(stand.sdk.getModel({ modelId: PG }))).status).toBe(404);
    expect((await refusal(languageModel(stand.sdk, PG))).status).toBe(400);
    const { result } = await stand.sdk.getLanguageModel({ customizationId });
    expect([result.base_model_name, result.language]).toEqual([PG, "en-US"]);
  });

  test("a lock that nobody holds meets every n-th request", async () => {
    await using stand = await startStand({ conflictEvery: 2 });
    const customizationId = await languageModel(stand.sdk);
    expect((await stand.sdk.getLanguageModel({ customizationId })).status).toBe(200);
    expect((await refusal(stand.sdk.getLanguageModel({ customizationId }))).status).toBe(409);
    expect((await stand.sdk.getLanguageModel({ customizationId })).status).toBe(200);
  });

  test("a folder keeps everything, and what runs goes on", async () => {
    const folder = await mkdtemp(join(tmpdir(), "stt-stand-"));
    try {
      let customizationId: string;
      {
        await using first = await startStand({ folder, delays: SLOW });
        customizationId = await languageModel(first.sdk);
        await first.sdk.addCorpus({ customizationId, corpusName: "a", corpusFile: TEXT });
      }
      await using second = await startStand({ folder, delays: SLOW });
      expect(await statusOf(second.sdk, customizationId)).toBe("pending");
      await second.sandbox.advance(DELAY_MS);
      expect(await statusOf(second.sdk, customizationId)).toBe("ready");
      const [upload] = second.sandbox.uploads.list();
      expect(second.sandbox.uploads.bytes(upload?.id ?? "")).toEqual(TEXT);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
