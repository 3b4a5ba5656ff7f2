import { expect, test } from "vitest";

import type { NotificationFault } from "../../src/sandbox/watson-stt/index.ts";
import type { CallbackReceiver } from "./watson-callback-receiver.ts";
import { hmacOf, startReceiver } from "./watson-callback-receiver.ts";
import { PROCESSING_MS, START, WAITING_MS, audioOf, refusal, startJobs } from "./watson-stt-jobs-stand.ts";
import type { Stand } from "./watson-stt-jobs-stand.ts";

const MINUTE_MS = 60_000;
const SECRET = "s3cr3t";

interface JobWishes {
  readonly events?: string;
  readonly userToken?: string;
}

/** A job whose callback is registered. */
async function createJob(stand: Stand, receiver: CallbackReceiver, wishes: JobWishes = {}): Promise<string> {
  await stand.sdk.registerCallback({ callbackUrl: receiver.url, userSecret: SECRET });
  const { result } = await stand.sdk.createJob({
    audio: audioOf("hello"),
    contentType: "audio/wav",
    callbackUrl: receiver.url,
    ...wishes,
  });
  return result.id;
}

function eventsAt(receiver: CallbackReceiver): string[] {
  return receiver.received.map(({ body }) => body.event.replace("recognitions.", ""));
}

test("a callback is told once that its job started and once that it completed", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  const id = await createJob(stand, receiver, { userToken: "case-17" });
  await stand.sandbox.advance(WAITING_MS - 1);
  expect(receiver.received).toEqual([]);
  await stand.sandbox.advance(1);
  expect(eventsAt(receiver)).toEqual(["started"]);
  await stand.sandbox.advance(PROCESSING_MS);
  await stand.sandbox.advance(MINUTE_MS);
  expect(receiver.received.map(({ body }) => body)).toEqual([
    { id, event: "recognitions.started", user_token: "case-17" },
    { id, event: "recognitions.completed", user_token: "case-17" },
  ]);
  expect(receiver.received[0]?.contentType).toBe("application/json");
  const { result } = await stand.sdk.checkJobs();
  expect(result.recognitions[0]?.user_token).toBe("case-17");
});

test.each(["sha256", "sha1"] as const)("notifications are signed over their raw bytes (%s)", async (hmac) => {
  await using stand = await startJobs({ callbackHmac: hmac });
  using receiver = await startReceiver();
  await createJob(stand, receiver, { userToken: "Fälle" });
  await stand.sandbox.advance(WAITING_MS + PROCESSING_MS);
  expect(receiver.received).toHaveLength(2);
  for (const { raw, signature } of receiver.received) {
    expect(signature).toBe(hmacOf(hmac, SECRET, raw));
  }
});

test("registering again does not change the secret that notifications are signed with", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  await createJob(stand, receiver);
  await stand.sdk.registerCallback({ callbackUrl: receiver.url, userSecret: "another" });
  await stand.sandbox.advance(WAITING_MS);
  const [started] = receiver.received;
  expect(started?.signature).toBe(hmacOf("sha256", SECRET, started?.raw ?? ""));
});

test("a callback without a secret gets unsigned notifications, and an empty token when none was given", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  await stand.sdk.registerCallback({ callbackUrl: receiver.url });
  await createJob(stand, receiver);
  await stand.sandbox.advance(WAITING_MS);
  expect(receiver.received[0]?.signature).toBeUndefined();
  expect(receiver.received[0]?.body.user_token).toBe("");
});

test("a callback gets the results with the notification when it asked for them", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  const id = await createJob(stand, receiver, { events: "recognitions.completed_with_results" });
  await stand.sandbox.advance(WAITING_MS + PROCESSING_MS);
  const { result } = await stand.sdk.checkJob({ id });
  expect(receiver.received.map(({ body }) => body)).toEqual([
    { id, event: "recognitions.completed_with_results", user_token: "", results: result.results },
  ]);
});

test("a job that fails tells nothing of a completion", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  stand.sandbox.failJobs(2);
  await createJob(stand, receiver);
  await createJob(stand, receiver, { events: "recognitions.completed_with_results" });
  await stand.sandbox.advance(WAITING_MS + PROCESSING_MS);
  expect(eventsAt(receiver)).toEqual(["started", "failed"]);
});

test("a job is refused when its callback is not registered, or its events do not exist or exclude each other", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  const audio = { audio: audioOf("hello"), contentType: "audio/wav", callbackUrl: receiver.url };
  expect(await refusal(stand.sdk.createJob(audio))).toMatchObject({ status: 400 });
  await stand.sdk.registerCallback({ callbackUrl: receiver.url });
  expect(await refusal(stand.stranger.createJob(audio))).toMatchObject({ status: 400 });
  for (const events of [
    "recognitions.begun",
    "recognitions.started,",
    "recognitions.completed,recognitions.completed_with_results",
  ]) {
    expect(await refusal(stand.sdk.createJob({ ...audio, events })), events).toMatchObject({ status: 400 });
  }
  expect(stand.sandbox.uploads.list()).toEqual([]);
});

