/**
 * The vendor's SDK drives the calls on corpora and grammars against the stand-in.
 */
import { describe, expect, test } from "vitest";

import {
  DELAY_MS,
  GRAMMAR,
  LSM,
  SLOW,
  languageModel,
  refusal,
  startStand,
  statusOf,
} from "./watson-stt-customisation-stand.ts";

const TEXT = Buffer.from("please call the insurance\nthe claim is new\n");

describe("corpora", () => {
  test("are processed before they show their counts, and lock the model while they are", async () => {
    await using stand = await startStand({ delays: SLOW });
    const customizationId = await languageModel(stand.sdk);
    const params = { customizationId, corpusName: "2026-q2" };
    const added = await stand.sdk.addCorpus({ ...params, corpusFile: TEXT });
    expect([added.status, added.result]).toEqual([201, {}]);
    expect((await stand.sdk.getCorpus(params)).result).toEqual({
      name: "2026-q2",
      total_words: 0,
      out_of_vocabulary_words: 0,
      status: "being_processed",
    });
    expect(await statusOf(stand.sdk, customizationId)).toBe("pending");
    const busy = await refusal(stand.sdk.trainLanguageModel({ customizationId }));
    expect(JSON.parse(busy.body)).toEqual({
      error: `Customization '${customizationId}' is currently locked to process your last request.`,
      code: 409,
      code_description: "Conflict",
    });

    await stand.sandbox.advance(DELAY_MS);
    expect((await stand.sdk.listCorpora({ customizationId })).result).toEqual({
      corpora: [{ name: "2026-q2", total_words: 8, out_of_vocabulary_words: 0, status: "analyzed" }],
    });
    const { result } = await stand.sdk.getLanguageModel({ customizationId });
    expect([result.status, result.updated]).toEqual(["ready", "2026-07-01T08:00:01.000Z"]);
  });

  test("are overwritten only when asked, and share their names with grammars", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const params = { customizationId, corpusName: "a" };
    await stand.sdk.addCorpus({ ...params, corpusFile: TEXT });
    const twice = await refusal(stand.sdk.addCorpus({ ...params, corpusFile: TEXT }));
    expect([twice.status, twice.message]).toEqual([
      400,
      "Corpus 'a' already exists - change its name, remove existing file before adding new one, or overwrite existing file by setting 'allow_overwrite' to 'true'",
    ]);
    await stand.sdk.addCorpus({
      ...params,
      corpusFile: Buffer.from("three new words"),
      allowOverwrite: true,
    });
    expect((await stand.sdk.getCorpus(params)).result.total_words).toBe(3);
    const grammar = { customizationId, grammarName: "a", grammarFile: GRAMMAR };
    const taken = await refusal(
      stand.sdk.addGrammar({ ...grammar, contentType: "application/srgs", allowOverwrite: true }),
    );
    expect(taken.status).toBe(400);
  });

  test.for(["user", "base_lm", "default_lm", "x".repeat(129)])("may not be named %s", async (corpusName) => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const error = await refusal(stand.sdk.addCorpus({ customizationId, corpusName, corpusFile: TEXT }));
    expect([error.status, error.message]).toEqual([400, `Invalid value for corpus name '${corpusName}'`]);
  });

  test("end undetermined when they are no text, and leave the model pending", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const params = { customizationId, corpusName: "bad" };
    await stand.sdk.addCorpus({ ...params, corpusFile: Buffer.from([1, 0, 2]) });
    expect((await stand.sdk.getCorpus(params)).result).toMatchObject({
      status: "undetermined",
      error:
        "Analysis of corpus 'bad' failed. Please try adding the corpus again by setting the 'allow_overwrite' flag to 'true'.",
    });
    expect(await statusOf(stand.sdk, customizationId)).toBe("pending");
  });

  test("are deleted with 200, and answer 400 when they are not there", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const params = { customizationId, corpusName: "a" };
    await stand.sdk.addCorpus({ ...params, corpusFile: TEXT });
    expect((await stand.sdk.deleteCorpus(params)).status).toBe(200);
    expect(await statusOf(stand.sdk, customizationId)).toBe("pending");
    for (const call of [stand.sdk.getCorpus(params), stand.sdk.deleteCorpus(params)]) {
      const error = await refusal(call);
      expect([error.status, error.message]).toEqual([400, "Invalid value for corpus name 'a'"]);
    }
  });

  test("are refused when they are empty or hold more words than a model may", async () => {
    await using stand = await startStand({ maxWords: 10 });
    const customizationId = await languageModel(stand.sdk);
    const params = { customizationId, corpusName: "a" };
    const empty = await refusal(stand.sdk.addCorpus({ ...params, corpusFile: Buffer.alloc(0) }));
    expect([empty.status, empty.message]).toEqual([400, "Corpus file not specified or empty"]);
    await stand.sdk.addCorpus({ ...params, corpusFile: TEXT });
    const more = { customizationId, corpusName: "b", corpusFile: TEXT };
    const error = await refusal(stand.sdk.addCorpus(more));
    expect([error.status, error.message]).toEqual([400, "Total number of words 16 exceeds maximum allowed"]);
    expect(stand.sandbox.uploads.list()).toHaveLength(1);
  });
});

