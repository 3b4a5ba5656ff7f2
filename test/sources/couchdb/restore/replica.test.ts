import { describe, expect, test } from "vitest";
import { keyText } from "../../../../src/model/key.ts";
import type { SourceContext } from "../../../../src/sources/source.ts";
import {
  actions,
  context,
  doc,
  hash,
  Instant,
  openPlace,
  restore,
  restoreRequest,
  signal,
  snapshot,
  stateOf,
  versionOf,
} from "../harness.ts";

import { reasons, thrown, TREES } from "./replica-fixtures.ts";

describe("a replica into a new database", () => {
  test("brings the same leaves, histories, bodies and tombstones", async () => {
    await using place = await openPlace();
    const instant = await snapshot(await place.fill("from", TREES));
    const outcomes = await restore(place.client, restoreRequest("to", instant));
    expect(new Set(Object.values(actions(outcomes)))).toEqual(new Set(["create"]));
    expect(outcomes).toHaveLength(instant.all.length);
    expect(stateOf(await snapshot(place.database("to")))).toEqual(stateOf(instant));
  });

  test("keeps every byte of numbers, member order and strings", async () => {
    await using place = await openPlace();
    const corpus =
      '"10":1,"9":2,"b":1,"a":2,"big":123456789012345678901234567890,"over":9007199254740993,"f":1.0,"e":100.0,' +
      '"tiny":1e-300,"s":"\\u0000\\u2028x","constructor":[],"o":{"__proto__":{"x":1}},"deep":[[[{"z":[1,1.5]}]]]';
    const instant = await snapshot(await place.fill("from", [doc("n", ["a"], corpus)]));
    await restore(place.client, restoreRequest("to", instant));
    const [before, after] = await Promise.all(
      ["from", "to"].map(async (name) => await place.database(name).document("n", "revs=true", signal)),
    );
    expect(after?.toString("utf8")).toBe(before?.toString("utf8"));
    expect(after?.toString("utf8")).toContain(
      '"big":123456789012345678901234567890,"over":9007199254740993,"f":1.0',
    );
  });

  test("gives a first revision that was stored without ancestry its own", async () => {
    await using place = await openPlace();
    const part = Buffer.from(`{"_id":"a","_rev":"1-${hash("a")}","v":1}`);
    await restore(place.client, restoreRequest("to", new Instant([versionOf("a", [part])])));
    const text = await place.database("to").document("a", "revs=true", signal);
    expect(text?.toString()).toContain(`"_revisions":{"start":1,"ids":["${hash("a")}"]}`);
  });

  test("makes the database as it was: partitioned, shards, limits, security object, local documents", async () => {
    await using place = await openPlace();
    const from = place.database("from");
    await from.create({ q: 4, partitioned: true }, signal);
    await from.bulkDocs([Buffer.from(doc("eu:1", ["b", "a"]))], { newEdits: false }, signal);
    await from.putRevsLimit(5000, signal);
    await from.putSecurity(
      Buffer.from('{"admins":{"names":["ann"],"roles":[]},"members":{"names":[],"roles":[]},"x":1.0}'),
      signal,
    );
    await from.putLocal("mine", Buffer.from('{"n":1.0}'), signal);
    await from.putLocal("check", Buffer.from('{"session_id":"s","source_last_seq":3,"history":[]}'), signal);
    const instant = await snapshot(from, { settings: true, locals: ["mine", "check"] });
    const warnings: string[] = [];
    const told: SourceContext = { ...context, warn: (message) => warnings.push(message) };
    const outcomes = await restore(place.client, restoreRequest("to", instant), {}, told);
    const to = place.database("to");
    expect(stateOf(await snapshot(to, { settings: true, locals: ["mine"] }))).toEqual(
      stateOf(new Instant(instant.all.filter((version) => keyText(version.key) !== "_local/check"))),
    );
    expect(warnings).toHaveLength(1);
    expect(actions(outcomes)).toMatchObject({
      _security: "change",
      _settings: "same",
      "_local/mine": "create",
    });
  });

  test("is made without the recorded shards where the service does not let one choose them", async () => {
    await using place = await openPlace();
    const instant = await snapshot(await place.fill("from", [doc("a", ["a"])]), { settings: true });
    place.server.faults.add({
      kind: "status",
      status: 403,
      error: "forbidden",
      match: { method: "PUT", path: "q=" },
    });
    const outcomes = await restore(place.client, restoreRequest("to", instant));
    expect(actions(outcomes)["a"]).toBe("create");
  });

  test("restores functions that validate writes after everything they would refuse", async () => {
    await using place = await openPlace();
    const from = await place.fill("from", [doc("old", ["a"], '"type":""'), doc("zzz", ["a"])]);
    const refuse =
      '"validate_doc_update":"function (doc) { if (!doc.type) throw({forbidden: \'no type\'}); }"';
    await from.bulkDocs(
      [
        Buffer.from(doc("_design/0first", ["a"], refuse)),
        Buffer.from(doc("_design/views", ["a"], '"type":"","views":{}')),
      ],
      { newEdits: false },
      signal,
    );
    const instant = await snapshot(from);
    const outcomes = await restore(place.client, restoreRequest("to", instant));
    expect(outcomes.filter((outcome) => outcome.action !== "create")).toEqual([]);
    const order = outcomes.map(({ key }) => keyText(key));
    expect(order.slice(-2)).toEqual(["_design/views", "_design/0first"]);
    expect(stateOf(await snapshot(place.database("to")))).toEqual(stateOf(instant));
  });

  test("brings a document of very many leaves, in several requests", async () => {
    await using place = await openPlace();
    const leaves = Array.from({ length: 1200 }, (_, i) => Buffer.from(doc("hot", [`leaf${i}`, "root"])));
    const instant = new Instant([versionOf("hot", leaves)]);
    const outcomes = await restore(place.client, restoreRequest("to", instant));
    expect(actions(outcomes)).toEqual({ hot: "create" });
    const { rows } = await place.database("to").changes({ since: undefined }, signal);
    expect(rows[0]?.revs).toHaveLength(1200);
  });

  test("a preview tells the same and makes nothing", async () => {
    await using place = await openPlace();
    const instant = await snapshot(await place.fill("from", TREES), { settings: true });
    const outcomes = await restore(place.client, restoreRequest("to", instant, { apply: false }));
    expect(new Set(Object.values(actions(outcomes)))).toEqual(new Set(["create"]));
    expect(outcomes).toHaveLength(instant.all.length);
    expect(await place.client.allDbs({}, signal)).not.toContain("to");
  });
});

