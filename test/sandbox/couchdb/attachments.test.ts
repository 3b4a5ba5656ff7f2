/**
 * Attachments: digests, encodings, ranges, stubs and multipart, after the specification's B4.
 */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import type { CouchDBSandbox } from "../../../src/sandbox/couchdb/index.ts";
import { startCouchDB } from "../../../src/sandbox/couchdb/index.ts";
import type { Answer, Ask } from "./client.ts";
import { send } from "./client.ts";

let server: CouchDBSandbox;
let number = 0;
let db = "";
beforeAll(async () => {
  server = await startCouchDB();
});
afterAll(async () => server.close());
beforeEach(async () => {
  db = `/att${number++}`;
  await send(server.url, "PUT", db);
});

const ask = async (method: string, path: string, options: Ask = {}): Promise<Answer> =>
  send(server.url, method, `${db}${path}`, options);

const md5 = (bytes: Buffer | string): string => `md5-${createHash("md5").update(bytes).digest("base64")}`;

test("compressible types are kept gzipped and known by the digest of that", async () => {
  const data = Buffer.from("hello").toString("base64");
  await ask("PUT", "/d", {
    body: { _attachments: { t: { content_type: "text/plain", data }, b: { data } } },
  });
  const { _attachments } = (await ask("GET", "/d?att_encoding_info=true")).json();
  expect(_attachments.t).toMatchObject({
    digest: "md5-iMaiC8wqiFlD2NjLTemvCQ==",
    length: 5,
    encoding: "gzip",
    encoded_length: 25,
  });
  expect(_attachments.b).toEqual({
    content_type: "application/octet-stream",
    revpos: 1,
    digest: md5("hello"),
    length: 5,
    stub: true,
  });
  const zipped = await ask("GET", "/d/t", { headers: { "accept-encoding": "gzip" } });
  expect([md5(zipped.body), gunzipSync(zipped.body).toString()]).toEqual([_attachments.t.digest, "hello"]);
  expect(zipped.headers.etag).toBe('"iMaiC8wqiFlD2NjLTemvCQ=="');
});

test("an upload of many parts comes back whole, and by ranges", async () => {
  const bytes = Buffer.alloc(3_500_000);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7919) % 251;
  await ask("PUT", "/d/big", { body: bytes, headers: { "content-type": "application/x-bin" } });
  expect((await ask("GET", "/d/big")).body.equals(bytes)).toBe(true);
  const range = await ask("GET", "/d/big", { headers: { range: "bytes=1048570-1048590" } });
  expect([range.status, range.headers["content-range"]]).toEqual([206, "bytes 1048570-1048590/3500000"]);
  expect(range.body.equals(bytes.subarray(1_048_570, 1_048_591))).toBe(true);
  const tail = await ask("GET", "/d/big", { headers: { range: "bytes=-10" } });
  expect(tail.body.equals(bytes.subarray(-10))).toBe(true);
  expect((await ask("GET", "/d/big", { headers: { range: "bytes=9999999-" } })).status).toBe(416);
});

test("stubs keep what is there, and are refused where nothing is", async () => {
  await ask("PUT", "/d/x", { body: "one", headers: { "content-type": "a/b" } });
  const { _rev } = (await ask("GET", "/d")).json();
  const kept = await ask("PUT", "/d", { body: { _rev, v: 1, _attachments: { x: { stub: true } } } });
  expect(kept.status).toBe(201);
  expect((await ask("GET", "/d/x")).text).toBe("one");
  const refused = await ask("PUT", "/d", {
    body: { _rev: kept.json().rev, _attachments: { y: { stub: true } } },
  });
  expect([refused.status, refused.json()]).toEqual([
    412,
    { error: "missing_stub", reason: "Invalid attachment stub in d for y" },
  ]);
});

test("documents before a missing stub may be stored although the request fails", async () => {
  const docs = [{ _id: "before" }, { _id: "bad", _attachments: { x: { stub: true } } }, { _id: "after" }];
  expect((await ask("POST", "/_bulk_docs", { body: { docs } })).status).toBe(412);
  expect((await ask("GET", "/before")).status).toBe(200);
  expect((await ask("GET", "/after")).status).toBe(404);
});

