import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isHoldfastError } from "../../src/model/errors.ts";
import { initRepository } from "../../src/repository/init-repository.ts";
import { openRepositoryFile } from "../../src/repository/repository-file.ts";
import { listSlots, openKeyring } from "../../src/repository/sealing/slots.ts";
import { openFolder } from "../../src/repository/storage/folder.ts";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import type { Storage } from "../../src/repository/storage/storage.ts";
import { failCall, faultyStorage, loseAnswer, sweepCalls } from "../faults/storage-faults.ts";
import {
  alter,
  clock,
  contentOf,
  failure,
  newRepository,
  overwrite,
  pathsIn,
  phrase,
  withPhrase,
} from "./sealing/rig.ts";

const slots = [phrase("open sesame")];
const REPOSITORY = ["data-keys/000001", "holdfast.json", expect.stringMatching(/^keys\/[0-9a-f]{16}$/)];

async function init(storage: Storage): Promise<void> {
  await initRepository(storage, { slots, clock });
}

async function codeOf(act: Promise<unknown>): Promise<string> {
  return await act.then(
    () => "no error",
    (error: unknown) => (isHoldfastError(error) ? error.code : String(error)),
  );
}

describe("making a repository", () => {
  it("leaves exactly a data key, the slots and holdfast.json, which a new process can open", async () => {
    const { storage, id } = await newRepository();
    expect(await pathsIn(storage)).toEqual(REPOSITORY);
    expect(await openRepositoryFile(storage)).toEqual({
      format: 1,
      repository: id,
      created: "2026-03-01T12:00:00.000Z",
      features: [],
    });
    expect((await openKeyring(storage, withPhrase("open sesame"))).repository).toBe(id);
  });

  it("draws another id and other keys each time", async () => {
    const [a, b] = [await newRepository(), await newRepository()];
    expect(a.id).not.toBe(b.id);
    expect(a.keyring.derive("x")).not.toEqual(b.keyring.derive("x"));
  });

  it("is refused where a repository or anything else is, and changes nothing", async () => {
    const occupied: Record<string, string>[] = [
      { "holdfast.json": "{}" },
      { [`tasks/backup-${"0".repeat(32)}/manifests/1`]: "x" },
      { "keys/my-house-key.txt": "x" },
      { "photo.jpg": "x" },
    ];
    for (const objects of occupied) {
      const storage = memoryStorage();
      for (const [path, content] of Object.entries(objects)) await storage.create(path, Buffer.from(content));
      const before = await contentOf(storage);
      expect(await failure(init(storage))).toMatchObject({ code: "repository-exists" });
      expect(await contentOf(storage)).toEqual(before);
    }
    const made = await newRepository();
    const before = await contentOf(made.storage);
    expect(await failure(init(made.storage))).toMatchObject({ code: "repository-exists" });
    expect(await contentOf(made.storage)).toEqual(before);
  });

  it("is refused in a folder with files of other programs, whatever their names", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-init-"));
    await mkdir(join(folder, "Holiday 2025"));
    await writeFile(join(folder, "Holiday 2025", "beach (1).jpg"), "x");
    expect(await failure(init(openFolder(folder)))).toMatchObject({ code: "repository-exists" });
    await rm(folder, { recursive: true });
  });

  it("is refused without a read slot", async () => {
    const storage = memoryStorage();
    const writeOnly = { slots: [phrase("agent", "write")], clock };
    expect(await failure(initRepository(storage, writeOnly))).toMatchObject({ code: "usage" });
    expect(await pathsIn(storage)).toEqual([]);
  });

  it.each([
    ["fails", failCall],
    ["loses its answer", loseAnswer],
  ])("can be repeated after any call of it that %s, and is then whole", async (_, faultAt) => {
    const swept = await sweepCalls({
      makeStorage: memoryStorage,
      fault: (nth) => faultAt({ nth }, "storage-full"),
      run: init,
      check: async (storage, { error }) => {
        expect(error).toMatchObject({ code: "storage-full" });
        const done = (await pathsIn(storage)).includes("holdfast.json");
        const opened = await codeOf(openKeyring(storage, withPhrase("open sesame")));
        expect(opened).toBe(done ? "no error" : "repository-missing");
        expect(await codeOf(init(storage))).toBe(done ? "repository-exists" : "no error");
        expect(await pathsIn(storage)).toHaveLength(REPOSITORY.length);
        const keyring = await openKeyring(storage, withPhrase("open sesame"));
        const { key, wrapped } = keyring.newFileKey("task", "file");
        expect(keyring.openFileKey("task", "file", wrapped)).toEqual(key);
      },
    });
    expect(swept).toBeGreaterThan(5);
  });

  it("has one winner when several start at once, whose keys alone are left", async () => {
    for (let round = 0; round < 10; round++) {
      const storage = memoryStorage();
      const outcomes = await Promise.allSettled(
        [1, 2, 3, 4].map(
          async (each) => await initRepository(storage, { slots: [phrase(`rival ${each}`)], clock }),
        ),
      );
      const winners = outcomes.flatMap((outcome, index) =>
        outcome.status === "fulfilled" ? [index + 1] : [],
      );
      expect(winners).toHaveLength(1);
      const losses = outcomes.flatMap((outcome) =>
        outcome.status === "rejected" ? [outcome.reason as unknown] : [],
      );
      expect(losses).toEqual(Array(3).fill(expect.objectContaining({ code: "repository-exists" })));
      expect(await pathsIn(storage)).toHaveLength(REPOSITORY.length);
      const keyring = await openKeyring(storage, withPhrase(`rival ${winners[0]}`));
      expect(keyring.newFileKey("task", "file").key).toHaveLength(32);
      expect(await listSlots(storage)).toHaveLength(1);
    }
  });
});

