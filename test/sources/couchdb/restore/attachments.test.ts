import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { BlobRef } from "../../../../src/model/version.ts";
import { POUCHDB_ABILITIES } from "../../../../src/sources/couchdb/abilities.ts";
import { reuseNothing } from "../../../../src/sources/couchdb/restore/attachments.ts";
import { storedLeaves, type StoredLeaf } from "../../../../src/sources/couchdb/restore/leaf-document.ts";
import { multipartBody } from "../../../../src/sources/couchdb/restore/multipart.ts";
import { readMembers } from "../../../../src/sources/couchdb/document-text.ts";
import {
  actions,
  clientOf,
  doc,
  Instant,
  openPlace,
  restore,
  restoreRequest,
  signal,
  snapshot,
  stateOf,
  versionOf,
} from "../harness.ts";

const MIB = 1024 * 1024;

function attached(attachments: Record<string, { type: string; content: Buffer; revpos?: number }>): string {
  const entries = Object.entries(attachments).map(
    ([name, { type, content, revpos }]) =>
      `${JSON.stringify(name)}:{"content_type":"${type}","revpos":${revpos ?? 1},"data":"${content.toString("base64")}"}`,
  );
  return `"_attachments":{${entries.join(",")}}`;
}

/** Random bytes that are the same in every run. */
function noise(bytes: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes; at += 32) pieces.push(createHash("sha256").update(String(at)).digest());
  return Buffer.concat(pieces).subarray(0, bytes);
}

function blobRef(name: string, stored: Buffer, identity: Buffer, encoding: "identity" | "gzip"): BlobRef {
  return {
    part: 0,
    name,
    blob: createHash("sha256").update(stored).digest("hex"),
    pack: "",
    length: stored.length,
    encoding,
    sha256: createHash("sha256").update(identity).digest("hex"),
    alias: "",
  };
}