test("nobody is told about a job that was deleted, nor at an address that was unregistered", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  const deleted = await createJob(stand, receiver);
  await stand.sdk.deleteJob({ id: deleted });
  await createJob(stand, receiver);
  await stand.sandbox.advance(WAITING_MS);
  expect(eventsAt(receiver)).toEqual(["started"]);
  await stand.sdk.unregisterCallback({ callbackUrl: receiver.url });
  await stand.sandbox.advance(PROCESSING_MS);
  expect(eventsAt(receiver)).toEqual(["started"]);
});

test("a notification that nobody took is not repeated", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  const id = await createJob(stand, receiver);
  receiver.close();
  await stand.sandbox.advance(WAITING_MS + PROCESSING_MS);
  expect((await stand.sdk.checkJob({ id })).result.status).toBe("completed");
});

const FAULTS: readonly [NotificationFault, string[], string[]][] = [
  [{ kind: "drop", event: "recognitions.started" }, ["completed"], ["completed"]],
  [{ kind: "drop" }, [], []],
  [{ kind: "duplicate", times: 1 }, ["started", "started", "completed"], ["started", "started", "completed"]],
  [{ kind: "late", event: "recognitions.completed" }, ["started"], ["started", "completed"]],
  [{ kind: "late", times: 1, ms: PROCESSING_MS }, ["completed", "started"], ["completed", "started"]],
  [{ kind: "reordered", times: 1 }, ["completed", "started"], ["completed", "started"]],
  [{ kind: "reordered" }, ["completed", "started"], ["completed", "started"]],
];

test.each(FAULTS)(
  "with the fault %j a callback hears %j, and a minute later %j",
  async (fault, atEnd, later) => {
    await using stand = await startJobs();
    using receiver = await startReceiver();
    stand.sandbox.notificationFaults.add(fault);
    await createJob(stand, receiver);
    await stand.sandbox.advance(WAITING_MS + PROCESSING_MS);
    expect(eventsAt(receiver)).toEqual(atEnd);
    await stand.sandbox.advance(MINUTE_MS);
    expect(eventsAt(receiver)).toEqual(later);
    stand.sandbox.notificationFaults.clear();
    await createJob(stand, receiver);
    await stand.sandbox.advance(WAITING_MS + PROCESSING_MS);
    expect(eventsAt(receiver).slice(later.length)).toEqual(["started", "completed"]);
  },
);

test("a callback that does not answer keeps nobody else waiting", async () => {
  await using stand = await startJobs();
  using slow = await startReceiver();
  using quick = await startReceiver();
  await createJob(stand, slow);
  await createJob(stand, quick);
  slow.answersNotifications = false;
  const advanced = stand.sandbox.advance(WAITING_MS);
  await quick.arrived(1);
  expect(eventsAt(slow).length).toBeLessThanOrEqual(1);
  await advanced;
});

test("notifications that were still to come are posted after a restart", async () => {
  const { mkdtemp, rm } = await import("node:fs/promises");
  const folder = await mkdtemp("/tmp/holdfast-stt-notifications-");
  try {
    using receiver = await startReceiver();
    {
      await using stand = await startJobs({ folder });
      await createJob(stand, receiver);
    }
    await using stand = await startJobs({ folder, manualClockFrom: START + WAITING_MS });
    await receiver.arrived(1);
    await stand.sandbox.advance(PROCESSING_MS);
    expect(eventsAt(receiver)).toEqual(["started", "completed"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("jobs and callbacks that carry a customer's label go with the customer's data", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  const headers = { "X-Watson-Metadata": "customer_id=anna" };
  await stand.sdk.registerCallback({ callbackUrl: receiver.url, headers });
  const unlabelled = await createJob(stand, receiver);
  await stand.sdk.createJob({ audio: audioOf("anna"), contentType: "audio/wav", headers });
  await stand.stranger.deleteUserData({ customerId: "anna" });
  expect((await stand.sdk.checkJobs()).result.recognitions).toHaveLength(2);
  await stand.sdk.deleteUserData({ customerId: "anna" });
  expect((await stand.sdk.checkJobs()).result.recognitions.map(({ id }) => id)).toEqual([unlabelled]);
  expect(stand.sandbox.uploads.list()).toHaveLength(1);
  expect((await refusal(stand.sdk.unregisterCallback({ callbackUrl: receiver.url }))).status).toBe(404);
});
