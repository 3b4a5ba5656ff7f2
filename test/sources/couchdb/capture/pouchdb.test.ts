import { describe, expect, it } from "vitest";
import { readMembers } from "../../../../src/sources/couchdb/document-text.ts";
import { clientOf, doc, rev, signal } from "../harness.ts";
import { startPouchDB } from "../pouchdb-server.ts";
import { capture, MemoryEngine, names } from "./engine.ts";

describe.each(["feed", "bulk"] as const)(
  "a foreign server of the same protocol, by the %s path",
  (readPath) => {
    it("is read whole, then by deltas", async () => {
      await using server = await startPouchDB();
      await using client = clientOf(server.url);
      const database = client.database("things");
      await database.create({}, signal);
      const docs = [
        doc("a", ["1"], '"n":1'),
        doc("b/c", ["2", "1"]),
        doc("torn", ["x2", "x1"], '"side":"x"'),
        doc("torn", ["y1"], '"side":"y"'),
        doc("torn", ["z3", "z2", "z1"], "", true),
        doc("gone", ["2", "1"], '"why":"old"', true),
        doc("with", ["1"], '"_attachments":{"t":{"content_type":"text/plain","data":"aGVsbG8="}}'),
      ];
      await database.bulkDocs(
        docs.map((text) => Buffer.from(text)),
        { newEdits: false },
        signal,
      );
      const config = { readPath };
      const engine = new MemoryEngine();
      const first = await capture(client, database.name, engine, { config });
      expect(engine.documents()).toEqual(["a live", "b/c live", "gone deleted", "torn live", "with live"]);
      expect(engine.item("torn")?.parts.map((part) => readMembers(part).rev)).toEqual([
        rev(["x2", "x1"]),
        rev(["y1"]),
        rev(["z3", "z2", "z1"]),
      ]);
      const [blob] = engine.item("with")?.blobs ?? [];
      expect(engine.contents.get(blob?.blob ?? "")?.toString()).toBe("hello");

      expect(
        (await capture(client, database.name, engine, { config, cursor: first.cursor })).versions,
      ).toEqual([]);
      await database.bulkDocs([Buffer.from(doc("a", ["2", "1"]))], { newEdits: false }, signal);
      const delta = await capture(client, database.name, engine, { config, cursor: first.cursor });
      expect(delta.run).toBe("delta");
      expect(names(delta.versions)).toEqual(["a"]);
      const compared = await capture(client, database.name, engine, {
        config,
        cursor: delta.cursor,
        reconcile: true,
      });
      expect(compared.versions).toEqual([]);
    });
  },
);
