import { describe, expect, it } from "vitest";
import type { Version } from "../../../src/model/version.ts";
import { segmentPath } from "../../../src/repository/paths.ts";
import { taskFingerprints } from "../../../src/repository/segment/fingerprint.ts";
import { openPages } from "../../../src/repository/segment/segment-pages.ts";
import { openSegment } from "../../../src/repository/segment/segment-reader.ts";
import type { BlockEntry } from "../../../src/repository/segment/block-index.ts";
import { openSegmentFile } from "../../../src/repository/segment/segment-file.ts";
import { readSegmentHeader } from "../../../src/repository/segment/segment-header.ts";
import type { SegmentInfo } from "../../../src/repository/segment/segment.ts";
import { verifySegment } from "../../../src/repository/segment/segment-verify.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import {
  blobRef,
  collect,
  fixedKeyring,
  flipped,
  gather,
  noise,
  OTHER_TASK,
  storageWith,
  TASK,
  unlessDamaged,
  version,
  versions,
} from "./rig.ts";

const keyring = fixedKeyring("read");
const marks = taskFingerprints(keyring, TASK);
const ABSENT = Buffer.from("doc:00000001a");

interface Sample {
  readonly records: readonly Version[];
  readonly info: SegmentInfo;
  readonly path: string;
  readonly bytes: Buffer;
}

/** Several blocks, index pages and table pages in about 3 kB. */
async function sample(task = TASK): Promise<Sample> {
  const storage = memoryStorage();
  const records = [...versions(6), version("x", { blobs: [blobRef("c"), blobRef("d")] })];
  const layout = { blockBytes: 300, indexPageBytes: 30, tablePageBytes: 64 };
  const info = await writeSegment({ storage, keyring, task, layout }, [records]);
  const path = segmentPath(task, info.id);
  return { records, info, path, bytes: await storage.read(path) };
}

/** Every way to read, each of which must give the truth or fail as damage. */
async function readEverything(storage: Storage, { records, info, path }: Sample): Promise<void> {
  const expectTruth = async <T>(work: () => Promise<T>, truth: T): Promise<void> => {
    const found = await unlessDamaged(path, async () => ({ value: await work() }));
    expect([{ value: truth }, undefined]).toContainEqual(found);
  };
  const reader = await unlessDamaged(path, () => openSegment(storage, keyring, TASK, info));
  if (reader !== undefined) {
    const keys = records.map(({ key }) => key);
    await expectTruth(() => collect(reader.scan({}, { readAheadBytes: 1 })), [...records]);
    await expectTruth(() => reader.getMany(keys), [...records]);
    await expectTruth(() => reader.get(ABSENT), undefined);
    for (const record of [records[0], records[6]] as Version[]) {
      await expectTruth(() => reader.get(record.key), record);
      await expectTruth(() => reader.mayContain(record.key), true);
    }
  }
  const pages = await unlessDamaged(path, () => openPages(storage, keyring, TASK, info));
  if (pages !== undefined) {
    const hashes = records.map(({ key, fingerprint }) => ({ hash: marks.keyHash(key), fingerprint }));
    hashes.sort((a, b) => (a.hash < b.hash ? -1 : 1));
    const sorted = hashes.map(({ hash }) => hash);
    await expectTruth(
      () => pages.fingerprints(sorted),
      hashes.map(({ fingerprint }) => fingerprint),
    );
    const stored = ["c", "d"].map((digit) => {
      const { part: _part, name: _name, ...rest } = blobRef(digit);
      return rest;
    });
    await expectTruth(() => pages.blobs(["c".repeat(32), "d".repeat(32)]), stored);
  }
}

const findings = (storage: Storage, info: SegmentInfo, task = TASK) =>
  gather(verifySegment(storage, keyring, task, info, { readData: true }));

