/**
 * What the stand-in for Form Recognizer promises beside the calls of a version: resources, credentials, headers, links, faults, switches from
 * another process, and data that outlives it.
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { FormRecognizerSandbox } from "../../src/sandbox/form-recognizer/index.ts";
import { startFormRecognizer } from "../../src/sandbox/form-recognizer/index.ts";
import { CERTIFICATE, CERTIFICATE_KEY } from "../gateway/certificate.ts";

const START = Date.UTC(2024, 0, 1);
const MODELS = "/formrecognizer/v2.1/custom/models";
const TOKEN = "a-token";

let sandbox: FormRecognizerSandbox;

beforeEach(async () => {
  sandbox = await startFormRecognizer({
    resources: [
      { name: "one", region: "westus2" },
      { name: "two", region: "eastus" },
    ],
    manualClockFrom: START,
    tokens: [TOKEN],
  });
});

afterEach(async () => {
  await sandbox.close();
});

async function call(
  method: string,
  path: string,
  options: {
    readonly resource?: string;
    readonly headers?: Record<string, string>;
    readonly body?: unknown;
  } = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: unknown }> {
  const { url, keys } = sandbox.resource(options.resource ?? "one");
  const answer = await fetch(url + path, {
    method,
    headers: {
      ...(options.headers ?? { "Ocp-Apim-Subscription-Key": keys[0] }),
      ...(options.body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const body = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: body === "" ? undefined : JSON.parse(body),
  };
}

describe("resources", () => {
  it("are kept apart: models, keys, ports and requests", async () => {
    const { id } = sandbox.makeModel("one");
    expect((await call("GET", `${MODELS}/${id}`)).status).toBe(200);
    expect((await call("GET", `${MODELS}/${id}`, { resource: "two" })).status).toBe(404);
    const foreign = { "Ocp-Apim-Subscription-Key": sandbox.resource("one").keys[0] };
    expect((await call("GET", MODELS, { resource: "two", headers: foreign })).status).toBe(401);
    expect(sandbox.resource("one").url).not.toBe(sandbox.resource("two").url);
    expect(sandbox.resource("one").requests.count("GET", `${MODELS}/{id}`)).toBe(1);
    expect(sandbox.requests.recent().map(({ place, status }) => [place, status])).toEqual([
      ["one", 200],
      ["two", 404],
      ["two", 401],
    ]);
  });

  it("have an id of Azure's form, and the same keys after every start", async () => {
    const { resourceId, keys } = sandbox.resource("one");
    expect(resourceId).toMatch(
      /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.CognitiveServices\/accounts\/one$/,
    );
    await using other = await startFormRecognizer({ resources: [{ name: "one", region: "westus2" }] });
    expect(other.resource("one").keys).toEqual(keys);
  });

  it("can be added, and never twice", async () => {
    const { url } = await sandbox.addResource({ name: "three", region: "uksouth" });
    expect(sandbox.resource("three").url).toBe(url);
    await expect(sandbox.addResource({ name: "three", region: "uksouth" })).rejects.toThrow("three already");
  });
});

describe("requests", () => {
  it("are let in with a key or a bearer token, and never with neither", async () => {
    expect((await call("GET", MODELS, { headers: { Authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
    for (const headers of [{}, { Authorization: "Bearer other" }, { Authorization: TOKEN }] as Record<
      string,
      string
    >[]) {
      const { status, headers: answered } = await call("GET", MODELS, { headers });
      expect([status, answered.get("apim-request-id"), answered.get("content-type")]).toEqual([
        401,
        null,
        null,
      ]);
    }
  });

  it("leave no credentials in the journal", async () => {
    await call("GET", MODELS);
    await call("GET", MODELS, { headers: { Authorization: `Bearer ${TOKEN}` } });
    const journal = JSON.stringify(sandbox.requests.recent());
    expect(journal).not.toContain(TOKEN);
    expect(journal).not.toContain(sandbox.resource("one").keys[0]);
  });

  it("find their call in any case of letters", async () => {
    const { id } = sandbox.makeModel("one");
    expect((await call("GET", `${MODELS.toUpperCase()}/${id.toUpperCase()}?includekeys=TRUE`)).status).toBe(
      200,
    );
  });

  it("are refused with 404 where nothing is, and 405 where another method is", async () => {
    expect((await call("GET", "/formrecognizer/v9.9/custom/models")).status).toBe(404);
    const { status, headers } = await call("PUT", MODELS);
    expect([status, headers.get("allow")]).toEqual([405, "GET, POST"]);
  });

  it("are answered with the headers of the service and links to where the caller came from", async () => {
    for (let index = 0; index < 3; index++) sandbox.makeModel("one");
    sandbox.modes.pageSize = 2;
    const { headers, body } = await call("GET", MODELS);
    expect(headers.get("apim-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get("x-ms-region")).toBe("West US 2");
    const { nextLink } = body as { nextLink: string };
    expect(nextLink.startsWith(`${sandbox.resource("one").url}${MODELS}?nextLink=`)).toBe(true);
    expect(nextLink).not.toContain("op=");
    sandbox.modes.linkVersion = "v2.1-preview.1";
    expect(((await call("GET", MODELS)).body as { nextLink: string }).nextLink).toContain("/v2.1-preview.1/");
  });

  it("follow a link with and without op=full to the same page", async () => {
    for (let index = 0; index < 3; index++) sandbox.makeModel("one");
    sandbox.modes.pageSize = 2;
    const { nextLink } = (await call("GET", `${MODELS}?op=full`)).body as { nextLink: string };
    const next = nextLink.slice(sandbox.resource("one").url.length);
    const page = await call("GET", next);
    expect(page.body).toMatchObject({ nextLink: "" });
    expect((await call("GET", `${next}&op=full`)).body).toEqual(page.body);
  });
});

describe("HTTPS", () => {
  it("is served with a certificate of its own, and is in every link", async () => {
    await using secure = await startFormRecognizer({
      resources: [{ name: "one", region: "westus2" }],
      tls: { key: CERTIFICATE_KEY, cert: CERTIFICATE },
      modes: { pageSize: 1 },
    });
    const { url, keys } = secure.resource("one");
    expect(url).toMatch(/^https:/);
    for (let index = 0; index < 2; index++) secure.makeModel("one");
    const sent = httpsRequest(url + MODELS, {
      headers: { "Ocp-Apim-Subscription-Key": keys[0] },
      // The certificate is nobody's but this test's.
      rejectUnauthorized: false,
    }).end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    const { nextLink } = JSON.parse(await text(answer)) as { nextLink: string };
    expect(nextLink.startsWith(`${url}${MODELS}?nextLink=`)).toBe(true);
  });
});

describe("models of v2.0", () => {
  it("show neither names nor what they are made of", async () => {
    const { id } = sandbox.makeModel("one", { name: "receipts" });
    const { body } = await call("GET", `${MODELS.replace("v2.1", "v2.0")}/${id}`);
    expect(Object.keys((body as { modelInfo: object }).modelInfo)).toEqual([
      "modelId",
      "status",
      "createdDateTime",
      "lastUpdatedDateTime",
    ]);
  });

  it("show the keys of a training without labels when asked, as v2.1 does", async () => {
    const { id } = sandbox.makeModel("one", { buildMode: "unlabelled" });
    expect((await call("GET", `${MODELS}/${id}`)).body).not.toHaveProperty("keys");
    expect((await call("GET", `${MODELS}/${id}?includeKeys=true`)).body).toHaveProperty("keys.clusters");
  });

  it("cannot be composed", async () => {
    expect((await call("POST", `${MODELS.replace("v2.1", "v2.0")}/compose`, { body: {} })).status).toBe(405);
  });
});

describe("faults", () => {
  it("act on one resource and after as many requests as they say", async () => {
    sandbox.faults.add({ kind: "status", status: 503, match: { resource: "two" }, after: 1, times: 1 });
    const statuses: number[] = [];
    for (const resource of ["two", "one", "two", "two"]) {
      statuses.push((await call("GET", MODELS, { resource })).status);
    }
    expect(statuses).toEqual([200, 200, 503, 200]);
  });

  it("throttle in the service's words, after the credentials and before anything else", async () => {
    sandbox.faults.add({ kind: "status", status: 429, retryAfter: 7 });
    const { status, headers, body } = await call("DELETE", `${MODELS}/${sandbox.makeModel("one").id}`);
    expect([status, headers.get("retry-after"), headers.get("content-type")]).toEqual([
      429,
      "7",
      "application/json",
    ]);
    expect(body).toMatchObject({
      error: { code: "429", message: expect.stringContaining("retry after 7 seconds") },
    });
    expect((await call("GET", MODELS, { headers: {} })).status).toBe(401);
    expect(sandbox.models("one")).toHaveLength(1);
  });

  it("cut and lose connections before and after the work", async () => {
    const { id } = sandbox.makeModel("one");
    sandbox.faults.add({ kind: "cut", times: 1 });
    await expect(call("DELETE", `${MODELS}/${id}`)).rejects.toThrow("fetch failed");
    expect(sandbox.models("one")).toHaveLength(1);
    sandbox.faults.add({ kind: "answer-lost", times: 1 });
    await expect(call("DELETE", `${MODELS}/${id}`)).rejects.toThrow("fetch failed");
    expect(sandbox.models("one")).toHaveLength(0);
  });
});

describe("a slow or silent service", () => {
  it("answers late, breaks off, or does not answer at all", async () => {
    sandbox.faults.add({ kind: "slow", ms: 30, times: 1 });
    const begun = performance.now();
    expect((await call("GET", MODELS)).status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(25);
    sandbox.faults.add({ kind: "answer-cut", bytes: 3, times: 1 });
    await expect(call("GET", MODELS)).rejects.toThrow("terminated");
    sandbox.faults.add({ kind: "hang", times: 1 });
    const { url } = sandbox.resource("one");
    await expect(fetch(url + MODELS, { signal: AbortSignal.timeout(30) })).rejects.toThrow("timeout");
  });
});

describe("switches from another process", () => {
  it("set and remove faults without credentials", async () => {
    const fault = { kind: "status", status: 500, match: { resource: "one" } };
    const { status, body } = await call("POST", "/_sandbox/faults", { headers: {}, body: fault });
    expect(status).toBe(201);
    expect((await call("GET", MODELS)).status).toBe(500);
    const { number } = body as { number: number };
    expect((await call("DELETE", `/_sandbox/faults/${number}`, { headers: {} })).status).toBe(204);
    expect((await call("GET", MODELS)).status).toBe(200);
    expect((await call("POST", "/_sandbox/faults", { body: { kind: "odd" } })).status).toBe(400);
  });

  it("move the clock, change modes, add resources and tokens, show requests and begin anew", async () => {
    expect((await call("POST", "/_sandbox/clock", { body: { advanceMs: 5000 } })).body).toEqual({
      now: new Date(START + 5000).toISOString(),
    });
    await call("PATCH", "/_sandbox/modes", { body: { pageSize: 2, copyMs: 100 } });
    expect([sandbox.modes.pageSize, sandbox.delays.copyMs]).toEqual([2, 100]);
    expect((await call("PATCH", "/_sandbox/modes", { body: { pagesize: 2 } })).status).toBe(400);
    const added = await call("POST", "/_sandbox/resources", { body: { name: "four", region: "uksouth" } });
    expect(added.body).toMatchObject({ name: "four", url: sandbox.resource("four").url, alive: true });
    await call("POST", "/_sandbox/tokens", { body: { token: "late" } });
    expect((await call("GET", MODELS, { headers: { Authorization: "Bearer late" } })).status).toBe(200);
    expect((await call("GET", "/_sandbox/requests")).body).toMatchObject({
      counts: { [`GET ${MODELS}`]: 1 },
    });
    sandbox.makeModel("one");
    await call("POST", "/_sandbox/reset");
    expect([sandbox.models("one").length, sandbox.requests.count()]).toEqual([0, 0]);
  });

  it("kill a region and bring it back from another one", async () => {
    await call("POST", "/_sandbox/kill", { resource: "two", body: { name: "one" } });
    await expect(call("GET", MODELS)).rejects.toThrow("fetch failed");
    await call("POST", "/_sandbox/revive", { resource: "two", body: { name: "one" } });
    expect((await call("GET", MODELS)).status).toBe(200);
  });
});

describe("a stand-in with a folder", () => {
  it("has its models after a restart, and ends what was under way", async () => {
    const folder = await mkdtemp(join(tmpdir(), "form-recognizer-"));
    try {
      const options = { folder, resources: [{ name: "kept", region: "westus2" }], buildMs: 1000 };
      const first = await startFormRecognizer({ ...options, manualClockFrom: START });
      const { id } = first.makeModel("kept", { name: "kept model" });
      const { url, keys } = first.resource("kept");
      const headers = { "Ocp-Apim-Subscription-Key": keys[0], "Content-Type": "application/json" };
      await fetch(url + MODELS, { method: "POST", headers, body: JSON.stringify({ source: "nowhere" }) });
      expect(
        first
          .models("kept")
          .map(({ status }) => status)
          .sort(),
      ).toEqual(["creating", "ready"]);
      await first.close();
      await using second = await startFormRecognizer({ ...options, manualClockFrom: START });
      await second.advance(1000);
      const models = second.models("kept");
      expect(models.find((model) => model.id === id)?.name).toBe("kept model");
      expect(models.map(({ status }) => status).sort()).toEqual(["invalid", "ready"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
