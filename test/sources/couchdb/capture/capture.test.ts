import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isHoldfastError } from "../../../../src/model/errors.ts";
import { parseSettings } from "../../../../src/sources/couchdb/items.ts";
import { readMembers } from "../../../../src/sources/couchdb/document-text.ts";
import { doc, openPlace, rev, signal, type Place } from "../harness.ts";
import { capture, MemoryEngine, names } from "./engine.ts";

let place: Place;
let count = 0;

beforeAll(async () => {
  place = await openPlace({}, 8);
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

/** A database of its own for each test. */
async function fresh(docs: readonly string[] = []) {
  count++;
  const database = await place.fill(`capture-${count}`, docs);
  const engine = new MemoryEngine();
  return {
    database,
    engine,
    run: (options: Parameters<typeof capture>[3] = {}) =>
      capture(place.client, database.name, engine, options),
    write: async (...texts: string[]) => {
      const { rows } = await database.bulkDocs(
        texts.map((text) => Buffer.from(text)),
        { newEdits: false },
        signal,
      );
      expect(rows).toEqual([]);
    },
  };
}

describe.each(["feed", "bulk"] as const)("a baseline by the %s path", (readPath) => {
  const config = { readPath };

  it("holds every document, and its versions come in key order", async () => {
    const ids = ["b", "a", "Ä", "\u{1F600}", "\uFFFD", "_design/d", "a b"];
    const { engine, run } = await fresh(ids.map((id) => doc(id, ["1"], `"of":${JSON.stringify(id)}`)));
    const { run: kind, versions } = await run({ config });
    expect(kind).toBe("baseline");
    expect(names(versions).filter((name) => !["_security", "_settings"].includes(name))).toEqual([
      "_design/d",
      "a",
      "a b",
      "b",
      "Ä",
      "\uFFFD",
      "\u{1F600}",
    ]);
    expect(engine.item("Ä")?.revision).toBe(rev(["1"]));
    expect(engine.item("Ä")?.kind).toBe("live");
    expect(JSON.parse(engine.item("Ä")?.parts[0]?.toString() ?? "").of).toBe("Ä");
  });

  it("keeps all leaves of a conflict with their ancestry, winner first", async () => {
    const { engine, run } = await fresh([
      doc("c", ["x2", "x1"], '"side":"x"'),
      doc("c", ["y3", "y2", "y1"], '"side":"y"', true),
      doc("c", ["z1"], '"side":"z"'),
    ]);
    await run({ config });
    const version = engine.item("c");
    expect(version?.kind).toBe("live");
    expect(version?.revision).toBe(rev(["x2", "x1"]));
    const parts = version?.parts.map(readMembers) ?? [];
    expect(parts.map((part) => part.rev)).toEqual([rev(["x2", "x1"]), rev(["z1"]), rev(["y3", "y2", "y1"])]);
    expect(parts.map((part) => part.deleted)).toEqual([false, false, true]);
    expect(parts.map((part) => part.revisions?.ids.length)).toEqual([2, 1, 3]);
    expect(version?.state.toString().split(",")).toEqual(
      [rev(["x2", "x1"]), rev(["z1"]), rev(["y3", "y2", "y1"])].sort(),
    );
  });

  it("keeps tombstones with the bodies they have", async () => {
    const { engine, run } = await fresh([
      doc("t", ["2", "1"], '"why":"retention"', true),
      doc("u", ["1"], "", true),
    ]);
    await run({ config });
    expect(engine.documents()).toEqual(["t deleted", "u deleted"]);
    expect(JSON.parse(engine.item("t")?.parts[0]?.toString() ?? "").why).toBe("retention");
  });

  it("leaves out what it was told to leave out", async () => {
    const { engine, run } = await fresh([
      doc("_design/d", ["1"]),
      doc("gone", ["1"], "", true),
      doc("here", ["1"]),
    ]);
    const include = { designDocs: false, deleted: false, security: false };
    await run({ config: { ...config, include } });
    expect([...engine.newest.keys()]).toEqual(["here"]);
  });

  it("keeps bodies in the bytes that the server sent", async () => {
    const members =
      '"big":12345678901234567890123,"float":1.0,"exp":100.0,"10":1,"2":2,"nest":{"__proto__":{"a":1}},' +
      '"nul":"a\\u0000b","sep":"\u2028","quote":"\\"\\\\\\"","nested":{"_attachments":{"_deleted":true}},"text":"\\\\"';
    const { database, engine, run } = await fresh([doc("sacred", ["1"], members)]);
    await run({ config });
    const stored = engine.item("sacred")?.parts[0];
    const direct = await database.document("sacred", "", signal);
    const body =
      direct
        ?.toString("utf8")
        .replace(/^\{"_id":"sacred","_rev":"[^"]*",?/, "")
        .slice(0, -1) ?? "?";
    expect(stored?.toString("utf8")).toContain(body);
    expect(body).toContain('"float":1.0');
    expect(body).toContain("12345678901234567890123");
  });

  it("reads ids that cannot stand in a URL, and any other", async () => {
    const ids = [".", "..", "a+b", "100%", "line\nbreak", "/", "?#", "\u0000", "\u{FEFF}", "x".repeat(7168)];
    const { engine, run } = await fresh([
      ...ids.map((id) => doc(id, ["1"])),
      ...ids.map((id) => doc(`${id}-edited`, ["2", "1"])),
    ]);
    await run({ config });
    for (const id of ids) {
      expect([id, engine.item(id)?.revision]).toEqual([id, rev(["1"])]);
      expect([id, engine.item(`${id}-edited`)?.revision]).toEqual([id, rev(["2", "1"])]);
    }
    expect(engine.documents()).toHaveLength(2 * ids.length);
  });
});

/** An attachment's inline text. */
const stub = (data: Buffer | string, type: string) =>
  `{"content_type":"${type}","revpos":1,"data":"${Buffer.from(data).toString("base64")}"}`;

describe("attachments", () => {
  const text = "hello ".repeat(2000);
  const binary = createHash("sha512").update("any").digest();
  const attached = (id: string, generations: readonly string[] = ["1"]) =>
    doc(
      id,
      generations,
      `"_attachments":{"a/ b+.txt":${stub(text, "text/plain")},"b.bin":${stub(binary, "image/png")}}`,
    );

  it("are stored as the server keeps them, gzip or not, and named in the version", async () => {
    const { engine, run } = await fresh([attached("d"), doc("plain", ["1"])]);
    await run();
    const blobs = engine.item("d")?.blobs ?? [];
    expect(blobs.map(({ name, part, encoding }) => ({ name, part, encoding }))).toEqual([
      { name: "a/ b+.txt", part: 0, encoding: "gzip" },
      { name: "b.bin", part: 0, encoding: "identity" },
    ]);
    expect(gunzipSync(engine.contents.get(blobs[0]?.blob ?? "") as Buffer).toString()).toBe(text);
    expect(engine.contents.get(blobs[1]?.blob ?? "")?.equals(binary)).toBe(true);
    expect(engine.item("plain")?.blobs).toEqual([]);
  });

  it("that did not change are not fetched again", async () => {
    const { database, engine, run } = await fresh([attached("d")]);
    const { cursor } = await run();
    const present = readMembers((await database.document("d", "", signal)) as Buffer);
    const stubs = present.attachments.map(
      (one) =>
        `${JSON.stringify(one.name)}:{"stub":true,"content_type":"${one.contentType}","revpos":${one.revpos},"digest":"${one.digest}","length":${one.length}}`,
    );
    await database.bulkDocs(
      [Buffer.from(`{"_id":"d","_rev":"${present.rev}","edited":true,"_attachments":{${stubs.join(",")}}}`)],
      { newEdits: true },
      signal,
    );
    const stored = engine.stored;
    await run({ cursor });
    expect(engine.item("d")?.revision.startsWith("2-")).toBe(true);
    expect(engine.item("d")?.blobs).toHaveLength(2);
    expect(engine.stored).toBe(stored);
  });

  it("of documents that no URL can name come with the document", async () => {
    const { engine, run } = await fresh([attached(".."), attached(".", ["2", "1"])]);
    await run();
    for (const id of [".", ".."]) {
      const blobs = engine.item(id)?.blobs ?? [];
      expect(blobs.map(({ name }) => name)).toEqual(["a/ b+.txt", "b.bin"]);
      expect(engine.contents.get(blobs[0]?.blob ?? "")?.toString()).toBe(text);
    }
  });

  it("are left alone when they are not to be kept", async () => {
    const { engine, run } = await fresh([attached("d")]);
    await run({ config: { include: { attachments: false } } });
    expect(engine.stored).toBe(0);
  });
});

describe("a delta", () => {
  it("holds what changed since the cursor and nothing else", async () => {
    const { engine, run, write } = await fresh([doc("a", ["1"]), doc("b", ["1"]), doc("c", ["1"])]);
    const { cursor } = await run();
    await write(doc("b", ["2", "1"]), doc("c", ["2", "1"], "", true), doc("d", ["1"]));
    const delta = await run({ cursor });
    expect(delta.run).toBe("delta");
    expect(names(delta.versions)).toEqual(["b", "c", "d"]);
    expect(engine.documents()).toEqual(["a live", "b live", "c deleted", "d live"]);
  });

  it("without changes costs at most five requests", async () => {
    const { run } = await fresh([doc("a", ["1"])]);
    const { cursor } = await run();
    place.server.requests.reset();
    const { versions } = await run({ cursor });
    expect(versions).toEqual([]);
    expect(place.server.requests.count()).toBeLessThanOrEqual(5);
  });

  it("names instants that its versions lie before", async () => {
    const { run, write } = await fresh([doc("a", ["1"])]);
    const before = Date.now();
    const { cursor } = await run();
    await write(doc("a", ["2", "1"]));
    const delta = await run({ cursor });
    expect(delta.completeAsOf).toBeGreaterThanOrEqual(before);
    expect(delta.through).toBeGreaterThanOrEqual(delta.completeAsOf);
    expect(delta.through).toBeLessThanOrEqual(Date.now());
  });

  it("ends a document that is kept even when tombstones are not", async () => {
    const config = { include: { deleted: false } };
    const { engine, run, write } = await fresh([doc("a", ["1"])]);
    const { cursor } = await run({ config });
    await write(doc("a", ["2", "1"], "", true));
    await run({ cursor, config });
    expect(engine.documents()).toEqual(["a deleted"]);
  });

  it("drops what a rewound, shuffled or repeating feed tells again", async () => {
    const { run, write } = await fresh(Array.from({ length: 50 }, (_, at) => doc(`d${at}`, ["1"])));
    const { cursor } = await run();
    await write(doc("d7", ["2", "1"]));
    const match = { path: "/_changes" };
    place.server.faults.add({ kind: "rewind", match });
    place.server.faults.add({ kind: "shuffle", match });
    place.server.faults.add({ kind: "duplicate", match });
    try {
      const delta = await run({ cursor });
      expect(names(delta.versions)).toEqual(["d7"]);
      expect(delta.warnings.join()).toContain("began again");
    } finally {
      place.server.faults.clear();
    }
  });

  it("reads a feed that does not tell how much is still to come", async () => {
    const { engine, run, write } = await fresh([doc("a", ["1"])]);
    place.server.faults.add({ kind: "no-pending", match: { path: "/_changes" } });
    try {
      const { cursor } = await run();
      await write(doc("b", ["1"]));
      await run({ cursor });
      expect(engine.documents()).toEqual(["a live", "b live"]);
    } finally {
      place.server.faults.clear();
    }
  });
});

describe("what is not in the feed", () => {
  it("is kept as items of its own and handed over again only when it differs", async () => {
    const { database, engine, run } = await fresh([doc("a", ["1"])]);
    const { cursor } = await run();
    expect(parseSettings(engine.item("_settings")?.parts[0] as Buffer)).toMatchObject({
      partitioned: false,
      revs_limit: 1000,
    });
    const security = Buffer.from(
      '{"admins":{"names":["ann"],"roles":[]},"members":{"names":[],"roles":["x"]},"own":1.0}',
    );
    await database.putSecurity(security, signal);
    await database.putRevsLimit(7, signal);
    const delta = await run({ cursor });
    expect(names(delta.versions).sort()).toEqual(["_security", "_settings"]);
    expect(JSON.parse(engine.item("_security")?.parts[0]?.toString() ?? "").admins.names).toEqual(["ann"]);
    expect(parseSettings(engine.item("_settings")?.parts[0] as Buffer).revs_limit).toBe(7);
  });

  it("includes _local documents on demand, but no checkpoints and no marker", async () => {
    const { database, engine, run } = await fresh();
    await database.putLocal("mine", Buffer.from('{"n":1.0}'), signal);
    await database.putLocal(
      "check",
      Buffer.from('{"session_id":"s","source_last_seq":1,"history":[]}'),
      signal,
    );
    const config = { include: { localDocs: true } };
    const { cursor } = await run({ config });
    expect([...engine.newest.keys()].filter((key) => key.startsWith("_local/"))).toEqual(["_local/mine"]);
    const again = await run({ config, cursor });
    expect(again.versions).toEqual([]);
  });
});

describe("purges", () => {
  it("listed by the server become purged versions", async () => {
    const { database, engine, run } = await fresh([doc("a", ["1"]), doc("b", ["1"])]);
    const { cursor } = await run();
    await database.purge(new Map([["a", [rev(["1"])]]]), signal);
    const delta = await run({ cursor });
    expect(engine.documents()).toEqual(["a purged", "b live"]);
    expect(delta.versions.map(({ parts }) => parts.length)).toEqual([0]);
    expect((await run({ cursor: delta.cursor })).versions).toEqual([]);
  });

  it("that the server does not list are found by comparing everything", async () => {
    const { database, engine, run } = await fresh([
      doc("a", ["1"]),
      doc("b", ["1"]),
      doc("t", ["1"], "", true),
    ]);
    const { cursor } = await run();
    await database.purge(new Map([["a", [rev(["1"])]]]), signal);
    place.server.faults.add({
      kind: "status",
      status: 404,
      error: "not_found",
      match: { path: "/_purged_infos$" },
    });
    try {
      const delta = await run({ cursor });
      expect(delta.warnings.join()).toContain("purged");
      expect(engine.documents()).toEqual(["a purged", "b live", "t deleted"]);
      expect(names(delta.versions)).toEqual(["a"]);
    } finally {
      place.server.faults.clear();
    }
  });

  it("cannot be found without the right to read, and that is said", async () => {
    const { engine, run } = await fresh([doc("a", ["1"])]);
    const { cursor } = await run();
    engine.readable = false;
    const { warnings } = await run({ cursor, reconcile: true });
    expect(warnings.join()).toContain("may not read");
  });
});

describe("a database of the same name", () => {
  it("made again begins a new epoch", async () => {
    const { database, engine, run, write } = await fresh([doc("old", ["1"])]);
    const { cursor } = await run();
    await database.remove(signal);
    await new Promise((resolve) => {
      setTimeout(resolve, 1100); // The creation time has seconds only.
    });
    await database.create({}, signal);
    await write(doc("new", ["1"]));
    const again = await run({ cursor });
    expect(again.run).toBe("baseline");
    expect(again.reason).toContain("made again");
    expect(engine.documents()).toEqual(["new live"]);
  });

  it("that is gone is an error and not an empty run", async () => {
    const { database, run } = await fresh([doc("a", ["1"])]);
    const { cursor } = await run();
    await database.remove(signal);
    await expect(run({ cursor })).rejects.toSatisfy((error) => isHoldfastError(error, "source-not-found"));
  });

  it("that lost its marker is compared whole and stays in its epoch", async () => {
    const { database, run, write } = await fresh([doc("a", ["1"]), doc("b", ["1"])]);
    const { cursor } = await run();
    const [marker] = (await database.localDocs({}, signal)).rows;
    await database.exchange(
      {
        method: "DELETE",
        path: `/${marker?.id}`,
        query: `rev=${marker?.rev}`,
        purpose: "forget the marker",
        repeatable: false,
      },
      () => Promise.resolve(),
      signal,
    );
    await write(doc("c", ["1"]));
    const delta = await run({ cursor });
    expect(delta.run).toBe("delta");
    expect(delta.warnings.join()).toContain("marker");
    expect(names(delta.versions)).toEqual(["c"]);
    expect((await run({ cursor: delta.cursor })).warnings).toEqual([]);
  });
});
