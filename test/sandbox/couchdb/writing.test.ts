/**
 * What a write does to what is there: the table of the specification's Part C, and the rules of B1 to B3 around it. All outcomes were
 * seen on CouchDB 3.5.0.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { CouchDBSandbox } from "../../../src/sandbox/couchdb/index.ts";
import { startCouchDB } from "../../../src/sandbox/couchdb/index.ts";
import type { Answer } from "./client.ts";
import { send } from "./client.ts";

let server: CouchDBSandbox;
let number = 0;
let db = "";
beforeAll(async () => {
  server = await startCouchDB({
    maxRequestBytes: 200_000,
    maxDocumentBytes: 10_000,
    maxAttachmentBytes: 20_000,
  });
});
afterAll(async () => server.close());
beforeEach(async () => {
  db = `/db${number++}`;
  await send(server.url, "PUT", db);
});

const ask = async (method: string, path: string, body?: unknown): Promise<Answer> =>
  send(server.url, method, `${db}${path}`, body === undefined ? {} : { body });

async function bulk(docs: unknown[], newEdits = false): Promise<Answer> {
  return ask("POST", "/_bulk_docs", { new_edits: newEdits, docs });
}

/** Leaf revisions, winner first. */
async function leafRevs(id: string): Promise<string[]> {
  const answer = await ask("POST", "/_changes?style=all_docs&filter=_doc_ids", { doc_ids: [id] });
  return answer.json().results[0]?.changes.map(({ rev }: { rev: string }) => rev) ?? [];
}

const revision = (n: number, ids: string, body: object = {}): object => {
  const list = ids.split(" ");
  return { _id: "doc", _rev: `${n}-${list[0]}`, _revisions: { start: n, ids: list }, ...body };
};

describe("restoring a document", () => {
  test("that is absent, with its history: exactly that revision and history", async () => {
    expect((await bulk([revision(3, "c b a", { v: 1 })])).text).toBe("[]\n");
    const { _rev, _revisions } = (await ask("GET", "/doc?revs=true")).json();
    expect({ _rev, _revisions }).toEqual({ _rev: "3-c", _revisions: { start: 3, ids: ["c", "b", "a"] } });
  });

  test("that is absent, as a new edit: a first revision of the server's own", async () => {
    const answer = await bulk([{ _id: "doc", v: 1 }], true);
    expect(answer.json()).toEqual([{ ok: true, id: "doc", rev: "1-7a7e4b29f3af401e69b6f86e4c26b727" }]);
  });

  test("below a newer live revision, with its history: no effect, no error", async () => {
    await bulk([revision(3, "c b a", { v: "new" })]);
    const answer = await bulk([revision(2, "b a", { v: "old" })]);
    expect([answer.status, answer.text]).toEqual([201, "[]\n"]);
    expect((await ask("GET", "/doc")).json().v).toBe("new");
    expect(await leafRevs("doc")).toEqual(["3-c"]);
  });

  test("below a newer live revision, as a new edit without a revision: a conflict in its row", async () => {
    await bulk([revision(1, "a")]);
    expect((await bulk([{ _id: "doc", v: 2 }], true)).json()).toEqual([
      { id: "doc", error: "conflict", reason: "Document update conflict." },
    ]);
  });

  test("on top of the winner, as a new edit: the restore that users mean", async () => {
    await bulk([revision(4, "d c b a", { v: "new" })]);
    await bulk([{ _id: "doc", _rev: "4-d", v: "old" }], true);
    const after = (await ask("GET", "/doc")).json();
    expect([after._rev.startsWith("5-"), after.v]).toEqual([true, "old"]);
  });

  test("that was deleted, with its history: it stays deleted", async () => {
    await bulk([revision(2, "b a", { _deleted: true })]);
    expect((await bulk([revision(1, "a", { v: 1 })])).text).toBe("[]\n");
    expect((await ask("GET", "/doc")).json()).toEqual({ error: "not_found", reason: "deleted" });
  });

  test("that was deleted, as a new edit without a revision: it lives again on top of the tombstone", async () => {
    await bulk([revision(2, "b a", { _deleted: true })]);
    expect((await bulk([{ _id: "doc", v: 1 }], true)).json()[0].rev).toMatch(/^3-/);
  });

  test("that was deleted, as a new edit of the tombstone: a conflict", async () => {
    await bulk([revision(2, "b a", { _deleted: true })]);
    expect((await ask("PUT", "/doc", { _rev: "2-b", v: 1 })).status).toBe(409);
  });

  test("in conflict, as a new edit of the winner: the other leaves stay", async () => {
    await bulk([revision(2, "b a"), revision(2, "c a")]);
    await bulk([{ _id: "doc", _rev: "2-c", v: 1 }], true);
    expect((await leafRevs("doc")).slice(1)).toEqual(["2-b"]);
  });

  test("over an unrelated one, with its history: one more branch", async () => {
    await bulk([revision(1, "a")]);
    await bulk([revision(2, "y x")]);
    expect(await leafRevs("doc")).toEqual(["2-y", "1-a"]);
  });

  test("under a revision that is there with another body: the body stays and the feed does not move", async () => {
    await bulk([revision(1, "a", { v: "first" })]);
    const before = (await ask("GET", "")).json().update_seq;
    await bulk([revision(1, "a", { v: "second" })]);
    expect((await ask("GET", "/doc")).json().v).toBe("first");
    expect((await ask("GET", "")).json().update_seq).toBe(before);
  });
});

