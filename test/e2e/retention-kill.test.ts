/**
 * Real processes, really killed, at a chosen storage call of a rollup, a cleanup, an erasure, a repair: whatever the moment, every kept
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
import { ACTS, actOn, ERASED, prepareFor, setScene, type Act, type Scene } from "../simulation/scene.ts";
import { newRepository } from "./house.ts";

/** Each call is struck in a long run; in CI about so many of each act, spread over them. */
const STRIKES = process.env["HOLDFAST_SWEEP_ALL"] === undefined ? 5 : Infinity;
const CHILD = new URL("processes/retention-act.ts", import.meta.url).pathname;
const run = promisify(execFile);

let place: string;
let scene: Scene;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "holdfast-retention-"));
  scene = await setScene(await newRepository(openFolder(join(place, "origin"))));
});

afterAll(async () => {
  await rm(place, { recursive: true, force: true });
});

/** What the act begins with, and what is broken there. */
async function prepare(act: Act): Promise<ReadonlySet<string>> {
  await rm(join(place, "prepared"), { recursive: true, force: true });
  await cp(join(place, "origin"), join(place, "prepared"), { recursive: true });
  const storage = openFolder(join(place, "prepared"));
  const repository = { ...scene.house.plain, storage };
  await prepareFor(act, repository, scene.house.time);
  const damage = new Set(await broken(repository, act, false));
  await storage.close();
  return damage;
}

/** What is broken; an item that is being erased may be there or not, and must not be there when that is done. */
async function broken(repository: Repository, act: Act, isDone: boolean): Promise<string[]> {
  const witness = await scene.witness.onCopy(repository);
  if (act === "erasure") witness.erasing = ERASED;
  await witness.lookAgain();
  const isLeft = act === "erasure" && isDone && (await witness.holds(ERASED));
  // The place is not what is broken.
  const violations = witness.violations.map((line) => line.replaceAll(repository.storage.location, "it"));
  return [...violations, ...(isLeft ? [`${ERASED} was erased and is in a file`] : [])];
}

interface Copy extends AsyncDisposable {
  readonly folder: string;
  readonly repository: Repository;
}

async function copyPrepared(): Promise<Copy> {
  const folder = await mkdtemp(join(place, "copy-"));
  await cp(join(place, "prepared"), folder, { recursive: true });
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
async function runChild(
  folder: string,
  act: string,
  nth: number,
  moment: string,
): Promise<number | "killed"> {
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

async function proveChecked({ repository }: Copy, when: string): Promise<void> {
  await using workspace = new Workspace(
    { ...repository, storage: openFolder(repository.storage.location.replace(/^folder /, "")) },
    [],
    scene.house.clock(),
  );
  const { findings } = await check(workspace, { task: scene.house.task, readData: true, remember: false });
  expect(
    findings.filter(({ severity }) => severity !== "note"),
    when,
  ).toEqual([]);
}

/** A hold and a trash restore are a single commit, like the commits of the others. */
const KILLED = ACTS.filter((act) => act !== "hold" && act !== "trash restore");

describe.each(KILLED)("%s", (act) => {
  it("killed at any of its storage calls is finished by repeating it", { timeout: 3_600_000 }, async () => {
    const damage = await prepare(act);
    await using sound = await copyPrepared();
    const calls = await runChild(sound.folder, act, -1, "before");
    if (calls === "killed") throw new Error("nobody was to be killed");
    expect(calls).toBeGreaterThan(1);
    const expected = await outline(sound);
    const stride = Math.max(1, calls / STRIKES);
    for (let strike = 0; Math.floor(strike * stride) < calls; strike++) {
      const nth = Math.floor(strike * stride);
      const moment = strike % 2 === 0 ? "after" : "before";
      const when = `${act} killed ${moment} call ${nth} of ${calls}`;
      await using copy = await copyPrepared();
      expect(await runChild(copy.folder, act, nth, moment), when).toBe("killed");
      const worse = (await broken(copy.repository, act, false)).filter((line) => !damage.has(line));
      expect(worse, when).toEqual([]);
      if (damage.size === 0) await proveChecked(copy, when);
      await actOn(copy.repository, act, scene.house.time);
      expect(await broken(copy.repository, act, true), `repeated after ${when}`).toEqual([]);
      await proveChecked(copy, `repeated after ${when}`);
      expect(await outline(copy), when).toEqual(expected);
    }
  });
});
