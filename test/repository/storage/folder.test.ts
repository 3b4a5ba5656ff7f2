import { collect } from "../../../src/repository/storage/conformance/check.ts";
import { execFile } from "node:child_process";
import {
  access,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { array, assert, asyncProperty, integer, stringMatching, uniqueArray } from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFolder } from "../../../src/repository/storage/folder.ts";
import { folderError, folderWriteError } from "../../../src/repository/storage/folder-errors.ts";
import { claimNameOf } from "../../../src/repository/storage/folder-temporary.ts";
import { removeLeftovers } from "../../../src/repository/storage/folder-leftovers.ts";

const run = promisify(execFile);
const HOUR_MS = 3_600_000;
/** `nobody` nearly everywhere; any user that owns nothing will do. */
const NOBODY = 65_534;
const IS_ROOT = process.getuid?.() === 0;

let top: string;
let folder: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), "holdfast-folder-"));
  folder = join(top, "repository");
});
afterEach(async () => {
  await rm(top, { recursive: true, force: true });
});

async function listedPaths(prefix = "", after = "", namesInMemory = 1000): Promise<string[]> {
  const storage = openFolder(folder, { namesInMemory });
  return (await collect(storage.list(prefix, { after }))).map(({ path }) => path);
}

describe("a folder's objects", () => {
  it("lie in files of their own paths, readable by the owner alone", async () => {
    await openFolder(folder).create("keys/one", Buffer.from("x"));
    expect((await stat(join(folder, "keys/one"))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it("can be read by the group when the folder lets the group in", async () => {
    await mkdir(folder);
    await chmod(folder, 0o750);
    await openFolder(folder).create("keys/one", Buffer.from("x"));
    expect((await stat(join(folder, "keys/one"))).mode & 0o777).toBe(0o640);
    expect((await stat(join(folder, "keys"))).mode & 0o777).toBe(0o750);
  });

  it("leave no temporary file and no empty folder behind", async () => {
    const storage = openFolder(folder);
    await storage.create("a/b/c", Buffer.from("x"));
    await storage.create("a/d", Buffer.from("x"));
    await storage.remove("a/b/c");
    expect(await readdir(folder, { recursive: true })).toEqual(expect.arrayContaining(["tmp", "a", "a/d"]));
    expect(await readdir(folder, { recursive: true })).toHaveLength(3);
    await storage.remove("a/d");
    expect(await readdir(folder)).toEqual(["tmp"]);
  });

  it("are created though another call prunes the folder again and again", async () => {
    const storage = openFolder(folder);
    const pruner = openFolder(folder);
    const over = new AbortController();
    const pruning = (async () => {
      while (!over.signal.aborted) {
        await pruner.create("busy/deep/other", Buffer.from("y"));
        await pruner.remove("busy/deep/other");
      }
    })();
    for (let index = 0; index < 60; index++) {
      expect(await storage.create(`busy/deep/${index}`, Buffer.from("x"))).toBe("created");
      await storage.remove(`busy/deep/${index}`);
    }
    over.abort();
    await pruning;
  });

  it.each([true, false])("cannot lie below another object (hard links: %s)", async (hardLinks) => {
    const storage = openFolder(folder, { hardLinks });
    await storage.create("a", Buffer.from("x"));
    await expect(storage.create("a/b", Buffer.from("x"))).rejects.toMatchObject({ code: "storage-failed" });
    await storage.create("c/d", Buffer.from("x"));
    await expect(storage.create("c", Buffer.from("x"))).rejects.toMatchObject({ code: "storage-failed" });
    expect(await readdir(join(folder, "tmp"))).toEqual([]);
  });

  it("are not shown as absent when the folder was swapped for another, as by an unmounted disk", async () => {
    const storage = openFolder(folder);
    await storage.create("kept", Buffer.from("x"));
    await rename(folder, join(top, "elsewhere"));
    for (const place of ["missing", "empty"]) {
      if (place === "empty") await mkdir(folder);
      const failed = { code: "storage-failed" };
      await expect(storage.stat("kept")).rejects.toMatchObject(failed);
      await expect(storage.read("kept")).rejects.toMatchObject(failed);
      await expect(storage.remove("kept")).rejects.toMatchObject(failed);
      await expect(collect(storage.list(""))).rejects.toMatchObject(failed);
      await expect(storage.create("new", Buffer.from("x"))).rejects.toMatchObject(failed);
    }
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("a folder's listing", () => {
  it("has the byte order of paths for any tree, prefix and starting point, in parts of any size", async () => {
    const segment = stringMatching(/^[-.0a_]{1,2}$/).filter((name) => name !== "." && name !== "..");
    const path = array(segment, { minLength: 1, maxLength: 3 }).map((segments) => `x${segments.join("/")}`);
    const tree = uniqueArray(path, { minLength: 1, maxLength: 25 });
    await assert(
      asyncProperty(tree, path, integer({ min: 1, max: 4 }), async (paths, point, namesInMemory) => {
        folder = await mkdtemp(join(top, "tree-"));
        const files = paths.filter((one) => !paths.some((other) => other.startsWith(`${one}/`)));
        for (const file of files) {
          await mkdir(join(folder, file, ".."), { recursive: true });
          await writeFile(join(folder, file), "");
        }
        const sorted = files
          .map((file) => Buffer.from(file))
          .sort((a, b) => Buffer.compare(a, b))
          .map(String);
        expect(await listedPaths("", "", namesInMemory)).toEqual(sorted);
        expect(await listedPaths("", point, namesInMemory)).toEqual(sorted.filter((one) => one > point));
        const prefix = point.slice(0, -1);
        expect(await listedPaths(prefix, "", namesInMemory)).toEqual(
          sorted.filter((one) => one.startsWith(prefix)),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("shows foreign files, so that they are noticed, but not what mkfs leaves", async () => {
    await mkdir(join(folder, "lost+found"), { recursive: true });
    await writeFile(join(folder, "my photo.jpg"), "x");
    expect(await listedPaths()).toEqual(["my photo.jpg"]);
  });

  it("is empty for a folder that does not exist, and makes nothing", async () => {
    expect(await listedPaths()).toEqual([]);
    expect(await openFolder(folder).stat("holdfast.json")).toBeUndefined();
    await expect(access(folder)).rejects.toThrow("ENOENT");
  });
});

describe("leftovers of crashed writers", () => {
  it("are removed when they are older than a day; younger ones and other people's files stay", async () => {
    const now = Date.parse("2026-03-01T12:00:00Z");
    const names = [
      `object-${"a".repeat(32)}`,
      `object-${"b".repeat(32)}`,
      `claim-${"c".repeat(64)}`,
      "holiday.jpg",
    ];
    const ages = [25, 23, 25, 1000];
    await mkdir(join(folder, "tmp"), { recursive: true });
    for (const [index, name] of names.entries()) {
      const file = join(folder, "tmp", name);
      await writeFile(file, "unfinished");
      const at = new Date(now - (ages[index] as number) * HOUR_MS);
      await utimes(file, at, at);
    }
    expect(await removeLeftovers(folder, { now: () => now })).toBe(2);
    expect((await readdir(join(folder, "tmp"))).sort()).toEqual(["holiday.jpg", names[1]]);
  });

  it("are none in a folder that does not exist", async () => {
    expect(await removeLeftovers(folder, { now: () => 0 })).toBe(0);
  });

  it("make creating that one path fail, where there are no hard links, and name the file in the way", async () => {
    const storage = openFolder(folder, { hardLinks: false });
    await storage.create("other", Buffer.from("x"));
    const claim = claimNameOf(join(folder, "blocked"));
    await writeFile(join(folder, "tmp", claim), "");
    const failure = { code: "storage-failed", message: expect.stringContaining(claim) };
    await expect(storage.create("blocked", Buffer.from("x"))).rejects.toMatchObject(failure);
    expect(await storage.stat("blocked")).toBeUndefined();
    expect(await readdir(join(folder, "tmp"))).toEqual([claim]);
  });
});

describe("a file system's refusals", () => {
  it.each([
    ["ENOENT", "object-missing", "storage-failed"],
    ["ENOTDIR", "object-missing", "storage-failed"],
    ["EISDIR", "object-missing", "storage-failed"],
    ["EACCES", "storage-permission", "storage-permission"],
    ["EPERM", "storage-permission", "storage-permission"],
    ["EROFS", "storage-permission", "storage-permission"],
    ["ENOSPC", "storage-full", "storage-full"],
    ["EDQUOT", "storage-full", "storage-full"],
    ["EFBIG", "storage-full", "storage-full"],
    ["EIO", "storage-failed", "storage-failed"],
    ["EMFILE", "storage-failed", "storage-failed"],
  ])("%s is %s when reading and %s when writing", (errno, reading, writing) => {
    const error = Object.assign(new Error(`${errno}: as the system puts it`), { code: errno });
    expect(folderError(error, "reading a", "a")).toMatchObject({ code: reading, cause: error });
    expect(folderWriteError(error, "creating a", "a")).toMatchObject({ code: writing, cause: error });
  });

  it.each(["create", "read", "stat", "list", "remove"])(
    "is storage-permission for %s in a folder that this user may not use, and changes nothing",
    async (call) => {
      await openFolder(folder).create("kept/object", Buffer.from("x"));
      for (const place of ["kept", ""]) await chmod(join(folder, place), 0o000);
      // The way to the folder has to be open for the other user.
      await chmod(top, 0o755);
      const script = join(import.meta.dirname, "processes/as-nobody.ts");
      const { stdout } = await run(process.execPath, [script, folder, call], IS_ROOT ? { uid: NOBODY } : {});
      for (const place of ["", "kept"]) await chmod(join(folder, place), 0o700);
      expect(stdout).toBe("storage-permission");
      expect(await listedPaths()).toEqual(["kept/object"]);
    },
  );

  it("is storage-full when a file grows beyond what its user may write, and leaves nothing", async () => {
    await openFolder(folder).create("kept/object", Buffer.from("x"));
    const script = join(import.meta.dirname, "processes/create-large.ts");
    // Blocks of 512 bytes, or of 1,024 in bash: 64 KiB at most, where the object has a megabyte.
    const limited = ["-c", 'ulimit -f 64; exec "$0" "$@"', process.execPath, script, folder];
    const { stdout } = await run("sh", limited);
    expect(stdout).toBe("storage-full");
    expect(await listedPaths()).toEqual(["kept/object"]);
    expect(await readdir(join(folder, "tmp"))).toEqual([]);
  });

  // Mounting takes root; everybody else has the limit above, which ends in the same place of the code.
  it.runIf(IS_ROOT)(
    "is storage-full when the disk is full; what was kept stays, and there is room again",
    async () => {
      const disk = join(top, "disk");
      await mkdir(disk);
      await run("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk]);
      try {
        const storage = openFolder(join(disk, "repository"));
        await storage.create("kept", Buffer.alloc(50_000, 1));
        const tooMuch = storage.create("large", Buffer.alloc(1_000_000, 2));
        await expect(tooMuch).rejects.toMatchObject({ code: "storage-full" });
        expect(await storage.stat("large")).toBeUndefined();
        expect(await storage.read("kept")).toEqual(Buffer.alloc(50_000, 1));
        expect(await storage.create("small", Buffer.alloc(50_000, 3))).toBe("created");
      } finally {
        await run("umount", [disk]);
      }
    },
  );
});
