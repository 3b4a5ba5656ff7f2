/**
 * Real processes, really killed, at a chosen storage call of a rollup, a cleanup, a repair: whatever the moment, every kept
 * instant reads, the check finds nothing worse than a note, and a new process finishes the work.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { check } from "../../src/operations/check.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { openFolder } from "../../src/repository/storage/folder.ts";
import { readNewestManifest } from "../../src/repository/task-store.ts";
import { ACTS, actOn, setScene, type Scene } from "../simulation/scene.ts";
import { newRepository } from "./house.ts";

/** Each call is struck in a long run; in CI about so many of each act, spread over them. */
const STRIKES = process.env["HOLDFAST_SWEEP_ALL"] === undefined ? 6 : Infinity;
const CHILD = new URL("processes/retention-act.ts", import.meta.url).pathname;
const run = promisify(execFile);

let place: string;
let scene: Scene;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "holdfast-retention-"));
  scene = await setScene(await newRepository(openFolder(join(place, "origin"))));
  expect(scene.witness.violations).toEqual([]);
});

afterAll(async () => {
  await rm(place, { recursive: true, force: true });
});

interface Copy extends AsyncDisposable {
  readonly folder: string;
  readonly repository: Repository;
}

async function copyOrigin(): Promise<Copy> {
  const folder = await mkdtemp(join(place, "copy-"));
  await cp(join(place, "origin"), folder, { recursive: true });
  const storage = openFolder(folder);
  return {
    folder,
    repository: { ...scene.house.plain, storage },
    async [Symbol.asyncDispose]() {
      await storage.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** What a process that is killed at its nth call says: nothing. One that lives says how many calls it made. */
async function runChild(folder: string, act: string, nth: number, moment: string): Promise<number | "killed"> {
  try {
    const args = [CHILD, folder, act, String(scene.house.time), String(nth), moment];
    const { stdout } = await run(process.execPath, args);
    return Number(stdout);
  } catch (error) {
    const { signal, stderr } = error as { signal?: string; stderr?: string };
    if (signal === "SIGKILL") return "killed";
    throw new Error(stderr ?? "the process failed", { cause: error });
  }
}

async function outline({ repository }: Copy): Promise<string[]> {
  const stored = await readNewestManifest(repository, scene.house.task);
  return (stored?.manifest.entries ?? []).map(({ level, to }) => `${level} ${new Date(to).toISOString()}`);
}

async function proveWhole({ repository }: Copy, when: string): Promise<void> {
  expect(await scene.witness.lookAtCopy(repository), when).toEqual([]);
  await using workspace = new Workspace({ ...repository, storage: openFolder(repository.storage.location) }, []);
  const { findings } = await check(workspace, { task: scene.house.task, readData: true, remember: false });
  expect(findings.filter(({ severity }) => severity !== "note"), when).toEqual([]);
}

describe.each(ACTS)("%s", (act) => {
  it("killed at any of its storage calls is finished by repeating it", { timeout: 3_600_000 }, async () => {
    await using sound = await copyOrigin();
    const calls = await runChild(sound.folder, act, -1, "before");
    if (calls === "killed") throw new Error("nobody was to be killed");
    expect(calls).toBeGreaterThan(1);
    const expected = await outline(sound);
    const stride = Math.max(1, calls / STRIKES);
    for (let strike = 0; Math.floor(strike * stride) < calls; strike++) {
      const nth = Math.floor(strike * stride);
      const moment = strike % 2 === 0 ? "after" : "before";
      const when = `${act} killed ${moment} call ${nth} of ${calls}`;
      await using copy = await copyOrigin();
      expect(await runChild(copy.folder, act, nth, moment), when).toBe("killed");
      await proveWhole(copy, when);
      await actOn(copy.repository, act, scene.house.time);
      await proveWhole(copy, `repeated after ${when}`);
      expect(await outline(copy), when).toEqual(expected);
    }
  });
});
