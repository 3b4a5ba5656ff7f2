import { describe, expect, test } from "vitest";
import { readRestoreMarker } from "../../../../src/sources/couchdb/restore/restore-marker.ts";
import {
  actions,
  clientOf,
  context,
  doc,
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

import { reasons, thrown, TREES } from "./replica-fixtures.ts";

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
    const request = restoreRequest("to", instant, { name: "n" });
    const slow = Object.assign(Object.create(instant) as Instant, {
      versions: async function* () {
        yield* instant.versions();
        await second.database("to").remove(signal);
        await second.database("to").create({}, signal);
      },
    });
    const error = await thrown(restore(place.client, { ...request, reader: slow }, {}, context));
    expect(error.code).toBe("target-refused");
  });
});
