/**
 * Words of the Text to Speech stand-in, driven by the vendor's SDK.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { WatsonTtsSandbox } from "../../src/sandbox/watson-tts/index.ts";
import { startWatsonTts } from "../../src/sandbox/watson-tts/index.ts";
import { iamClient, raw, refusal } from "./watson-tts-client.ts";

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

async function createModel(language = "en-US"): Promise<string> {
  return (await tts.createCustomModel({ name: "Words", language })).result.customization_id;
}

describe("words", () => {
  test("bulk entries are upserts that never delete; the last of two for one word wins", async () => {
    const id = await createModel();
    const added = await tts.addWords({
      customizationId: id,
      words: [
        { word: "NCAA", translation: "N C double A" },
        { word: "iPhone", translation: "I phone" },
        { word: "NCAA", translation: "N C A A" },
      ],
    });
    expect([added.status, added.result]).toEqual([200, {}]);
    await tts.addWords({ customizationId: id, words: [{ word: "IEEE", translation: "I triple E" }] });
    await tts.addWords({ customizationId: id, words: [] });
    const { result } = await tts.listWords({ customizationId: id });
    expect(result.words).toEqual([
      { word: "IEEE", translation: "I triple E" },
      { word: "NCAA", translation: "N C A A" },
      { word: "iPhone", translation: "I phone" },
    ]);
  });

  test("a single word is put with 200, read, and deleted with 204", async () => {
    const id = await createModel();
    const word = { customizationId: id, word: "IEEE" };
    expect((await tts.addWord({ ...word, translation: "I triple E" })).status).toBe(200);
    expect((await tts.getWord(word)).result).toEqual({ translation: "I triple E" });
    expect((await tts.deleteWord(word)).status).toBe(204);
    for (const refused of await Promise.all([tts.getWord(word), tts.deleteWord(word)].map(refusal))) {
      expect(refused).toEqual({
        status: 400,
        error: expect.stringMatching(new RegExp(`not found in custom model ${id}$`)) as string,
        code_description: "Bad Request",
      });
    }
  });

  test.each(["a/b", "50%", "100%25", "C++", "ＮＹ", "a?b#c", "naïve", "v1", "don't", "😀", "a&b;c"])(
    "the word %s makes the round trip through its path",
    async (word) => {
      const id = await createModel();
      await tts.addWord({ customizationId: id, word, translation: "spoken" });
      expect((await tts.getWord({ customizationId: id, word })).result).toEqual({ translation: "spoken" });
      expect((await tts.listWords({ customizationId: id })).result.words).toEqual([
        { word, translation: "spoken" },
      ]);
      expect((await tts.deleteWord({ customizationId: id, word })).status).toBe(204);
    },
  );

  test("case and width make different words", async () => {
    const id = await createModel();
    const words = ["NY", "Ny", "ＮＹ"].map((word) => ({ word, translation: "new york" }));
    await tts.addWords({ customizationId: id, words });
    expect((await tts.listWords({ customizationId: id })).result.words).toHaveLength(3);
  });

  test("a Japanese entry keeps its part of speech until an upsert leaves it out", async () => {
    const id = await createModel("ja-JP");
    const asked = { customizationId: id, word: "ＮＹ" };
    const word = { ...asked, translation: "ニューヨーク" };
    await tts.addWord({ ...word, partOfSpeech: "Mesi" });
    expect((await tts.getWord(asked)).result).toEqual({
      translation: "ニューヨーク",
      part_of_speech: "Mesi",
    });
    await tts.addWord(word);
    expect((await tts.getWord(asked)).result).toEqual({ translation: "ニューヨーク" });
  });

  test("a part of speech outside Japanese is refused in the service's words", async () => {
    const id = await createModel();
    const call = tts.addWord({ customizationId: id, word: "a", translation: "b", partOfSpeech: "Mesi" });
    expect((await refusal(call)).error).toBe("Part of speech is supported for ja-JP language only");
  });

  test.each([
    ["a word of 50 characters", "en-US", { word: "w".repeat(50), translation: "x" }],
    ["white space in a word", "en-US", { word: "a b", translation: "x" }],
    ["a translation of 500 characters", "en-US", { word: "a", translation: "x".repeat(500) }],
    ["SSML for an abbreviation", "en-US", { word: "etc.", translation: '<phoneme ph="x"/>' }],
    ["digits in an abbreviation", "en-US", { word: "a1.", translation: "x" }],
    ["a sounds-like translation that is no Katakana", "ja-JP", { word: "a", translation: "にゅ" }],
    ["an unknown part of speech", "ja-JP", { word: "a", translation: "ア", part_of_speech: "Verb" }],
    ["a tag that is no phoneme", "en-US", { word: "a", translation: "<say-as>x</say-as>" }],
    ["an alphabet nobody writes", "en-US", { word: "a", translation: '<phoneme alphabet="foo" ph="x"/>' }],
    ["a phoneme without ph", "en-US", { word: "a", translation: '<phoneme alphabet="ipa"/>' }],
    ["an empty ph", "en-US", { word: "a", translation: '<phoneme alphabet="ipa" ph=""/>' }],
    ["a phoneme that is not closed", "en-US", { word: "a", translation: '<phoneme ph="x">' }],
    ["a bare ampersand", "en-US", { word: "a", translation: "x & y" }],
    ["a bare angle bracket", "en-US", { word: "a", translation: "x < y" }],
  ])("%s is refused, and nothing of the request is applied", async (_, language, entry) => {
    const id = await createModel(language);
    const good = { word: "good", translation: language === "ja-JP" ? "ア" : "fine" };
    const call = tts.addWords({ customizationId: id, words: [good, entry] });
    expect(await refusal(call)).toMatchObject({ status: 400, code_description: "Bad Request" });
    expect((await tts.listWords({ customizationId: id })).result.words).toEqual([]);
  });

  test.each([
    "I triple E",
    "rock 'n' roll",
    '<phoneme alphabet="ipa" ph="təˈmɑto"></phoneme>',
    '<phoneme alphabet="ibm" ph="1Y.tr1Ipxl.1i"></phoneme>',
    '<phoneme alphabet="spr" ph=".1Sa"/>',
    '<phoneme alphabet="ipa" ph="x" extra="ignored" >spoken</phoneme> and &amp; more',
  ])("the translation %s is stored as it was sent", async (translation) => {
    const id = await createModel();
    await tts.addWord({ customizationId: id, word: "word", translation });
    expect((await tts.getWord({ customizationId: id, word: "word" })).result.translation).toBe(translation);
  });

  test("an invalid attribute is named as the service names it", async () => {
    const id = await createModel();
    const translation = '<phoneme alphabet="foo" ph="x"></phoneme>';
    expect((await refusal(tts.addWord({ customizationId: id, word: "a", translation }))).error).toBe(
      "Tag <phoneme> has invalid attribute alphabet=foo",
    );
  });

  test("20,000 entries fit into a model and one more does not", async () => {
    const id = await createModel();
    const words = Array.from({ length: 20_000 }, (_, at) => ({ word: `w${at}`, translation: "x" }));
    await tts.addWords({ customizationId: id, words });
    expect((await refusal(tts.addWord({ customizationId: id, word: "more", translation: "x" }))).status).toBe(
      400,
    );
    // Replacing an entry needs no room.
    expect((await tts.addWord({ customizationId: id, word: "w7", translation: "y" })).status).toBe(200);
  });

  test("every write moves last_modified, a deletion too", async () => {
    const id = await createModel();
    const model = { customizationId: id };
    const seen: (string | undefined)[] = [];
    const look = async (): Promise<void> => {
      seen.push((await tts.getCustomModel(model)).result.last_modified);
    };
    await look();
    await tts.addWords({ ...model, words: [] });
    await look();
    await tts.addWord({ ...model, word: "a", translation: "b" });
    await look();
    await tts.addWord({ ...model, word: "a", translation: "b" });
    await look();
    await tts.deleteWord({ ...model, word: "a" });
    await look();
    expect(new Set(seen).size).toBe(5);
    // ISO times sort as texts.
    for (const [at, time] of seen.slice(1).entries()) expect(time! > seen[at]!).toBe(true);
  });

  test("with last_modified_on_delete off, a deletion leaves last_modified alone", async () => {
    sandbox.modes.lastModifiedOnDelete = "off";
    try {
      const id = await createModel();
      await tts.addWord({ customizationId: id, word: "a", translation: "b" });
      const before = (await tts.getCustomModel({ customizationId: id })).result.last_modified;
      await tts.deleteWord({ customizationId: id, word: "a" });
      const after = (await tts.getCustomModel({ customizationId: id })).result;
      expect(after).toMatchObject({ last_modified: before, words: [] });
    } finally {
      sandbox.modes.lastModifiedOnDelete = "on";
    }
  });
});

describe("customers' data", () => {
  test("an erasure removes the words of the customer's last writes, and is a no-op for others", async () => {
    const id = await createModel();
    const headers = { "X-Watson-Metadata": "customer_id=anna" };
    await tts.addWords({
      customizationId: id,
      words: [
        { word: "one", translation: "x" },
        { word: "two", translation: "x" },
      ],
      headers,
    });
    await tts.addWord({ customizationId: id, word: "two", translation: "unlabelled" });
    expect((await tts.deleteUserData({ customerId: "somebody" })).status).toBe(200);
    expect((await tts.listWords({ customizationId: id })).result.words).toHaveLength(2);
    expect((await tts.deleteUserData({ customerId: "anna" })).status).toBe(200);
    expect((await tts.listWords({ customizationId: id })).result.words).toEqual([
      { word: "two", translation: "unlabelled" },
    ]);
  });

  test("an erasure stays within its instance", async () => {
    const id = await createModel();
    const headers = { "X-Watson-Metadata": "customer_id=anna" };
    await tts.addWord({ customizationId: id, word: "one", translation: "x", headers });
    const other = iamClient(sandbox, sandbox.instance("another"));
    await other.deleteUserData({ customerId: "anna" });
    expect((await tts.listWords({ customizationId: id })).result.words).toHaveLength(1);
  });

  test("an erasure names its customer", async () => {
    const answer = await raw(sandbox, { method: "DELETE", path: "/v1/user_data" });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("'customer_id'");
  });
});
