import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { TaskName } from "../../../src/model/task.ts";
import type { Version } from "../../../src/model/version.ts";
import { openPack } from "../../../src/repository/blobs/pack-reader.ts";
import { verifyPack } from "../../../src/repository/blobs/pack-verify.ts";
import type { PackInfo, StoredBlob } from "../../../src/repository/blobs/pack.ts";
import { packPath, segmentPath } from "../../../src/repository/paths.ts";
import { taskFingerprints } from "../../../src/repository/segment/fingerprint.ts";
import { openPages } from "../../../src/repository/segment/segment-pages.ts";
import { openSegment, segmentBounds } from "../../../src/repository/segment/segment-reader.ts";
import { verifySegment } from "../../../src/repository/segment/segment-verify.ts";
import type { SegmentInfo } from "../../../src/repository/segment/segment.ts";
import { collect, fixedKeyring, gather, storageWith } from "./rig.ts";

const FOLDER = new URL("../../vectors/segment-v1/", import.meta.url);
const keyring = fixedKeyring("read");

type Hex = Record<string, unknown>;

interface Vectors {
  readonly task: TaskName;
  readonly segment: Hex & { readonly wrapped: Hex; readonly bounds: string };
  readonly pack: Hex & { readonly wrapped: Hex };
  readonly versions: readonly (Hex & { readonly keyHash: string; readonly parts: readonly string[] })[];
  readonly blobs: readonly { readonly name: string; readonly stored: StoredBlob; readonly content: string }[];
}

const bytesOf = (hex: unknown): Buffer => Buffer.from(hex as string, "hex");
const wrappedOf = (wrapped: Hex) => ({
  ...wrapped,
  ephemeral: bytesOf(wrapped["ephemeral"]),
  sealed: bytesOf(wrapped["sealed"]),
});

const vectors = JSON.parse(await readFile(new URL("vectors.json", FOLDER), "utf8")) as Vectors;
const { task } = vectors;
const marks = taskFingerprints(keyring, task);
const segment = {
  ...vectors.segment,
  wrapped: wrappedOf(vectors.segment.wrapped),
  bounds: bytesOf(vectors.segment.bounds),
} as unknown as SegmentInfo;
const pack = { ...vectors.pack, wrapped: wrappedOf(vectors.pack.wrapped) } as unknown as PackInfo;
const versions = vectors.versions.map(({ keyHash: _keyHash, ...version }) => ({
  ...version,
  key: bytesOf(version["key"]),
  fingerprint: bytesOf(version["fingerprint"]),
  parts: version.parts.map(bytesOf),
})) as unknown as Version[];

const segmentStorage = async () =>
  storageWith(segmentPath(task, segment.id), await readFile(new URL("segment.bin", FOLDER)));
const packStorage = async () =>
  storageWith(packPath(task, pack.id), await readFile(new URL("pack.bin", FOLDER)));

describe("format version 1 of a segment", () => {
  it("reads as the versions that were written", async () => {
    const reader = await openSegment(await segmentStorage(), keyring, task, segment);
    expect(await collect(reader.scan())).toEqual(versions);
    expect(await reader.getMany(versions.map(({ key }) => key))).toEqual(versions);
    expect(segmentBounds(keyring, task, segment)).toEqual({
      first: Buffer.alloc(0),
      last: Buffer.from("fffe", "hex"),
    });
  });

  it("answers by its tables", async () => {
    const pages = await openPages(await segmentStorage(), fixedKeyring("write"), task, segment);
    const sorted = vectors.versions.toSorted((a, b) => (a.keyHash < b.keyHash ? -1 : 1));
    const found = await pages.fingerprints(sorted.map(({ keyHash }) => BigInt(`0x${keyHash}`)));
    expect(found.map((bytes) => bytes?.toString("hex"))).toEqual(
      sorted.map(({ fingerprint }) => fingerprint),
    );
    for (const { name, stored } of vectors.blobs) expect(await pages.blob(marks.alias(name))).toEqual(stored);
  });

  it("hashes keys as it did", () => {
    const hashes = versions.map(({ key }) => marks.keyHash(key).toString(16).padStart(16, "0"));
    expect(hashes).toEqual(vectors.versions.map(({ keyHash }) => keyHash));
  });

  it("has no findings", async () => {
    expect(
      await gather(verifySegment(await segmentStorage(), keyring, task, segment, { readData: true })),
    ).toEqual([]);
  });
});

describe("format version 1 of a pack", () => {
  it("reads as the blobs that were written", async () => {
    const reader = await openPack({ storage: await packStorage(), keyring }, task, pack);
    for (const { stored, content } of vectors.blobs) {
      expect(Buffer.concat(await gather(reader.stream(stored.blob))).toString("hex")).toBe(content);
    }
  });

  it("has no findings", async () => {
    expect(await gather(verifyPack(await packStorage(), keyring, task, pack, { readData: true }))).toEqual(
      [],
    );
  });
});
