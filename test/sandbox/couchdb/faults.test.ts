/**
 * Each fault on demand, and the limits of Cloudant.
 */
import { performance } from "node:perf_hooks";
import { afterEach, beforeAll, afterAll, beforeEach, expect, test } from "vitest";

import type { CouchDBSandbox } from "../../../src/sandbox/couchdb/index.ts";
import { startCouchDB } from "../../../src/sandbox/couchdb/index.ts";
import type { Answer } from "./client.ts";
import { send } from "./client.ts";

let server: CouchDBSandbox;
beforeAll(async () => {
  server = await startCouchDB();
  await send(server.url, "PUT", "/db");
  const docs = Array.from({ length: 10 }, (_, i) => ({ _id: `d${i}` }));
  await send(server.url, "POST", "/db/_bulk_docs", { body: { docs } });
});
afterAll(async () => server.close());
beforeEach(() => {
  server.requests.reset();
});
afterEach(() => {
  server.faults.clear();
  server.limits.set({});
});

const ask = async (method: string, path: string, body?: unknown): Promise<Answer> =>
  send(server.url, method, path, body === undefined ? {} : { body });

const statuses = async (count: number, path: string): Promise<number[]> => {
  const list: number[] = [];
  for (let i = 0; i < count; i++) list.push((await ask("GET", path)).status);
  return list;
};

test("a status, after some requests and some times, on the requests that match only", async () => {
  server.faults.add({
    kind: "status",
    status: 503,
    match: { method: "GET", db: "db", path: "_all_docs" },
    after: 1,
    times: 2,
  });
  expect(await statuses(5, "/db/_all_docs?limit=0")).toEqual([200, 503, 503, 200, 200]);
  expect(await statuses(1, "/db")).toEqual([200]);
});

test("a 429 says when to come back and which class it is about", async () => {
  server.faults.add({ kind: "status", status: 429, retryAfter: 3, times: 1 });
  const { status, headers, text } = await ask("GET", "/db");
  expect([status, headers["retry-after"], headers["x-cloudant-request-class"]]).toEqual([429, "3", "lookup"]);
  expect(JSON.parse(text)).toMatchObject({ error: "too_many_requests" });
});

test("a cut connection delivers exactly the bytes before the cut", async () => {
  server.faults.add({ kind: "cut", bytes: 40, times: 1 });
  await expect(ask("GET", "/db/_all_docs")).rejects.toThrow(/aborted|reset|hang up/);
  expect((await ask("GET", "/db/_all_docs")).status).toBe(200);
});

test("a slow answer takes its time, at the start and by the byte", async () => {
  server.faults.add({ kind: "slow", ms: 60, times: 1 });
  const start = performance.now();
  await ask("GET", "/db");
  expect(performance.now() - start).toBeGreaterThan(55);
  server.faults.clear();
  server.faults.add({ kind: "slow", bytesPerSecond: 2000, times: 1 });
  const again = performance.now();
  await ask("GET", "/db");
  expect(performance.now() - again).toBeGreaterThan(90);
});

test("an answer that is lost was executed all the same", async () => {
  server.faults.add({ kind: "answer-lost", times: 1 });
  await expect(ask("PUT", "/db/lost", {})).rejects.toThrow(/hang up|reset/);
  expect((await ask("GET", "/db/lost")).status).toBe(200);
  server.faults.add({ kind: "answer-lost", match: { path: "_bulk_docs" }, times: 1 });
  await expect(ask("POST", "/db/_bulk_docs", { docs: [{ _id: "lost2" }] })).rejects.toThrow(/hang up|reset/);
  expect((await ask("GET", "/db/lost2")).status).toBe(200);
});

test("a request that hangs hangs", async () => {
  server.faults.add({ kind: "hang", times: 1 });
  const outcome = await Promise.race([
    ask("GET", "/db").then(() => "answered"),
    new Promise((resolve) => {
      setTimeout(resolve, 80, "waiting");
    }),
  ]);
  expect(outcome).toBe("waiting");
});

