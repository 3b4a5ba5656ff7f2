import fc from "fast-check";
import { expect, it } from "vitest";
import { importFile } from "../../src/operations/import.ts";
import { withoutMembers } from "../../src/sources/couchdb/document-text.ts";
import { inventedTimeline, type InventedDocument, type InventedLeaf } from "./exchange-source.ts";
import { exported, kept, pieces, type KeptItem } from "./exchange-rig.ts";

const ids = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
    fc.string({ unit: "binary", minLength: 1, maxLength: 6 }),
    fc.constantFrom(".", "..", "_design/a", "_design/b", "a/../b", "%2F", "\u2028", "a\u0000", "a"),
    fc.string({ minLength: 150, maxLength: 400 }),
  )
  // UTF-8 has no lone surrogates, and ids that begin with _ are CouchDB's own.
  .map((id) => (id.startsWith("_") && !id.startsWith("_design/") ? `x${id}` : id).toWellFormed());

const members = fc
  .array(
    fc.constantFrom(
      '"n":1.0',
      '"big":12345678901234567890',
      '"2":[9007199254740993,-0.0,1E400]',
      '"e":"\\u2028\\/\\ud83d\\ude00"',
      '"raw":"\u2028\u2029 é 😀"',
      '"o" : { "b":1, "a":{} }',
      '"validate_doc_update":"function () {}"',
      '"dup":1,"dup":2',
    ),
    { maxLength: 4 },
  )
  .map((list) => [...new Set(list)].join(","));

const attachments = fc.uniqueArray(
  fc.record({
    name: fc.oneof(fc.constantFrom("a.txt", "../x", "ü/ß", "data", "."), fc.string({ minLength: 1 })),
    content: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    encoding: fc.constantFrom("identity" as const, "gzip" as const),
  }),
  { maxLength: 2, selector: ({ name }) => name },
);

const leaf: fc.Arbitrary<InventedLeaf> = fc
  .record({
    generation: fc.integer({ min: 1, max: 3 }),
    hash: fc.integer({ min: 0x100000, max: 0xffffff }).map((number) => number.toString(16)),
    deleted: fc.boolean(),
    members,
    attachments,
  })
  .map(({ generation, hash, ...rest }) => ({ rev: `${generation}-f${hash}`, ...rest }));

const documents: fc.Arbitrary<InventedDocument[]> = fc
  .uniqueArray(
    fc.record({
      id: ids,
      leaves: fc.uniqueArray(leaf, { minLength: 1, maxLength: 3, selector: ({ rev }) => rev }),
    }),
    {
      minLength: 1,
      maxLength: 8,
      selector: ({ id }) => id,
    },
  )
  .map((list) => list.map(({ id, leaves }) => ({ id, leaves: leaves.toSorted(winnerFirst) })));

/** CouchDB's rule, written down once more: live before deleted, longer before shorter, then the greater hash. */
function winnerFirst(a: InventedLeaf, b: InventedLeaf): number {
  if (a.deleted !== b.deleted) return a.deleted ? 1 : -1;
  return a.rev < b.rev ? 1 : -1;
}

const RUNS = { numRuns: 8 };

async function roundTrip(
  invented: readonly InventedDocument[],
  format: "couchbackup" | "ndjson" | "tar",
): Promise<{ readonly before: KeptItem[]; readonly after: KeptItem[] }> {
  await using workspace = await inventedTimeline(invented);
  const { bytes } = await exported(workspace, "", { task: "prod/invented", format });
  const request = {
    source: "lab",
    collection: "again",
    apply: true,
    at: "2025-06-01T12:00:00Z",
    memtableBytes: 2_000,
  };
  await importFile(workspace, { input: pieces(bytes), ...request });
  return { before: await kept(workspace, "prod/invented"), after: await kept(workspace, "lab/again") };
}

it("as lines of JSON brings back every item as it was: texts, contents, revisions, when it was seen", async () => {
  await fc.assert(
    fc.asyncProperty(documents, async (invented) => {
      const { before, after } = await roundTrip(invented, "ndjson");
      expect(before.length).toBe(invented.length + 2);
      expect(after).toEqual(before);
    }),
    RUNS,
  );
});

function unseen(items: readonly KeptItem[]): object[] {
  return items.map(({ at: _at, sequence: _sequence, ...item }) => item);
}

it("as an archive brings back every item but when it was seen", async () => {
  await fc.assert(
    fc.asyncProperty(documents, async (invented) => {
      const { before, after } = await roundTrip(invented, "tar");
      expect(unseen(after)).toEqual(unseen(before));
    }),
    RUNS,
  );
});

it("as a couchbackup file brings back every document, its texts up to escapes, its contents byte for byte", async () => {
  await fc.assert(
    fc.asyncProperty(documents, async (invented) => {
      const { before, after } = await roundTrip(invented, "couchbackup");
      const wanted = before.filter(({ key }) => key !== "_security" && key !== "_settings");
      expect(after.map(({ key, kind, revision, blobs }) => ({ key, kind, revision, blobs }))).toEqual(
        wanted.map(({ key, kind, revision, blobs }) => ({ key, kind, revision, blobs })),
      );
      for (const [index, { parts }] of wanted.entries()) {
        expect(after[index]?.parts.map(comparable)).toEqual(parts.map(comparable));
      }
    }),
    RUNS,
  );
});

/** A text without its stubs, which the format spells in its own way, and with every character written out. */
function comparable(text: string): string {
  const bare = withoutMembers(Buffer.from(text), new Set(["_attachments"])).toString("utf8");
  return bare.replace(/\\u([0-9a-f]{4})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
