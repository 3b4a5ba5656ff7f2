import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { POUCHDB_ABILITIES } from "../../../../src/sources/couchdb/abilities.ts";
import { compareCouch } from "../../../../src/sources/couchdb/compare.ts";
import { readLeaves } from "../../../../src/sources/couchdb/leaves.ts";
import {
  actions,
  clientOf,
  context,
  doc,
  openPlace,
  restore,
  restoreRequest,
  signal,
  snapshot,
} from "../harness.ts";
import { startPouchDB } from "../pouchdb-server.ts";

const abilities = POUCHDB_ABILITIES;

/** A body larger than a small inline attachment: 100,000 bytes that no compressor shrinks. */
const LARGE = Buffer.concat(
  Array.from({ length: 3125 }, (_, i) => createHash("sha256").update(String(i)).digest()),
).toString("base64");

const DOCS = [
  doc("plain", ["b", "a"], '"v":1,"s":"é"'),
  doc("split", ["x", "s"], '"v":"x"'),
  doc("split", ["y", "s"], '"v":"y"'),
  doc("gone", ["g2", "g1"], '"why":"moved"', true),
  doc("a/b", ["a"]),
  doc(
    "att",
    ["a"],
    `"_attachments":{"i":{"content_type":"image/png","revpos":1,"data":"${LARGE}"},"t":{"content_type":"text/plain","revpos":1,"data":"aGVsbG8="}}`,
  ),
  doc("_design/d", ["a"], '"views":{}'),
];

describe("a server of the same protocol that can do less (express-pouchdb)", () => {
  test("takes a replica of CouchDB's documents, is found equal, and takes nothing the second time", async () => {
    await using place = await openPlace();
    await using pouch = await startPouchDB();
    await using client = clientOf(pouch.url);
    const instant = await snapshot(await place.fill("from", DOCS));
    const outcomes = await restore(client, restoreRequest("to", instant), { abilities });
    expect(outcomes.filter((outcome) => outcome.action !== "create")).toEqual([]);
    const differences: unknown[] = [];
    const request = { target: "to", reader: instant, whole: true };
    for await (const event of compareCouch(client, { abilities, deep: true }, request, context)) {
      if (event.kind === "difference") differences.push(event.difference);
    }
    expect(differences).toEqual([]);
    const again = await restore(client, restoreRequest("to", instant, { merge: true }), { abilities });
    expect(new Set(Object.values(actions(again)))).toEqual(new Set(["same"]));
  });

  test("is restored in place by forward edits", async () => {
    await using place = await openPlace();
    await using pouch = await startPouchDB();
    await using client = clientOf(pouch.url);
    const instant = await snapshot(await place.fill("from", DOCS));
    await restore(client, restoreRequest("db", instant), { abilities });
    const db = client.database("db");
    const [winner] = (await readLeaves(db, ["plain"], abilities, signal)).get("plain") ?? [];
    await db.bulkDocs(
      [
        Buffer.from(`{"_id":"plain","_rev":"${winner?.rev}","v":2}`),
        Buffer.from('{"_id":"gone","v":2}'),
        Buffer.from('{"_id":"new"}'),
      ],
      { newEdits: true },
      signal,
    );
    const request = restoreRequest("db", instant, { mode: "content", newerItems: "delete" });
    expect(actions(await restore(client, request, { abilities }))).toMatchObject({
      plain: "change",
      gone: "delete",
      new: "delete",
      split: "same",
      att: "same",
    });
    expect(new Set(Object.values(actions(await restore(client, request, { abilities }))))).toEqual(
      new Set(["same"]),
    );
  });
});
