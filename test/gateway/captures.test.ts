import { createHash, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { json, multipart, openHouse, send } from "./house.ts";

const ID = "0f6a1c1e-6d55-4d0e-9b53-0b8a52d7b1f4";
const MODEL = `/v1/customizations/${ID}`;
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("what Speech to Text is given", () => {
  it("a corpus sent raw is kept byte for byte with everything the request said about it", async () => {
    await using house = await openHouse();
    const corpus = randomBytes(300_000);
    const answer = await send(house.url, "POST", `${MODEL}/corpora/2026%2Fq2?allow_overwrite=true`, {
      body: corpus,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-watson-metadata": "customer_id=c 42",
        authorization: "Bearer very-secret",
      },
    });
    expect(answer.status).toBe(201);
    expect(house.service.seen[0]?.body.equals(corpus)).toBe(true);
    const [capture] = await house.flushed();
    expect(capture).toMatchObject({
      source: "speech",
      collection: "language-models",
      kind: "live",
      key: `captures/${ID}/corpora/2026/q2`,
      note: {
        operation: "addCorpus",
        evidence: "captured",
        by: "gateway",
        query: { allow_overwrite: "true" },
        contentType: "application/x-www-form-urlencoded",
        customer: "c 42",
        length: corpus.length,
        sha256: sha256(corpus),
      },
    });
    expect(capture?.content?.equals(corpus)).toBe(true);
    expect(JSON.stringify(capture?.note)).not.toContain("very-secret");
  });

  it("of a multipart corpus only the part's bytes are kept, and its own type", async () => {
    await using house = await openHouse();
    const corpus = Buffer.concat([
      Buffer.from("--------------------------a1b2c3x\r\n\r\n"),
      randomBytes(200_000),
      Buffer.from("\r\n--"),
    ]);
    await send(house.url, "POST", `${MODEL}/corpora/c`, {
      ...multipart([{ name: "corpus_file", file: "_", type: "text/plain", body: corpus }]),
    });
    const [capture] = await house.flushed();
    expect(capture?.content?.equals(corpus)).toBe(true);
    expect(capture?.note).toMatchObject({
      contentType: "text/plain",
      length: corpus.length,
      wire: { contentType: expect.stringContaining("multipart/form-data") as string },
    });
  });

  it("a part without file name, in any character set, is kept as bytes", async () => {
    await using house = await openHouse();
    const corpus = Buffer.from([0xff, 0xfe, 0x41, 0x00, 0xe9]);
    await send(house.url, "POST", `${MODEL}/corpora/c`, {
      ...multipart([{ name: "corpus_file", type: "text/plain; charset=utf-16", body: corpus }]),
    });
    expect((await house.flushed())[0]?.content).toEqual(corpus);
  });

  it("gzip is undone, alone and around multipart, and the service gets it untouched", async () => {
    await using house = await openHouse();
    const corpus = Buffer.from("one sentence for each line\n".repeat(5_000));
    const packed = gzipSync(corpus);
    await send(house.url, "POST", `${MODEL}/corpora/raw`, {
      body: packed,
      headers: { "content-encoding": "gzip", "content-type": "text/plain" },
    });
    const form = multipart([{ name: "corpus_file", file: "a.txt", type: "text/plain", body: corpus }]);
    await send(house.url, "POST", `${MODEL}/corpora/form`, {
      body: gzipSync(form.body),
      headers: { "content-encoding": "gzip", "content-type": form.headers["content-type"] },
    });
    expect(house.service.seen[0]?.body.equals(packed)).toBe(true);
    const [raw, unpacked] = await house.flushed();
    expect(raw?.content?.equals(corpus)).toBe(true);
    expect(raw?.note.wire).toEqual({ contentEncoding: "gzip", contentType: "text/plain" });
    expect(unpacked?.content?.equals(corpus)).toBe(true);
  });

  it("a body that is not what its headers say is kept as it was sent, with an alarm", async () => {
    await using house = await openHouse();
    const body = Buffer.from("no gzip at all");
    await send(house.url, "POST", `${MODEL}/corpora/c`, { body, headers: { "content-encoding": "gzip" } });
    const [capture] = await house.flushed();
    expect(capture?.content).toEqual(body);
    expect(house.alarms).toMatchObject([{ kind: "capture-incomplete" }]);
  });

  it("grammars and audio are kept with their types", async () => {
    await using house = await openHouse();
    await send(house.url, "POST", `${MODEL}/grammars/g`, {
      body: "#ABNF 1.0 UTF-8;",
      headers: { "content-type": "application/srgs" },
    });
    await send(house.url, "POST", `/v1/acoustic_customizations/${ID}/audio/a`, {
      body: [Buffer.from("RI"), Buffer.from("FF")],
      headers: { "content-type": "application/zip", "contained-content-type": "audio/l16;rate=16000" },
    });
    const [grammar, audio] = await house.flushed();
    expect(grammar).toMatchObject({
      key: `captures/${ID}/grammars/g`,
      note: { contentType: "application/srgs" },
      content: Buffer.from("#ABNF 1.0 UTF-8;"),
    });
    expect(audio).toMatchObject({
      collection: "acoustic-models",
      key: `captures/${ID}/audio/a`,
      note: { contentType: "application/zip", containedContentType: "audio/l16;rate=16000" },
      content: Buffer.from("RIFF"),
    });
  });

  it("a new model is kept with the id that it was given, even when the answer is compressed", async () => {
    await using house = await openHouse();
    house.service.answer = (_request, response) =>
      response
        .writeHead(201, { "content-type": "application/json", "content-encoding": "gzip" })
        .end(gzipSync(JSON.stringify({ customization_id: ID })));
    const body = { name: "Claims", base_model_name: "en-US_Telephony" };
    await send(house.url, "POST", "/v1/customizations", { body: JSON.stringify(body) });
    expect(await house.flushed()).toMatchObject([
      {
        collection: "language-models",
        key: `captures/${ID}/model`,
        note: { operation: "createLanguageModel", body, created: ID },
      },
    ]);
  });

  it("each word of a list is a capture, the last definition of a word counts", async () => {
    await using house = await openHouse();
    const words = [{ word: "IBM", sounds_like: ["I B M"] }, { word: "a/b" }, { word: "IBM" }];
    await send(house.url, "POST", `${MODEL}/words`, { body: JSON.stringify({ words }) });
    await send(house.url, "PUT", `${MODEL}/words/NCAA`, { body: '{"sounds_like":["N C double A"]}' });
    const captures = await house.flushed();
    expect(captures.map(({ key, note }) => [key, note.body])).toEqual([
      [`captures/${ID}/words/IBM`, { word: "IBM" }],
      [`captures/${ID}/words/a/b`, { word: "a/b" }],
      [`captures/${ID}/words/NCAA`, { sounds_like: ["N C double A"] }],
    ]);
  });

  it("a list of words that is too long for that is kept whole under a key of its own", async () => {
    await using house = await openHouse();
    const body = JSON.stringify({
      words: Array.from({ length: 30_000 }, (_, n) => ({
        word: `word-${n}`,
        sounds_like: [`sound of ${n}`],
      })),
    });
    await send(house.url, "POST", `${MODEL}/words`, {
      body: gzipSync(body),
      headers: { "content-encoding": "gzip" },
    });
    const captures = await house.flushed();
    expect(captures).toHaveLength(1);
    expect(captures[0]?.key).toMatch(new RegExp(`^captures/${ID}/word-lists/2`));
    expect(captures[0]?.content?.toString()).toBe(body);
  });

  it("a training is kept with its options and warnings", async () => {
    await using house = await openHouse();
    const warnings = [{ code: "invalid_words", message: "…" }];
    house.service.answer = json(200, { warnings });
    await send(house.url, "POST", `${MODEL}/train?customization_weight=0.4&strict=false`);
    await send(house.url, "POST", `/v1/acoustic_customizations/${ID}/train?custom_language_model_id=x`);
    expect(await house.flushed()).toMatchObject([
      {
        collection: "language-models",
        key: `captures/${ID}/training`,
        note: {
          operation: "trainLanguageModel",
          query: { customization_weight: "0.4", strict: "false" },
          answer: { warnings },
        },
      },
      {
        collection: "acoustic-models",
        key: `captures/${ID}/training`,
        note: { query: { custom_language_model_id: "x" } },
      },
    ]);
  });

  it("a deletion ends what was kept; that of a model, or a reset, everything below", async () => {
    await using house = await openHouse();
    house.service.answer = json(200, {});
    await send(house.url, "DELETE", `${MODEL}/corpora/c`);
    await send(house.url, "DELETE", `${MODEL}/words/w%20x`);
    await send(house.url, "POST", `${MODEL}/reset`);
    await send(house.url, "DELETE", MODEL);
    const captures = await house.flushed();
    expect(captures.map(({ key, kind, prefix }) => [key, kind, prefix])).toEqual([
      [`captures/${ID}/corpora/c`, "deleted", undefined],
      [`captures/${ID}/words/w x`, "deleted", undefined],
      [`captures/${ID}/corpora/`, "deleted", true],
      [`captures/${ID}/grammars/`, "deleted", true],
      [`captures/${ID}/words/`, "deleted", true],
      [`captures/${ID}/word-lists/`, "deleted", true],
      [`captures/${ID}/reset`, "live", undefined],
      [`captures/${ID}/`, "deleted", true],
    ]);
  });

  it("a callback's secret is kept apart from the note, and nowhere in clear on the disk", async () => {
    await using house = await openHouse();
    const url = "https://app.example/cb?x=1";
    house.service.answer = json(201, { status: "created", url });
    const secret = "s3cr3t-s3cr3t";
    await send(
      house.url,
      "POST",
      `/v1/register_callback?callback_url=${encodeURIComponent(url)}&user_secret=${secret}`,
    );
    house.service.answer = json(200, { status: "already created", url });
    await send(house.url, "POST", `/v1/register_callback?callback_url=${encodeURIComponent(url)}`);
    house.service.answer = json(200, {});
    await send(house.url, "POST", `/v1/unregister_callback?callback_url=${encodeURIComponent(url)}`);
    const [created, again, gone] = await house.flushed();
    expect(created).toMatchObject({
      collection: "jobs",
      key: `captures/callbacks/${url}`,
      secret,
      note: { evidence: "captured", query: { callback_url: url } },
    });
    expect(JSON.stringify(created?.note)).not.toContain(secret);
    expect(again).toMatchObject({ note: { evidence: "uncertain" } });
    expect(gone).toMatchObject({ key: created?.key, kind: "deleted" });
  });

  it("a job is kept with its audio and parameters under the id of the answer, which passes untouched", async () => {
    await using house = await openHouse();
    const audio = randomBytes(500_000);
    const created = {
      id: "b81f2e6a",
      url: `${house.service.url}/v1/recognitions/b81f2e6a`,
      status: "waiting",
    };
    house.service.answer = json(201, created);
    const answer = await send(
      house.url,
      "POST",
      "/v1/recognitions?model=en-US&events=a%2Cb&access_token=tok",
      {
        body: audio,
        headers: { "content-type": "audio/wav" },
      },
    );
    expect(JSON.parse(answer.body.toString())).toEqual(created);
    house.service.answer = (_request, response) => response.writeHead(204).end();
    await send(house.url, "DELETE", "/v1/recognitions/b81f2e6a");
    const [job, gone] = await house.flushed();
    expect(job).toMatchObject({
      collection: "jobs",
      key: "captures/jobs/b81f2e6a",
      note: { created: "b81f2e6a", query: { model: "en-US", events: "a,b" }, contentType: "audio/wav" },
    });
    expect(job?.note.query).not.toHaveProperty("access_token");
    expect(job?.content?.equals(audio)).toBe(true);
    expect(gone).toMatchObject({ key: "captures/jobs/b81f2e6a", kind: "deleted" });
  });

  it("an erasure of a customer's data is told to every collection", async () => {
    await using house = await openHouse();
    house.service.answer = json(200, {});
    await send(house.url, "DELETE", "/v1/user_data?customer_id=c42");
    const captures = await house.flushed();
    expect(captures.map(({ collection, key }) => [collection, key])).toEqual([
      ["language-models", "captures/user-data/c42"],
      ["acoustic-models", "captures/user-data/c42"],
      ["jobs", "captures/user-data/c42"],
    ]);
  });

  it("an overwritten upload becomes two versions, committed one after the other", async () => {
    await using house = await openHouse();
    for (const body of ["first", "second"]) {
      await send(house.url, "POST", `${MODEL}/corpora/c?allow_overwrite=true`, { body });
    }
    await send(house.url, "POST", `${MODEL}/corpora/d`, { body: "third" });
    const captures = await house.flushed();
    expect(captures.map(({ content }) => content?.toString())).toEqual(["first", "second", "third"]);
    expect(house.batches).toEqual([1, 2]);
  });

  it("what the service refuses is dropped, and nothing of it stays", async () => {
    await using house = await openHouse();
    for (const status of [400, 401, 409, 413, 500, 304]) {
      house.service.answer = json(status, { error: "no", code: status });
      const answer = await send(house.url, "POST", `${MODEL}/corpora/c`, { body: "text" });
      expect(answer.status).toBe(status);
    }
    house.service.answer = json(409, {});
    await send(house.url, "DELETE", MODEL);
    expect(await house.flushed()).toEqual([]);
    await expect.poll(() => house.files(".part")).toEqual([]);
    expect(house.gateway.health().instances[0]?.counts).toMatchObject({ accepted: 0, dropped: 7 });
    expect(house.gateway.health().spool.bytes).toBe(0);
  });
});

