import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnreadableAnswer } from "../../../src/sources/http/answer-failure.ts";
import {
  memberNames,
  memberText,
  readMembers,
  withMembersFirst,
  withoutMembers,
} from "../../../src/sources/couchdb/document-text.ts";
import {
  lastDocumentFlags,
  scanDocument,
  stringText,
  valueEnd,
  walkMembers,
} from "../../../src/sources/http/raw-json.ts";
import { ArrayCutter } from "../../../src/sources/http/array-cutter.ts";
import { parseBulkGet } from "../../../src/sources/couchdb/reading/bulk-get.ts";
import { readRow, type ChangeRow } from "../../../src/sources/couchdb/reading/changes.ts";

/** Strings that scanners trip over. */
const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom(
    "",
    '"',
    "\\",
    '\\"',
    "}{][,:",
    "_deleted",
    "_attachments",
    "\u0000",
    "\u2028",
    "\u{1F600}",
    "é",
    "\\u0041",
  ),
  fc.string({ minLength: 40, maxLength: 120 }).map((text) => `${text}\\"${text}`),
);
const value = fc.jsonValue({ maxDepth: 4 });
const space = fc.constantFrom("", " ", "\n", "\r\n\t ");

/** The value as JSON text with spaces between its tokens and some characters escaped though they need not be. */
function spread(json: unknown, blank: string): string {
  if (Array.isArray(json))
    return `[${blank}${json.map((one) => spread(one, blank)).join(`${blank},${blank}`)}${blank}]`;
  if (typeof json === "object" && json !== null) {
    const members = Object.entries(json).map(
      ([key, one]) => `${escaped(key)}${blank}:${blank}${spread(one, blank)}`,
    );
    return `{${blank}${members.join(`${blank},${blank}`)}${blank}}`;
  }
  return typeof json === "string" ? escaped(json) : JSON.stringify(json);
}

function escaped(text: string): string {
  return JSON.stringify(text).replaceAll("k", "\\u006b").replaceAll("_", "\\u005f").replaceAll("/", "\\/");
}

describe("the scanner", () => {
  it("finds the end of any value, however it is written", () => {
    fc.assert(
      fc.property(fc.oneof(value, nasty), space, (json, blank) => {
        const text = Buffer.from(spread(json, blank));
        expect(valueEnd(Buffer.concat([text, Buffer.from(",")]), 0)).toBe(text.length);
      }),
    );
  });

  it("never finds an end in a value that is cut off", () => {
    fc.assert(
      fc.property(fc.dictionary(nasty, value), space, (json, blank) => {
        const text = Buffer.from(spread(json, blank));
        for (let length = 0; length < text.length; length++) {
          expect(valueEnd(text.subarray(0, length), 0)).toBeLessThan(0);
          expect(scanDocument(text.subarray(0, length), 0)).toBeLessThan(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("reads the members that JSON.parse reads, the last of duplicates included", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(nasty, fc.oneof(value, nasty)), { maxLength: 8 }),
        space,
        (members, blank) => {
          const text = `{${members.map(([key, one]) => `${escaped(key)}:${blank}${spread(one, blank)}`).join(",")}}`;
          const bytes = Buffer.from(text);
          const read: [string, unknown][] = [];
          walkMembers(bytes, 0, (key, from, to) => {
            read.push([key, JSON.parse(bytes.toString("utf8", from, to))]);
          });
          expect(read.map(([key]) => key)).toEqual(members.map(([key]) => key));
          const parsed = JSON.parse(text) as Record<string, unknown>;
          const last = new Map(read);
          expect([...last.keys()].sort()).toEqual(Object.keys(parsed).sort());
          for (const [key, one] of last)
            expect(one).toEqual(Object.getOwnPropertyDescriptor(parsed, key)?.value);
        },
      ),
    );
  });

  it("decodes strings as JSON.parse does", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        for (const written of [escaped(text), JSON.stringify(text)]) {
          const bytes = Buffer.from(written);
          expect(stringText(bytes, 0, bytes.length)).toBe(JSON.parse(bytes.toString()));
        }
      }),
    );
  });

  it("never misses that a document is deleted or has attachments", () => {
    for (const name of [
      "_deleted",
      "\\u005fdeleted",
      "_\\u0064eleted",
      "_attachments",
      "\\u005f\\u0061ttachments",
    ]) {
      const bytes = Buffer.from(`{"a":{"_deleted":1},"${name}" : true,"z":[1]}`);
      expect(scanDocument(bytes, 0)).toBe(bytes.length);
      expect({ name, found: lastDocumentFlags() > 0 }).toEqual({ name, found: true });
    }
    expect(scanDocument(Buffer.from('{"a":{"_deleted":true,"_attachments":{}}}'), 0)).toBeGreaterThan(0);
    expect(lastDocumentFlags()).toBe(0);
  });
});