describe("grammars", () => {
  test.for([
    ["application/srgs", GRAMMAR],
    [
      "application/srgs+xml",
      Buffer.from('<?xml version="1.0"?><grammar root="a"><rule id="a"><item>yes</item></rule></grammar>'),
    ],
  ] as const)("of type %s are analysed and shown without their text", async ([contentType, grammarFile]) => {
    await using stand = await startStand({ delays: SLOW });
    const customizationId = await languageModel(stand.sdk);
    const params = { customizationId, grammarName: "yesno" };
    const added = await stand.sdk.addGrammar({ ...params, grammarFile, contentType });
    expect(added.status).toBe(201);
    expect((await stand.sdk.getGrammar(params)).result.status).toBe("being_processed");
    await stand.sandbox.advance(DELAY_MS);
    expect((await stand.sdk.listGrammars({ customizationId })).result).toEqual({
      grammars: [{ name: "yesno", out_of_vocabulary_words: 0, status: "analyzed" }],
    });
    expect((await stand.sdk.deleteGrammar(params)).status).toBe(200);
    expect((await refusal(stand.sdk.getGrammar(params))).status).toBe(400);
  });

  test("that cannot be compiled show it in themselves and in the model, until they are gone", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const params = { customizationId, grammarName: "bad" };
    await stand.sdk.addGrammar({
      ...params,
      grammarFile: Buffer.from("#ABNF 1.0;\nroot $a;\n$a = $missing;"),
      contentType: "application/srgs",
    });
    expect((await stand.sdk.getGrammar(params)).result).toMatchObject({
      status: "undetermined",
      error:
        "Analysis of grammar 'bad' failed. Please try fixing the error or adding the grammar again by setting the 'allow_overwrite' flag to 'true'.",
    });
    const { result } = await stand.sdk.getLanguageModel({ customizationId });
    expect(JSON.parse(result.error as string)).toMatchObject({ code: 500, error: "Cannot compile grammar" });
    await stand.sdk.addWord({ customizationId, wordName: "Holdfast" });
    const trained = await stand.sdk.trainLanguageModel({ customizationId, strict: false });
    expect(trained.result.warnings?.map(({ code }) => code)).toEqual(["invalid_grammar_files"]);
    expect((await stand.sdk.getLanguageModel({ customizationId })).result.error).toBe(result.error);
    await stand.sdk.deleteGrammar(params);
    expect((await stand.sdk.getLanguageModel({ customizationId })).result.error).toBeUndefined();
  });

  test("need their content type, and a base model that takes them", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const path = `/v1/customizations/${customizationId}/grammars/a`;
    const headers = { "content-type": "text/plain" };
    expect((await stand.raw("POST", path, { body: new Uint8Array(GRAMMAR), headers })).status).toBe(415);
    const large = await languageModel(stand.sdk, LSM);
    const error = await refusal(stand.sdk.listGrammars({ customizationId: large }));
    expect([error.status, error.message]).toEqual([
      400,
      "grammars is not a supported feature for model en-US",
    ]);
  });
});
