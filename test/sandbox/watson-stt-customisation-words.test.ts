/**
 * The vendor's SDK drives the calls on words: bulk and single, of the newer families and of the previous generation, with pronunciations that
 * are taken, refused, or kept with an error.
 */
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
import type { Stand } from "./watson-stt-customisation-stand.ts";

async function wordsOf(
  stand: Stand,
  customizationId: string,
  params: { wordType?: string; sort?: string } = {},
): Promise<string[]> {
  const { result } = await stand.sdk.listWords({ customizationId, ...params });
  return result.words.map(({ word }) => word);
}

describe("a single word", () => {
  test("is there at once, with everything that was said of it", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const added = await stand.sdk.addWord({
      customizationId,
      wordName: "IBM",
      soundsLike: ["I B M"],
      displayAs: "IBM™",
    });
    expect([added.status, added.result]).toEqual([201, {}]);
    expect(await statusOf(stand.sdk, customizationId)).toBe("ready");
    expect((await stand.sdk.listWords({ customizationId, wordType: "user" })).result).toEqual({
      words: [{ display_as: "IBM™", sounds_like: ["I B M"], count: 1, source: ["user"], word: "IBM" }],
    });
    const { result } = await stand.sdk.getWord({ customizationId, wordName: "IBM" });
    expect(result).toMatchObject({ word: "IBM", display_as: "IBM™" });
    const deleted = await stand.sdk.deleteWord({ customizationId, wordName: "IBM" });
    expect([deleted.status, deleted.result]).toEqual([200, {}]);
    for (const call of [
      stand.sdk.getWord({ customizationId, wordName: "IBM" }),
      stand.sdk.deleteWord({ customizationId, wordName: "IBM" }),
    ]) {
      const error = await refusal(call);
      expect([error.status, error.message]).toEqual([400, "Invalid value for word 'IBM'"]);
    }
    expect(await statusOf(stand.sdk, customizationId)).toBe("pending");
  });

  test("is defined anew by a second request, as a whole", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    await stand.sdk.addWord({ customizationId, wordName: "NCAA", soundsLike: ["N. C. A. A."] });
    await stand.sdk.addWord({ customizationId, wordName: "NCAA", displayAs: "N.C.A.A." });
    expect((await stand.sdk.getWord({ customizationId, wordName: "NCAA" })).result).toMatchObject({
      sounds_like: [],
      display_as: "N.C.A.A.",
    });
  });

  test("keeps its mapping as a boolean, whatever the SDK's types say", async () => {
    await using stand = await startStand();
    const id = await languageModel(stand.sdk);
    const path = `/v1/customizations/${id}/words/Holdfast`;
    const headers = { "content-type": "application/json" };
    const put = await stand.raw("PUT", path, { body: '{"mapping_only":true}', headers });
    expect(put.status).toBe(201);
    await expect((await stand.raw("GET", path)).json()).resolves.toMatchObject({ mapping_only: true });
    const wrong = await stand.raw("PUT", path, { body: '{"mapping_only":["true"]}', headers });
    expect(wrong.status).toBe(400);
  });

  test("with a name that needs escaping is found under it", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    await stand.sdk.addWord({ customizationId, wordName: "AT&T/Über%" });
    expect((await stand.sdk.getWord({ customizationId, wordName: "AT&T/Über%" })).result.word).toBe(
      "AT&T/Über%",
    );
  });

  test.for([
    [{ wordName: "two words" }, "Invalid value for word 'two words'"],
    [
      { wordName: "x", soundsLike: ["a", "b", "c", "d", "e", "f"] },
      "Parameter 'sounds_like' has more than 5 values, or one of more than 40 characters",
    ],
    [
      { wordName: "x", soundsLike: ["a".repeat(41)] },
      "Parameter 'sounds_like' has more than 5 values, or one of more than 40 characters",
    ],
    [
      { wordName: "x", soundsLike: ["75 dollars"] },
      "Numbers are not allowed in sounds_like. You can try for example 'seventy five dollars'.",
    ],
    [{ wordName: "x", soundsLike: ["a, b"] }, "Punctuation is not allowed in sounds_like: ','."],
  ])("is refused as %j", async ([params, message]) => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const word = params as { wordName: string; soundsLike?: string[] };
    const error = await refusal(stand.sdk.addWord({ customizationId, ...word }));
    expect([error.status, error.message]).toEqual([400, message]);
    expect(await wordsOf(stand, customizationId)).toEqual([]);
  });

  test("is put, never posted", async () => {
    await using stand = await startStand();
    const id = await languageModel(stand.sdk);
    const answer = await stand.raw("POST", `/v1/customizations/${id}/words/a`, { body: "{}" });
    expect([answer.status, answer.headers.get("allow")?.split(", ").toSorted()]).toEqual([
      405,
      ["DELETE", "GET", "PUT"],
    ]);
  });

  test("named with dots never reaches the model", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const refused = await refusal(stand.sdk.deleteWord({ customizationId, wordName: ".." }));
    expect(refused.status).toBe(404);
    expect(await statusOf(stand.sdk, customizationId)).toBe("pending");
  });
});

