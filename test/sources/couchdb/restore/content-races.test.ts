import { describe, expect, test } from "vitest";
import { keyText } from "../../../../src/model/key.ts";
import { leafState } from "../../../../src/sources/couchdb/items.ts";
import { actions, doc, openPlace, restore, restoreRequest, snapshot } from "../harness.ts";
import { content, holdsAgain, leaves, put } from "./content-fixtures.ts";

/** Lets somebody else write `id` just before each of the restore's own writes. */
function interfere(place: Awaited<ReturnType<typeof openPlace>>, id: string, times: number) {
  let left = times;
  const kept = async (states: readonly unknown[]): Promise<boolean[]> => {
    if (left-- > 0) await put(place.database("db"), id, `"by":"somebody","n":${left}`);
    return states.map(() => true);
  };
  return kept;
}

describe("a document that changes while it is being restored", () => {
  test("is read anew and restored on top of the change", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [doc("a", ["x"], '"v":1'), doc("b", ["x"], '"v":1')]);
    const instant = await snapshot(db);
    await put(db, "a", '"v":2');
    await put(db, "b", '"v":2');
    const request = restoreRequest("db", instant, { ...content, kept: interfere(place, "a", 2) });
    expect(actions(await restore(place.client, request))).toEqual({ a: "change", b: "change" });
    expect(await holdsAgain(db, instant, "a")).toBe(true);
    expect((await leaves(db, "a"))[0]?.rev).toMatch(/^5-/);
    expect((await leaves(db, "b"))[0]?.rev).toMatch(/^3-/);
  });

  test("is unstable after three attempts and left as it is", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [doc("a", ["x"], '"v":1'), doc("b", ["x"], '"v":1')]);
    const instant = await snapshot(db);
    await put(db, "a", '"v":2');
    await put(db, "b", '"v":2');
    const request = restoreRequest("db", instant, { ...content, kept: interfere(place, "a", 9) });
    expect(actions(await restore(place.client, request))).toEqual({ a: "unstable", b: "change" });
    expect((await leaves(db, "a"))[0]?.text.toString()).toContain("somebody");
  });

  test("is left alone when its present state has not been kept", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [doc("a", ["x"], '"v":1'), doc("b", ["x"], '"v":1'), doc("c", ["x"])]);
    const instant = await snapshot(db);
    await put(db, "a", '"v":2');
    await put(db, "b", '"v":2');
    const asked: string[] = [];
    const present = (await leaves(db, "a")).map((leaf) => leaf.rev);
    const request = restoreRequest("db", instant, {
      ...content,
      kept: (states) => {
        asked.push(...states.map(({ key }) => keyText(key)));
        expect(states[0]?.state.equals(leafState(present))).toBe(true);
        return Promise.resolve(states.map(({ key }) => keyText(key) === "a"));
      },
    });
    expect(actions(await restore(place.client, request))).toEqual({ a: "change", b: "unstable", c: "same" });
    expect(asked).toEqual(["a", "b"]);
    expect(await holdsAgain(db, instant, "b")).toBe(false);
  });
});

describe("a restore of contents that is cut off", () => {
  test(
    "may be repeated from any point and then writes only what is missing",
    { timeout: 60_000 },
    async () => {
      for (const kind of ["answer-lost", "status"] as const) {
        for (let after = 0; ; after++) {
          await using place = await openPlace({}, 1);
          const db = await place.fill("db", [
            doc("a", ["x"], '"v":1'),
            doc("b", ["x"], '"v":1'),
            doc("gone", ["d", "x"], "", true),
            doc("_design/d", ["x"], '"v":1'),
          ]);
          const instant = await snapshot(db);
          for (const id of ["a", "gone", "_design/d"]) await put(db, id, '"v":2');
          await put(db, "b", '"_deleted":true');
          place.server.faults.add(kind === "status" ? { kind, status: 503, after } : { kind, after });
          const request = restoreRequest("db", instant, content);
          const cut = await restore(place.client, request).then(
            () => false,
            () => true,
          );
          place.server.faults.clear();
          await restore(place.client, request);
          for (const id of ["a", "b", "_design/d"]) expect(await holdsAgain(db, instant, id)).toBe(true);
          // One edit by somebody, one by the restore: never a second one for the same change.
          expect((await leaves(db, "a"))[0]?.rev).toMatch(/^3-/);
          expect((await leaves(db, "gone"))[0]?.deleted).toBe(true);
          if (!cut) break;
        }
      }
    },
  );

  test("settles by itself a write whose answer was lost", async () => {
    await using place = await openPlace({}, 1);
    const db = await place.fill("db", [doc("a", ["x"], '"v":1')]);
    const instant = await snapshot(db);
    await put(db, "a", '"v":2');
    place.server.faults.add({ kind: "answer-lost", times: 1, match: { path: "_bulk_docs" } });
    const [outcome] = await restore(place.client, restoreRequest("db", instant, content));
    const [now] = await leaves(db, "a");
    expect(outcome).toMatchObject({ action: "change", revision: now?.rev });
    expect(now?.rev).toMatch(/^3-/);
  });
});
