/**
 * What the Watson stand-ins share, seen from the wire: raw paths, bodies, requests that are counted, and data that outlives the process.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { WatsonTtsSandbox } from "../../src/sandbox/watson-tts/index.ts";
import { startWatsonTts } from "../../src/sandbox/watson-tts/index.ts";
import type { RawAnswer } from "./watson-tts-client.ts";
import { basicClient, raw, refusal } from "./watson-tts-client.ts";

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
  id = (await tts.createCustomModel({ name: "Wire" })).result.customization_id;
  prefix = new URL(sandbox.url).pathname;
});

function errorOf(answer: RawAnswer): Record<string, unknown> {
  return JSON.parse(answer.text) as Record<string, unknown>;
}

describe("paths", () => {
  test("the SDK's '..' and '.' for a word are refused and delete nothing", async () => {
    await tts.addWord({ customizationId: id, word: "a", translation: "b" });
    for (const word of ["..", "."]) {
      const { status, error } = await refusal(tts.deleteWord({ customizationId: id, word }));
      expect(status).toBe(404);
      expect(error).toContain("Refused");
    }
    expect((await tts.getCustomModel({ customizationId: id })).result.words).toHaveLength(1);
  });

  test.each(["/", "//words", "/words/..", "/words/.", "/words/%2e%2e", "/./words", "/words/"])(
    "a path that goes on with '%s' behind the model is refused",
    async (rest) => {
      for (const method of ["GET", "DELETE", "PUT"]) {
        const answer = await raw(sandbox, { method, path: `${prefix}/v1/customizations/${id}${rest}` });
        expect(answer.status).toBe(404);
      }
      expect((await tts.getCustomModel({ customizationId: id })).status).toBe(200);
    },
  );

  test("segments are decoded once: %252F is the text %2F, not a slash", async () => {
    const path = `${prefix}/v1/customizations/${id}/words/a%252Fb`;
    const headers = { "content-type": "application/json" };
    await raw(sandbox, { method: "PUT", path, headers, body: '{"translation":"x"}' });
    expect((await tts.listWords({ customizationId: id })).result.words[0]?.word).toBe("a%2Fb");
    const broken = await raw(sandbox, { path: `${prefix}/v1/customizations/${id}/words/%zz` });
    expect(broken.status).toBe(400);
  });

  test("what is in front of the last /v1/ is the instance's, whatever it holds", async () => {
    const path = "/text-to-speech/v1/cpd/instances/17/api/v1/customizations";
    const headers = { "content-type": "application/json" };
    await raw(sandbox, { method: "POST", path, headers, body: '{"name":"n"}' });
    const { result } = await basicClient(sandbox, sandbox.instance("17")).listCustomModels();
    expect(result.customizations).toHaveLength(1);
  });

  test("a path without an instance has an instance of its own", async () => {
    const { result } = await basicClient(sandbox, sandbox.origin).listCustomModels();
    expect(result.customizations).toEqual([]);
  });

  test("unknown calls are 404 in the gateway's words, known ones with another verb 405 with Allow", async () => {
    const unknown = await raw(sandbox, { path: `${prefix}/v1/models` });
    expect(unknown.status).toBe(404);
    expect(errorOf(unknown)).toEqual({
      error: "No such child resource.",
      code: 404,
      code_description: "No Such Resource",
    });
    const verb = await raw(sandbox, {
      method: "POST",
      path: `${prefix}/v1/customizations/${id}/words/a`,
      headers: { "content-type": "application/json" },
      body: '{"translation":"x"}',
    });
    expect([verb.status, verb.headers["allow"]]).toEqual([405, "GET, PUT, DELETE"]);
  });
});

describe("bodies", () => {
  test("gzipped requests are understood", async () => {
    const answer = await raw(sandbox, {
      method: "POST",
      path: `${prefix}/v1/customizations/${id}/words`,
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      body: gzipSync('{"words":[{"word":"zip","translation":"zipped"}]}'),
    });
    expect(answer.status).toBe(200);
    expect((await tts.getWord({ customizationId: id, word: "zip" })).result.translation).toBe("zipped");
  });

  test.each([
    ["no JSON", "application/json", "{", 400],
    ["JSON that is no object", "application/json", "[]", 400],
    ["bytes that are no UTF-8", "application/json", Uint8Array.of(0x7b, 0xff, 0x7d), 400],
    ["another content type", "text/plain", '{"name":"n"}', 415],
    ["no name", "application/json", "{}", 400],
  ])("%s is refused", async (_, type, body, status) => {
    const path = `${prefix}/v1/customizations`;
    const answer = await raw(sandbox, { method: "POST", path, headers: { "content-type": type }, body });
    expect(answer.status).toBe(status);
    expect(errorOf(answer)).toHaveProperty("code", status);
  });

  test("a body that is no gzip although it says so is refused, another encoding too", async () => {
    const path = `${prefix}/v1/customizations`;
    for (const [encoding, status] of [
      ["gzip", 400],
      ["br", 415],
    ] as const) {
      const headers = { "content-type": "application/json", "content-encoding": encoding };
      const answer = await raw(sandbox, { method: "POST", path, headers, body: '{"name":"n"}'.repeat(10) });
      expect(answer.status).toBe(status);
    }
  });

  test("a refusal in front of a large body is heard, and the connection serves on", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const path = `${prefix}/v1/speakers?speaker_name=a`;
      const headers = { "content-type": "audio/wav" };
      const body = Buffer.alloc(8 * 2 ** 20);
      const refused = await raw(sandbox, { method: "POST", path, headers, body, agent });
      expect(errorOf(refused)["error"]).toBe("This feature is no longer supported");
      expect((await raw(sandbox, { path: `${prefix}/v1/voices`, agent })).status).toBe(200);
    } finally {
      agent.destroy();
    }
  });

  test("a missing parameter is named", async () => {
    const path = `${prefix}/v1/customizations`;
    const headers = { "content-type": "application/json" };
    const answer = await raw(sandbox, { method: "POST", path, headers, body: "{}" });
    expect(errorOf(answer)["error"]).toBe("Required parameter 'name' is missing");
  });

  test("every answer carries a transaction id, the caller's own if there is one", async () => {
    const path = `${prefix}/v1/customizations/${id}`;
    for (const isAuthorized of [true, false]) {
      const answer = await raw(sandbox, { path, isAuthorized });
      expect(answer.headers["x-global-transaction-id"]).toMatch(/^[0-9a-f]{32}$/);
    }
    const headers = { "x-global-transaction-id": "mine" };
    expect((await raw(sandbox, { path, headers })).headers["x-global-transaction-id"]).toBe("mine");
  });
});

test("requests are counted per call and remembered without their credentials", async () => {
  sandbox.requests.reset();
  await tts.getCustomModel({ customizationId: id });
  await refusal(tts.getWord({ customizationId: id, word: "a" }));
  expect(sandbox.requests.all()).toEqual({
    "GET /v1/customizations/{id}": 1,
    "GET /v1/customizations/{id}/words/{word}": 1,
  });
  const [first, second] = sandbox.requests.recent();
  expect(first).toMatchObject({ url: `${prefix}/v1/customizations/${id}`, status: 200 });
  expect(first?.headers).toHaveProperty("x-ibmcloud-sdk-analytics");
  expect(first?.headers).not.toHaveProperty("authorization");
  expect(second?.status).toBe(400);
});

test("a stand-in with a folder keeps models and tokens over a restart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-"));
  try {
    const first = await startWatsonTts({ folder });
    const { result } = await basicClient(first).createCustomModel({ name: "Kept" });
    const customizationId = result.customization_id;
    await basicClient(first).addWord({ customizationId, word: "a", translation: "b" });
    const token = await raw(first, {
      method: "POST",
      path: "/identity/token",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: `grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey=${first.apiKey}`,
      isAuthorized: false,
    });
    const authorization = `Bearer ${(JSON.parse(token.text) as { access_token: string }).access_token}`;
    await first.close();
    await first.close();
    await using second = await startWatsonTts({ folder });
    const { result: kept } = await basicClient(second).getCustomModel({ customizationId });
    expect(kept).toMatchObject({ name: "Kept", words: [{ word: "a", translation: "b" }] });
    const answer = await raw(second, { path: "/v1/voices", headers: { authorization }, isAuthorized: false });
    expect(answer.status).toBe(200);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the real clock cannot be set forward", async () => {
  await expect(sandbox.advance(1)).rejects.toThrow("real clock");
});
