import { createHash, createHmac } from "node:crypto";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHUNK_BYTES } from "../../../src/repository/blobs/chunking.ts";
import { openPack } from "../../../src/repository/blobs/pack-reader.ts";
import { verifyPack } from "../../../src/repository/blobs/pack-verify.ts";
import { type PackLimits, PackWriter } from "../../../src/repository/blobs/pack-writer.ts";
import type { PackInfo, StoredBlob } from "../../../src/repository/blobs/pack.ts";
import { packPath } from "../../../src/repository/paths.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import {
  fixedKeyring,
  flipped,
  gather,
  noise,
  OTHER_TASK,
  reading,
  storageIsEmpty,
  storageWith,
  TASK,
  unlessDamaged,
} from "../segment/rig.ts";

const keyring = fixedKeyring("read");
const ALIAS = "0f".repeat(16);

async function* pieces(bytes: Buffer, size = 100_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* breaking(bytes: number): AsyncGenerator<Buffer> {
  yield noise(bytes);
  throw new Error("connection lost");
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function readBlob(storage: Storage, info: PackInfo, blob: string): Promise<Buffer> {
  return Buffer.concat(await gather((await openPack({ storage, keyring }, TASK, info)).stream(blob)));
}

const check = (storage: Storage, info: PackInfo, task = TASK) =>
  gather(verifyPack(storage, keyring, task, info, { readData: true }));

interface Sample {
  readonly storage: Storage;
  readonly infos: readonly PackInfo[];
  readonly stored: readonly StoredBlob[];
}

async function store(contents: readonly Buffer[], limits: Partial<PackLimits> = {}): Promise<Sample> {
  const storage = memoryStorage();
  const writer = new PackWriter({ storage, keyring }, TASK, undefined, limits);
  const stored = await Promise.all(contents.map((bytes) => writer.add(pieces(bytes), "identity", ALIAS)));
  return { storage, infos: await writer.finish(), stored };
}

describe("a pack", () => {
  it("gives back every blob as it was stored, from nothing to several chunks, compressible or not", async () => {
    const sizes = [0, 1, 1000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 17];
    const contents = sizes.flatMap((size, i) => [noise(size, i + 1), Buffer.alloc(size, `text ${i} `)]);
    const { storage, infos, stored } = await store(contents);
    const [info] = infos as [PackInfo];
    expect(infos).toHaveLength(1);
    for (const [i, content] of contents.entries()) {
      const blob = stored[i] as StoredBlob;
      expect(blob).toMatchObject({
        pack: info.id,
        length: content.length,
        encoding: "identity",
        alias: ALIAS,
      });
      expect(blob.sha256).toBe(sha256(content));
      expect((await readBlob(storage, info, blob.blob)).equals(content)).toBe(true);
    }
    expect(await check(storage, info)).toEqual([]);
  });

  it("addresses a blob by a keyed digest of its stored bytes", async () => {
    const content = Buffer.from("content");
    const { stored } = await store([content]);
    const key = keyring.derive("blob", TASK);
    const expected = createHmac("sha256", key)
      .update(createHash("sha256").update(content).digest())
      .digest("hex");
    expect(stored[0]?.blob).toBe(expected);
  });

  it("gives back whatever was put in, in whatever pieces it came", async () => {
    const content = fc.uint8Array({ maxLength: 3000 }).map((value) => Buffer.from(value));
    await fc.assert(
      fc.asyncProperty(
        fc.array(content, { minLength: 1, maxLength: 12 }),
        fc.nat({ max: 500 }),
        async (list, size) => {
          const storage = memoryStorage();
          const writer = new PackWriter({ storage, keyring }, TASK);
          const stored: StoredBlob[] = [];
          for (const bytes of list) stored.push(await writer.add(pieces(bytes, size + 1), "identity", ALIAS));
          const [info] = (await writer.finish()) as [PackInfo];
          const pack = await openPack({ storage, keyring }, TASK, info);
          for (const [i, { blob }] of stored.entries()) {
            expect(Buffer.concat(await gather(pack.stream(blob)))).toEqual(list[i]);
          }
          const distinct = new Set(list.map((bytes) => bytes.toString("hex")));
          expect([...pack.blobs()]).toHaveLength(distinct.size);
          expect(info.blobs).toBe(distinct.size);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("keeps gzip content as it came and names it by what it unpacks to", async () => {
    const plain = Buffer.concat([noise(2_000_000), Buffer.alloc(1_000_000, "abc")]);
    const packed = gzipSync(plain);
    const storage = memoryStorage();
    const writer = new PackWriter({ storage, keyring }, TASK);
    const stored = await writer.add(pieces(packed), "gzip", ALIAS);
    const [info] = (await writer.finish()) as [PackInfo];
    expect(stored).toMatchObject({ encoding: "gzip", length: packed.length, sha256: sha256(plain) });
    expect((await readBlob(storage, info, stored.blob)).equals(packed)).toBe(true);
  });

  it("refuses gzip content that is damaged or cut off, and goes on with the next blob", async () => {
    const packed = gzipSync(noise(3_000_000));
    const storage = memoryStorage();
    const writer = new PackWriter({ storage, keyring }, TASK);
    for (const bad of [
      packed.subarray(0, -9),
      packed.subarray(0, 2_000_000),
      flipped(packed, 5000),
      Buffer.from("no"),
    ]) {
      await expect(writer.add(pieces(bad), "gzip", ALIAS)).rejects.toMatchObject({ code: "source-protocol" });
    }
    const good = await writer.add(pieces(Buffer.from("good")), "identity", ALIAS);
    const [info] = (await writer.finish()) as [PackInfo];
    expect(info.blobs).toBe(1);
    expect((await readBlob(storage, info, good.blob)).toString()).toBe("good");
    expect(await check(storage, info)).toEqual([]);
  });

  it("stores equal content once, small or large, under as many aliases as there are", async () => {
    const small = noise(5000);
    const large = noise(3 * CHUNK_BYTES, 7);
    const storage = memoryStorage();
    const writer = new PackWriter({ storage, keyring }, TASK);
    const stored = await Promise.all(
      [small, large, small, large].map((bytes, i) =>
        writer.add(pieces(bytes), "identity", String(i).repeat(32)),
      ),
    );
    const [info] = (await writer.finish()) as [PackInfo];
    expect(info).toMatchObject({ blobs: 2, storedBytes: small.length + large.length });
    expect(stored[2]).toEqual({ ...stored[0], alias: "2".repeat(32) });
    expect(stored[3]).toEqual({ ...stored[1], alias: "3".repeat(32) });
    expect((await readBlob(storage, info, (stored[1] as StoredBlob).blob)).equals(large)).toBe(true);
    expect(await check(storage, info)).toEqual([]);
  });

  it("throws what a content's stream throws, keeps nothing of it, and goes on with the next blob", async () => {
    const storage = memoryStorage();
    const writer = new PackWriter({ storage, keyring }, TASK);
    const outcomes = await Promise.allSettled([
      writer.add(pieces(Buffer.from("before")), "identity", ALIAS),
      writer.add(breaking(10), "identity", ALIAS),
      writer.add(breaking(5 * CHUNK_BYTES), "identity", ALIAS),
      writer.add(pieces(noise(2 * CHUNK_BYTES, 3)), "identity", ALIAS),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(outcomes[2]).toMatchObject({ reason: { message: "connection lost" } });
    const [info] = (await writer.finish()) as [PackInfo];
    const pack = await openPack({ storage, keyring }, TASK, info);
    expect([...pack.blobs()].map(({ length }) => length).sort((a, b) => a - b)).toEqual([6, 2 * CHUNK_BYTES]);
    expect(await check(storage, info)).toEqual([]);
  });

  it("is cut between blobs once it has its size or number of blobs", async () => {
    const contents = Array.from({ length: 7 }, (_, i) => noise(1000, i + 1));
    const bySize = await store(contents, { targetBytes: 2500 });
    expect(bySize.infos.map(({ blobs }) => blobs)).toEqual([3, 3, 1]);
    const byNumber = await store(contents, { targetBlobs: 2 });
    expect(byNumber.infos.map(({ blobs }) => blobs)).toEqual([2, 2, 2, 1]);
    for (const [i, { blob, pack }] of byNumber.stored.entries()) {
      const info = byNumber.infos.find(({ id }) => id === pack) as PackInfo;
      expect((await readBlob(byNumber.storage, info, blob)).equals(contents[i] as Buffer)).toBe(true);
    }
  });

  it("is not made when there is nothing to put in, or nothing whole", async () => {
    const storage = memoryStorage();
    expect(await new PackWriter({ storage, keyring }, TASK).finish()).toEqual([]);
    const writer = new PackWriter({ storage, keyring }, TASK);
    await expect(writer.add(breaking(5 * CHUNK_BYTES), "identity", ALIAS)).rejects.toThrow("connection lost");
    expect(await writer.finish()).toEqual([]);
    expect(await storageIsEmpty(storage)).toBe(true);
  });

  it("leaves nothing behind when its writer is aborted or let go", async () => {
    const storage = memoryStorage();
    const writer = new PackWriter({ storage, keyring }, TASK);
    await writer.add(pieces(noise(3 * CHUNK_BYTES)), "identity", ALIAS);
    await writer.abort();
    await expect(writer.add(pieces(noise(10)), "identity", ALIAS)).rejects.toMatchObject({
      code: "internal",
    });
    {
      await using other = new PackWriter({ storage, keyring }, TASK);
      await other.add(pieces(noise(10)), "identity", ALIAS);
    }
    expect(await storageIsEmpty(storage)).toBe(true);
  });

  it("fails every call with the storage's own error once the storage has failed", async () => {
    const storage = memoryStorage();
    const full: Storage = {
      ...reading(storage, async (read) => read()),
      create: async (_path, content) => {
        for await (const _ of content as AsyncIterable<Buffer>) break;
        throw new Error("disk full");
      },
    };
    const writer = new PackWriter({ storage: full, keyring }, TASK);
    await expect(writer.add(pieces(noise(40 * CHUNK_BYTES)), "identity", ALIAS)).rejects.toThrow("disk full");
    await expect(writer.add(pieces(noise(10)), "identity", ALIAS)).rejects.toThrow("disk full");
    await expect(writer.finish()).rejects.toThrow("disk full");
  });

  it("can be listed but not read with the write right alone", async () => {
    const { storage, infos, stored } = await store([Buffer.from("content")]);
    const writer = fixedKeyring("write");
    const pack = await openPack({ storage, keyring: writer }, TASK, infos[0] as PackInfo);
    const { blob } = stored[0] as StoredBlob;
    expect(pack.has(blob)).toBe(true);
    expect(pack.has("0".repeat(64))).toBe(false);
    await expect(gather(pack.stream(blob))).rejects.toMatchObject({ code: "no-read-right" });
    const reader = await openPack({ storage, keyring }, TASK, infos[0] as PackInfo);
    await expect(gather(reader.stream("0".repeat(64)))).rejects.toMatchObject({ code: "object-missing" });
  });
});

describe("a damaged pack", () => {
  const contents = [Buffer.from("one"), noise(300), Buffer.alloc(500, "text ")];

  it("gives, with any one byte flipped, the right blobs or an error that names it; and check reports every flip", async () => {
    const { storage, infos, stored } = await store(contents);
    const [info] = infos as [PackInfo];
    const path = packPath(TASK, info.id);
    const bytes = await storage.read(path);
    const silent: number[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const damaged = await storageWith(path, flipped(bytes, at));
      for (const [i, { blob }] of stored.entries()) {
        const read = await unlessDamaged(path, () => readBlob(damaged, info, blob));
        expect([contents[i], undefined]).toContainEqual(read);
      }
      if ((await check(damaged, info)).length === 0) silent.push(at);
    }
    expect(silent).toEqual([]);
  });

  it("is reported when cut off anywhere, missing, or in place of another", async () => {
    const { storage, infos } = await store(contents);
    const [info] = infos as [PackInfo];
    const path = packPath(TASK, info.id);
    const bytes = await storage.read(path);
    for (let length = 0; length < bytes.length; length += 11) {
      expect(await check(await storageWith(path, bytes.subarray(0, length)), info)).not.toEqual([]);
    }
    expect(await check(memoryStorage(), info)).toMatchObject([
      { code: "object-missing", items: ["all 3 blobs in the pack"] },
    ]);
    const other = await store(contents);
    const [otherInfo] = other.infos as [PackInfo];
    const foreign = await storageWith(path, await other.storage.read(packPath(TASK, otherInfo.id)));
    await expect(openPack({ storage: foreign, keyring }, TASK, info)).rejects.toMatchObject({
      code: "object-damaged",
    });
    const moved = await storageWith(packPath(OTHER_TASK, info.id), bytes);
    await expect(openPack({ storage: moved, keyring }, OTHER_TASK, info)).rejects.toMatchObject({
      code: "object-damaged",
    });
    expect(await check(moved, info, OTHER_TASK)).not.toEqual([]);
  });

  it("is reported with the blobs of each damaged chunk, and only those", async () => {
    const large = noise(2 * CHUNK_BYTES + 5);
    const { storage, infos, stored } = await store([Buffer.from("one"), large, Buffer.from("two")]);
    const [info] = infos as [PackInfo];
    const path = packPath(TASK, info.id);
    const bytes = await storage.read(path);
    const damaged = await storageWith(path, flipped(bytes, 128 + 19 + CHUNK_BYTES + 16 + 100));
    expect(await check(damaged, info)).toMatchObject([{ code: "object-damaged", items: [stored[1]?.blob] }]);
    expect((await readBlob(damaged, info, (stored[2] as StoredBlob).blob)).toString()).toBe("two");
    const given: Buffer[] = [];
    await expect(
      (async () => {
        const pack = await openPack({ storage: damaged, keyring }, TASK, info);
        for await (const piece of pack.stream((stored[1] as StoredBlob).blob)) given.push(piece);
      })(),
    ).rejects.toMatchObject({ code: "object-damaged" });
    const prefix = Buffer.concat(given);
    expect(prefix.equals(large.subarray(0, prefix.length))).toBe(true);
  });
});
