import { hash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareKeys } from "../../../src/model/key.ts";
import type { BlobRef, Version } from "../../../src/model/version.ts";
import { segmentPath } from "../../../src/repository/paths.ts";
import { openSegment, segmentBounds } from "../../../src/repository/segment/segment-reader.ts";
import type { SegmentLayout } from "../../../src/repository/segment/layout.ts";
import type { SegmentInfo } from "../../../src/repository/segment/segment.ts";
import { verifySegment } from "../../../src/repository/segment/segment-verify.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import {
  blobRef,
  collect,
  fixedKeyring,
  gather,
  noise,
  OBSERVATION,
  reading,
  storageIsEmpty,
  TASK,
  version,
  versions,
} from "./rig.ts";

const keyring = fixedKeyring("read");
/** Small enough that a few records make several blocks, index pages and table pages. */
const TINY: Partial<SegmentLayout> = { blockBytes: 256, indexPageBytes: 64, tablePageBytes: 64 };

async function write(
  records: readonly Version[],
  layout: Partial<SegmentLayout> = {},
): Promise<{ storage: Storage; info: SegmentInfo }> {
  const storage = memoryStorage();
  return { storage, info: await writeSegment({ storage, keyring, task: TASK, layout }, [records]) };
}

const hex = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((value) => Buffer.from(value).toString("hex"));
const anyBytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((value) => Buffer.from(value));
const anyBlob: fc.Arbitrary<BlobRef> = fc.record({
  part: fc.nat(),
  name: fc.string({ unit: "binary" }),
  blob: hex(32),
  pack: hex(16),
  length: fc.maxSafeNat(),
  encoding: fc.constantFrom("identity", "gzip"),
  sha256: hex(32),
  alias: hex(16),
});
const anyVersion: fc.Arbitrary<Version> = fc.record({
  key: fc.oneof({ weight: 9, arbitrary: anyBytes(40) }, { weight: 1, arbitrary: anyBytes(2000) }),
  kind: fc.constantFrom("live", "deleted", "purged"),
  revision: fc.oneof(
    fc.string({ unit: "binary" }),
    fc.nat().map((n) => `${n}-${"a".repeat(n % 700)}`),
  ),
  observation: fc.record({ run: hex(16), at: fc.maxSafeNat(), sequence: fc.string({ unit: "binary" }) }),
  fingerprint: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((value) => Buffer.from(value)),
  parts: fc.array(anyBytes(400), { maxLength: 8 }),
  blobs: fc.array(anyBlob, { maxLength: 4 }),
});
const anyVersions = fc
  .uniqueArray(anyVersion, { minLength: 1, maxLength: 40, selector: ({ key }) => key.toString("latin1") })
  .map((list) => list.sort((a, b) => compareKeys(a.key, b.key)));
const anyLayout: fc.Arbitrary<Partial<SegmentLayout>> = fc.record({
  blockBytes: fc.integer({ min: 16, max: 4096 }),
  level: fc.integer({ min: 1, max: 9 }),
  indexPageBytes: fc.integer({ min: 1, max: 4096 }),
  tablePageBytes: fc.integer({ min: 1, max: 4096 }),
  filter: fc.boolean(),
});

