import { describe, expect, test } from "vitest";
import { HoldfastError } from "../../../../src/model/errors.ts";
import { keyText } from "../../../../src/model/key.ts";
import { readRestoreMarker } from "../../../../src/sources/couchdb/restore/restore-marker.ts";
import type { RestoreOutcome, SourceContext } from "../../../../src/sources/source.ts";
import {
  actions,
  clientOf,
  context,
  doc,
  hash,
  Instant,
  openPlace,
  restore,
  restoreRequest,
  rev,
  signal,
  snapshot,
  stateOf,
  versionOf,
} from "../harness.ts";

/** Trees of every shape: conflicts, tombstones with bodies, deleted conflicts, ids that no URL can name. */
const TREES = [
  doc("plain", ["a"], '"v":1'),
  doc("edited", ["c", "b", "a"], '"v":3'),
  doc("conflict", ["x", "a"], '"v":"x"'),
  doc("conflict", ["y", "a"], '"v":"y"'),
  doc("resolved", ["r2", "r1"], '"v":1'),
  doc("resolved", ["r4", "r3", "r1"], "", true),
  doc("gone", ["g2", "g1"], "", true),
  doc("gone-with-body", ["g2", "g1"], '"why":"moved","n":1.0', true),
  doc("a+b", ["a"]),
  doc("a/b", ["a"]),
  doc(".", ["a"]),
  doc("..", ["b", "a"]),
  doc("été\u{1f600}", ["a"]),
  doc("x\u0000y\u2028", ["a"]),
];

async function thrown(act: Promise<unknown>): Promise<HoldfastError> {
  const error: unknown = await act.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof HoldfastError)) throw new Error(`not one of ours: ${String(error)}`);
  return error;
}

function reasons(outcomes: readonly RestoreOutcome[]): Record<string, string> {
  return Object.fromEntries(outcomes.map(({ key, reason }) => [keyText(key), reason ?? ""]));
}

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

describe("a replica into a database that holds data", () => {
  test("is refused", async () => {
    await using place = await openPlace();
    const instant = await snapshot(await place.fill("from", TREES));
    await place.fill("to", [doc("own", ["a"])]);
    const error = await thrown(restore(place.client, restoreRequest("to", instant)));
    expect(error.code).toBe("target-not-empty");
    expect(error.message).toContain('"to"');
  });

  test("is refused when all it holds is a deletion, or another restore's work", async () => {
    await using place = await openPlace();
    const instant = await snapshot(await place.fill("from", TREES));
    await place.fill("to", [doc("own", ["a"], "", true)]);
    await place.database("to").putLocal("holdfast-restore", Buffer.from('{"restore":"other"}'), signal);
    const error = await thrown(restore(place.client, restoreRequest("to", instant, { name: "this" })));
    expect(error.code).toBe("target-not-empty");
    expect(error.message).toContain('"other"');
  });

  test("writes only what is missing when merged, and nothing the second time", async () => {
    await using place = await openPlace();
    const instant = await snapshot(await place.fill("from", TREES), { settings: true });
    await place.fill("to", [
      doc("plain", ["a"], '"v":1'),
      doc("conflict", ["x", "a"], '"v":"x"'),
      doc("own", ["a"]),
    ]);
    const first = actions(await restore(place.client, restoreRequest("to", instant, { merge: true })));
    expect(first).toMatchObject({ plain: "same", conflict: "change", edited: "create" });
    place.server.requests.reset();
    const second = actions(await restore(place.client, restoreRequest("to", instant, { merge: true })));
    expect(new Set(Object.values(second))).toEqual(new Set(["same"]));
    expect(place.server.requests.count("POST", "_bulk_docs") + place.server.requests.count("PUT")).toBe(0);
  });

  test("leaves what the target has gone on with, and says so", async () => {
    await using place = await openPlace();
    const instant = await snapshot(await place.fill("from", [doc("a", ["old"], '"v":1'), doc("b", ["old"])]));
    await place.fill("to", [doc("a", ["new", "old"], '"v":2'), doc("b", ["del", "old"], "", true)]);
    const outcomes = await restore(place.client, restoreRequest("to", instant, { merge: true }));
    expect(actions(outcomes)).toEqual({ a: "newer", b: "newer" });
    expect(reasons(outcomes)["a"]).toContain("later revisions");
    const { rows } = await place.database("to").allDocs({ keys: ["a", "b"] }, signal);
    expect(rows.map((row) => [row.rev, row.deleted])).toEqual([
      [rev(["new", "old"]), false],
      [rev(["del", "old"]), true],
    ]);
  });

  test("adds an unrelated tree of the same id as a conflict", async () => {
    await using place = await openPlace();
    const instant = await snapshot(await place.fill("from", [doc("a", ["mine"], '"v":1')]));
    await place.fill("to", [doc("a", ["theirs"], '"v":2')]);
    const outcomes = await restore(place.client, restoreRequest("to", instant, { merge: true }));
    expect(actions(outcomes)).toEqual({ a: "change" });
    const { rows } = await place.database("to").changes({ since: undefined }, signal);
    expect([...(rows[0]?.revs ?? [])].sort()).toEqual([rev(["mine"]), rev(["theirs"])].sort());
  });
});

