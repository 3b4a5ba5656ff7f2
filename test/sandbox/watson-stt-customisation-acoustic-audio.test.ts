/**
 * The vendor's SDK uploads audio and archives to acoustic models of the stand-in.
 */
import { gzipSync } from "node:zlib";

import { zipSync } from "fflate";
import { packTar } from "modern-tar";
import { describe, expect, test } from "vitest";

import {
  DELAY_MS,
  SLOW,
  acousticModel,
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

describe("audio", () => {
  test("is analysed before it shows, several resources at a time", async () => {
    await using stand = await startStand({ ...PRIVATE, delays: SLOW });
    const customizationId = await acousticModel(stand.sdk);
    expect(await addWav(stand, customizationId, "one", 3)).toBe(201);
    await stand.sandbox.advance(DELAY_MS / 2);
    expect(await addWav(stand, customizationId, "two", 1.5)).toBe(201);
    expect((await stand.sdk.getAudio({ customizationId, audioName: "one" })).result).toEqual({
      duration: 0,
      name: "one",
      details: {},
      status: "being_processed",
    });
    expect((await refusal(stand.sdk.trainAcousticModel({ customizationId }))).status).toBe(409);
    expect((await refusal(stand.sdk.deleteAcousticModel({ customizationId }))).status).toBe(409);
    await stand.sandbox.advance(DELAY_MS / 2);
    // The first is done and may go while the second is still on its way.
    const params = { customizationId, audioName: "one" };
    expect((await stand.sdk.getAudio(params)).result).toEqual({
      duration: 3,
      name: "one",
      details: { type: "audio", codec: "pcm_s16le", frequency: 16_000 },
      status: "ok",
    });
    expect((await refusal(stand.sdk.deleteAudio({ customizationId, audioName: "two" }))).status).toBe(409);
    expect((await stand.sdk.deleteAudio(params)).status).toBe(200);
    await stand.sandbox.advance(DELAY_MS / 2);
    expect((await stand.sdk.listAudio({ customizationId })).result).toMatchObject({
      total_minutes_of_audio: 0.03,
      audio: [{ name: "two", duration: 1.5, status: "ok" }],
    });
    expect(await acousticStatus(stand, customizationId)).toBe("ready");
    expect((await refusal(stand.sdk.getAudio(params))).message).toBe("Invalid value for audio name 'one'");
  });

  test("is invalid below the rate of its base model, and no data", async () => {
    await using stand = await startStand(PRIVATE);
    const customizationId = await acousticModel(stand.sdk);
    const params = { customizationId, audioName: "phone" };
    const audioResource = wavOf({ seconds: 60, rate: 8000 });
    await stand.sdk.addAudio({ ...params, audioResource, contentType: "audio/wav" });
    expect((await stand.sdk.listAudio({ customizationId })).result).toMatchObject({
      total_minutes_of_audio: 0,
      audio: [{ status: "invalid", duration: 60, details: { frequency: 8000 } }],
    });
    expect(await acousticStatus(stand, customizationId)).toBe("pending");
    const narrow = await acousticModel(stand.sdk, "en-US_NarrowbandModel");
    await stand.sdk.addAudio({
      customizationId: narrow,
      audioName: "phone",
      audioResource,
      contentType: "audio/wav",
    });
    expect(await acousticStatus(stand, narrow)).toBe("ready");
  });

  test("that is something else than its type says is undetermined", async () => {
    await using stand = await startStand(PRIVATE);
    const customizationId = await acousticModel(stand.sdk);
    const audioResource = wavOf({ seconds: 1 });
    await stand.sdk.addAudio({ customizationId, audioName: "a", audioResource, contentType: "audio/flac" });
    expect((await stand.sdk.getAudio({ customizationId, audioName: "a" })).result).toMatchObject({
      status: "invalid",
      details: { type: "undetermined" },
    });
  });

  test("without a header is measured by its type", async () => {
    await using stand = await startStand(PRIVATE);
    const customizationId = await acousticModel(stand.sdk);
    const audioResource = Buffer.alloc(64_000);
    const contentType = "audio/l16; rate=16000; channels=2; endianness=big-endian";
    await stand.sdk.addAudio({ customizationId, audioName: "a", audioResource, contentType });
    expect((await stand.sdk.getAudio({ customizationId, audioName: "a" })).result).toMatchObject({
      duration: 1,
      details: { codec: "pcm_s16be", frequency: 16_000 },
      status: "ok",
    });
  });

  test("is overwritten only when asked", async () => {
    await using stand = await startStand(PRIVATE);
    const customizationId = await acousticModel(stand.sdk);
    const params = { customizationId, audioName: "a", contentType: "audio/wav" };
    await stand.sdk.addAudio({ ...params, audioResource: wavOf({ seconds: 1 }) });
    const twice = await refusal(stand.sdk.addAudio({ ...params, audioResource: wavOf({ seconds: 2 }) }));
    expect(twice.status).toBe(400);
    await stand.sdk.addAudio({ ...params, audioResource: wavOf({ seconds: 2 }), allowOverwrite: true });
    const { result } = await stand.sdk.getAudio({ customizationId, audioName: "a" });
    expect(result.duration).toBe(2);
    expect(stand.sandbox.uploads.list()).toHaveLength(1);
  });

  test.for([
    [{ "content-type": "application/octet-stream" }, 415],
    [{ "content-type": "application/json" }, 415],
    [{ "content-type": "audio/l16" }, 400],
    [{ "content-type": "audio/wav", "contained-content-type": "audio/wav" }, 400],
    [{ "content-type": "application/zip", "contained-content-type": "text/plain" }, 400],
  ] as const)("is refused with the headers %j", async ([headers, status]) => {
    await using stand = await startStand(PRIVATE);
    const id = await acousticModel(stand.sdk);
    const body = new Uint8Array(wavOf({ seconds: 1 }));
    const path = `/v1/acoustic_customizations/${id}/audio/a`;
    expect((await stand.raw("POST", path, { body, headers })).status).toBe(status);
    expect(stand.sandbox.uploads.list()).toEqual([]);
  });

  test("beyond the hours that a model may have is refused", async () => {
    await using stand = await startStand({ ...PRIVATE, acousticMaxHours: 1 });
    const customizationId = await acousticModel(stand.sdk);
    await addWav(stand, customizationId, "a", 7);
    const more = { customizationId, audioName: "b", audioResource: wavOf({ seconds: 1 }) };
    const error = await refusal(stand.sdk.addAudio({ ...more, contentType: "audio/wav" }));
    expect(error.status).toBe(400);
    const untrained = await refusal(stand.sdk.trainAcousticModel({ customizationId }));
    expect(untrained.message).toBe("The custom model has more than 1 hours of audio");
  });
});

async function tarOf(members: Readonly<Record<string, Uint8Array>>): Promise<Buffer> {
  const entries = Object.entries(members).map(([name, body]) => ({
    header: { name, size: body.length },
    body,
  }));
  return gzipSync(await packTar(entries));
}

describe("archives", () => {
  const MEMBERS = {
    "a.wav": new Uint8Array(wavOf({ seconds: 1 })),
    "sub/b.wav": new Uint8Array(wavOf({ seconds: 2, rate: 44_100 })),
  };

  test.for([
    ["application/zip", "zip", async () => Buffer.from(zipSync(MEMBERS))],
    ["application/gzip", "gzip", async () => tarOf(MEMBERS)],
  ] as const)(
    "of type %s show their members beside the container",
    async ([contentType, compression, make]) => {
      await using stand = await startStand(PRIVATE);
      const customizationId = await acousticModel(stand.sdk);
      const audioResource = await make();
      await stand.sdk.addAudio({ customizationId, audioName: "all", audioResource, contentType });
      const container = {
        name: "all",
        duration: 3,
        details: { type: "archive", compression },
        status: "ok",
      };
      expect((await stand.sdk.getAudio({ customizationId, audioName: "all" })).result).toEqual({
        container,
        audio: [
          {
            name: "a.wav",
            duration: 1,
            details: { type: "audio", codec: "pcm_s16le", frequency: 16_000 },
            status: "ok",
          },
          {
            name: "sub/b.wav",
            duration: 2,
            details: { type: "audio", codec: "pcm_s16le", frequency: 44_100 },
            status: "ok",
          },
        ],
      });
      const listed = (await stand.sdk.listAudio({ customizationId })).result;
      expect(listed).toEqual({ total_minutes_of_audio: 0.05, audio: [container] });
    },
  );

  test("are invalid as a whole with one bad member", async () => {
    await using stand = await startStand(PRIVATE);
    const customizationId = await acousticModel(stand.sdk);
    const bad = { ...MEMBERS, "c.wav": new Uint8Array(wavOf({ seconds: 1, rate: 8000 })) };
    const audioResource = Buffer.from(zipSync(bad));
    const params = { customizationId, audioName: "all" };
    await stand.sdk.addAudio({ ...params, audioResource, contentType: "application/zip" });
    const { result } = await stand.sdk.getAudio(params);
    expect(result.container?.status).toBe("invalid");
    expect(result.audio?.map(({ status }) => status)).toEqual(["ok", "ok", "invalid"]);
    expect((await stand.sdk.listAudio({ customizationId })).result.total_minutes_of_audio).toBe(0);
  });

  test.for(["application/zip", "application/gzip"])(
    "that are no %s are undetermined",
    async (contentType) => {
      await using stand = await startStand(PRIVATE);
      const customizationId = await acousticModel(stand.sdk);
      const audioResource = Buffer.from("this is no archive at all");
      await stand.sdk.addAudio({ customizationId, audioName: "all", audioResource, contentType });
      expect((await stand.sdk.getAudio({ customizationId, audioName: "all" })).result).toMatchObject({
        status: "invalid",
        details: { type: "undetermined" },
      });
    },
  );

  test("of audio without headers need to say of which type it is", async () => {
    await using stand = await startStand(PRIVATE);
    const customizationId = await acousticModel(stand.sdk);
    const audioResource = Buffer.from(zipSync({ "a.raw": new Uint8Array(32_000) }));
    const params = { customizationId, audioName: "all", audioResource, contentType: "application/zip" };
    expect((await refusal(stand.sdk.addAudio(params))).status).toBe(400);
    await stand.sdk.addAudio({ ...params, containedContentType: "audio/l16;rate=16000" });
    const { result } = await stand.sdk.getAudio({ customizationId, audioName: "all" });
    expect(result.audio).toMatchObject([{ name: "a.raw", duration: 1, status: "ok" }]);
  });
});