describe("a replica whose documents the target refuses", () => {
  const many = Array.from({ length: 60 }, (_, i) => doc(`d${i}`, ["a"], `"pad":"${"x".repeat(200)}"`));

  test("fails the one with an unknown member, and writes all others (400)", async () => {
    await using place = await openPlace();
    const parts = many.map((text) => Buffer.from(text));
    parts[17] = Buffer.from(doc("d17", ["a"], '"_unknown":1'));
    const instant = new Instant(parts.map((part, i) => versionOf(`d${i}`, [part])));
    const outcomes = await restore(place.client, restoreRequest("to", instant));
    const failed = outcomes.filter((outcome) => outcome.action === "failed");
    expect(failed.map(({ key }) => keyText(key))).toEqual(["d17"]);
    expect(failed[0]?.reason).toMatch(/doc_validation.*_unknown/);
    expect((await place.database("to").info(signal)).docCount).toBe(59);
  });

  test("halves a request that is too large (413 too_large)", async () => {
    await using place = await openPlace({ maxRequestBytes: 3000 });
    const instant = new Instant(many.map((text, i) => versionOf(`d${i}`, [Buffer.from(text)])));
    const outcomes = await restore(place.client, restoreRequest("to", instant));
    expect(new Set(Object.values(actions(outcomes)))).toEqual(new Set(["create"]));
    expect((await place.database("to").info(signal)).docCount).toBe(60);
  });

  test("fails the document and the attachment that are too large, and writes all others (413)", async () => {
    await using source = await openPlace();
    const big = Buffer.alloc(200 * 1024, 7).toString("base64");
    const instant = await snapshot(
      await source.fill("from", [
        ...many,
        doc("large", ["a"], `"pad":"${"x".repeat(30_000)}"`),
        doc("heavy", ["a"], `"_attachments":{"a":{"content_type":"image/png","revpos":1,"data":"${big}"}}`),
      ]),
    );
    await using place = await openPlace({ maxDocumentBytes: 20_000, maxAttachmentBytes: 100_000 });
    const outcomes = await restore(place.client, restoreRequest("to", instant));
    const failed = outcomes.filter((outcome) => outcome.action === "failed");
    expect(failed.map(({ key }) => keyText(key)).sort()).toEqual(["heavy", "large"]);
    expect(reasons(failed)["large"]).toContain("document_too_large");
    expect(reasons(failed)["heavy"]).toContain("attachment_too_large");
    expect((await place.database("to").info(signal)).docCount).toBe(60);
  });

  test("fails the id that has no partition, and writes all others", async () => {
    await using place = await openPlace();
    await place.database("to").create({ partitioned: true }, signal);
    const ids = ["p:1", "p:2", "none", "q:1"];
    const instant = new Instant(ids.map((id) => versionOf(id, [Buffer.from(doc(id, ["a"]))])));
    const outcomes = await restore(place.client, restoreRequest("to", instant));
    expect(actions(outcomes)).toEqual({ "p:1": "create", "p:2": "create", none: "failed", "q:1": "create" });
  });

  test("reports what a validating function of the target forbids, in its words", async () => {
    await using place = await openPlace();
    const refuse =
      '"validate_doc_update":"function (doc) { if (!doc.type) throw({forbidden: \'no type\'}); }"';
    await place.fill("to", [doc("_design/v", ["a"], refuse)]);
    const instant = new Instant([
      versionOf("a", [Buffer.from(doc("a", ["a"]))]),
      versionOf("b", [Buffer.from(doc("b", ["a"], '"type":"t"'))]),
    ]);
    const outcomes = await restore(place.client, restoreRequest("to", instant, { merge: true }));
    expect(actions(outcomes)).toEqual({ a: "failed", b: "create" });
    expect(reasons(outcomes)["a"]).toBe("forbidden: no type");
  });

  test("stops at once when the account may not use the database", async () => {
    await using place = await openPlace();
    const instant = new Instant(many.map((text, i) => versionOf(`d${i}`, [Buffer.from(text)])));
    place.server.faults.add({
      kind: "status",
      status: 403,
      error: "forbidden",
      reason: "You are not allowed to access this db.",
      match: { path: "_bulk_docs" },
    });
    const error = await thrown(restore(place.client, restoreRequest("to", instant)));
    expect(error.code).toBe("source-forbidden");
    expect(place.server.requests.count("POST", "_bulk_docs")).toBe(1);
  });
});
