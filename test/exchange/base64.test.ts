import fc from "fast-check";
import { expect, it } from "vitest";
import { base64Length, decodeBase64, encodeBase64, NotBase64 } from "../../src/exchange/base64.ts";

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

async function all(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const kept: Buffer[] = [];
  for await (const piece of pieces) kept.push(piece);
  return Buffer.concat(kept);
}

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const sizes = fc.array(fc.nat(9), { maxLength: 40 });

it("writes what Node writes, however the content is cut, in the length that was foretold", async () => {
  await fc.assert(
    fc.asyncProperty(bytes, sizes, async (content, cuts) => {
      const text = await all(encodeBase64(cut(content, cuts)));
      expect(text.toString("latin1")).toBe(content.toString("base64"));
      expect(text.length).toBe(base64Length(content.length));
    }),
  );
});

it("reads it back, however the text is cut", async () => {
  await fc.assert(
    fc.asyncProperty(bytes, sizes, async (content, cuts) => {
      const text = Buffer.from(content.toString("base64"));
      expect((await all(decodeBase64(cut(text, cuts)))).equals(content)).toBe(true);
    }),
  );
});

it.each(["QUJ", "QU J", "QUI=QUJD", "QUJD!", "QU-_"])("refuses %j, which is not base64", async (text) => {
  await expect(all(decodeBase64(cut(Buffer.from(text), [1, 2])))).rejects.toThrow(NotBase64);
});
