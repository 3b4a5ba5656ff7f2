import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCouchbackup } from "../../src/exchange/couchbackup/read.ts";
import { ImportNotes, type ImportedLeaf, type StoreContent } from "../../src/exchange/imported.ts";

const METADATA = '{"name":"@cloudant/couchbackup","version":"2.11.12","mode":"full"}';
const SHALLOW = '{"name":"@cloudant/couchbackup","version":"2.11.12","mode":"shallow"}';
const MARKER = '{"marker":"@cloudant/couchbackup:resume"}';
const A = '{"_id":"a","_rev":"1-aa","_revisions":{"ids":["aa"],"start":1},"n":1.0}';
const B = '{"_id":"b","_rev":"2-bb","_revisions":{"ids":["bb","aa"],"start":2}}';

interface ReadFile {
  readonly leaves: readonly ImportedLeaf[];
  readonly texts: readonly string[];
  readonly notes: ImportNotes;
  /** Contents of attachments, in the order in which they came. */
  readonly contents: readonly Buffer[];
}

async function read(file: string | Buffer, pieces = [7], acceptTruncated = false): Promise<ReadFile> {
  const notes = new ImportNotes();
  const contents: Buffer[] = [];
  const store: StoreContent = async (content, encoding) => {
    const kept: Buffer[] = [];
    for await (const piece of content) kept.push(piece);
    const bytes = Buffer.concat(kept);
    contents.push(bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { blob: "", pack: "", length: bytes.length, encoding, sha256, alias: "" };
  };
  const leaves: ImportedLeaf[] = [];
  const bytes = cut(Buffer.from(file), pieces);
  for await (const leaf of readCouchbackup(bytes, store, { acceptTruncated }, notes)) leaves.push(leaf);
  return { leaves, texts: leaves.map(({ text }) => text.toString("utf8")), notes, contents };
}

/** In pieces of these sizes, over and over. */
async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = Math.max(1, sizes[index % sizes.length] ?? 1);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe("lines", () => {
  it("are read with and without metadata, with blank lines, markers and carriage returns, in their order", async () => {
    for (const end of ["\n", "\r\n"]) {
      const lines = [METADATA, `[${A}]`, "", MARKER, "  ", "[]", ` [ ${B} , ${A} ] `];
      expect((await read(lines.map((line) => line + end).join(""))).texts).toEqual([A, B, A]);
      expect((await read(`[${A},${B}]${end}`)).texts).toEqual([A, B]);
    }
  });

  it("may be cut anywhere by whoever delivers them", async () => {
    const attachment = Buffer.from("some content \u0000\u00ff", "latin1").toString("base64");
    const c = `{"_attachments":{"x":{"contentType":"t/x","revpos":1,"data":"${attachment}"}},"_id":"ü\\"{","_rev":"1-cc"}`;
    const file = Buffer.from(`${METADATA}\n[${A},${c}]\n\n${MARKER}\n[${B}]\n`);
    const whole = await read(file, [file.length]);
    expect(whole.leaves.map(({ key }) => key.toString())).toEqual(["a", 'ü"{', "b"]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), async (sizes) => {
        const cutUp = await read(file, sizes);
        expect(cutUp.texts).toEqual(whole.texts);
        expect(cutUp.contents).toEqual(whole.contents);
      }),
    );
  });

  it("keep U+2028 and U+2029, which are no line ends, escaped or not", async () => {
    const doc = '{"_id":"s","_rev":"1-s","raw":"\u2028\u2029","escaped":"\\u2028"}';
    expect((await read(`[${doc}]\n`)).texts).toEqual([doc]);
  });

  it("are refused when they are JSON of another kind, and metadata anywhere but on the first", async () => {
    await expect(read(`[${A}]\n${METADATA}\n`)).rejects.toThrow(/line 2 is neither an array of documents/);
    await expect(read(`{"some":"thing"}\n`)).rejects.toThrow(/line 1 is neither/);
    await expect(read(`${METADATA}\n[1]\n`)).rejects.toThrow(/line 2 is damaged/);
  });

  it("that are no JSON are refused with their number, in full and in shallow files", async () => {
    for (const metadata of [METADATA, SHALLOW]) {
      await expect(read(`${metadata}\n[${A}]\n[${A},\n[${B}]\n`)).rejects.toThrow(/line 3 is damaged/);
      await expect(read(`${metadata}\n[{"_id":"a","_rev":"1-a","x":tru}]\n`)).rejects.toThrow(
        /line 2 is damaged/,
      );
      await expect(read(`${metadata}\n[${A}] more\n`)).rejects.toThrow(/line 2 is damaged/);
      await expect(read(`${metadata}\nhello\n`)).rejects.toThrow(/line 2 is damaged/);
    }
    const invalid = Buffer.concat([Buffer.from('[{"_id":"a","_rev":"1-a","x":"'), Buffer.from([0xff])]);
    const file = Buffer.concat([Buffer.from(`${METADATA}\n`), invalid, Buffer.from('"}]\n')]);
    await expect(read(file)).rejects.toThrow(/not UTF-8/);
  });
});