describe("a list of words", () => {
  test("is worked on before it shows", async () => {
    await using stand = await startStand({ delays: SLOW });
    const customizationId = await languageModel(stand.sdk);
    const words = [{ word: "beta" }, { word: "Alpha" }, { word: "3M" }];
    const added = await stand.sdk.addWords({ customizationId, words });
    expect([added.status, added.result]).toEqual([201, {}]);
    expect(await statusOf(stand.sdk, customizationId)).toBe("pending");
    expect(await wordsOf(stand, customizationId)).toEqual([]);
    const busy = await refusal(stand.sdk.addWord({ customizationId, wordName: "gamma" }));
    expect(busy.status).toBe(409);
    await stand.sandbox.advance(DELAY_MS);
    expect(await statusOf(stand.sdk, customizationId)).toBe("ready");
    expect(await wordsOf(stand, customizationId)).toEqual(["3M", "Alpha", "beta"]);
    expect(await wordsOf(stand, customizationId, { sort: "-alphabetical" })).toEqual(["beta", "Alpha", "3M"]);
  });

  test("that is malformed anywhere is refused as a whole", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const words = [{ word: "good" }, { sounds_like: ["nameless"] }];
    const error = await refusal(stand.sdk.addWords({ customizationId, words }));
    expect([error.status, error.message]).toEqual([400, "Required parameter 'word' is missing"]);
    expect(await wordsOf(stand, customizationId)).toEqual([]);
    const path = `/v1/customizations/${customizationId}/words`;
    const headers = { "content-type": "application/json" };
    expect((await stand.raw("POST", path, { body: '{"words":', headers })).status).toBe(400);
    expect((await stand.raw("POST", path, { body: "{}", headers })).status).toBe(400);
  });

  test("keeps a word with a wrong pronunciation and its error, which a strict training refuses", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const words = [{ word: "fine" }, { word: "75", sounds_like: ["75 dollars"] }];
    await stand.sdk.addWords({ customizationId, words });
    const { result } = await stand.sdk.getWord({ customizationId, wordName: "75" });
    expect(result.error).toEqual([
      {
        "75 dollars":
          "Numbers are not allowed in sounds_like. You can try for example 'seventy five dollars'.",
      },
    ]);
    expect((await refusal(stand.sdk.trainLanguageModel({ customizationId }))).message).toContain("[75]");
    const trained = await stand.sdk.trainLanguageModel({ customizationId, strict: false });
    expect(trained.result.warnings?.map(({ code }) => code)).toEqual(["invalid_words"]);
    await stand.sdk.addWord({ customizationId, wordName: "75", soundsLike: ["seventy five"] });
    expect((await stand.sdk.trainLanguageModel({ customizationId })).result).toEqual({});
  });

  test("is taken without a look at pronunciations where the newer families were not checked yet", async () => {
    await using stand = await startStand({ soundsLikeValidation: "legacy" });
    const customizationId = await languageModel(stand.sdk);
    await stand.sdk.addWords({ customizationId, words: [{ word: "75", sounds_like: ["75 dollars"] }] });
    expect((await stand.sdk.getWord({ customizationId, wordName: "75" })).result.error).toBeUndefined();
  });

  test("has an unescaped plus in its order read as a space, and refuses that", async () => {
    await using stand = await startStand();
    const id = await languageModel(stand.sdk);
    const path = `/v1/customizations/${id}/words?sort=`;
    expect((await stand.raw("GET", `${path}+alphabetical`)).status).toBe(400);
    expect((await stand.raw("GET", `${path}%2Balphabetical`)).status).toBe(200);
    expect((await stand.raw("GET", `${path}count&word_type=none`)).status).toBe(400);
  });
});

