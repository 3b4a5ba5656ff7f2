/**
 * Speech to Text's own SDK through the gateway to the stand-in: what it uploads arrives and is kept, what it is refused is not.
 */
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { BasicAuthenticator, IamAuthenticator } from "ibm-watson/auth/index.js";
import SpeechToTextV1 from "ibm-watson/speech-to-text/v1.js";
import { describe, expect, it } from "vitest";
import { startWatsonStt, type WatsonSttSandbox } from "../../src/sandbox/watson-stt/index.ts";
import { startReceiver } from "../sandbox/watson-callback-receiver.ts";
import { GRAMMAR, NG, PG, wavOf } from "../sandbox/watson-stt-customisation-stand.ts";
import { openHouse, type Committed, type House } from "./house.ts";

interface Stand extends AsyncDisposable {
  readonly sandbox: WatsonSttSandbox;
  readonly house: House;
  readonly sdk: SpeechToTextV1;
  /** What was committed, by key. */
  kept(): Promise<Map<string, Committed>>;
}

async function stand(gzip = false): Promise<Stand> {
  const sandbox = await startWatsonStt({ pgModels: "on", acousticScale: 100_000 });
  const house = await openHouse({
    instances: [{ source: "stt", kind: "watson-stt", prefix: "/stt", target: new URL(sandbox.url) }],
  });
  const authenticator = new IamAuthenticator({ apikey: sandbox.apiKey, url: sandbox.iamUrl });
  const sdk = new SpeechToTextV1({
    authenticator,
    serviceUrl: `${house.gateway.url}/stt`,
    ...(gzip ? { enableGzipCompression: true } : {}),
  });
  return {
    sandbox,
    house,
    sdk,
    kept: async () => new Map((await house.flushed()).map((capture) => [capture.key, capture])),
    [Symbol.asyncDispose]: async () => {
      await house[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}

/** The digest of what the service itself took, whose name ends so. */
function taken({ sandbox }: Stand, name: string): string | undefined {
  return sandbox.uploads.list().findLast((upload) => upload.name.endsWith(name))?.sha256;
}

describe("the SDK of Speech to Text works through the gateway", () => {
  it("language models, from their creation to their end", async () => {
    await using house = await stand();
    const { sdk } = house;
    const { result } = await sdk.createLanguageModel({
      name: "Claims",
      baseModelName: NG,
      description: "motor",
    });
    const customizationId = result.customization_id;
    const corpus = Buffer.from("please call the insurance\n".repeat(2_000));
    await sdk.addCorpus({ customizationId, corpusName: "buffer", corpusFile: corpus });
    await sdk.addCorpus({ customizationId, corpusName: "a stream/ü", corpusFile: Readable.from([corpus]) });
    await sdk.addGrammar({
      customizationId,
      grammarName: "yesno",
      grammarFile: Buffer.from(GRAMMAR),
      contentType: "application/srgs",
    });
    await sdk.addWords({
      customizationId,
      words: [{ word: "HHonors", sounds_like: ["hilton honors"] }, { word: "IEEE" }],
    });
    await sdk.addWord({ customizationId, wordName: "NCAA", soundsLike: ["N C double A"], displayAs: "NCAA" });
    await sdk.trainLanguageModel({ customizationId, customizationWeight: 0.4, strict: false });
    await sdk.deleteWord({ customizationId, wordName: "IEEE" });
    await expect(
      sdk.addCorpus({ customizationId, corpusName: "buffer", corpusFile: corpus }),
    ).rejects.toMatchObject({ status: 400 });
    const listed = await sdk.listCorpora({ customizationId });
    expect(listed.result.corpora.map(({ name }) => name).toSorted()).toEqual(["a stream/ü", "buffer"]);

    const kept = await house.kept();
    const at = (rest: string): Committed | undefined => kept.get(`captures/${customizationId}/${rest}`);
    expect(at("model")?.note).toMatchObject({
      created: customizationId,
      body: { name: "Claims", base_model_name: NG, description: "motor" },
    });
    for (const name of ["buffer", "a stream/ü"]) {
      expect(at(`corpora/${name}`)?.content?.equals(corpus)).toBe(true);
      expect(at(`corpora/${name}`)?.note.sha256).toBe(taken(house, `corpora/${name}`));
    }
    expect(at("grammars/yesno")?.content).toEqual(Buffer.from(GRAMMAR));
    expect(at("grammars/yesno")?.note.contentType).toBe("application/srgs");
    expect(at("words/HHonors")?.note.body).toEqual({ word: "HHonors", sounds_like: ["hilton honors"] });
    expect(at("words/NCAA")?.note.body).toEqual({ sounds_like: ["N C double A"], display_as: "NCAA" });
    expect(at("words/IEEE")?.kind).toBe("deleted");
    expect(at("training")?.note.query).toEqual({ customization_weight: "0.4", strict: "false" });

    await sdk.resetLanguageModel({ customizationId });
    await sdk.deleteLanguageModel({ customizationId });
    const ends = (await house.house.flushed())
      .slice(-6)
      .map(({ key, kind }) => [key.split("/").slice(2).join("/"), kind]);
    expect(ends.at(-1)).toEqual(["", "deleted"]);
    expect(ends).toContainEqual(["corpora/", "deleted"]);
    expect(house.house.alarms).toEqual([]);
  });

  it("what the SDK compresses is kept uncompressed", async () => {
    await using house = await stand(true);
    const { sdk } = house;
    const { result } = await sdk.createLanguageModel({ name: "Claims", baseModelName: NG });
    const customizationId = result.customization_id;
    const words = Array.from({ length: 300 }, (_, n) => ({ word: `word${"x".repeat(n)}` }));
    await sdk.addWords({ customizationId, words });
    await sdk.addGrammar({
      customizationId,
      grammarName: "yesno",
      grammarFile: Buffer.from(GRAMMAR),
      contentType: "application/srgs",
    });
    const kept = await house.kept();
    expect([...kept.keys()].filter((key) => key.includes("/words/"))).toHaveLength(300);
    expect(kept.get(`captures/${customizationId}/grammars/yesno`)).toMatchObject({
      content: Buffer.from(GRAMMAR),
      note: { wire: { contentEncoding: "gzip" }, sha256: taken(house, "grammars/yesno") },
    });
  });

  it("acoustic models, with audio as buffers, streams and archives", async () => {
    await using house = await stand();
    const { sdk } = house;
    const created = await sdk.createAcousticModel({ name: "Hall", baseModelName: PG });
    const customizationId = created.result.customization_id;
    const audio = wavOf({ seconds: 2 });
    await sdk.addAudio({ customizationId, audioName: "one", audioResource: audio, contentType: "audio/wav" });
    await sdk.addAudio({
      customizationId,
      audioName: "two",
      audioResource: Readable.from([audio.subarray(0, 100), audio.subarray(100)]),
      contentType: "audio/wav",
      allowOverwrite: true,
    });
    const archive = gzipSync(randomBytes(2_000));
    await sdk.addAudio({
      customizationId,
      audioName: "archive",
      audioResource: archive,
      contentType: "application/gzip",
      containedContentType: "audio/l16;rate=16000",
    });
    await sdk.deleteAudio({ customizationId, audioName: "one" });
    await sdk.trainAcousticModel({ customizationId, strict: false }).catch(() => {});
    const kept = await house.kept();
    const at = (rest: string): Committed | undefined => kept.get(`captures/${customizationId}/${rest}`);
    expect(at("model")?.collection).toBe("acoustic-models");
    expect(at("audio/one")?.kind).toBe("deleted");
    expect(at("audio/two")?.content?.equals(audio)).toBe(true);
    expect(at("audio/two")?.note.sha256).toBe(taken(house, "audio/two"));
    // A body that is gzip is not one that travelled as gzip.
    expect(at("audio/archive")?.content?.equals(archive)).toBe(true);
    expect(at("audio/archive")?.note.containedContentType).toBe("audio/l16;rate=16000");
  });

  it("callbacks and jobs, with their audio, parameters and secrets", async () => {
    await using house = await stand();
    const { sdk } = house;
    using receiver = await startReceiver();
    await sdk.registerCallback({ callbackUrl: receiver.url, userSecret: "s3cr3t" });
    const audio = wavOf({ seconds: 1 });
    const { result } = await sdk.createJob({
      audio,
      contentType: "audio/wav",
      model: NG,
      callbackUrl: receiver.url,
      userToken: "case-17",
      keywords: ["a,b", "c"],
    });
    const id = result.id;
    expect(result.url).toContain(house.sandbox.url);
    await receiver.arrived(2);
    expect((await sdk.checkJob({ id })).result.status).toBe("completed");
    const kept = await house.kept();
    expect(kept.get(`captures/callbacks/${receiver.url}`)).toMatchObject({ kind: "live", secret: "s3cr3t" });
    const job = kept.get(`captures/jobs/${id}`);
    expect(job?.content?.equals(audio)).toBe(true);
    expect(job?.note).toMatchObject({
      created: id,
      contentType: "audio/wav",
      query: { model: NG, callback_url: receiver.url, user_token: "case-17", keywords: "a,b,c" },
    });
    await sdk.deleteJob({ id });
    await sdk.unregisterCallback({ callbackUrl: receiver.url });
    await sdk.deleteUserData({ customerId: "c42" });
    const after = await house.kept();
    expect(after.get(`captures/jobs/${id}`)?.kind).toBe("deleted");
    expect(after.get(`captures/callbacks/${receiver.url}`)?.kind).toBe("deleted");
    expect(after.get("captures/user-data/c42")?.note.operation).toBe("deleteUserData");
  });

  it("errors arrive as without a gateway, and nothing that was refused is kept", async () => {
    await using house = await stand();
    const { sdk, sandbox, house: inner } = house;
    const unknown = "11111111-2222-4333-8444-555555555555";
    const direct = new SpeechToTextV1({
      authenticator: new BasicAuthenticator({ username: "apikey", password: sandbox.apiKey }),
      serviceUrl: sandbox.url,
    });
    const outcome = async (client: SpeechToTextV1): Promise<unknown> =>
      client
        .addCorpus({ customizationId: unknown, corpusName: "c", corpusFile: Buffer.from("text") })
        .catch(({ status, message, body }: { status: number; message: string; body: string }) => ({
          status,
          message,
          body,
        }));
    expect(await outcome(sdk)).toEqual(await outcome(direct));
    const wrongKey = new SpeechToTextV1({
      authenticator: new BasicAuthenticator({ username: "apikey", password: "wrong" }),
      serviceUrl: `${inner.gateway.url}/stt`,
    });
    await expect(wrongKey.createLanguageModel({ name: "x", baseModelName: NG })).rejects.toMatchObject({
      status: 401,
    });
    await expect(sdk.trainLanguageModel({ customizationId: unknown })).rejects.toMatchObject({ status: 401 });
    expect(await inner.flushed()).toEqual([]);
  });
});
