import { createHash } from "node:crypto";
import { Readable } from "node:stream";

import { expect, test } from "vitest";

import {
  PROCESSING_MS,
  START,
  WAITING_MS,
  audioOf,
  refusal,
  startJobs,
  transcriptIn,
} from "./watson-stt-jobs-stand.ts";
import type { Stand } from "./watson-stt-jobs-stand.ts";

const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;
const LISTED = 100;
const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const WAV = { contentType: "audio/wav" };

async function createJob(stand: Stand, text = "hello"): Promise<string> {
  const { result } = await stand.sdk.createJob({ audio: audioOf(text), ...WAV });
  return result.id;
}

test("a job waits, is processed, and is completed with results, which it shows only then", async () => {
  await using stand = await startJobs();
  const created = await stand.sdk.createJob({ audio: audioOf("hello"), ...WAV });
  const { id } = created.result;
  expect(created.status).toBe(201);
  expect(created.result).toEqual({
    id,
    created: "2026-07-01T08:00:00.000Z",
    // The service's own address, also for whoever reached it another way.
    url: expect.stringMatching(
      /^http:\/\/127\.0\.0\.1:\d+\/instances\/[^/]+\/v1\/recognitions\/[^/]+$/,
    ) as string,
    status: "waiting",
  });
  const waiting = await stand.sdk.checkJob({ id });
  expect(waiting.result).toEqual({
    id,
    created: "2026-07-01T08:00:00.000Z",
    updated: "2026-07-01T08:00:00.000Z",
    status: "waiting",
  });
  await stand.sandbox.advance(WAITING_MS);
  const processing = await stand.sdk.checkJob({ id });
  expect(processing.result).toMatchObject({ status: "processing", updated: "2026-07-01T08:00:01.000Z" });
  expect(processing.result.results).toBeUndefined();
  await stand.sandbox.advance(PROCESSING_MS);
  const completed = await stand.sdk.checkJob({ id });
  expect(completed.result).toMatchObject({ status: "completed", updated: "2026-07-01T08:00:10.000Z" });
  expect(completed.result.results).toHaveLength(1);
});

test("a transcript says that nothing was recognised, and names the audio by its digest", async () => {
  await using stand = await startJobs();
  const audio = audioOf("the very same audio");
  const id = await createJob(stand, "the very same audio");
  await stand.sandbox.advance(WAITING_MS + PROCESSING_MS);
  const transcript = transcriptIn((await stand.sdk.checkJob({ id })).result.results);
  expect(transcript).toContain("nothing was recognised");
  expect(transcript).toContain(createHash("sha256").update(audio).digest("hex"));
  const synchronous = await stand.sdk.recognize({ audio, ...WAV });
  expect(synchronous.status).toBe(200);
  expect(transcriptIn([synchronous.result])).toBe(transcript);
});

test("audio that arrives as a stream is kept byte for byte, and no call gives it back", async () => {
  await using stand = await startJobs();
  const audio = audioOf("streamed", 8 * 2 ** 20);
  const pieces = Array.from({ length: 128 }, (_, part) => audio.subarray(part * 65_536, (part + 1) * 65_536));
  const { result } = await stand.sdk.createJob({ audio: Readable.from(pieces), ...WAV });
  const upload = stand.sandbox.uploads.list()[0];
  expect(upload).toMatchObject({ name: `recognitions/${result.id}`, contentType: "audio/wav" });
  expect(stand.sandbox.uploads.bytes(upload?.id ?? "").equals(audio)).toBe(true);
});

test("the listing shows the latest hundred jobs of the instance, newest first", async () => {
  await using stand = await startJobs();
  const ids: string[] = [];
  for (let number = 0; number <= LISTED; number++) ids.push(await createJob(stand));
  await stand.stranger.createJob({ audio: audioOf("theirs"), ...WAV });
  const { result } = await stand.sdk.checkJobs();
  expect(result.recognitions.map(({ id }) => id)).toEqual(ids.toReversed().slice(0, LISTED));
  expect(result.recognitions[0]).toEqual({
    id: ids[LISTED],
    created: "2026-07-01T08:00:00.000Z",
    updated: "2026-07-01T08:00:00.000Z",
    status: "waiting",
  });
});

test("a deleted job is gone with its audio; one that is processed cannot be deleted", async () => {
  await using stand = await startJobs();
  const waiting = await createJob(stand);
  const other = await createJob(stand);
  expect((await stand.sdk.deleteJob({ id: waiting })).status).toBe(204);
  expect(await refusal(stand.sdk.checkJob({ id: waiting }))).toMatchObject({ status: 404 });
  await stand.sandbox.advance(WAITING_MS);
  expect(await refusal(stand.sdk.deleteJob({ id: other }))).toMatchObject({
    status: 400,
    message: "Unable to delete the processing job",
  });
  await stand.sandbox.advance(PROCESSING_MS);
  expect((await stand.sdk.deleteJob({ id: other })).status).toBe(204);
  expect((await stand.sdk.checkJobs()).result.recognitions).toEqual([]);
  expect(stand.sandbox.uploads.list()).toEqual([]);
});