describe("a damaged segment", () => {
  it("gives, with any one byte flipped, the right versions or an error that names it; and check reports every flip", async () => {
    const whole = await sample();
    const silent: number[] = [];
    for (let at = 0; at < whole.bytes.length; at++) {
      const storage = await storageWith(whole.path, flipped(whole.bytes, at));
      await readEverything(storage, whole);
      if ((await findings(storage, whole.info)).length === 0) silent.push(at);
    }
    expect(silent).toEqual([]);
  });

  it("gives, cut off anywhere, the right versions or an error that names it; and check reports every cut", async () => {
    const whole = await sample();
    for (let length = 0; length < whole.bytes.length; length += 7) {
      const storage = await storageWith(whole.path, whole.bytes.subarray(0, length));
      await readEverything(storage, whole);
      expect(await findings(storage, whole.info)).not.toEqual([]);
    }
  });

  it("is reported when bytes were added to it", async () => {
    const whole = await sample();
    const storage = await storageWith(whole.path, Buffer.concat([whole.bytes, Buffer.from("x")]));
    const [finding] = await findings(storage, whole.info);
    expect(finding?.message).toContain(`${whole.info.bytes + 1} bytes`);
  });

  it("does not open when two of its blocks of equal size have changed places", async () => {
    const storage = memoryStorage();
    const records = versions(8).map((record) => ({ ...record, parts: [noise(200)] }));
    const info = await writeSegment({ storage, keyring, task: TASK, layout: { blockBytes: 300 } }, [records]);
    const path = segmentPath(TASK, info.id);
    const bytes = await storage.read(path);
    const file = await openSegmentFile(storage, TASK, info, keyring.openFileKey(TASK, info.id, info.wrapped));
    const [first, second] = (await file.indexPage(0)) as [BlockEntry, BlockEntry];
    expect(second.sealedLength).toBe(first.sealedLength);
    const middle = first.offset + first.sealedLength;
    const end = middle + second.sealedLength;
    const swapped = Buffer.concat([
      bytes.subarray(0, first.offset),
      bytes.subarray(middle, end),
      bytes.subarray(first.offset, middle),
      bytes.subarray(end),
    ]);
    expect(swapped.equals(bytes)).toBe(false);
    const reader = await openSegment(await storageWith(path, swapped), keyring, TASK, info);
    for (const record of records.slice(0, 2)) {
      await expect(reader.get(record.key)).rejects.toMatchObject({ code: "object-damaged" });
    }
    expect(await reader.get((records[2] as Version).key)).toEqual(records[2]);
  });

  it("does not open in place of another segment or under another task", async () => {
    const one = await sample();
    const two = await sample();
    const swapped = await storageWith(one.path, two.bytes);
    await expect(openSegment(swapped, keyring, TASK, one.info)).rejects.toMatchObject({
      code: "object-damaged",
    });
    await expect(openPages(swapped, keyring, TASK, one.info)).rejects.toMatchObject({
      code: "object-damaged",
    });
    expect(await findings(swapped, one.info)).not.toEqual([]);
    const moved = await storageWith(segmentPath(OTHER_TASK, one.info.id), one.bytes);
    await expect(openSegment(moved, keyring, OTHER_TASK, one.info)).rejects.toMatchObject({
      code: "object-damaged",
    });
    await expect(openPages(moved, keyring, OTHER_TASK, one.info)).rejects.toMatchObject({
      code: "object-damaged",
    });
    expect(await findings(moved, one.info, OTHER_TASK)).not.toEqual([]);
  });

  it("is reported as missing when it is not there", async () => {
    const { info } = await sample();
    const storage = memoryStorage();
    await expect(openSegment(storage, keyring, TASK, info)).rejects.toMatchObject({ code: "object-missing" });
    expect(await findings(storage, info)).toMatchObject([
      { code: "object-missing", items: ["all 7 versions in the file"] },
    ]);
  });

  it("is reported with the items of each damaged block, and only those", async () => {
    const whole = await sample();
    const storage = await storageWith(whole.path, flipped(whole.bytes, 130));
    expect(await findings(storage, whole.info)).toMatchObject([
      { code: "object-damaged", items: ["items from doc:00000000 up to, but not including, doc:00000003"] },
    ]);
  });

  it("is found out without reading its data when its ends, footer or directory are damaged", async () => {
    const whole = await sample();
    const { footer, directory } = whole.info;
    for (const at of [0, 20, 100, directory.offset, footer.offset, whole.bytes.length - 1]) {
      const storage = await storageWith(whole.path, flipped(whole.bytes, at));
      const found = await gather(verifySegment(storage, keyring, TASK, whole.info, { readData: false }));
      expect(found.length, `byte ${at}`).toBe(1);
    }
  });

  it("is found out by an agent with the write right alone", async () => {
    const whole = await sample();
    for (const at of [130, whole.info.directory.offset - 1]) {
      const storage = await storageWith(whole.path, flipped(whole.bytes, at));
      const found = await gather(
        verifySegment(storage, fixedKeyring("write"), TASK, whole.info, { readData: true }),
      );
      expect(found.length, `byte ${at}`).toBe(1);
    }
  });

  it("says of itself where its parts lie, for a repair without manifests", async () => {
    const { info, path, bytes } = await sample();
    const { id, wrapped, footer, directory } = info;
    const header = await readSegmentHeader(await storageWith(path, bytes), path);
    expect(header).toEqual({ task: TASK, id, bytes: bytes.length, wrapped, footer, directory });
    await expect(
      readSegmentHeader(await storageWith(path, bytes.subarray(0, 100)), path),
    ).rejects.toMatchObject({
      code: "object-damaged",
    });
    await expect(readSegmentHeader(memoryStorage(), path)).rejects.toMatchObject({ code: "object-missing" });
    const newer = Buffer.from(bytes);
    newer[9] = 2;
    await expect(readSegmentHeader(await storageWith(path, newer), path)).rejects.toMatchObject({
      code: "repository-newer",
    });
  });
});
