/**
 * What arrives and how: forms, raw bodies, the SDK's wrapped strings, gzip, chunks, labels. The payload is kept byte for byte, seen by tests
 * only.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { describe, expect, test } from "vitest";

import {
  DELAY_MS,
  GRAMMAR,
  LSM,
  acousticModel,
  languageModel,
  refusal,
  startStand,
  statusOf,
  wavOf,
} from "./watson-stt-customisation-stand.ts";
import type { Stand } from "./watson-stt-customisation-stand.ts";

const TEXT = Buffer.from("please call\r\nthe insurance ☎\n");

const PIECE_BYTES = 2 ** 20;
const PIECES = 64;

function uploaded(stand: Stand, name: string): Buffer | undefined {
  const upload = stand.sandbox.uploads.list().find((candidate) => candidate.name === name);
  return upload && stand.sandbox.uploads.bytes(upload.id);
}

describe("a corpus", () => {
  test.for([
    ["as a form", undefined],
    ["as it is", { "content-type": "text/plain" }],
    ["as curl labels it", { "content-type": "application/x-www-form-urlencoded" }],
    ["compressed", { "content-type": "text/plain", "content-encoding": "gzip" }],
  ] as const)("arrives %s", async ([, headers]) => {
    await using stand = await startStand();
    const id = await languageModel(stand.sdk);
    if (headers === undefined) {
      await stand.sdk.addCorpus({ customizationId: id, corpusName: "a", corpusFile: TEXT });
    } else {
      const body = new Uint8Array("content-encoding" in headers ? gzipSync(TEXT) : TEXT);
      const path = `/v1/customizations/${id}/corpora/a`;
      expect((await stand.raw("POST", path, { body, headers })).status).toBe(201);
    }
    expect(uploaded(stand, `customizations/${id}/corpora/a`)).toEqual(TEXT);
    const { result } = await stand.sdk.getCorpus({ customizationId: id, corpusName: "a" });
    expect(result).toMatchObject({ total_words: 4, status: "analyzed" });
  });

  test("that the SDK wrapped as a string is unwrapped", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const text = TEXT.toString();
    await stand.sdk.addCorpus({ customizationId, corpusName: "a", corpusFile: text as unknown as Buffer });
    expect(uploaded(stand, `customizations/${customizationId}/corpora/a`)).toEqual(TEXT);
  });

  test("that only looks like a wrapped string is left as it is", async () => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    const corpusFile = Buffer.from('{"data":"this is text"');
    await stand.sdk.addCorpus({ customizationId, corpusName: "a", corpusFile });
    expect(uploaded(stand, `customizations/${customizationId}/corpora/a`)).toEqual(corpusFile);
  });

  test("in a part of another name is refused", async () => {
    await using stand = await startStand();
    const id = await languageModel(stand.sdk);
    const body = new FormData();
    body.set("file", new Blob([new Uint8Array(TEXT)]));
    const answer = await stand.raw("POST", `/v1/customizations/${id}/corpora/a`, { body });
    expect(answer.status).toBe(400);
    expect(stand.sandbox.uploads.list()).toEqual([]);
  });

  test.for([
    ["as it is", "text/plain", "only this"],
    [
      "as a form",
      "multipart/form-data; boundary=x",
      '--x\r\nContent-Disposition: form-data; name="corpus_file"; filename="_"\r\n\r\nonly this',
    ],
  ] as const)("that breaks off %s is not there, and locks nothing", async ([, type, text]) => {
    await using stand = await startStand();
    const customizationId = await languageModel(stand.sdk);
    await sendHalf(stand, `/v1/customizations/${customizationId}/corpora/a`, type, text);
    expect((await stand.sdk.listCorpora({ customizationId })).result.corpora).toEqual([]);
    expect(stand.sandbox.uploads.list()).toEqual([]);
    expect((await stand.sdk.addWord({ customizationId, wordName: "a" })).status).toBe(201);
  });

  test("that comes in while another one has the lock is refused, and not kept", async () => {
    await using stand = await startStand({ delays: { words: DELAY_MS } });
    const id = await languageModel(stand.sdk);
    const path = `/v1/customizations/${id}/corpora/a`;
    const answered = Promise.withResolvers<number>();
    const sending = open(stand, path, answered.resolve);
    await new Promise((resolve) => {
      sending.write("the first half\n", resolve);
    });
    await stand.sdk.addWords({ customizationId: id, words: [{ word: "quick" }] });
    sending.end("the second half\n");
    expect(await answered.promise).toBe(409);
    expect(stand.sandbox.uploads.list()).toEqual([]);
  });

  test("of 64 MB in chunks passes without being held", async () => {
    const folder = await mkdtemp(join(tmpdir(), "stt-stand-"));
    try {
      await using stand = await startStand({ folder });
      const customizationId = await languageModel(stand.sdk, LSM);
      const piece = Buffer.alloc(PIECE_BYTES, `${"x".repeat(127)} `);
      const before = process.memoryUsage().rss;
      const path = `/v1/customizations/${customizationId}/corpora/big`;
      expect(await sendChunked(stand, path, piece, PIECES)).toBe(201);
      expect(process.memoryUsage().rss - before).toBeLessThan((PIECE_BYTES * PIECES) / 2);
      expect((await stand.sdk.getCorpus({ customizationId, corpusName: "big" })).result).toMatchObject({
        total_words: (PIECE_BYTES * PIECES) / 128,
        status: "analyzed",
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test("a grammar keeps its text and its content type", async () => {
  await using stand = await startStand();
  const customizationId = await languageModel(stand.sdk);
  await stand.sdk.addGrammar({
    customizationId,
    grammarName: "g",
    grammarFile: GRAMMAR,
    contentType: "application/srgs",
  });
  const [upload] = stand.sandbox.uploads.list();
  expect(upload).toMatchObject({
    name: `customizations/${customizationId}/grammars/g`,
    contentType: "application/srgs",
  });
  expect(stand.sandbox.uploads.bytes(upload?.id ?? "")).toEqual(GRAMMAR);
});

test("audio keeps its bytes and its content type", async () => {
  await using stand = await startStand({ pgModels: "on" });
  const customizationId = await acousticModel(stand.sdk);
  const audioResource = wavOf({ seconds: 0.1, mark: "x" });
  await stand.sdk.addAudio({ customizationId, audioName: "a", audioResource, contentType: "audio/wav" });
  const [upload] = stand.sandbox.uploads.list();
  expect(upload).toMatchObject({
    name: `acoustic_customizations/${customizationId}/audio/a`,
    contentType: "audio/wav",
  });
  expect(stand.sandbox.uploads.bytes(upload?.id ?? "").equals(audioResource)).toBe(true);
});

test.each([
  "customizations/{id}/corpora",
  "customizations/{id}/grammars",
  "acoustic_customizations/{id}/audio",
])("an upload to %s without a name is 405 and says what is allowed", async (pattern) => {
  await using stand = await startStand({ pgModels: "on" });
  const id = await languageModel(stand.sdk);
  const answer = await stand.raw("POST", `/v1/${pattern.replace("{id}", id)}`, { body: "text" });
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET"]);
});

describe("a customer's data", () => {
  const headers = { "X-Watson-Metadata": "customer_id=carol" };

  test("goes at once wherever its label is, and nothing else", async () => {
    await using stand = await startStand({ pgModels: "on" });
    const customizationId = await languageModel(stand.sdk);
    const corpus = { customizationId, corpusFile: TEXT };
    await stand.sdk.addCorpus({ ...corpus, corpusName: "hers", headers });
    await stand.sdk.addCorpus({ ...corpus, corpusName: "mine" });
    await stand.sdk.addWord({ customizationId, wordName: "hers", headers });
    await stand.sdk.addWords({ customizationId, words: [{ word: "hers-too" }], headers });
    await stand.sdk.addWord({ customizationId, wordName: "mine" });
    const acoustic = await acousticModel(stand.sdk);
    await stand.sdk.addAudio({
      customizationId: acoustic,
      audioName: "hers",
      audioResource: wavOf({ seconds: 1 }),
      contentType: "audio/wav",
      headers,
    });
    await stand.stranger.deleteUserData({ customerId: "carol" });
    await stand.sdk.deleteUserData({ customerId: "bob" });
    expect(stand.sandbox.uploads.list()).toHaveLength(3);

    expect((await stand.sdk.deleteUserData({ customerId: "carol" })).status).toBe(200);
    const corpora = (await stand.sdk.listCorpora({ customizationId })).result.corpora;
    expect(corpora.map(({ name }) => name)).toEqual(["mine"]);
    const words = (await stand.sdk.listWords({ customizationId })).result.words;
    expect(words.map(({ word }) => word)).toEqual(["mine"]);
    expect((await stand.sdk.listAudio({ customizationId: acoustic })).result.audio).toEqual([]);
    expect(stand.sandbox.uploads.list()).toHaveLength(1);
    expect(await statusOf(stand.sdk, customizationId)).toBe("ready");
  });

  test("needs a customer", async () => {
    await using stand = await startStand();
    expect((await refusal(stand.sdk.deleteUserData({ customerId: "a;b" }))).status).toBe(400);
    expect((await stand.raw("DELETE", "/v1/user_data")).status).toBe(400);
  });
});

/** A body without a length; resolves to the answer's status. */
async function sendChunked(stand: Stand, path: string, piece: Buffer, pieces: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = open(stand, path, (status) => {
      resolve(status);
    });
    sending.on("error", reject);
    let sent = 0;
    const send = (): void => {
      while (sent < pieces) {
        sent++;
        if (!sending.write(piece)) {
          sending.once("drain", send);
          return;
        }
      }
      sending.end();
    };
    send();
  });
}

/** Promises more than it sends, and hangs up. */
async function sendHalf(stand: Stand, path: string, type: string, text: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const sending = open(stand, path, () => undefined, {
      "content-type": type,
      "content-length": "1000",
    });
    sending.on("error", () => undefined);
    sending.on("close", resolve);
    sending.write(text, () => {
      sending.destroy();
    });
  });
}

function open(
  stand: Stand,
  path: string,
  answered: (status: number) => void,
  headers: Readonly<Record<string, string>> = {},
): ReturnType<typeof request> {
  const authorization = `Basic ${Buffer.from(`apikey:${stand.sandbox.apiKey}`).toString("base64")}`;
  return request(
    `${stand.sandbox.url}${path}`,
    { method: "POST", headers: { authorization, "content-type": "text/plain", ...headers } },
    (answer) => {
      answer.resume();
      answered(answer.statusCode ?? 0);
    },
  );
}