describe("what Text to Speech is given", () => {
  it("a prompt is kept as its audio, with its text in the note; a speaker under its new id", async () => {
    await using house = await openHouse({ kind: "watson-tts" });
    const wav = randomBytes(80_000);
    const metadata = { prompt_text: "Hello", speaker_id: "s-1" };
    await send(house.url, "POST", `${MODEL}/prompts/hello`, {
      ...multipart([
        { name: "metadata", body: JSON.stringify(metadata) },
        { name: "file", file: "_", type: "audio/wav", body: wav },
      ]),
    });
    house.service.answer = json(201, { speaker_id: "s-2" });
    await send(house.url, "POST", "/v1/speakers?speaker_name=Ann", {
      body: wav,
      headers: { "content-type": "audio/wav" },
    });
    const [prompt, speaker] = await house.flushed();
    expect(prompt).toMatchObject({
      collection: "voice-models",
      key: `captures/${ID}/prompts/hello`,
      note: { body: metadata, contentType: "audio/wav" },
    });
    expect(prompt?.content?.equals(wav)).toBe(true);
    expect(speaker).toMatchObject({
      key: "captures/speakers/s-2",
      note: { query: { speaker_name: "Ann" }, created: "s-2" },
    });
    expect(speaker?.content?.equals(wav)).toBe(true);
  });

  it("models, their words and their ends are kept", async () => {
    await using house = await openHouse({ kind: "watson-tts" });
    house.service.answer = json(201, { customization_id: ID });
    await send(house.url, "POST", "/v1/customizations", { body: '{"name":"Brands"}' });
    house.service.answer = json(200, {});
    await send(house.url, "POST", MODEL, { body: '{"description":"x"}' });
    await send(house.url, "POST", `${MODEL}/words`, {
      body: '{"words":[{"word":"IEEE","translation":"I triple E"}]}',
    });
    await send(house.url, "PUT", `${MODEL}/words/%EF%BC%AE`, { body: '{"translation":"x"}' });
    await send(house.url, "DELETE", `${MODEL}/words/IEEE`);
    await send(house.url, "DELETE", "/v1/speakers/s-1");
    await send(house.url, "DELETE", "/v1/user_data?customer_id=c");
    await send(house.url, "DELETE", MODEL);
    const captures = await house.flushed();
    expect(captures.map(({ key, kind, note }) => [key.replace(ID, "ID"), kind, note.operation])).toEqual([
      ["captures/ID/model", "live", "createCustomModel"],
      ["captures/ID/update", "live", "updateCustomModel"],
      ["captures/ID/words/IEEE", "live", "addWords"],
      ["captures/ID/words/Ｎ", "live", "addWord"],
      ["captures/ID/words/IEEE", "deleted", "deleteWord"],
      ["captures/speakers/s-1", "deleted", "deleteSpeakerModel"],
      ["captures/user-data/c", "live", "deleteUserData"],
      ["captures/ID/", "deleted", "deleteCustomModel"],
    ]);
  });
});