describe("a document's text", () => {
  const text = Buffer.from(
    '{"_id":"a\\u0062","_rev":"2-x","_deleted":true,"10":1.0,"_revisions":{"start":2,"ids":["x","y"]},' +
      '"n":12345678901234567890,"_attachments":{"b":{"content_type":"t","revpos":1,"digest":"md5-q","length":2,' +
      '"encoding":"gzip","encoded_length":9,"stub":true},"a":{"stub":true}},"x":{"_id":"no"}}',
  );

  it("gives its server members", () => {
    const members = readMembers(text);
    expect(members).toMatchObject({
      id: "ab",
      rev: "2-x",
      deleted: true,
      revisions: { start: 2, ids: ["x", "y"] },
    });
    expect(members.attachments.map(({ name }) => name)).toEqual(["b", "a"]);
    expect(members.attachments[0]).toMatchObject({
      encoding: "gzip",
      encodedLength: 9,
      length: 2,
      revpos: 1,
    });
    expect(memberText(text, "n")?.toString()).toBe("12345678901234567890");
  });

  it("loses and gains members without a change to any other byte", () => {
    const bare = withoutMembers(text, new Set(["_revisions", "_attachments", "_deleted"]));
    expect(bare.toString()).toBe(
      '{"_id":"a\\u0062","_rev":"2-x","10":1.0,"n":12345678901234567890,"x":{"_id":"no"}}',
    );
    expect(withMembersFirst(bare, [Buffer.from('"_deleted":true')]).toString()).toBe(
      `{"_deleted":true,${bare.toString().slice(1)}`,
    );
    expect(withMembersFirst(Buffer.from("{ }"), [Buffer.from('"a":1')]).toString()).toBe('{"a":1 }');
    expect(memberNames(bare)).toEqual(["_id", "_rev", "10", "n", "x"]);
  });

  it("comes apart and together again to equal values", () => {
    fc.assert(
      fc.property(fc.dictionary(nasty, value), (json) => {
        const whole = Buffer.from(JSON.stringify(json));
        const some = Object.keys(json).filter((_, at) => at % 2 === 0);
        const bare = withoutMembers(whole, new Set(some));
        const kept = new Map(Object.entries(json).filter(([key]) => !some.includes(key)));
        expect(new Map(Object.entries(JSON.parse(bare.toString()) as object))).toEqual(
          new Map(Object.entries(JSON.parse(JSON.stringify(Object.fromEntries(kept))) as object)),
        );
      }),
    );
  });
});

function readSplit(text: Buffer, cut: number): { rows: ChangeRow[]; rest: Record<string, unknown> } {
  const rows: ChangeRow[] = [];
  const cutter = new ArrayCutter("results", (bytes, start) => readRow(bytes, start, (row) => rows.push(row)));
  cutter.push(text.subarray(0, cut));
  cutter.push(text.subarray(cut));
  return { rows, rest: cutter.finish() };
}