function multipart(document: object, ...parts: Buffer[]): Ask {
  const chunks: Buffer[] = [
    Buffer.from(`--xyz\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(document)}`),
  ];
  for (const part of parts) {
    chunks.push(Buffer.from('\r\n--xyz\r\nContent-Disposition: attachment; filename="any"\r\n\r\n'), part);
  }
  chunks.push(Buffer.from("\r\n--xyz--"));
  return { body: Buffer.concat(chunks), headers: { "content-type": 'multipart/related; boundary="xyz"' } };
}

const follows = (more: object): object => ({ follows: true, content_type: "text/plain", revpos: 1, ...more });

test("parts that come gzipped are stored as they come, with the digest they had", async () => {
  // Level 1 is not what the server would have made of it.
  const zipped = gzipSync("zipped elsewhere, zipped elsewhere", { level: 1 });
  const attachments = {
    t: follows({ encoding: "gzip", length: 34, encoded_length: zipped.length, digest: md5(zipped) }),
  };
  const document = {
    _id: "m",
    _rev: "2-b",
    _revisions: { start: 2, ids: ["b", "a"] },
    _attachments: attachments,
  };
  expect((await ask("PUT", "/m?new_edits=false", multipart(document, zipped))).status).toBe(201);
  const stored = (await ask("GET", "/m?att_encoding_info=true")).json()._attachments.t;
  expect(stored).toMatchObject({ digest: md5(zipped), length: 34, encoded_length: zipped.length, revpos: 1 });
  expect((await ask("GET", "/m/t")).text).toBe("zipped elsewhere, zipped elsewhere");
});

test("parts belong to attachments by order, not by name, also across line breaks and delimiters inside them", async () => {
  const first = Buffer.from("\r\n--xy\r\n\r\n--");
  const second = Buffer.from("second");
  const document = {
    _attachments: { a: follows({ content_type: "x/y" }), b: follows({ content_type: "x/y" }) },
  };
  await ask("PUT", "/m", multipart(document, first, second));
  expect((await ask("GET", "/m/a")).body.equals(first)).toBe(true);
  expect((await ask("GET", "/m/b")).text).toBe("second");
});

test("a part whose digest is wrong fails the request", async () => {
  const wrong = follows({ content_type: "x/y", digest: md5("other") });
  const answer = await ask("PUT", "/m", multipart({ _attachments: { a: wrong } }, Buffer.from("this")));
  expect([answer.status, answer.json().error]).toEqual([500, "unknown_error"]);
  expect((await ask("GET", "/m")).status).toBe(404);
});

test("multipart answers carry the stored bytes, and atts_since leaves out what is known", async () => {
  const docs = [
    { _id: "d", _rev: "1-a", _attachments: { old: { data: "b2xk", content_type: "x/y", revpos: 1 } } },
    {
      _id: "d",
      _rev: "2-b",
      _revisions: { start: 2, ids: ["b", "a"] },
      _attachments: { old: { stub: true }, new: { data: "bmV3", content_type: "text/plain", revpos: 2 } },
    },
  ];
  await ask("POST", "/_bulk_docs", { body: { new_edits: false, docs } });
  const json = await ask("POST", "/_bulk_get", {
    body: { docs: [{ id: "d", rev: "2-b", atts_since: ["1-a"] }] },
  });
  const { old, new: fresh } = json.json().results[0].docs[0].ok._attachments;
  expect([old.stub, fresh.data]).toEqual([true, "bmV3"]);
  const mixed = await ask("GET", '/d?open_revs=["2-b"]&atts_since=["1-a"]', {
    headers: { accept: "multipart/mixed" },
  });
  expect(mixed.headers["content-type"]).toMatch(/^multipart\/mixed; boundary=/);
  expect(mixed.text).toContain('"old":{"content_type":"x/y","revpos":1');
  expect(mixed.text).toContain('filename="new"');
  expect(mixed.text).not.toContain('filename="old"');
});

test("compaction forgets old bodies and attachments that nothing refers to", async () => {
  await ask("PUT", "/d/x", { body: "one", headers: { "content-type": "a/b" } });
  const { _rev } = (await ask("GET", "/d")).json();
  await ask("PUT", "/d", { body: { _rev, v: 2 } });
  expect((await ask("GET", `/d?rev=${_rev}`)).status).toBe(200);
  await ask("POST", "/_compact", { body: {} });
  expect((await ask("GET", `/d?rev=${_rev}`)).status).toBe(404);
  expect((await ask("GET", "/d?revs_info=true")).json()._revs_info[1]).toEqual({
    rev: _rev,
    status: "missing",
  });
});
