import { expect, test } from "vitest";

import { hmacOf, startReceiver } from "./watson-callback-receiver.ts";
import { refusal, startJobs } from "./watson-stt-jobs-stand.ts";

const HOUR_MS = 3_600_000;
const LIMIT = 20;

test("a callback is registered once it has returned the challenge, which is signed with its secret", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  const answer = await stand.sdk.registerCallback({ callbackUrl: receiver.url, userSecret: "s3cr3t" });
  expect(answer.status).toBe(201);
  expect(answer.result).toEqual({ status: "created", url: receiver.url });
  const [challenge] = receiver.challenges;
  expect(challenge?.text).toMatch(/^[A-Za-z0-9]{16}$/);
  expect(challenge?.signature).toBe(hmacOf("sha256", "s3cr3t", challenge?.text ?? ""));
});

test("challenges of the older kind are signed with SHA-1", async () => {
  await using stand = await startJobs({ callbackHmac: "sha1" });
  using receiver = await startReceiver();
  await stand.sdk.registerCallback({ callbackUrl: receiver.url, userSecret: "s3cr3t" });
  const [challenge] = receiver.challenges;
  expect(challenge?.signature).toBe(hmacOf("sha1", "s3cr3t", challenge?.text ?? ""));
  expect(challenge?.signature).toHaveLength(28);
});

test("a callback without a secret gets no signature", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  await stand.sdk.registerCallback({ callbackUrl: receiver.url });
  expect(receiver.challenges[0]?.signature).toBeUndefined();
});

test("a callback that is registered already is told so and not challenged again", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  await stand.sdk.registerCallback({ callbackUrl: receiver.url });
  const again = await stand.sdk.registerCallback({ callbackUrl: receiver.url, userSecret: "another" });
  expect(again.status).toBe(200);
  expect(again.result).toEqual({ status: "already created", url: receiver.url });
  expect(receiver.challenges).toHaveLength(1);
});

test("each instance registers for itself", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  await stand.sdk.registerCallback({ callbackUrl: receiver.url });
  expect((await stand.stranger.registerCallback({ callbackUrl: receiver.url })).status).toBe(201);
  expect(receiver.challenges).toHaveLength(2);
});

test("the challenge is added to the query that an address has", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  await stand.sdk.registerCallback({ callbackUrl: `${receiver.url}?tenant=7&x=a%20b` });
  expect(receiver.challenges[0]?.path).toMatch(/^\/results\?tenant=7&x=a%20b&challenge_string=\w+$/);
});

test("a callback that answers with another status is not registered", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  receiver.manner = "refuse";
  const error = await refusal(stand.sdk.registerCallback({ callbackUrl: receiver.url }));
  expect(error.status).toBe(400);
  expect(error.message).toBe(
    `unable to register callback url '${receiver.url}', callback server responded with status code 406`,
  );
  receiver.manner = "echo";
  expect((await stand.sdk.registerCallback({ callbackUrl: receiver.url })).status).toBe(201);
});

test.each(["wrong", "longer", "redirect", "silent"] as const)(
  "a callback that answers the challenge in the manner '%s' is not registered",
  async (manner) => {
    await using stand = await startJobs();
    using receiver = await startReceiver();
    receiver.manner = manner;
    const error = await refusal(stand.sdk.registerCallback({ callbackUrl: receiver.url }));
    expect(error.status).toBe(400);
    expect(error.message).toContain(`unable to register callback url '${receiver.url}'`);
    expect(receiver.challenges).toHaveLength(1);
  },
);

test("an address where nobody listens, or that is none, is not registered", async () => {
  await using stand = await startJobs();
  for (const callbackUrl of ["http://127.0.0.1:1/results", "ftp://127.0.0.1/results", "results"]) {
    const error = await refusal(stand.sdk.registerCallback({ callbackUrl }));
    expect(error.status, callbackUrl).toBe(400);
  }
});

test("no more than twenty callbacks are registered in an hour, and unregistering gives none back", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  const register = (number: number) =>
    stand.sdk.registerCallback({ callbackUrl: `${receiver.url}/${number}` });
  for (let number = 1; number <= LIMIT; number++) await register(number);
  expect((await refusal(register(LIMIT + 1))).status).toBe(429);
  await stand.sdk.unregisterCallback({ callbackUrl: `${receiver.url}/1` });
  expect((await refusal(register(LIMIT + 1))).status).toBe(429);
  expect((await register(2)).status).toBe(200);
  expect((await stand.stranger.registerCallback({ callbackUrl: receiver.url })).status).toBe(201);
  await stand.sandbox.advance(HOUR_MS);
  expect((await register(LIMIT + 1)).status).toBe(201);
});

test("an unregistered callback is unknown, and is challenged anew when it comes back", async () => {
  await using stand = await startJobs();
  using receiver = await startReceiver();
  await stand.sdk.registerCallback({ callbackUrl: receiver.url });
  expect((await stand.sdk.unregisterCallback({ callbackUrl: receiver.url })).status).toBe(200);
  const error = await refusal(stand.sdk.unregisterCallback({ callbackUrl: receiver.url }));
  expect(error.status).toBe(404);
  expect((await stand.sdk.registerCallback({ callbackUrl: receiver.url })).status).toBe(201);
  expect(receiver.challenges).toHaveLength(2);
});

test("a callback is registered and unregistered by its address only", async () => {
  await using stand = await startJobs();
  for (const call of ["register_callback", "unregister_callback"]) {
    const response = await fetch(`${stand.sandbox.url}/v1/${call}`, {
      method: "POST",
      headers: { Authorization: `Basic ${btoa(`apikey:${stand.sandbox.apiKey}`)}` },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "Required parameter 'callback_url' is missing" });
  }
});