describe("attachments of a replica", () => {
  test("keep bytes, encoding, digest and revpos, small and large, of every leaf", async () => {
    await using place = await openPlace();
    const large = { type: "image/png", content: noise(300_000) };
    const text = { type: "text/plain", content: Buffer.from("hello ".repeat(100)) };
    const small = { type: "image/png", content: noise(100) };
    const instant = await snapshot(
      await place.fill("from", [
        doc("both", ["b", "a"], attached({ z: { ...large, revpos: 2 }, "1": text, "a/b +%": small })),
        doc("small", ["a"], attached({ one: small, two: { ...small, content: noise(2000) } })),
        doc("text", ["a"], attached({ t: text })),
        doc("leaves", ["x", "a"], attached({ t: text })),
        doc("leaves", ["y", "a"], attached({ t: { ...text, content: Buffer.from("other") } })),
        doc("tomb", ["x", "a"], attached({ t: large }), true),
        doc("empty", ["a"], attached({ none: { type: "image/png", content: Buffer.alloc(0) } })),
      ]),
    );
    place.server.requests.reset();
    const outcomes = await restore(place.client, restoreRequest("to", instant));
    expect(new Set(Object.values(actions(outcomes)))).toEqual(new Set(["create"]));
    expect(stateOf(await snapshot(place.database("to")))).toEqual(stateOf(instant));
    // Documents with gzip bytes or with more than 64 KiB go one by one; the three small ones share a request.
    expect(place.server.requests.all()["PUT document"]).toBe(5);
  });

  test("compressed elsewhere stay the bytes they are, with their digest", async () => {
    await using place = await openPlace();
    const identity = Buffer.from("hello ".repeat(50));
    const stored = gzipSync(identity, { level: 1 });
    const digest = `md5-${createHash("md5").update(stored).digest("base64")}`;
    const stub = `{"content_type":"text/plain","revpos":1,"digest":"${digest}","length":${identity.length},"stub":true}`;
    const instant = new Instant([
      versionOf(
        "a",
        [Buffer.from(doc("a", ["a"], `"_attachments":{"t":${stub}}`))],
        [blobRef("t", stored, identity, "gzip")],
      ),
    ]);
    for (const bytes of instant.all[0]?.blobs ?? []) instant.contents.set(bytes.blob, stored);
    await restore(place.client, restoreRequest("to", instant));
    const text = await place.database("to").document("a", "att_encoding_info=true", signal);
    expect(readMembers(text as Buffer).attachments[0]).toMatchObject({
      digest,
      encoding: "gzip",
      encodedLength: stored.length,
    });
  });

  test("are sent inside the document to a server that takes no multipart", async () => {
    await using place = await openPlace();
    const instant = await snapshot(
      await place.fill("from", [
        doc(
          "a",
          ["a"],
          attached({
            large: { type: "image/png", content: noise(200_000) },
            t: { type: "text/plain", content: Buffer.from("hello") },
          }),
        ),
      ]),
    );
    place.server.requests.reset();
    const abilities = { ...POUCHDB_ABILITIES, bulkLeaves: true, possibleAncestors: true };
    await restore(place.client, restoreRequest("to", instant), { abilities });
    expect(place.server.requests.all()["PUT document"]).toBeUndefined();
    const before = readMembers(instant.version("a").parts[0] as Buffer).attachments;
    const text = await place.database("to").document("a", "att_encoding_info=true", signal);
    expect(readMembers(text as Buffer).attachments.map(({ name, length }) => [name, length])).toEqual(
      before.map(({ name, length }) => [name, length]),
    );
  });

  test("of a document that no URL can name travel inside it, whatever their size", async () => {
    await using place = await openPlace();
    const content = noise(200_000);
    const digest = `md5-${createHash("md5").update(content).digest("base64")}`;
    const stub = `{"content_type":"image/png","revpos":1,"digest":"${digest}","length":${content.length},"stub":true}`;
    const ref = blobRef("t", content, content, "identity");
    const instant = new Instant([
      versionOf("..", [Buffer.from(doc("..", ["a"], `"_attachments":{"t":${stub}}`))], [ref]),
    ]);
    instant.contents.set(ref.blob, content);
    expect(actions(await restore(place.client, restoreRequest("to", instant)))).toEqual({ "..": "create" });
    const [entry] = await place.database("to").bulkGet([{ id: ".." }], {}, signal);
    const [revision] = entry?.revisions ?? [];
    const text = revision?.found === true ? revision.text : Buffer.from("{}");
    expect(readMembers(text).attachments[0]).toMatchObject({ digest, length: content.length });
  });

  test("whose content was not kept make their document fail, not come back without them", async () => {
    await using place = await openPlace();
    const instant = await snapshot(
      await place.fill("from", [
        doc("a", ["a"], attached({ t: { type: "image/png", content: noise(10) } })),
        doc("b", ["b"]),
      ]),
    );
    const without = new Instant(instant.all.map((version) => ({ ...version, blobs: [] })));
    const outcomes = await restore(place.client, restoreRequest("to", without));
    expect(actions(outcomes)).toEqual({ a: "failed", b: "create" });
    expect(outcomes[0]?.reason).toContain('the content of "t" was not kept');
  });

  test("of 30 MB pass through without being held", { timeout: 30_000 }, async () => {
    await using place = await openPlace();
    const bytes = 30 * MIB;
    const piece = noise(64 * 1024);
    const whole = createHash("md5");
    for (let sent = 0; sent < bytes; sent += piece.length) whole.update(piece);
    const digest = `md5-${whole.digest("base64")}`;
    const stub = `{"content_type":"image/png","revpos":1,"digest":"${digest}","length":${bytes},"stub":true}`;
    const ref = { ...blobRef("big", piece, piece, "identity"), length: bytes };
    const instant = new Instant([
      versionOf("a", [Buffer.from(doc("a", ["a"], `"_attachments":{"big":${stub}}`))], [ref]),
    ]);
    // A server that reads slowly: how far the repository is read ahead of it is what is held.
    let received = 0;
    let sent = 0;
    let ahead = 0;
    const server = createServer((incoming, answer) => {
      void (async () => {
        for await (const some of incoming) {
          received += (some as Buffer).length;
          if (received % (4 * MIB) < 64 * 1024) await new Promise((resolve) => setTimeout(resolve, 5));
        }
        answer.writeHead(201, { "content-type": "application/json" }).end('{"ok":true,"id":"a","rev":"1-a"}');
      })();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    await using client = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const slow = Object.assign(Object.create(instant) as Instant, {
      blob: async function* () {
        for (let at = 0; at < bytes; at += piece.length) {
          sent += piece.length;
          ahead = Math.max(ahead, sent - received);
          yield piece;
        }
      },
    });
    const [leaf] = storedLeaves(instant.version("a"));
    const body = multipartBody(leaf?.part as Buffer, leaf as StoredLeaf, reuseNothing, slow);
    await client.database("to").putDocument("a", body.open, { newEdits: false, ...body }, signal);
    server.close();
    expect(received).toBe(body.contentLength);
    expect(ahead).toBeLessThan(8 * MIB);

    // And they arrive whole.
    const reader = Object.assign(Object.create(instant) as Instant, {
      blob: async function* () {
        for (let at = 0; at < bytes; at += piece.length) yield piece;
      },
    });
    expect(actions(await restore(place.client, restoreRequest("to", reader)))).toEqual({ a: "create" });
    const text = await place.database("to").document("a", "", signal);
    expect(readMembers(text as Buffer).attachments[0]).toMatchObject({ digest, length: bytes });
  });
});
