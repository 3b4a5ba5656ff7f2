/**
 * Faults on demand of the Watson stand-ins.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import type { WatsonTtsSandbox } from "../../src/sandbox/watson-tts/index.ts";
import { startWatsonTts } from "../../src/sandbox/watson-tts/index.ts";
import { basicClient, failure, raw } from "./watson-tts-client.ts";

let sandbox: WatsonTtsSandbox;
let tts: ReturnType<typeof basicClient>;
let id = "";
let prefix = "";

beforeAll(async () => {
  sandbox = await startWatsonTts();
});

afterAll(async () => sandbox.close());

beforeEach(async () => {
  tts = basicClient(sandbox);
  id = (await tts.createCustomModel({ name: "Faults" })).result.customization_id;
  prefix = new URL(sandbox.url).pathname;
});

afterEach(() => {
  sandbox.faults.clear();
});

async function names(): Promise<(string | undefined)[]> {
  return (await tts.listCustomModels()).result.customizations.map(({ name }) => name);
}

test("a status with Retry-After comes as often as asked, for matching requests only", async () => {
  sandbox.faults.add({
    kind: "status",
    status: 429,
    retryAfter: 7,
    match: { method: "GET", path: "/words" },
    after: 1,
    times: 1,
  });
  expect((await tts.listWords({ customizationId: id })).status).toBe(200);
  const error = await failure(tts.listWords({ customizationId: id }));
  expect(error.status).toBe(429);
  expect(error.headers["retry-after"]).toBe("7");
  expect((await tts.listWords({ customizationId: id })).status).toBe(200);
  expect(sandbox.faults.list()).toMatchObject([{ acted: 1 }]);
});

test("a cut connection did nothing, a lost answer did everything", async () => {
  sandbox.faults.add({ kind: "cut", match: { method: "POST" }, times: 1 });
  expect((await failure(tts.createCustomModel({ name: "cut" }))).status).toBeUndefined();
  expect(await names()).not.toContain("cut");
  sandbox.faults.add({ kind: "answer-lost", match: { method: "POST" }, times: 1 });
  expect((await failure(tts.createCustomModel({ name: "lost" }))).status).toBeUndefined();
  expect(await names()).toContain("lost");
});

test("a connection may be cut in the middle of a request's body, and an answer in the middle of its own", async () => {
  sandbox.faults.add({ kind: "cut", afterBytes: 10, match: { method: "POST" }, times: 1 });
  expect((await failure(tts.createCustomModel({ name: "half" }))).status).toBeUndefined();
  expect(await names()).not.toContain("half");
  sandbox.faults.add({ kind: "answer-cut", bytes: 10, match: { method: "GET" }, times: 1 });
  await expect(raw(sandbox, { path: `${prefix}/v1/customizations` })).rejects.toThrow("aborted");
});

test("a slow answer comes, a hanging one does not, and other instances are not concerned", async () => {
  sandbox.faults.add({ kind: "slow", ms: 20, times: 1 });
  expect((await tts.listCustomModels()).status).toBe(200);
  sandbox.faults.add({ kind: "hang", match: { instance: "unlucky" } });
  expect((await tts.listCustomModels()).status).toBe(200);
  const hanging = raw(sandbox, { path: "/instances/unlucky/v1/voices" });
  const winner = await Promise.race([hanging.then(() => "answer"), tts.listVoices().then(() => "other")]);
  expect(winner).toBe("other");
  hanging.catch(() => undefined);
});

test("faults can be set over HTTP", async () => {
  const path = "/_sandbox/faults";
  const headers = { "content-type": "application/json" };
  const fault = { kind: "status", status: 503, match: { method: "GET" } };
  const added = await raw(sandbox, { method: "POST", path, headers, body: JSON.stringify(fault) });
  const { number } = JSON.parse(added.text) as { number: number };
  expect((await failure(tts.listVoices())).status).toBe(503);
  expect(JSON.parse((await raw(sandbox, { path })).text)).toEqual({
    faults: [{ number, fault, acted: 1 }],
  });
  expect((await raw(sandbox, { method: "DELETE", path: `${path}/${number}` })).status).toBe(204);
  expect((await tts.listVoices()).status).toBe(200);
  const unknown = await raw(sandbox, { method: "POST", path, headers, body: '{"kind":"magic"}' });
  expect(unknown.status).toBe(400);
});
