import { describe, expect, test } from "vitest";
import { readMembers } from "../../../../src/sources/couchdb/document-text.ts";
import {
  actions,
  doc,
  openPlace,
  restore,
  restoreRequest,
  rev,
  signal,
  snapshot,
  type Instant,
} from "../harness.ts";
import { content, holdsAgain, leaves, put } from "./content-fixtures.ts";

const data = (text: string): string => Buffer.from(text).toString("base64");
const attachment = (name: string, type: string, text: string): string =>
  `${JSON.stringify(name)}:{"content_type":"${type}","revpos":1,"data":"${data(text)}"}`;

describe("a restore of contents in place", () => {
  test("writes nothing where the content is equal, whatever its revision", async () => {
    await using place = await openPlace();
    const instant = await snapshot(await place.fill("db", [doc("a", ["one"], '"v":1,"w":1.0')]));
    await put(place.database("db"), "a", '"v":2');
    await put(place.database("db"), "a", '"v":1,"w":1.0');
    place.server.requests.reset();
    const outcomes = await restore(place.client, restoreRequest("db", instant, content));
    expect(actions(outcomes)).toEqual({ a: "same" });
    expect(place.server.requests.count("POST", "_bulk_docs")).toBe(0);
  });

  test("makes the old content the next revision of a changed document", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [doc("a", ["old"], '"10":1,"big":9007199254740993,"f":1.0')]);
    const instant = await snapshot(db);
    await put(db, "a", '"v":"new"');
    const before = (await leaves(db, "a"))[0];
    const [outcome] = await restore(place.client, restoreRequest("db", instant, content));
    const [now, ...others] = await leaves(db, "a");
    expect(outcome).toMatchObject({ action: "change", previousRevision: before?.rev, revision: now?.rev });
    expect(others).toEqual([]);
    expect(now?.revisions?.ids.slice(1, 3)).toEqual(before?.revisions?.ids);
    expect(now?.text.toString()).toContain('"10":1,"big":9007199254740993,"f":1.0');
  });

  test("brings a deleted document back, on top of its tombstone", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [doc("a", ["old"], '"v":1')]);
    const instant = await snapshot(db);
    await put(db, "a", '"_deleted":true');
    expect(actions(await restore(place.client, restoreRequest("db", instant, content)))).toEqual({
      a: "create",
    });
    expect(await holdsAgain(db, instant, "a")).toBe(true);
    expect((await leaves(db, "a"))[0]?.rev).toMatch(/^3-/);
  });

  test("makes a document that never was there", async () => {
    await using place = await openPlace();
    const instant = await snapshot(
      await place.fill("from", [doc("a", ["x", "y"], '"v":1'), doc(".", ["x"])]),
    );
    await place.database("db").create({}, signal);
    const outcomes = await restore(place.client, restoreRequest("db", instant, content));
    expect(actions(outcomes)).toEqual({ ".": "create", a: "create" });
    expect(await holdsAgain(place.database("db"), instant, "a")).toBe(true);
  });

  test("deletes what was deleted at the instant, with the tombstone's body", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [
      doc("a", ["d", "old"], '"why":"moved"', true),
      doc("b", ["d"], "", true),
    ]);
    const instant = await snapshot(db);
    await put(db, "a", '"v":2');
    const outcomes = await restore(place.client, restoreRequest("db", instant, content));
    expect(actions(outcomes)).toEqual({ a: "delete", b: "same" });
    const [now] = await leaves(db, "a");
    expect(now?.deleted).toBe(true);
    expect(now?.text.toString()).toContain('"why":"moved"');
  });

  test("deletes live leaves that the instant did not have, and keeps those it had", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [
      doc("a", ["z", "root"], '"v":"winner"'),
      doc("a", ["kept", "root"], '"v":"kept"'),
    ]);
    const instant = await snapshot(db);
    const winner = rev(["z", "root"]) > rev(["kept", "root"]) ? "z" : "kept";
    await db.bulkDocs(
      [
        Buffer.from(doc("a", ["n2", "n1", winner, "root"], '"v":"newer"')),
        Buffer.from(doc("a", ["new", "root"], '"v":"conflict"')),
      ],
      { newEdits: false },
      signal,
    );
    expect(actions(await restore(place.client, restoreRequest("db", instant, content)))).toEqual({
      a: "change",
    });
    expect(await holdsAgain(db, instant, "a")).toBe(true);
    const live = (await leaves(db, "a")).filter((leaf) => !leaf.deleted).map((leaf) => leaf.rev);
    expect(live).toContain(rev([winner === "z" ? "kept" : "z", "root"]));
    expect(live).toHaveLength(2);
    expect(actions(await restore(place.client, restoreRequest("db", instant, content)))).toEqual({
      a: "same",
    });
  });

  test("takes an unrelated tree of the same id as it takes any other content", async () => {
    await using place = await openPlace();
    const instant = await snapshot(await place.fill("from", [doc("a", ["mine"], '"v":1')]));
    const db = await place.fill("db", [doc("a", ["theirs2", "theirs"], '"v":2')]);
    expect(actions(await restore(place.client, restoreRequest("db", instant, content)))).toEqual({
      a: "change",
    });
    expect(await holdsAgain(db, instant, "a")).toBe(true);
  });

  test("keeps, reports or removes what exists only now", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [doc("a", ["x"]), doc("_design/d", ["x"])]);
    const instant = await snapshot(db);
    await db.bulkDocs(
      [
        doc("new", ["n"]),
        doc("split", ["s1", "s"]),
        doc("split", ["s2", "s"]),
        doc("_design/new", ["n"]),
      ].map((text) => Buffer.from(text)),
      { newEdits: false },
      signal,
    );
    const kept = await restore(place.client, restoreRequest("db", instant, content));
    expect(actions(kept)).toEqual({
      a: "same",
      "_design/d": "same",
      new: "newer",
      split: "newer",
      "_design/new": "newer",
    });
    const removing = { ...content, newerItems: "delete" as const };
    const preview = await restore(place.client, restoreRequest("db", instant, { ...removing, apply: false }));
    expect(actions(preview)).toMatchObject({ new: "delete", split: "delete", a: "same" });
    expect((await db.info(signal)).docCount).toBe(5);
    const removed = await restore(place.client, restoreRequest("db", instant, removing));
    expect(actions(removed)).toMatchObject({
      new: "delete",
      split: "delete",
      "_design/new": "delete",
      a: "same",
    });
    expect((await db.info(signal)).docCount).toBe(2);
    expect(actions(await restore(place.client, restoreRequest("db", instant, removing)))).toEqual({
      a: "same",
      "_design/d": "same",
    });
  });

  test("never removes design documents when the timeline holds none: they may have been left out", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [doc("a", ["x"])]);
    const instant = await snapshot(db);
    await db.bulkDocs([Buffer.from(doc("_design/d", ["n"]))], { newEdits: false }, signal);
    const request = restoreRequest("db", instant, { ...content, newerItems: "delete" });
    expect(actions(await restore(place.client, request))).toEqual({ a: "same", "_design/d": "newer" });
  });

  test("of some items leaves all others and the settings alone", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [doc("a", ["x"], '"v":1'), doc("b", ["x"], '"v":1')]);
    const instant = await snapshot(db, { settings: true });
    await put(db, "a", '"v":2');
    await put(db, "b", '"v":2');
    await db.putSecurity(Buffer.from('{"admins":{"names":["eve"],"roles":[]}}'), signal);
    const request = restoreRequest("db", instant.only("a"), {
      ...content,
      whole: false,
      newerItems: "delete",
    });
    expect(actions(await restore(place.client, request))).toEqual({ a: "change" });
    expect(await holdsAgain(db, instant, "b")).toBe(false);
    expect((await db.security(signal)).toString()).toContain("eve");
  });

  test("as a preview tells what it would do and writes nothing", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [
      doc("a", ["x"], '"v":1'),
      doc("b", ["x"]),
      doc("c", ["x"]),
      doc("d", ["x"], "", true),
    ]);
    const instant = await snapshot(db);
    await put(db, "a", '"v":2');
    await put(db, "b", '"_deleted":true');
    await put(db, "d", '"v":2');
    const before = await snapshot(db);
    place.server.requests.reset();
    const outcomes = await restore(place.client, restoreRequest("db", instant, { ...content, apply: false }));
    expect(actions(outcomes)).toEqual({ a: "change", b: "create", c: "same", d: "delete" });
    expect(place.server.requests.count("POST", "_bulk_docs")).toBe(0);
    expect((await snapshot(db)).all.map((version) => version.revision)).toEqual(
      before.all.map((version) => version.revision),
    );
  });
});