describe("new edits", () => {
  test("of equal content have equal revisions everywhere, of other number types or orders others", async () => {
    const bodies = ['{"a":1,"b":2}', '{"b":2,"a":1}', '{"a":1.0,"b":2}'];
    const revs: string[] = [];
    for (const [i, body] of bodies.entries()) revs.push((await ask("PUT", `/d${i}`, body)).json().rev);
    expect(new Set(revs).size).toBe(3);
    expect((await ask("PUT", "/again", bodies[0])).json().rev).toBe(revs[0]);
  });

  test("may continue any leaf, but nothing else", async () => {
    await bulk([revision(2, "b a"), revision(2, "c a")]);
    const answer = await bulk(
      [
        { _id: "doc", _rev: "2-b" },
        { _id: "doc", _rev: "1-a" },
      ],
      true,
    );
    expect(answer.json().map((row: { error?: string }) => row.error)).toEqual([undefined, "conflict"]);
  });

  test("a tombstone keeps the body it is given", async () => {
    await ask("PUT", "/doc", { v: 1, _deleted: true });
    expect(
      (await ask("POST", "/_bulk_get", { docs: [{ id: "doc" }] })).json().results[0].docs[0].ok,
    ).toMatchObject({
      v: 1,
      _deleted: true,
    });
  });

  test("the revision limit cuts histories when they are written", async () => {
    await ask("PUT", "/_revs_limit", 3);
    await bulk([revision(6, "f e d c b a")]);
    expect((await ask("GET", "/doc?revs=true")).json()._revisions).toEqual({
      start: 6,
      ids: ["f", "e", "d"],
    });
  });
});

describe("a request that is refused as a whole writes nothing", () => {
  test.each([
    ["an unknown special member", { _id: "bad", _oops: 1 }, 400, "doc_validation"],
    ["an id that may not be", { _id: "_bad" }, 400, "illegal_docid"],
    ["bad base64", { _id: "bad", _attachments: { x: { data: "!" } } }, 400, "bad_request"],
    ["a document over the limit", { _id: "bad", v: "x".repeat(10_001) }, 413, "document_too_large"],
    ["a document that is no object", 5, 400, "bad_request"],
  ])("%s", async (_, doc, status, error) => {
    const answer = await bulk([{ _id: "good" }, doc], true);
    expect([answer.status, answer.json().error]).toEqual([status, error]);
    expect((await ask("GET", "/good")).status).toBe(404);
  });

  test("a request over the limit, announced or not", async () => {
    const body = JSON.stringify({ docs: [{ v: "x".repeat(200_000) }] });
    const answer = await ask("POST", "/_bulk_docs", body);
    expect([answer.status, answer.json()]).toEqual([
      413,
      { error: "too_large", reason: "the request entity is too large" },
    ]);
  });

  test("an attachment over the limit, in line or sent by itself", async () => {
    const data = Buffer.alloc(20_001).toString("base64");
    const answer = await ask("PUT", "/doc", { _attachments: { big: { data } } });
    expect([answer.status, answer.json()]).toEqual([413, { error: "attachment_too_large", reason: "big" }]);
    expect((await ask("PUT", "/doc/big", Buffer.alloc(20_001))).status).toBe(413);
  });
});