describe("a segment", () => {
  it("gives back by scan, get and getMany exactly the versions that were written, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(anyVersions, anyLayout, anyBytes(40), async (records, layout, absent) => {
        const { storage, info } = await write(records, layout);
        const reader = await openSegment(storage, keyring, TASK, info);
        expect(await collect(reader.scan())).toEqual(records);
        const keys = records.map(({ key }) => key);
        expect(await reader.getMany(keys)).toEqual(records);
        for (const record of records) {
          expect(await reader.get(record.key)).toEqual(record);
          expect(await reader.mayContain(record.key)).toBe(true);
        }
        const present = records.find(({ key }) => key.equals(absent));
        expect(await reader.get(absent)).toEqual(present);
        expect(await gather(verifySegment(storage, keyring, TASK, info, { readData: true }))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("scans exactly the keys of a range that includes its start and excludes its end", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyVersions,
        anyLayout,
        fc.option(anyBytes(40), { nil: undefined }),
        fc.option(anyBytes(40), { nil: undefined }),
        fc.integer({ min: 1, max: 2000 }),
        async (records, layout, from, before, readAheadBytes) => {
          const { storage, info } = await write(records, layout);
          const reader = await openSegment(storage, keyring, TASK, info);
          const range = { ...(from && { from }), ...(before && { before }) };
          const expected = records.filter(
            ({ key }) => (!from || compareKeys(key, from) >= 0) && (!before || compareKeys(key, before) < 0),
          );
          expect(await collect(reader.scan(range, { readAheadBytes }))).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("keeps empty parts, many parts, an empty key, a huge revision and a body of 10 MB", async () => {
    const big = Buffer.alloc(10 * 1024 * 1024, "0123456789abcdef-");
    const records = [
      version(Buffer.alloc(0), { parts: [] }),
      version("a", { parts: [Buffer.alloc(0)] }),
      version("b", { parts: Array.from({ length: 3000 }, (_, i) => Buffer.alloc(i % 5, i)) }),
      version("c", { revision: "9".repeat(100_000) }),
      version("d", { parts: [big, Buffer.alloc(0), big.subarray(0, 1_000_000)] }),
      version(Buffer.alloc(70_000, "e")),
      version("f", { kind: "purged", revision: "", parts: [], blobs: [] }),
      version("g", { kind: "deleted", blobs: [blobRef("a"), blobRef("b", { encoding: "gzip", name: "" })] }),
    ];
    const { storage, info } = await write(records);
    const reader = await openSegment(storage, keyring, TASK, info);
    const scanned = await collect(reader.scan());
    for (const [index, record] of records.entries()) {
      for (const found of [scanned[index], await reader.get(record.key)]) {
        // Vitest compares buffers of this size element by element, which takes minutes.
        expect(found?.parts.map(digest)).toEqual(record.parts.map(digest));
        expect({ ...found, parts: [] }).toEqual({ ...record, parts: [] });
      }
    }
    expect(info.counts).toEqual({
      live: 6,
      deleted: 1,
      purged: 1,
      bodyBytes: records.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part.length, 0),
      blobRefs: 2,
    });
  });

  it("stores what does not compress as it is", async () => {
    const records = versions(20).map((record, i) => ({ ...record, parts: [noise(3000, i + 1)] }));
    const { storage, info } = await write(records, { blockBytes: 5000 });
    const reader = await openSegment(storage, keyring, TASK, info);
    expect(await collect(reader.scan())).toEqual(records);
  });

  it("tells its bounds from the manifest's entry alone", async () => {
    const { info } = await write(versions(100));
    const bounds = segmentBounds(keyring, TASK, info);
    expect([bounds.first.toString(), bounds.last.toString()]).toEqual(["doc:00000000", "doc:00000099"]);
  });

  it("lists each observation once", async () => {
    const later = { ...OBSERVATION, at: OBSERVATION.at + 1 };
    const records = versions(6).map((record, i) => ({
      ...record,
      observation: { ...(i % 2 ? later : OBSERVATION) },
    }));
    const { storage, info } = await write(records);
    expect((await openSegment(storage, keyring, TASK, info)).observations).toEqual([OBSERVATION, later]);
  });

  it("answers one lookup with one read, or two when its index is paged", async () => {
    for (const [layout, reads] of [
      [{ blockBytes: 256 }, 1],
      [TINY, 2],
    ] as const) {
      const { storage, info } = await write(versions(200), layout);
      let count = 0;
      const counting = reading(storage, async (read) => {
        count++;
        return read();
      });
      const reader = await openSegment(counting, keyring, TASK, info);
      expect(count).toBe(1);
      expect((await reader.get(Buffer.from("doc:00000100")))?.key.toString()).toBe("doc:00000100");
      expect(count - 1).toBe(reads);
    }
  });

  it("refuses keys that do not strictly ascend, and leaves no file behind", async () => {
    for (const keys of [
      ["b", "a"],
      ["a", "a"],
    ]) {
      const storage = memoryStorage();
      const records = keys.map((key) => version(key));
      await expect(writeSegment({ storage, keyring, task: TASK }, [records])).rejects.toMatchObject({
        code: "internal",
      });
      expect(await storageIsEmpty(storage)).toBe(true);
    }
  });

  it("refuses what would come back as something else", async () => {
    const refused = [
      version("a", { revision: "1-\ud800" }),
      version("a", { blobs: [blobRef("a", { name: "\udfff.png" })] }),
      version("a", { blobs: [blobRef("a", { length: 1.5 })] }),
      version("a", { blobs: [blobRef("a", { alias: "abc" })] }),
      version("a", { fingerprint: Buffer.alloc(7) }),
      version("a", { observation: { ...OBSERVATION, at: -1 } }),
      version("a", { observation: { ...OBSERVATION, run: "run 1" } }),
    ];
    for (const record of refused) {
      const storage = memoryStorage();
      await expect(writeSegment({ storage, keyring, task: TASK }, [[record]])).rejects.toThrow(
        /Not a|Expected|8 bytes/,
      );
      expect(await storageIsEmpty(storage)).toBe(true);
    }
  });

  it("refuses to be written without a version", async () => {
    const storage = memoryStorage();
    await expect(writeSegment({ storage, keyring, task: TASK }, [])).rejects.toMatchObject({
      code: "internal",
    });
    expect(await storageIsEmpty(storage)).toBe(true);
  });

  it("leaves no file behind when its records throw or the writer is stopped", async () => {
    const storage = memoryStorage();
    await expect(writeSegment({ storage, keyring, task: TASK, layout: TINY }, failing())).rejects.toThrow(
      "went away",
    );
    const stop = new AbortController();
    async function* stopped() {
      yield versions(3000);
      stop.abort();
      yield versions(10, "later");
    }
    await expect(
      writeSegment({ storage, keyring, task: TASK, layout: TINY }, stopped(), stop.signal),
    ).rejects.toThrow(/abort/);
    expect(await storageIsEmpty(storage)).toBe(true);
  });

  it("can be written by an agent without the read right, which then cannot open it", async () => {
    const storage = memoryStorage();
    const writer = fixedKeyring("write");
    const info = await writeSegment({ storage, keyring: writer, task: TASK }, [versions(10)]);
    await expect(openSegment(storage, writer, TASK, info)).rejects.toMatchObject({ code: "no-read-right" });
    expect(() => segmentBounds(writer, TASK, info)).toThrow(
      expect.objectContaining({ code: "no-read-right" }),
    );
    expect(await collect((await openSegment(storage, keyring, TASK, info)).scan())).toHaveLength(10);
  });

  it("shows no key and no body in the clear", async () => {
    const { storage, info } = await write([version("secret-key", { parts: [Buffer.from("secret-body")] })]);
    const file = await storage.read(segmentPath(TASK, info.id));
    expect(file.includes("secret-key")).toBe(false);
    expect(file.includes("secret-body")).toBe(false);
    expect(info.bounds.includes("secret-key")).toBe(false);
  });

  it("does not trust a storage that gives back other bytes than it was given", async () => {
    const storage = memoryStorage();
    const lying = reading(storage, async (read) => {
      const bytes = await read();
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
      return bytes;
    });
    await expect(writeSegment({ storage: lying, keyring, task: TASK }, [versions(10)])).rejects.toMatchObject(
      {
        code: "object-damaged",
      },
    );
  });
});

async function* failing(): AsyncGenerator<Version[]> {
  yield versions(3000);
  throw new Error("the source went away");
}

function digest(part: Buffer): string {
  return hash("sha256", part);
}
