/**
 * Who may call the Watson stand-ins: API keys, tokens of both kinds, and connections by TLS.
 */
import { BearerTokenAuthenticator, CloudPakForDataAuthenticator } from "ibm-watson/auth/index.js";
import TextToSpeechV1 from "ibm-watson/text-to-speech/v1.js";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { WatsonTtsSandbox } from "../../src/sandbox/watson-tts/index.ts";
import { startWatsonTts } from "../../src/sandbox/watson-tts/index.ts";
import { CERTIFICATE, CERTIFICATE_KEY } from "../gateway/certificate.ts";
import { failure, iamClient, raw } from "./watson-tts-client.ts";

let sandbox: WatsonTtsSandbox;

beforeAll(async () => {
  sandbox = await startWatsonTts();
});

afterAll(async () => sandbox.close());

const list = { path: "/instances/a/v1/customizations" };

test.each([
  ["none", {}],
  ["another key", { authorization: `Basic ${Buffer.from("apikey:wrong").toString("base64")}` }],
  ["a forged token", { authorization: "Bearer e30.e30.e30" }],
  ["no token at all", { authorization: "Bearer" }],
])("%s: 401", async (_, headers) => {
  const answer = await raw(sandbox, { ...list, headers, isAuthorized: false });
  expect(answer.status).toBe(401);
  expect(JSON.parse(answer.text)).toEqual({
    error: "Unauthorized",
    code: 401,
    code_description: "Unauthorized",
  });
});

test("a key that IAM does not know is the SDK's error before any call", async () => {
  const wrong = iamClient({ ...sandbox, apiKey: "wrong" });
  const before = sandbox.requests.count("GET", "/v1/customizations");
  const error = await failure(wrong.listCustomModels());
  expect(error.status).toBe(400);
  expect(error).toHaveProperty("message", "Access is denied due to invalid credentials.");
  expect(sandbox.requests.count("GET", "/v1/customizations")).toBe(before);
});

test("a wrong password is refused by the platform's token service", async () => {
  const answer = await raw(sandbox, {
    method: "POST",
    path: "/icp4d-api/v1/authorize",
    headers: { "content-type": "application/json" },
    body: '{"username":"admin","password":"wrong"}',
    isAuthorized: false,
  });
  expect(answer.status).toBe(401);
});

test("a user's API key is as good as the password", async () => {
  const answer = await raw(sandbox, {
    method: "POST",
    path: "/icp4d-api/v1/authorize",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", api_key: sandbox.apiKey }),
    isAuthorized: false,
  });
  const { token } = JSON.parse(answer.text) as { token: string };
  const authorization = `Bearer ${token}`;
  expect((await raw(sandbox, { ...list, headers: { authorization }, isAuthorized: false })).status).toBe(200);
});

test("one token serves many calls, and a revoked one is refused", async () => {
  const iam = iamClient(sandbox);
  const before = sandbox.requests.count("POST", "/identity/token");
  await iam.listCustomModels();
  await iam.listCustomModels();
  expect(sandbox.requests.count("POST", "/identity/token")).toBe(before + 1);
  sandbox.revokeTokens();
  expect((await failure(iam.listCustomModels())).status).toBe(401);
  expect((await iamClient(sandbox).listCustomModels()).status).toBe(200);
});

test("a token that is about to end is asked for again, and one that has ended is refused", async () => {
  // The SDK takes an IAM token for expired ten seconds before its end.
  await using brief = await startWatsonTts({ tokenSeconds: 5 });
  const iam = iamClient(brief);
  await iam.listCustomModels();
  await iam.listCustomModels();
  expect(brief.requests.count("POST", "/identity/token")).toBe(2);
  await using stillborn = await startWatsonTts({ tokenSeconds: 0 });
  expect((await failure(iamClient(stillborn).listCustomModels())).status).toBe(401);
});

test("HTTPS with a certificate of its own is for callers who do not insist on a known one", async () => {
  await using secure = await startWatsonTts({ tls: { key: CERTIFICATE_KEY, cert: CERTIFICATE } });
  expect(secure.url).toMatch(/^https:/);
  const strict = new TextToSpeechV1({
    authenticator: new BearerTokenAuthenticator({ bearerToken: "unused" }),
    serviceUrl: secure.url,
  });
  await expect(strict.listVoices()).rejects.toThrow(/self-signed/);
  const authenticator = new CloudPakForDataAuthenticator({
    username: "admin",
    password: "admin",
    url: secure.authUrl,
    disableSslVerification: true,
  });
  const lax = new TextToSpeechV1({ authenticator, serviceUrl: secure.url, disableSslVerification: true });
  const { result } = await lax.listVoices();
  expect(result.voices[0]?.url).toMatch(/^https:/);
});
