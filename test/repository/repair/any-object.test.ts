/**
 * Delete or damage any one object of a repository that has lived: check names it with the runs, instants and items concerned,
 * and repair from a second copy makes it whole.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { formatInstant } from "../../../src/model/instant.ts";
import { check } from "../../../src/operations/check.ts";
import { addKey } from "../../../src/operations/keys.ts";
import { repair } from "../../../src/operations/repair.ts";
import type { Finding } from "../../../src/operations/reports.ts";
import { neededSegments } from "../../../src/repository/check/needed-files.ts";
import type { Manifest } from "../../../src/repository/manifest.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import { collect } from "../../e2e/house.ts";
import {
  copyOf,
  everything,
  flipped,
  livedHouse,
  manifestOf,
  mergedEntry,
  put,
  resetTo,
  type LivedHouse,
} from "./rig.ts";

/** Many repairs, on machines that do other things too. */
const TIMEOUT_MS = 180_000;

let house: LivedHouse;
let copy: Storage;
let manifest: Manifest;
let paths: string[];
let before: unknown;

beforeAll(async () => {
  house = await livedHouse();
  copy = await copyOf(house.repository.storage);
  manifest = await manifestOf(house);
  paths = (await collect(copy.list("tasks/"))).map(({ path }) => path).filter(isChosen);
  before = await everything(house);
});

afterEach(async () => resetTo(house.repository.storage, copy));
afterAll(async () => house[Symbol.asyncDispose]());

async function findings(readData = true): Promise<readonly Finding[]> {
  return (await check(house.workspace, { readData, remember: false })).findings;
}

async function proveWhole(what: string): Promise<void> {
  const after = (await findings()).filter(({ severity }) => severity !== "note");
  expect(after, what).toEqual([]);
  expect(await everything(house), what).toEqual(before);
}

/** Everybody who needs a segment is told: its entries and instants, and what of it is lost. */
function proveNamed(path: string, found: readonly Finding[]): void {
  const segment = neededSegments(manifest).find((file) => file.path === path);
  if (segment === undefined) return;
  const current = segment.uses.filter(({ retired }) => !retired);
  const uses = current.length > 0 ? current : segment.uses;
  for (const { severity, runs, instants, items } of found) {
    expect(severity).toBe(current.length > 0 ? "error" : "warning");
    expect([...runs].sort()).toEqual([...new Set(uses.map(({ entry }) => entry.id))].sort());
    expect(instants).toEqual([...new Set(uses.map(({ instant }) => formatInstant(instant)))]);
    expect(items.length).toBeGreaterThan(0);
  }
}

/** Of manifests and of runs' records, which are many and alike, one in so many; every object of the other kinds. */
const STEP = 4;
let alike = 0;
const isChosen = (path: string): boolean => !/\/(manifests|runs)\//.test(path) || alike++ % STEP === 0;

/** Nothing names a whole undo record, a page of the journal, or the record of a run that is merged away. */
function isMissed(path: string): boolean {
  if (path.includes("/runs/")) return manifest.entries.some(({ id }) => path.includes(id));
  return !isCondemned(path) && !/\/(restores|journal)\//.test(path);
}

const isCondemned = (path: string): boolean => manifest.condemned.some((object) => object.path === path);

describe("any one object of a repository that has lived", () => {
  it("is whole to begin with, and every kind is there", async () => {
    expect(new Set(paths.map((path) => path.split("/")[2]))).toEqual(
      new Set(["manifests", "segments", "blobs", "runs", "journal", "restores"]),
    );
    expect(mergedEntry(manifest).runs).toBeGreaterThan(1);
    expect(manifest.entries.some(({ groups }) => groups.length > 1)).toBe(true);
    expect(manifest.entries.some(({ held }) => held.length > 0)).toBe(true);
    expect(manifest.condemned).toHaveLength(1);
    await proveWhole("untouched");
    expect(await findings()).toMatchObject([
      {
        severity: "note",
        code: "condemned",
        message: expect.stringContaining("to be deleted after") as unknown,
      },
    ]);
  });

  it(
    "that is gone comes back from a second copy",
    async () => {
      for (const path of paths) {
        await put(house.repository.storage, path, undefined);
        const found = (await findings(false)).filter((finding) => finding.path === path);
        proveNamed(path, found);
        const missed = isMissed(path);
        expect(found.length > 0, path).toBe(missed);
        const report = await repair(house.workspace, { from: copy, apply: true });
        if (missed) expect(report, path).toMatchObject({ ok: true, lost: 0, objects: [{ path }] });
        await proveWhole(`${path} removed`);
        if (path.includes("/journal/")) expect(report.objects).toMatchObject([{ path, outcome: "repaired" }]);
        await resetTo(house.repository.storage, copy);
      }
    },
    TIMEOUT_MS,
  );

  it(
    "that is damaged comes back from a second copy",
    async () => {
      for (const [index, path] of paths.entries()) {
        const whole = await copy.read(path);
        const places = [3, whole.length >> 1, whole.length - 3];
        await put(house.repository.storage, path, flipped(whole, places[index % places.length] as number));
        const found = (await findings()).filter((finding) => finding.path === path);
        expect(found.length, path).toBeGreaterThan(0);
        const report = await repair(house.workspace, { from: copy, readData: true, apply: true });
        expect(report, path).toMatchObject({ ok: true, lost: 0 });
        if (!isCondemned(path)) expect(report.objects.map((object) => object.path)).toContain(path);
        await proveWhole(`${path} flipped`);
        await resetTo(house.repository.storage, copy);
      }
    },
    TIMEOUT_MS,
  );

  it("that opens it, a key slot, comes back too, unless it was removed while another is left", async () => {
    const { storage } = house.repository;
    const [slot = ""] = (await collect(copy.list("keys/"))).map(({ path }) => path);
    for (const bytes of [undefined, flipped(await copy.read(slot), 3)]) {
      await put(storage, slot, bytes);
      expect((await findings(false)).some(({ severity }) => severity === "error")).toBe(true);
      expect(await repair(house.workspace, { from: copy, apply: true })).toMatchObject({ ok: true });
      expect(await storage.read(slot)).toEqual(await copy.read(slot));
      await proveWhole(slot);
    }
    await addKey(house.workspace, { passphrase: "another", right: "read" });
    await storage.remove(slot);
    expect(await repair(house.workspace, { from: copy, apply: true })).toMatchObject({
      ok: true,
      objects: [],
    });
    expect(await storage.stat(slot)).toBeUndefined();
  });
});