describe("a line that a resumed backup left torn", () => {
  const tears = [
    `[${A},{"_id":"b","_rev":"2-b`,
    `[${A},{"_id":"b"`,
    `[${A}`,
    `[${A},`,
    `[${A},{"_attachments":{"x":{"data":"QUJD`,
    `[${A},{"_attachments":{"x":`,
  ];

  it.each(tears)("is stepped over when it ends with the marker: %s", async (tear) => {
    const { texts, notes } = await read(`${METADATA}\n${tear}${MARKER}\n[${A},${B}]\n`);
    // What was whole before the tear is taken too; the resumed run wrote it once more.
    expect(texts).toEqual([A, A, B]);
    expect(notes.tornLines).toBe(1);
  });

  it("is stepped over in files from before the marker", async () => {
    const { texts, notes } = await read(`[${A},{"_id":"b\n[${B}]\n`);
    expect(texts).toEqual([A, B]);
    expect(notes.tornLines).toBe(1);
  });

  it("is refused in a shallow file, which cannot be resumed", async () => {
    await expect(read(`${SHALLOW}\n[${A}${MARKER}\n[${B}]\n`)).rejects.toThrow(/line 2 is damaged/);
  });
});

describe("a file that is cut off", () => {
  const files = [
    `${METADATA}\n[${A}]\n[${B}]`,
    `${METADATA}\n[${A}]\n[${B}`,
    `${METADATA}\n[${A}]\n[${B.slice(0, -5)}`,
    `${METADATA}\n[${A}]\n[{"_attachments":{"x":{"data":"QUJD`,
    `[${A}]\n[${B.slice(0, 20)}`,
    `${METADATA}\n[${A}]\n[`,
    `${METADATA}\n[${A}]\n   `,
  ];

  it.each(files)("is refused: %s", async (file) => {
    await expect(read(file)).rejects.toThrow(/cut off .*--accept-truncated/);
  });

  it.each(files)("is read as far as it goes when that is accepted: %s", async (file) => {
    const { texts, notes } = await read(file, [5], true);
    expect(texts[0]).toBe(A);
    expect(notes.truncated).toBe(true);
  });
});

describe("revisions", () => {
  it("keep their text: numbers, order of members, escapes, duplicates", async () => {
    const doc =
      '{"_id":"n","_rev":"1-n","b":1.0,"a":12345678901234567890,"2":9007199254740993,"1":-0.0,"e":1E400,"\\u0061":"\\/", "a" : 1}';
    expect((await read(`[${doc}]\n`)).texts).toEqual([doc]);
  });

  it("without _revisions get those that their _rev tells, beyond the first generation", async () => {
    const { texts } = await read(`${SHALLOW}\n[{"_id":"x","_rev":"3-cc"},{"_id":"y","_rev":"1-aa"}]\n`);
    expect(texts.map((text) => JSON.parse(text) as object)).toEqual([
      { _id: "x", _rev: "3-cc", _revisions: { start: 3, ids: ["cc"] } },
      { _id: "y", _rev: "1-aa" },
    ]);
  });

  it("without _rev get a made-up one, the same for the same content, and are counted", async () => {
    const { leaves, notes } = await read('[{"_id":"x","v":1}]\n[{"_id":"x","v":1},{"_id":"z","v":1}]\n');
    expect(leaves[0]?.rev).toMatch(/^1-[0-9a-f]{32}$/);
    expect(leaves[1]?.rev).toBe(leaves[0]?.rev);
    expect(leaves[2]?.rev).not.toBe(leaves[0]?.rev);
    expect(JSON.parse(leaves[0]?.text.toString() ?? "")).toEqual({ _id: "x", _rev: leaves[0]?.rev, v: 1 });
    expect(notes).toMatchObject({ withoutRevision: 3, withRevision: 0, unnamed: ["x", "x", "z"] });
  });

  it.each([
    ['{"v":1}', /has no _id/],
    ['{"_id":"","_rev":"1-a"}', /has no _id/],
    ['{"_id":17,"_rev":"1-a"}', /_id .* is no text/],
    ['{"_id":"_security","_rev":"1-a"}', /no document can have the id "_security"/],
    ['{"_id":"a","_rev":"x"}', /is no revision/],
    ['{"_id":"a","_rev":"2-b","_revisions":{"start":2,"ids":["c","a"]}}', /do not lead to its _rev/],
    ['{"_id":"a","_rev":"2-b","_revisions":{"start":3,"ids":["b"]}}', /do not lead to its _rev/],
    ['{"_id":"a","_rev":"1-b","_revisions":17}', /not as CouchDB writes them/],
  ])("that cannot be are refused: %s", async (doc, message) => {
    await expect(read(`[${A},${doc}]\n`)).rejects.toThrow(message);
  });
});