describe("validation functions", () => {
  const validate = `function (n, o, u, s) {
    if (u.roles.indexOf("_admin") >= 0 && n.forbid) throw({ forbidden: "no: " + (o ? o.v : "new") });
    if (n.stop) throw({ unauthorized: "who are you" });
    if (n.loop) for (;;);
    if (n.typo) undefinedFunction();
  }`;

  test("bind administrators and replicated writes too, document by document", async () => {
    await bulk([revision(1, "a", { v: "old" })]);
    await ask("PUT", "/_design/v", { validate_doc_update: validate });
    const answer = await bulk([revision(2, "b a", { forbid: true }), { _id: "ok", _rev: "1-a" }]);
    expect(answer.json()).toEqual([{ id: "doc", rev: "2-b", error: "forbidden", reason: "no: old" }]);
    expect((await ask("GET", "/ok")).status).toBe(200);
    expect((await ask("PUT", "/x", { stop: true })).json()).toEqual({
      error: "unauthorized",
      reason: "who are you",
    });
    expect((await ask("PUT", "/x", { typo: true })).status).toBe(500);
  });

  test("cannot run for ever, and end with their design document", async () => {
    const rev = (await ask("PUT", "/_design/v", { validate_doc_update: validate })).json().rev;
    expect((await ask("PUT", "/x", { loop: true })).status).toBe(500);
    await ask("DELETE", `/_design/v?rev=${rev}`);
    expect((await ask("PUT", "/x", { loop: true })).status).toBe(201);
  });
});

describe("purging", () => {
  test("takes a document out of the feed without a trace there, but not out of the purge list", async () => {
    await bulk([revision(1, "a")]);
    const before = (await ask("GET", "")).json();
    await ask("POST", "/_purge", { doc: ["1-a"] });
    const after = (await ask("GET", "")).json();
    expect((await ask("GET", `/_changes?since=${before.update_seq}`)).json().results).toEqual([]);
    expect(after.purge_seq).not.toBe(before.purge_seq);
    expect([before.doc_count, after.doc_count]).toEqual([1, 0]);
    expect((await ask("GET", "/_purged_infos")).json()).toEqual({
      purged_infos: [{ id: "doc", revs: ["1-a"] }],
    });
  });

  test("makes room for an older revision to come back as it was", async () => {
    await bulk([revision(2, "b a", { v: 2 })]);
    await ask("POST", "/_purge", { doc: ["2-b"] });
    await bulk([revision(1, "a", { v: 1 })]);
    expect((await ask("GET", "/doc")).json()).toMatchObject({ _rev: "1-a", v: 1 });
  });
});

test("a body whose numbers and order JavaScript would change comes back as it was", async () => {
  const body = '{"z":1,"10":12345678901234567890,"2":1.0,"n":{"__proto__":[1e-7]},"s":"\\u0000\u2028"}';
  await ask("PUT", "/doc", body);
  const bulkGet = await ask("POST", "/_bulk_get", { docs: [{ id: "doc" }] });
  expect(bulkGet.text).toContain(body.slice(1, -1));
  expect((await ask("GET", "/_changes?include_docs=true")).text).toContain(body.slice(1, -1));
  expect((await ask("GET", "/_all_docs?include_docs=true")).text).toContain(body.slice(1, -1));
});

test("ids with every character are listed in the order of their bytes", async () => {
  const ids = [
    "a",
    "B",
    "é",
    "\ufb01",
    "😀",
    "a/b",
    "a+b",
    "a b",
    ".",
    "..",
    "%",
    "#",
    '"',
    "\u0000x",
    "\n",
    "c\u2028",
  ];
  await bulk(
    ids.map((_id) => ({ _id })),
    true,
  );
  const listed = (await ask("GET", "/_all_docs")).json().rows.map(({ id }: { id: string }) => id);
  expect(listed).toEqual(ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  expect((await ask("GET", "/a%2Bb")).status).toBe(200);
  expect((await ask("GET", "/a+b")).json()._id).toBe("a b");
});
