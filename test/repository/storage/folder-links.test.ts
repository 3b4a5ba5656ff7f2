/** File systems whose hard links are missing or answer strangely, which cannot be mounted everywhere: `link` is replaced. */
import type * as FileSystem from "node:fs/promises";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openFolder } from "../../../src/repository/storage/folder.ts";

type Link = (from: string, to: string) => Promise<void>;

const replaced = vi.hoisted(() => ({ link: undefined as ((real: Link) => Link) | undefined }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof FileSystem>();
  const link: Link = async (from, to) => await (replaced.link?.(real.link) ?? real.link)(from, to);
  return { ...real, link };
});

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: link`), { code });
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-links-"));
});
afterEach(async () => {
  replaced.link = undefined;
  await rm(folder, { recursive: true });
});

describe("a folder on a file system", () => {
  it.each(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"])(
    "without hard links (%s) still creates once, whole, and leaves nothing else behind",
    async (code) => {
      replaced.link = () => async () => await Promise.reject(systemError(code));
      const storage = openFolder(folder);
      const contents = Array.from({ length: 8 }, (_, writer) => Buffer.from(`writer ${writer}`));
      const outcomes = await Promise.all(
        contents.map(async (content) => await storage.create("a/b", content)),
      );
      const winner = outcomes.indexOf("created");
      expect(outcomes.filter((outcome) => outcome === "exists")).toHaveLength(7);
      expect(await storage.read("a/b")).toEqual(contents[winner]);
      expect((await readdir(folder, { recursive: true })).sort()).toEqual(["a", "a/b", "tmp"]);
    },
  );

  it("that repeats a link whose answer was lost does not report its own object as somebody else's", async () => {
    replaced.link = (real) => async (from, to) => {
      await real(from, to);
      await real(from, to);
    };
    const storage = openFolder(folder);
    expect(await storage.create("a", Buffer.from("mine"))).toBe("created");
    expect(await storage.create("a", Buffer.from("other"))).toBe("exists");
    expect(String(await storage.read("a"))).toBe("mine");
  });

  it("that fails the link leaves nothing", async () => {
    replaced.link = () => async () => await Promise.reject(systemError("EIO"));
    const storage = openFolder(folder);
    await expect(storage.create("a", Buffer.from("x"))).rejects.toMatchObject({ code: "storage-failed" });
    replaced.link = undefined;
    expect(await storage.stat("a")).toBeUndefined();
    expect(await readdir(join(folder, "tmp"))).toEqual([]);
  });
});