describe("an answer that arrives in pieces", () => {
  const docs = [
    '{"_id":"a","_rev":"1-a","text":"},\\n{\\"seq\\":1"}',
    '{"_id":"b\\"\\u00e9","_rev":"1-b","n":[1,{"x":"]"}],"_attachments":{}}',
  ];
  const compact =
    `{"results":[\n{"seq":"1-x","id":"a","changes":[{"rev":"1-a"}],"doc":${docs[0]}},\n` +
    `{"seq":null,"id":"b\\"\\u00e9","changes":[{"rev":"1-b"},{"rev":"1-c"}],"deleted":true,"doc":${docs[1]}},\n` +
    `{"seq":[2,"y"],"id":"é","changes":[{"rev":"3-c"}],"doc":null}\n],\n"last_seq":"3-z","pending":0}\n`;
  const loose = compact
    .replaceAll(/(?<=[\]}"0-9al]),(?=["{])/g, " ,\r\n ")
    .replace('{"results"', '\n { "last_seq" : "3-z","results"');
  const turned = `{"pending":0,"last_seq":"3-z","results":${compact.slice(11, compact.indexOf(',\n"last_seq"'))}}`;

  it.each([
    ["as CouchDB writes it", compact],
    ["with other spaces", loose],
    ["with its members in another order", turned],
  ])("%s gives the same rows wherever it is split", (_, text) => {
    const bytes = Buffer.from(text);
    const parsed = JSON.parse(text) as {
      results: { id: string; changes: { rev: string }[]; deleted?: boolean; doc: unknown }[];
    };
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { rows, rest } = readSplit(bytes, cut);
      expect(rest["last_seq"]).toBe("3-z");
      expect(
        rows.map(({ id, revs, deleted, doc }) => ({
          id,
          revs,
          deleted,
          doc: doc && JSON.parse(doc.toString()),
        })),
      ).toEqual(
        parsed.results.map(({ id, changes, deleted, doc }) => ({
          id,
          revs: changes.map((change) => change.rev),
          deleted: deleted ?? false,
          doc: doc ?? undefined,
        })),
      );
    }
  });

  it("gives documents in the bytes that they came in", () => {
    const { rows } = readSplit(Buffer.from(compact), 100);
    expect(rows.slice(0, 2).map(({ doc }) => doc?.toString())).toEqual(docs);
  });

  it("and ends early is never taken as whole", () => {
    const bytes = Buffer.from(compact.trimEnd());
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readSplit(bytes.subarray(0, length), 10)).toThrow(UnreadableAnswer);
    }
  });

  it("and turns into an error on the way is not taken as whole", () => {
    const broken =
      '{"results":[\n{"seq":1,"id":"a","changes":[{"rev":"1-a"}]}\n{"error":"timeout","reason":"x"}\n';
    expect(() => readSplit(Buffer.from(broken), 20)).toThrow(UnreadableAnswer);
    expect(() => readSplit(Buffer.from('{"error":"x"}'), 3)).toThrow(UnreadableAnswer);
    expect(() => readSplit(Buffer.from("<html>"), 3)).toThrow(/web page/);
  });
});

describe("a _bulk_get answer", () => {
  it("gives found texts as they are, what is missing, and what failed", () => {
    const text =
      '{"results": [{"id": "a", "docs": [{"ok":{"_id":"a","_rev":"2-a","x":1.0}}]},{"id": "b", "docs": [{"error":' +
      '{"id":"b","rev":"1-b","error":"not_found","reason":"missing"}}]},{"id":"c","docs":[{"error":{"id":"c","rev":' +
      '"undefined","error":"internal_fabric_error","reason":"x"}},{"ok":{"x":{},"_rev":"1-c","_id":"c"}}]},' +
      '{"docs":[{}],"id":"d"}]}\n';
    expect(
      parseBulkGet(Buffer.from(text)).map(({ id, revisions }) => [
        id,
        ...revisions.map((one) =>
          one.found ? `${one.rev} ${one.text.toString()}` : `${one.rev} ${one.error} ${one.missing}`,
        ),
      ]),
    ).toEqual([
      ["a", '2-a {"_id":"a","_rev":"2-a","x":1.0}'],
      ["b", "1-b not_found true"],
      ["c", " internal_fabric_error false", '1-c {"x":{},"_rev":"1-c","_id":"c"}'],
      ["d", " not_found true"],
    ]);
  });

  it("that breaks off is unreadable at every length", () => {
    const text = Buffer.from('{"results": [{"id": "a", "docs": [{"ok":{"_id":"a","_rev":"2-a"}}]}]}');
    for (let length = 0; length < text.length; length++) {
      expect(() => parseBulkGet(text.subarray(0, length))).toThrow(UnreadableAnswer);
    }
  });
});
