/**
 * Delete or damage any one object of a repository that has lived: check names it, and repair from a second copy makes it
 * whole.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { check } from "../../../src/operations/check.ts";
import { repair } from "../../../src/operations/repair.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import { collect } from "../../e2e/house.ts";
import { copyOf, everything, flipped, livedHouse, put, resetTo, type LivedHouse } from "./rig.ts";

let house: LivedHouse;
let copy: Storage;
let paths: string[];
let before: unknown;

beforeAll(async () => {
  house = await livedHouse();
  copy = await copyOf(house.repository.storage);
  paths = (await collect(copy.list("tasks/"))).map(({ path }) => path);
  before = await everything(house);
});

afterAll(async () => house[Symbol.asyncDispose]());

/** Whether check tells of the path, at any severity. */
async function told(path: string): Promise<boolean> {
  const { findings } = await check(house.workspace, { readData: true, remember: false });
  return findings.some((finding) => finding.path === path);
}

async function proveWhole(what: string): Promise<void> {
  const after = await check(house.workspace, { readData: true, remember: false });
  expect(
    after.findings.filter(({ severity }) => severity !== "note"),
    what,
  ).toEqual([]);
  expect(await everything(house), what).toEqual(before);
}

describe("any one object", () => {
  it("is whole to begin with", async () => {
    expect(new Set(paths.map((path) => path.split("/")[2]))).toEqual(
      new Set(["manifests", "segments", "blobs", "runs", "restores"]),
    );
    await proveWhole("untouched");
  });

  it("that is gone comes back from a second copy", async () => {
    for (const path of paths) {
      await put(house.repository.storage, path, undefined);
      const noticed = await told(path);
      const report = await repair(house.workspace, { from: copy, readData: true, apply: true });
      // What a run that was cut off leaves just the same is not missed: nothing says that it was there.
      if (noticed) expect(report, path).toMatchObject({ ok: true, lost: 0, objects: [{ path }] });
      await proveWhole(`${path} removed`);
      await resetTo(house.repository.storage, copy);
    }
  });

  it("that is damaged comes back from a second copy", async () => {
    for (const path of paths) {
      const whole = await copy.read(path);
      for (const at of [3, whole.length >> 1, whole.length - 3]) {
        await put(house.repository.storage, path, flipped(whole, at));
        expect(await told(path), path).toBe(true);
        const report = await repair(house.workspace, { from: copy, readData: true, apply: true });
        expect(report, path).toMatchObject({ ok: true, lost: 0 });
        expect(report.objects.map((object) => object.path)).toContain(path);
        await proveWhole(`${path} flipped at ${at}`);
        await resetTo(house.repository.storage, copy);
      }
    }
  });
});