describe("words of the previous generation", () => {
  const CORPUS = Buffer.from("the zygote met the IBM zygote\n(quokka) holdfast holds fast $100\n");

  test("come from corpora too, with counts, sources and pronunciations of their own", async () => {
    await using stand = await startStand({ pgModels: "on", delays: { corpus: DELAY_MS } });
    const customizationId = await languageModel(stand.sdk, PG);
    await stand.sdk.addCorpus({ customizationId, corpusName: "a", corpusFile: CORPUS });
    expect(await wordsOf(stand, customizationId)).toEqual([]);
    await stand.sandbox.advance(DELAY_MS);
    expect((await stand.sdk.listWords({ customizationId, sort: "-count" })).result.words).toEqual([
      { display_as: "zygote", sounds_like: ["zygote"], count: 2, source: ["a"], word: "zygote" },
      { display_as: "IBM", sounds_like: ["I. B. M."], count: 1, source: ["a"], word: "IBM" },
      { display_as: "fast", sounds_like: ["fast"], count: 1, source: ["a"], word: "fast" },
      { display_as: "holdfast", sounds_like: ["holdfast"], count: 1, source: ["a"], word: "holdfast" },
      { display_as: "holds", sounds_like: ["holds"], count: 1, source: ["a"], word: "holds" },
      { display_as: "met", sounds_like: ["met"], count: 1, source: ["a"], word: "met" },
    ]);
    const { result } = await stand.sdk.getCorpus({ customizationId, corpusName: "a" });
    expect(result).toMatchObject({ total_words: 12, out_of_vocabulary_words: 6 });
  });

  test("come from grammars, and are told apart by where they come from", async () => {
    await using stand = await startStand({ pgModels: "on" });
    const customizationId = await languageModel(stand.sdk, PG);
    await stand.sdk.addCorpus({ customizationId, corpusName: "a", corpusFile: Buffer.from("zygote") });
    await stand.sdk.addGrammar({
      customizationId,
      grammarName: "g",
      grammarFile: Buffer.from("#ABNF 1.0;\nroot $a;\n$a = yes | zygote | quokka;"),
      contentType: "application/srgs",
    });
    await stand.sdk.addWord({ customizationId, wordName: "mine" });
    await stand.sdk.addWord({ customizationId, wordName: "quokka", soundsLike: ["kwo ka"] });
    expect(await wordsOf(stand, customizationId, { wordType: "corpora" })).toEqual(["zygote"]);
    expect(await wordsOf(stand, customizationId, { wordType: "grammars" })).toEqual(["quokka", "zygote"]);
    expect(await wordsOf(stand, customizationId, { wordType: "user" })).toEqual(["mine", "quokka"]);
    const { result } = await stand.sdk.getWord({ customizationId, wordName: "quokka" });
    expect(result).toMatchObject({ source: ["g", "user"], count: 1, sounds_like: ["kwo ka"] });
    const base = await stand.sdk.addWord({ customizationId, wordName: "please" });
    expect(base.status).toBe(201);
    expect((await stand.sdk.getWord({ customizationId, wordName: "please" })).result).toMatchObject({
      sounds_like: [],
      display_as: "",
    });
  });

  test("count a user's word first, and stay with the user when the corpus goes", async () => {
    await using stand = await startStand({ pgModels: "on" });
    const customizationId = await languageModel(stand.sdk, PG);
    await stand.sdk.addWord({ customizationId, wordName: "zygote" });
    await stand.sdk.addCorpus({ customizationId, corpusName: "a", corpusFile: CORPUS });
    expect((await stand.sdk.getWord({ customizationId, wordName: "zygote" })).result.count).toBe(3);
    await stand.sdk.addWord({ customizationId, wordName: "met", displayAs: "Met" });
    expect((await stand.sdk.getWord({ customizationId, wordName: "met" })).result.count).toBe(1);
    await stand.sdk.deleteCorpus({ customizationId, corpusName: "a" });
    expect(await wordsOf(stand, customizationId)).toEqual(["met", "zygote"]);
  });

  test("that a user deleted stay away when another corpus brings them", async () => {
    await using stand = await startStand({ pgModels: "on" });
    const customizationId = await languageModel(stand.sdk, PG);
    const corpusFile = Buffer.from("zygote quokka");
    await stand.sdk.addCorpus({ customizationId, corpusName: "a", corpusFile });
    await stand.sdk.deleteWord({ customizationId, wordName: "zygote" });
    await stand.sdk.addCorpus({ customizationId, corpusName: "b", corpusFile });
    expect(await wordsOf(stand, customizationId)).toEqual(["quokka"]);
  });

  test("may have dashes in English pronunciations, which the newer families refuse", async () => {
    await using stand = await startStand({ pgModels: "on" });
    const previous = await languageModel(stand.sdk, PG);
    const word = { wordName: "Cesar", soundsLike: ["se-zar"] };
    expect((await stand.sdk.addWord({ customizationId: previous, ...word })).status).toBe(201);
    const next = await languageModel(stand.sdk, NG);
    expect((await refusal(stand.sdk.addWord({ customizationId: next, ...word }))).status).toBe(400);
  });

  test("are limited in number", async () => {
    await using stand = await startStand({ pgModels: "on", maxNewWords: 2 });
    const customizationId = await languageModel(stand.sdk, PG);
    const corpus = { customizationId, corpusName: "a", corpusFile: Buffer.from("zygote quokka wombat") };
    expect((await refusal(stand.sdk.addCorpus(corpus))).status).toBe(400);
    expect(await statusOf(stand.sdk, customizationId)).toBe("pending");
  });
});

describe("Japanese words", () => {
  test("are kept in full width, and vanish when they are too long", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk, "ja-JP_Telephony");
    await stand.sdk.addWords({
      customizationId,
      words: [{ word: "NY", sounds_like: ["ニューヨーク"], display_as: "NY" }, { word: "あ".repeat(26) }],
    });
    const { result } = await stand.sdk.listWords({ customizationId });
    expect(result.words).toMatchObject([{ word: "ＮＹ", display_as: "NY" }]);
    expect((await stand.sdk.getWord({ customizationId, wordName: "NY" })).result.word).toBe("ＮＹ");
  });
});

test.each([NG, LSM])("corpora bring no words to %s", async (baseModelName) => {
  await using stand = await startStand();
  const customizationId = await languageModel(stand.sdk, baseModelName);
  await stand.sdk.addCorpus({ customizationId, corpusName: "a", corpusFile: Buffer.from("zygote") });
  expect(await wordsOf(stand, customizationId)).toEqual([]);
  const { result } = await stand.sdk.getCorpus({ customizationId, corpusName: "a" });
  expect(result).toMatchObject({ total_words: 1, out_of_vocabulary_words: 0, status: "analyzed" });
});