/** A document with one attachment of these members. */
function entry(members: string): string {
  return `{"_attachments":{"x.txt":{${members}}},"_id":"a","_rev":"1-aa"}`;
}

describe("attachments", () => {
  it.each(["contentType", "content_type"])(
    "are taken out of the text and become stubs, with %s",
    async (spelling) => {
      const data = Buffer.from("hello").toString("base64");
      const md5 = `md5-${createHash("md5").update("hello").digest("base64")}`;
      const file = await read(`[${entry(`"${spelling}":"text/plain","data":"${data}","revpos":1`)}]\n`);
      expect(file.contents.map(String)).toEqual(["hello"]);
      expect(file.leaves[0]).toMatchObject({ contents: [{ name: "x.txt" }], missing: [] });
      expect(JSON.parse(file.texts[0] ?? "")).toEqual({
        _id: "a",
        _rev: "1-aa",
        _attachments: {
          "x.txt": { content_type: "text/plain", revpos: 1, digest: md5, length: 5, stub: true },
        },
      });
    },
  );

  it("of which only stubs are there are missing, under their names", async () => {
    const stub = '"contentType":"text/plain","digest":"md5-x","length":5,"revpos":1,"stub":true';
    const { leaves, texts, contents } = await read(`[${entry(stub)}]\n`);
    expect(leaves[0]).toMatchObject({ contents: [], missing: ["x.txt"] });
    expect(contents).toEqual([]);
    expect(JSON.parse(texts[0] ?? "")).toMatchObject({
      _attachments: { "x.txt": { content_type: "text/plain", digest: "md5-x", length: 5, stub: true } },
    });
  });

  it("leave a document alone whose stubs are CouchDB's own already", async () => {
    const doc = entry('"content_type":"text/plain","digest":"md5-x","length":5,"revpos":1,"stub":true');
    expect((await read(`[${doc}]\n`)).texts).toEqual([doc]);
  });

  it("are found by their place, not by their names", async () => {
    const doc =
      '{"_id":"a","_rev":"1-aa","data":"QUJD","x":{"_attachments":{"y":{"data":"QUJD"}}},"_attachments":{"data":{"data":"QUJD","contentType":"a/b"}}}';
    const { contents, texts } = await read(`[${doc}]\n`);
    expect(contents.map(String)).toEqual(["ABC"]);
    expect(JSON.parse(texts[0] ?? "")).toMatchObject({
      data: "QUJD",
      x: { _attachments: { y: { data: "QUJD" } } },
    });
  });

  it("may have escaped slashes and an escaped name", async () => {
    const data = Buffer.from([0xff, 0xff, 0xff]).toString("base64").replaceAll("/", "\\/");
    const file = await read(
      `[{"\\u005fattachments":{"\\u0078":{"d\\u0061ta":"${data}"}},"_id":"a","_rev":"1-a"}]\n`,
    );
    expect(file.contents).toEqual([Buffer.from([0xff, 0xff, 0xff])]);
    expect(file.leaves[0]?.contents).toMatchObject([{ name: "x" }]);
  });

  it("that are no base64 make the line a damaged one", async () => {
    await expect(read(`${METADATA}\n[${entry('"data":"QUJ"')}]\n`)).rejects.toThrow(/line 2 is damaged/);
    await expect(read(`${METADATA}\n[${entry('"data":"Q\\nUJD"')}]\n`)).rejects.toThrow(/line 2 is damaged/);
  });

  it("longer than memory should hold pass in pieces", async () => {
    const [head, tail] = entry('"contentType":"a/b","data":"@"').split("@") as [string, string];
    const piece = Buffer.from("A".repeat(64 << 10));
    let largest = 0;
    let length = 0;
    const store: StoreContent = async (content, encoding) => {
      for await (const part of content) {
        largest = Math.max(largest, part.length);
        length += part.length;
      }
      return { blob: "", pack: "", length, encoding, sha256: "", alias: "" };
    };
    const file = async function* () {
      yield Buffer.from(`[${head}`);
      for (let count = 0; count < 256; count++) yield piece;
      yield Buffer.from(`${tail}]\n`);
    };
    const leaves: ImportedLeaf[] = [];
    for await (const leaf of readCouchbackup(file(), store, { acceptTruncated: false }, new ImportNotes())) {
      leaves.push(leaf);
    }
    expect(length).toBe((256 * piece.length * 3) / 4);
    expect(largest).toBeLessThanOrEqual(piece.length);
    expect(leaves[0]?.text.length).toBeLessThan(200);
  });
});