describe("attachments of a restore in place", () => {
  test("come back, and equal ones are not sent again", async () => {
    await using place = await openPlace();
    const db = await place.fill("db", [
      doc(
        "a",
        ["x"],
        `"v":1,"_attachments":{${attachment("2", "image/png", "two")},${attachment("1", "text/plain", "one")}}`,
      ),
    ]);
    const instant = await snapshot(db);
    const digests = readMembers(instant.version("a").parts[0] as Buffer).attachments.map(
      ({ digest }) => digest,
    );
    await put(db, "a", `"v":2,"_attachments":{${attachment("1", "text/plain", "another")}}`);
    expect(actions(await restore(place.client, restoreRequest("db", instant, content)))).toEqual({
      a: "change",
    });
    const [now] = await leaves(db, "a");
    expect(now?.attachments.map(({ name }) => name).sort()).toEqual(["1", "2"]);
    expect(now?.attachments.map(({ digest }) => digest).sort()).toEqual(digests.sort());
    await put(
      db,
      "a",
      `"v":3,"_attachments":${JSON.stringify(Object.fromEntries((now?.attachments ?? []).map((stub) => [stub.name, { stub: true, content_type: stub.contentType, revpos: stub.revpos, digest: stub.digest, length: stub.length }])))}`,
    );
    let read = 0;
    const counting = Object.assign(Object.create(instant) as Instant, {
      blob: (ref: Parameters<Instant["blob"]>[0]) => {
        read++;
        return instant.blob(ref);
      },
    });
    expect(actions(await restore(place.client, restoreRequest("db", counting, content)))).toEqual({
      a: "change",
    });
    expect(read).toBe(0);
    expect(actions(await restore(place.client, restoreRequest("db", instant, content)))).toEqual({
      a: "same",
    });
  });
});
