import { describe, expect, it } from "vitest";
import { segmentPath } from "../../../src/repository/paths.ts";
import { taskFingerprints } from "../../../src/repository/segment/fingerprint.ts";
import { PageCache } from "../../../src/repository/segment/page-cache.ts";
import { openPages } from "../../../src/repository/segment/segment-pages.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import { blobRef, fixedKeyring, OTHER_TASK, reading, TASK, version, versions } from "./rig.ts";

const writer = fixedKeyring("write");
const marks = taskFingerprints(writer, TASK);
const byHash = (a: { hash: bigint }, b: { hash: bigint }) => (a.hash < b.hash ? -1 : 1);

describe("the pages of a segment", () => {
  it("tell the write right alone the fingerprint of every key, and nothing for other keys", async () => {
    for (const count of [1, 3, 4, 5, 700, 6000]) {
      const storage = memoryStorage();
      const records = versions(count);
      const layout = { tablePageBytes: 64 };
      const info = await writeSegment({ storage, keyring: writer, task: TASK, layout }, [records]);
      const pages = await openPages(storage, writer, TASK, info);
      const asked = [
        ...records.map(({ key, fingerprint }) => ({ hash: marks.keyHash(key), fingerprint })),
        ...versions(count, "absent").map(({ key }) => ({ hash: marks.keyHash(key), fingerprint: undefined })),
        { hash: 0n, fingerprint: undefined },
        { hash: 2n ** 64n - 1n, fingerprint: undefined },
      ].sort(byHash);
      const found = await pages.fingerprints(asked.map(({ hash }) => hash));
      expect(found).toEqual(asked.map(({ fingerprint }) => fingerprint));
      expect(await pages.fingerprints([])).toEqual([]);
    }
  });

  it("tell the stored blob of every alias, and nothing for other aliases", async () => {
    const storage = memoryStorage();
    const digits = "0123456789abcdef".split("");
    const records = digits.map((digit) =>
      version(`item ${digit}`, {
        blobs: [blobRef(digit, { length: 2 ** 40 + 1, encoding: "gzip", alias: digit.repeat(32) })],
      }),
    );
    const layout = { tablePageBytes: 330 };
    const info = await writeSegment({ storage, keyring: writer, task: TASK, layout }, [records]);
    const pages = await openPages(storage, writer, TASK, info);
    const aliases = digits.flatMap((digit) => [digit.repeat(32), `${digit.repeat(31)}z`.replace("z", "7")]);
    const unique = [...new Set(aliases)].sort();
    const found = await pages.blobs(unique);
    for (const [index, alias] of unique.entries()) {
      const digit = alias[0] as string;
      const {
        part: _part,
        name: _name,
        ...stored
      } = blobRef(digit, { length: 2 ** 40 + 1, encoding: "gzip" });
      expect(found[index]).toEqual(alias === digit.repeat(32) ? stored : undefined);
    }
    expect((await pages.blob("a".repeat(32)))?.blob).toBe("a".repeat(64));
    expect(await pages.blob("ab".repeat(16))).toBeUndefined();
    expect(pages.entries).toEqual({ fingerprints: 16, aliases: 16 });
  });

  it("list every stored blob once for each alias, over many pages and reads", async () => {
    for (const count of [0, 1, 2, 3, 100, 101]) {
      const storage = memoryStorage();
      const records = Array.from({ length: count }, (_, index) => {
        const alias = String(index).padStart(32, "0");
        return version(`item ${alias}`, { blobs: [blobRef("a", { alias, blob: alias.repeat(2) })] });
      });
      const items = records.length > 0 ? records : [version("no blob")];
      const info = await writeSegment(
        { storage, keyring: writer, task: TASK, layout: { tablePageBytes: 330 } },
        [items],
      );
      const pages = await openPages(storage, writer, TASK, info);
      const found: string[] = [];
      for await (const blobs of pages.allBlobs()) found.push(...blobs.map(({ blob }) => blob));
      expect(found).toEqual(records.map(({ blobs }) => blobs[0]?.blob));
    }
  });

  it("read no byte twice for one sorted lookup, and none again while they are cached", async () => {
    const storage = memoryStorage();
    const records = versions(2000);
    const layout = { tablePageBytes: 256 };
    const info = await writeSegment({ storage, keyring: writer, task: TASK, layout }, [records]);
    const seen: { offset: number; length: number }[] = [];
    const watched = reading(storage, async (read, path, range) => {
      expect(path).toBe(segmentPath(TASK, info.id));
      if (range) seen.push(range);
      return read();
    });
    const pages = await openPages(watched, writer, TASK, info);
    expect(seen.splice(0)).toHaveLength(1);
    const sorted = records.map(({ key }) => marks.keyHash(key)).sort((a, b) => (a < b ? -1 : 1));
    await pages.fingerprints(sorted);
    const overlaps = seen.filter(({ offset }, index) => {
      const before = seen[index - 1];
      return before !== undefined && offset < before.offset + before.length;
    });
    expect(overlaps).toEqual([]);
    // 2000 entries of 16 bytes in pages of 256, 16 pages a read.
    expect(seen.splice(0)).toHaveLength(8);
    await pages.fingerprints(sorted);
    expect(seen).toEqual([]);
  });

  it("stay inside the cache's bytes", () => {
    const cache = new PageCache(100);
    for (let i = 0; i < 10; i++) cache.put(`page ${i}`, Buffer.alloc(30));
    const kept = Array.from({ length: 10 }, (_, i) => i).filter((i) => cache.get(`page ${i}`));
    expect(kept).toEqual([7, 8, 9]);
    cache.get("page 7");
    cache.put("page 10", Buffer.alloc(30));
    expect(cache.get("page 7")).toBeDefined();
    expect(cache.get("page 8")).toBeUndefined();
  });
});

describe("the fingerprints of a task", () => {
  it("tell states, keys, keys from states, and tasks apart", () => {
    const other = taskFingerprints(writer, OTHER_TASK);
    const [a, b] = [Buffer.from("a"), Buffer.from("b")];
    const all = [
      marks.fingerprint(a, b),
      marks.fingerprint(b, a),
      marks.fingerprint(a, a),
      marks.fingerprint(Buffer.from("ab"), Buffer.alloc(0)),
      marks.fingerprint(Buffer.alloc(0), Buffer.from("ab")),
      other.fingerprint(a, b),
    ].map((bytes) => bytes.toString("hex"));
    expect(new Set(all).size).toBe(all.length);
    expect(marks.fingerprint(a, b)).toEqual(marks.fingerprint(Buffer.from("a"), Buffer.from("b")));
    expect(marks.keyHash(a)).not.toBe(other.keyHash(a));
    const { high, low } = marks.keyHashHalves(a);
    expect((BigInt(high) << 32n) | BigInt(low)).toBe(marks.keyHash(a));
  });

  it("give aliases of 32 hex digits that depend on the task", () => {
    const alias = marks.alias("doc/attachment.png/md5-abc");
    expect(alias).toMatch(/^[0-9a-f]{32}$/);
    expect(marks.alias("doc/attachment.png/md5-abd")).not.toBe(alias);
    expect(taskFingerprints(writer, OTHER_TASK).alias("doc/attachment.png/md5-abc")).not.toBe(alias);
  });
});