describe("opening a repository's file", () => {
  it("says repository-missing where there is none", async () => {
    expect(await failure(openRepositoryFile(memoryStorage()))).toMatchObject({
      code: "repository-missing",
      exit: 10,
    });
    const folder = openFolder("/nowhere/at/all");
    expect(await failure(openKeyring(folder, withPhrase("x")))).toMatchObject({ code: "repository-missing" });
  });

  it.each([
    ["no JSON", "once upon a time"],
    ["another program's", '{"name": "my-app", "version": "1.0.0"}'],
    ["no object", "null"],
    ["without an id", '{"format": 1, "created": "2026-03-01T12:00:00Z", "features": []}'],
    ["far too large", "x".repeat(100_000)],
  ])("says repository-foreign for a file that is %s, and changes nothing", async (_, content) => {
    const { storage } = await newRepository();
    await overwrite(storage, "holdfast.json", content);
    const before = await contentOf(storage);
    expect(await failure(openKeyring(storage, withPhrase("open sesame")))).toMatchObject({
      code: "repository-foreign",
    });
    expect(await contentOf(storage)).toEqual(before);
  });

  it.each([
    ["a higher format", { format: 2 }, "format 2"],
    ["a higher format of quite another shape", { format: 9, repository: 7, features: "all" }, "format 9"],
    ["a feature that this Holdfast does not know", { features: ["time-travel"] }, "time-travel"],
  ])("says repository-newer for %s, and changes nothing", async (_, change, words) => {
    const { storage } = await newRepository();
    await alter(storage, "holdfast.json", change);
    const before = await contentOf(storage);
    const error = await failure(openKeyring(storage, withPhrase("open sesame")));
    expect(error).toMatchObject({ code: "repository-newer", message: expect.stringContaining(words) });
    expect(await contentOf(storage)).toEqual(before);
  });

  it("passes a refusal of the storage on", async () => {
    const { storage } = await newRepository();
    for (const call of ["stat", "read"] as const) {
      const refusing = faultyStorage(storage, failCall({ call, nth: 0 }, "storage-permission"));
      expect(await failure(openRepositoryFile(refusing))).toMatchObject({ code: "storage-permission" });
    }
  });
});