describe("a replica that is cut off", () => {
  test("is continued by its name from any point, to the same end", { timeout: 120_000 }, async () => {
    await using source = await openPlace();
    const big = Buffer.alloc(100 * 1024, 3).toString("base64");
    const from = await source.fill("from", [
      ...TREES,
      doc("att", ["a"], `"_attachments":{"b":{"content_type":"image/png","revpos":1,"data":"${big}"}}`),
      doc("_design/d", ["a"], '"validate_doc_update":"function () {}"'),
    ]);
    await from.putLocal("mine", Buffer.from('{"n":1}'), signal);
    const instant = await snapshot(from, { settings: true, locals: ["mine"] });
    for (const kind of ["answer-lost", "status"] as const) {
      let cuts = 0;
      for (let after = 0; ; after++) {
        await using place = await openPlace({}, 1);
        place.server.faults.add(kind === "status" ? { kind, status: 503, after } : { kind, after });
        const request = restoreRequest("to", instant, { name: "task instant" });
        const cut = await restore(place.client, request).then(
          () => false,
          () => true,
        );
        if (!cut) break;
        cuts++;
        place.server.faults.clear();
        // Only a cut at the very last request, which takes the mark away, leaves a finished restore without its name.
        const marked = await readRestoreMarker(place.database("to"), signal).catch(() => undefined);
        const finished = marked === undefined && kind === "answer-lost" && after > 10;
        const again = await restore(place.client, { ...request, merge: finished });
        expect(again.filter((outcome) => outcome.action === "failed")).toEqual([]);
        const made = await snapshot(place.database("to"), { settings: true, locals: ["mine"] });
        expect(stateOf(made)).toEqual(stateOf(instant));
        expect(await place.database("to").getLocal("holdfast-restore", signal)).toBeUndefined();
      }
      expect(cuts).toBeGreaterThan(10);
    }
  });

  test("keeps its mark while documents are missing, so that it can be repeated after mending", async () => {
    await using place = await openPlace({ maxDocumentBytes: 1000 });
    const large = versionOf("large", [Buffer.from(doc("large", ["a"], `"pad":"${"x".repeat(2000)}"`))]);
    const small = versionOf("small", [Buffer.from(doc("small", ["a"]))]);
    const request = restoreRequest("to", new Instant([large, small]), { name: "n" });
    expect(actions(await restore(place.client, request))).toEqual({ large: "failed", small: "create" });
    expect(actions(await restore(place.client, request))).toEqual({ large: "failed", small: "same" });
  });

  test("stops when it is aborted, and writes nothing afterwards", async () => {
    await using place = await openPlace();
    const docs = Array.from({ length: 4000 }, (_, i) =>
      versionOf(`d${i}`, [Buffer.from(doc(`d${i}`, ["a"]))]),
    );
    const abort = new AbortController();
    const using = { ...context, signal: abort.signal, progress: () => abort.abort() };
    const request = restoreRequest("to", new Instant(docs), { name: "n" });
    await expect(restore(place.client, request, {}, using)).rejects.toThrow(/abort/i);
    const { docCount } = await place.database("to").info(signal);
    expect(docCount).toBeLessThan(4000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await place.database("to").info(signal)).docCount).toBe(docCount);
  });

  test("does not call itself done when the database was replaced meanwhile", async () => {
    await using place = await openPlace();
    const instant = await snapshot(await place.fill("from", TREES));
    await using second = clientOf(place.server.url);
    const progress = (): void => undefined;
    const request = restoreRequest("to", instant, { name: "n" });
    const slow = {
      ...instant,
      versions: async function* () {
        yield* instant.versions();
        await second.database("to").remove(signal);
        await second.database("to").create({}, signal);
      },
      find: async (keys: readonly Buffer[]) => await instant.find(keys),
      contains: async (keys: readonly Buffer[]) => await instant.contains(keys),
      blob: instant.blob.bind(instant),
    };
    const error = await thrown(
      restore(place.client, { ...request, reader: slow }, {}, { ...context, progress }),
    );
    expect(error.code).toBe("target-refused");
  });
});
