/**
 * Accounts and rights, databases, and what survives a restart.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { CouchDBSandbox } from "../../../src/sandbox/couchdb/index.ts";
import { startCouchDB } from "../../../src/sandbox/couchdb/index.ts";
import type { Answer, Ask } from "./client.ts";
import { send } from "./client.ts";

let server: CouchDBSandbox;
beforeAll(async () => {
  server = await startCouchDB({
    members: [
      { name: "reader", password: "r:1", roles: [] },
      { name: "boss", password: "b", roles: ["chief"] },
    ],
    apiKeys: ["key-1"],
    sessionSeconds: 1,
  });
  await send(server.url, "PUT", "/db");
  const security = { members: { names: ["reader"] }, admins: { roles: ["chief"] }, kept: 12 };
  await send(server.url, "PUT", "/db/_security", { body: security });
});
afterAll(async () => server.close());

const ask = async (method: string, path: string, options: Ask = {}): Promise<Answer> =>
  send(server.url, method, path, options);

test("a member reads and writes, but needs more for design documents, security and purges", async () => {
  const auth = "reader:r:1";
  const status = async (method: string, path: string, body?: unknown): Promise<number> =>
    (await ask(method, path, { auth, ...(body === undefined ? {} : { body }) })).status;
  expect(await status("PUT", "/db/doc", {})).toBe(201);
  expect(await status("GET", "/db/_security")).toBe(200);
  expect(await status("GET", "/db/_local_docs")).toBe(200);
  expect(await status("PUT", "/db/_design/x", {})).toBe(403);
  expect(await status("PUT", "/db/_security", {})).toBe(500);
  expect(await status("POST", "/db/_purge", {})).toBe(401);
  expect(await status("GET", "/_all_dbs")).toBe(401);
  expect(await status("PUT", "/other")).toBe(401);
  expect((await ask("PUT", "/db/_design/x", { auth: "boss:b", body: {} })).status).toBe(201);
});

test("strangers are kept out", async () => {
  expect((await ask("GET", "/db/doc", { auth: null })).json().reason).toBe(
    "You are not authorized to access this db.",
  );
  expect((await ask("GET", "/db/doc", { auth: "reader:wrong" })).status).toBe(401);
  await ask("PUT", "/private");
  expect((await ask("GET", "/private", { auth: "reader:r:1" })).status).toBe(403);
});

test("a session cookie opens the door, is renewed in time, and ends", async () => {
  const login = await ask("POST", "/_session", { auth: null, body: { name: "reader", password: "r:1" } });
  const cookie = login.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  const withCookie = async (): Promise<Answer> =>
    ask("GET", "/_session", { auth: null, headers: { cookie } });
  const first = await withCookie();
  expect(first.json()).toMatchObject({ userCtx: { name: "reader" }, info: { authenticated: "cookie" } });
  await expect
    .poll(async () => (await withCookie()).headers["set-cookie"]?.[0] ?? "", { interval: 100, timeout: 950 })
    .toMatch(/^AuthSession=\w+/);
  await expect.poll(async () => (await withCookie()).json().userCtx.name, { timeout: 3000 }).toBeNull();
  const forged = `${cookie.slice(0, -4)}AAAA`;
  expect((await ask("GET", "/_session", { auth: null, headers: { cookie: forged } })).status).toBe(400);
});

const form = (apikey: string): Ask => ({
  auth: null,
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: new URLSearchParams({ grant_type: "urn:ibm:params:oauth:grant-type:apikey", apikey }).toString(),
});

const bearer = (value: string): Ask => ({ auth: null, headers: { authorization: `Bearer ${value}` } });

test("an API key is worth a token, and a token opens the door", async () => {
  const { access_token: token, expires_in: seconds } = (
    await ask("POST", "/identity/token", form("key-1"))
  ).json();
  expect(seconds).toBe(3600);
  expect((await ask("GET", "/_all_dbs", bearer(token))).status).toBe(200);
  expect((await ask("GET", "/_all_dbs", bearer("other"))).status).toBe(401);
  const refused = await ask("POST", "/identity/token", form("key-2"));
  expect([refused.status, refused.json().errorCode]).toEqual([400, "BXNIM0415E"]);
});

test("a server that asks for nothing gives everything", async () => {
  await using open = await startCouchDB({ requireAuth: false, vendor: "cloudant" });
  expect((await send(open.url, "PUT", "/db", { auth: null })).status).toBe(201);
  expect((await send(open.url, "GET", "/", { auth: null })).json().vendor.name).toBe("IBM Cloudant");
});

test("gzipped requests are read, damaged ones refused", async () => {
  const zipped = { headers: { "content-encoding": "gzip", "content-type": "application/json" } };
  const docs = gzipSync('{"docs":[{"_id":"zip"}]}');
  expect((await ask("POST", "/db/_bulk_docs", { ...zipped, body: docs })).status).toBe(201);
  expect((await ask("POST", "/db/_bulk_docs", { ...zipped, body: docs.subarray(0, 20) })).status).toBe(400);
});

test("HEAD answers as GET does, without the body", async () => {
  const [get, head] = [await ask("GET", "/db/doc"), await ask("HEAD", "/db/doc")];
  expect(head.headers.etag).toBe(get.headers.etag);
  expect([head.headers["content-length"], head.text]).toEqual([String(get.body.length), ""]);
});

test("everything is there again after a restart from the same folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "couchdb-sandbox-"));
  try {
    let before: Answer;
    {
      await using first = await startCouchDB({ folder });
      await send(first.url, "PUT", "/db%2Fx?q=4&partitioned=true");
      await send(first.url, "PUT", "/db%2Fx/p:1/a", {
        body: "bytes",
        headers: { "content-type": "text/plain" },
      });
      await send(first.url, "PUT", "/db%2Fx/_local/c", { body: { v: 1 } });
      await send(first.url, "PUT", "/db%2Fx/_revs_limit", { body: 7 });
      before = await send(first.url, "GET", "/db%2Fx");
    }
    await using second = await startCouchDB({ folder });
    expect((await send(second.url, "GET", "/db%2Fx")).text).toBe(before.text);
    expect((await send(second.url, "GET", "/db%2Fx/p:1/a")).text).toBe("bytes");
    expect((await send(second.url, "GET", "/db%2Fx/_local/c")).json()._rev).toBe("0-1");
    expect((await send(second.url, "GET", "/db%2Fx/_revs_limit")).text).toBe("7\n");
    expect((await send(second.url, "DELETE", "/db%2Fx")).status).toBe(200);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("closing ends open feeds and may be done twice", async () => {
  const short = await startCouchDB();
  await send(short.url, "PUT", "/db");
  const feed = send(short.url, "GET", "/db/_changes?feed=continuous&heartbeat=1000").catch(() => "ended");
  await new Promise((resolve) => {
    setTimeout(resolve, 30);
  });
  await short.close();
  await short.close();
  await feed;
});
