import { describe, expect, test } from "vitest";
import { isHoldfastError } from "../../../../src/model/errors.ts";
import {
  actions,
  doc,
  openPlace,
  restore,
  restoreRequest,
  rev,
  signal,
  snapshot,
  stateOf,
  versionOf,
  Instant,
} from "../harness.ts";

const exact = { mode: "exact" as const, replicationStopped: true };

/** What happens to a database after the instant: edits, deletions, conflicts, new documents. */
const LATER = [
  doc("edited", ["e3", "e2", "e1"], '"v":3'),
  doc("deleted", ["d2", "d1"], "", true),
  doc("undeleted", ["u3", "u2", "u1"], '"v":3'),
  doc("split", ["s3", "s1"], '"v":"other"'),
  doc("new", ["n"]),
];
const THEN = [
  doc("edited", ["e2", "e1"], '"v":1.0'),
  doc("deleted", ["d1"]),
  doc("undeleted", ["u2", "u1"], '"body":1', true),
  doc("split", ["s2", "s1"]),
  doc("same", ["x"]),
];

const nothingKept = (states: readonly unknown[]): Promise<boolean[]> =>
  Promise.resolve(states.map(() => false));

describe("an exact restore", () => {
  test("brings back leaves, histories and winners as they were, and removes what is newer when asked", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", THEN);
    const instant = await snapshot(db);
    await db.bulkDocs(
      LATER.map((text) => Buffer.from(text)),
      { newEdits: false },
      signal,
    );
    const preview = await restore(place.client, restoreRequest("db", instant, { ...exact, apply: false }));
    expect(actions(preview)).toEqual({
      edited: "change",
      deleted: "create",
      undeleted: "delete",
      split: "change",
      same: "same",
      new: "newer",
    });
    const request = restoreRequest("db", instant, { ...exact, newerItems: "delete" });
    const outcomes = await restore(place.client, request);
    expect(actions(outcomes)).toEqual({ ...actions(preview), new: "delete" });
    expect(stateOf(await snapshot(db))).toEqual(stateOf(instant));
    place.server.requests.reset();
    expect(new Set(Object.values(actions(await restore(place.client, request))))).toEqual(new Set(["same"]));
    expect(
      place.server.requests.count("POST", "_purge") + place.server.requests.count("POST", "_bulk_docs"),
    ).toBe(0);
  });

  test("mends a body that was altered under its revision, which no other mode can", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [doc("a", ["x"], '"v":1')]);
    const instant = new Instant([versionOf("a", [Buffer.from(doc("a", ["x"], '"v":2'))])]);
    await restore(place.client, restoreRequest("db", instant, { merge: true }));
    expect((await db.document("a", "", signal))?.toString()).toContain('"v":1');
    expect(actions(await restore(place.client, restoreRequest("db", instant, exact)))).toEqual({
      a: "change",
    });
    expect((await db.document("a", "", signal))?.toString()).toContain('"v":2');
  });

  test("is refused until replication is said to have stopped", async () => {
    await using place = await openPlace();
    const instant = await snapshot(await place.fill("db", THEN));
    const request = restoreRequest("db", instant, { mode: "exact" });
    const error: unknown = await restore(place.client, request).catch((reason: unknown) => reason);
    expect(isHoldfastError(error, "restore-unsafe")).toBe(true);
  });

  test("purges nothing while a function of the target could refuse what was purged", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", THEN);
    const refuse = '"validate_doc_update":"function (doc) { throw({forbidden: \'never\'}); }"';
    await db.bulkDocs([Buffer.from(doc("_design/v", ["v"], refuse))], { newEdits: false }, signal);
    const instant = await snapshot(db);
    await db.purge(new Map([["_design/v", [rev(["v"])]]]), signal);
    await db.bulkDocs(
      [...LATER, doc("_design/v", ["v"], refuse)].map((text) => Buffer.from(text)),
      { newEdits: false },
      signal,
    );
    const before = stateOf(await snapshot(db));
    const request = restoreRequest("db", instant, { ...exact, newerItems: "delete" });
    const error: unknown = await restore(place.client, request).catch((reason: unknown) => reason);
    expect(isHoldfastError(error, "restore-unsafe")).toBe(true);
    expect((error as Error).message).toContain("_design/v");
    expect(stateOf(await snapshot(db))).toEqual(before);
    await db.bulkDocs([Buffer.from(doc("_design/v", ["w", "v"], "", true))], { newEdits: false }, signal);
    await restore(place.client, request);
    expect(stateOf(await snapshot(db))).toEqual(stateOf(instant));
    expect(new Set(Object.values(actions(await restore(place.client, request))))).toEqual(new Set(["same"]));
  });

  test("leaves alone what has not been kept", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", THEN);
    const instant = await snapshot(db);
    await db.bulkDocs(
      LATER.map((text) => Buffer.from(text)),
      { newEdits: false },
      signal,
    );
    const before = stateOf(await snapshot(db));
    const outcomes = await restore(
      place.client,
      restoreRequest("db", instant, { ...exact, kept: nothingKept, newerItems: "delete" }),
    );
    expect(new Set(Object.values(actions(outcomes)))).toEqual(new Set(["same", "unstable"]));
    expect(stateOf(await snapshot(db))).toEqual(before);
  });

  test("cut off at any point and repeated comes to the same end", { timeout: 60_000 }, async () => {
    for (const kind of ["answer-lost", "status"] as const) {
      for (let after = 0; ; after++) {
        await using place = await openPlace({}, 1);
        const db = await place.fill("db", THEN);
        const instant = await snapshot(db);
        await db.bulkDocs(
          LATER.map((text) => Buffer.from(text)),
          { newEdits: false },
          signal,
        );
        place.server.faults.add(kind === "status" ? { kind, status: 503, after } : { kind, after });
        const request = restoreRequest("db", instant, { ...exact, newerItems: "delete" });
        const cut = await restore(place.client, request).then(
          () => false,
          () => true,
        );
        place.server.faults.clear();
        await restore(place.client, request);
        expect(stateOf(await snapshot(db))).toEqual(stateOf(instant));
        if (!cut) break;
      }
    }
  });
});