test("every third entry of a bulk read fails inside a 200, as when a cluster loses nodes", async () => {
  server.faults.add({ kind: "bulk-get-error", every: 3, times: 1 });
  const docs = Array.from({ length: 6 }, (_, i) => ({
    id: `d${i}`,
    rev: "1-967a00dff5e02add41819138abb3284d",
  }));
  const answer = await ask("POST", "/db/_bulk_get", { docs });
  const entries = answer
    .json()
    .results.map(({ docs: [entry] }: { docs: { error?: { error: string } }[] }) => entry?.error?.error);
  expect(answer.status).toBe(200);
  expect(entries).toEqual([
    undefined,
    undefined,
    "internal_fabric_error",
    undefined,
    undefined,
    "internal_fabric_error",
  ]);
  expect((await ask("POST", "/db/_bulk_get", { docs })).text).not.toContain("internal_fabric_error");
});

test("a feed rewinds to an earlier position, or to the beginning", async () => {
  const since = (await ask("GET", "/db")).json().update_seq;
  const rows = async (): Promise<number> =>
    (await ask("GET", `/db/_changes?since=${since}`)).json().results.length;
  expect(await rows()).toBe(0);
  server.faults.add({ kind: "rewind", changes: 3, times: 1 });
  expect(await rows()).toBe(3);
  server.faults.add({ kind: "rewind", times: 1 });
  expect(await rows()).toBeGreaterThanOrEqual(10);
  expect(await rows()).toBe(0);
});

const idsOf = (answer: Answer): string[] => answer.json().results.map(({ id }: { id: string }) => id);

test("a feed comes in another order, twice, or without pending, and loses nothing", async () => {
  const plain = (await ask("GET", "/db/_changes")).json();
  const expected = plain.results.map(({ id }: { id: string }) => id);
  server.faults.add({ kind: "shuffle", times: 1 });
  const shuffled = await ask("GET", "/db/_changes");
  expect(idsOf(shuffled)).not.toEqual(expected);
  expect(idsOf(shuffled).toSorted()).toEqual(expected.toSorted());
  expect(shuffled.json().last_seq).toBe(plain.last_seq);
  server.faults.add({ kind: "duplicate", every: 2, times: 1 });
  expect(idsOf(await ask("GET", "/db/_changes"))).toHaveLength(
    expected.length + Math.floor(expected.length / 2),
  );
  server.faults.add({ kind: "no-pending", times: 1 });
  expect((await ask("GET", "/db/_changes")).json()).not.toHaveProperty("pending");
});

test("the limits per second hold for one class and not for the others", async () => {
  server.limits.set({ queries: 2 });
  expect(await statuses(4, "/db/_all_docs?limit=0")).toEqual([200, 200, 429, 429]);
  expect(await statuses(1, "/db/d1")).toEqual([200]);
  server.limits.set({ reads: 5 });
  const docs = Array.from({ length: 6 }, (_, i) => ({ id: `d${i}` }));
  expect((await ask("POST", "/db/_bulk_get", { docs })).status).toBe(200);
  expect((await ask("GET", "/db/d1")).status).toBe(429);
});

test("faults, limits and counts can be handled over HTTP, which is not counted itself", async () => {
  const anonymous = { auth: null } as const;
  const fault = { kind: "status", status: 500, times: 1 };
  const put = await send(server.url, "PUT", "/_sandbox/faults", { ...anonymous, body: fault });
  expect(put.json()).toEqual([{ number: expect.any(Number) as number, fault, acted: 0 }]);
  expect(await statuses(2, "/db")).toEqual([500, 200]);
  expect((await send(server.url, "GET", "/_sandbox/faults")).json()[0].acted).toBe(1);
  await send(server.url, "DELETE", "/_sandbox/faults");
  expect(server.faults.list()).toEqual([]);
  await send(server.url, "PUT", "/_sandbox/limits", { body: { reads: 1 } });
  expect(server.limits.limits).toEqual({ reads: 1 });
  expect((await send(server.url, "PUT", "/_sandbox/faults", { body: { kind: "nonsense" } })).status).toBe(
    400,
  );
  expect((await send(server.url, "GET", "/_sandbox/requests")).json()).toEqual({ "GET database": 2 });
});

test("requests are counted by method and kind of endpoint", async () => {
  await ask("GET", "/db/d1");
  await ask("GET", "/db/_changes");
  await ask("POST", "/db/_bulk_get", { docs: [] });
  await ask("GET", "/db/_local/x");
  expect(server.requests.all()).toEqual({
    "GET document": 1,
    "GET _changes": 1,
    "POST _bulk_get": 1,
    "GET _local": 1,
  });
  expect([
    server.requests.count(),
    server.requests.count("GET"),
    server.requests.count("POST", "_bulk_get"),
  ]).toEqual([4, 3, 1]);
});