test("a job that is unknown or another instance's is not found", async () => {
  await using stand = await startJobs();
  const id = await createJob(stand);
  const missing = { status: 404, message: "job not found" };
  expect(await refusal(stand.sdk.checkJob({ id: UNKNOWN }))).toMatchObject(missing);
  expect(await refusal(stand.sdk.deleteJob({ id: UNKNOWN }))).toMatchObject(missing);
  expect(await refusal(stand.stranger.checkJob({ id }))).toMatchObject(missing);
  expect(await refusal(stand.stranger.deleteJob({ id }))).toMatchObject(missing);
  expect((await stand.stranger.checkJobs()).result.recognitions).toEqual([]);
});

test("a job is kept for a week after its end, or for as long as was asked", async () => {
  await using stand = await startJobs();
  const week = await createJob(stand);
  const short = await stand.sdk.createJob({ audio: audioOf("short"), ...WAV, resultsTtl: 3 });
  await stand.sandbox.advance(WAITING_MS + PROCESSING_MS + 3 * MINUTE_MS - 1);
  expect((await stand.sdk.checkJob({ id: short.result.id })).result.status).toBe("completed");
  await stand.sandbox.advance(1);
  expect(await refusal(stand.sdk.checkJob({ id: short.result.id }))).toMatchObject({
    status: 404,
    message: "job not found",
  });
  expect(stand.sandbox.uploads.list().map(({ name }) => name)).toEqual([`recognitions/${week}`]);
  await stand.sandbox.advance(WEEK_MS - 3 * MINUTE_MS - 1);
  expect((await stand.sdk.checkJobs()).result.recognitions).toHaveLength(1);
  await stand.sandbox.advance(1);
  expect((await stand.sdk.checkJobs()).result.recognitions).toEqual([]);
});

test("a job that is made to fail shows no results", async () => {
  await using stand = await startJobs();
  stand.sandbox.failJobs(1);
  const failing = await createJob(stand);
  const passing = await createJob(stand);
  await stand.sandbox.advance(WAITING_MS + PROCESSING_MS);
  const { result } = await stand.sdk.checkJob({ id: failing });
  expect(result.status).toBe("failed");
  expect(result.results).toBeUndefined();
  expect((await stand.sdk.checkJob({ id: passing })).result.status).toBe("completed");
});

test("a job that needs a callback and has none is warned about, and accepted", async () => {
  await using stand = await startJobs();
  const { status, result } = await stand.sdk.createJob({
    audio: audioOf("hello"),
    ...WAV,
    userToken: "case-17",
    events: "recognitions.completed",
  });
  expect(status).toBe(201);
  expect(result.warnings).toEqual([
    "unexpected query parameter 'events', query parameter 'callback_url' was not specified",
    "unexpected query parameter 'user_token', query parameter 'callback_url' was not specified",
  ]);
  expect((await stand.sdk.checkJob({ id: result.id })).result).not.toHaveProperty("user_token");
});

test("unknown parameters are warned about", async () => {
  await using stand = await startJobs();
  const response = await fetch(`${stand.sandbox.url}/v1/recognize?colour=red&timestamps=true&shape=round`, {
    method: "POST",
    headers: {
      Authorization: `Basic ${btoa(`apikey:${stand.sandbox.apiKey}`)}`,
      "Content-Type": "audio/wav",
    },
    body: audioOf("hello"),
  });
  expect(await response.json()).toMatchObject({
    warnings: ["Unknown url query arguments: colour, shape."],
  });
});

test("results_ttl is a number of minutes", async () => {
  await using stand = await startJobs();
  for (const resultsTtl of [0, -1, 1.5]) {
    const error = await refusal(stand.sdk.createJob({ audio: audioOf("hello"), ...WAV, resultsTtl }));
    expect(error).toMatchObject({
      status: 400,
      message: `unexpected value '${resultsTtl}' for query parameter 'results_ttl'`,
    });
  }
});

test("jobs outlive the stand-in when it has a folder", async () => {
  const { mkdtemp, rm } = await import("node:fs/promises");
  const folder = await mkdtemp("/tmp/holdfast-stt-jobs-");
  try {
    let id: string;
    {
      await using stand = await startJobs({ folder });
      id = await createJob(stand);
    }
    await using stand = await startJobs({ folder, manualClockFrom: START + WAITING_MS + PROCESSING_MS });
    expect((await stand.sdk.checkJob({ id })).result.status).toBe("completed");
  } finally {
    await rm(folder, { recursive: true });
  }
});
