/**
 * A repository of format 1 that rollups, holds, cleanup, repair and erasure have worked on, as an earlier Holdfast left it: it
 * opens, reads and checks; and the same one damaged: what is wrong with it is found as it was then, and can be repaired.
 */
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { check } from "../../src/operations/check.ts";
import { listErasures } from "../../src/operations/erase.ts";
import { repair } from "../../src/operations/repair.ts";
import { openTimeline } from "../../src/operations/tasks.ts";
import { openWorkspace, type Workspace } from "../../src/operations/workspace.ts";
import type { TaskName } from "../../src/model/task.ts";
import { readAllRuns } from "../../src/repository/run-journal.ts";
import { collect } from "../e2e/house.ts";
import type { Expected } from "../vectors/repository-v1-retention/expected.ts";
import {
  digestsIn,
  findingsOf,
  makeDamaged,
  readStates,
  repairsOf,
} from "../vectors/repository-v1-retention/reading.ts";

const VECTORS = join(import.meta.dirname, "../vectors/repository-v1-retention");
const SOUND = join(VECTORS, "repository");
const DAMAGE = join(VECTORS, "damage");
const expected = JSON.parse(await readFile(join(VECTORS, "expected.json"), "utf8")) as Expected;
const { task, damaged } = expected;

const iso = (at: number): string => new Date(at).toISOString();

let folder: string;
let broken: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-golden-"));
  await cp(SOUND, folder, { recursive: true });
  broken = await mkdtemp(join(tmpdir(), "holdfast-golden-"));
  await makeDamaged(SOUND, DAMAGE, damaged.removed, broken);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(broken, { recursive: true });
});

async function open(where: string): Promise<Workspace> {
  const { passphrase } = expected;
  return openWorkspace({
    repository: { folder: where },
    credential: { kind: "passphrase", passphrase },
    sources: [],
  });
}

describe("the golden repository with retention", () => {
  it("gives every kept and every held instant, byte for byte, and says what was given up", async () => {
    await using workspace = await open(folder);
    expect(workspace.repository.id).toBe(expected.repository);
    expect(await readStates(workspace, task)).toEqual(expected.states);
    expect(expected.states.flatMap(({ lost }) => lost)).toEqual(["fading"]);
    expect(expected.states.some(({ held }) => held)).toBe(true);
  });

  it("has its entries, retired entries, holds, erasures, and runs out of the journal", async () => {
    await using workspace = await open(folder);
    const { manifest } = await openTimeline(workspace, task);
    expect(manifest.entries.map(({ level, to, runs }) => ({ level, to: iso(to), runs }))).toEqual(
      expected.entries,
    );
    expect(manifest.entries.some(({ groups }) => groups.length > 1)).toBe(true);
    expect(manifest.retired.map(({ entry }) => iso(entry.to))).toEqual(expected.retired);
    expect(manifest.holds.map(({ kind, reason }) => ({ kind, reason }))).toEqual(expected.holds);
    expect(manifest.chainFrom).toBeGreaterThan(1);
    expect(await collect(listErasures(workspace, { task }))).toMatchObject([
      { reason: "asked by the person" },
    ]);
    const runs = await collect(readAllRuns(workspace.repository, task as TaskName));
    expect(runs.map((run) => (run.kind === "ended" ? run.record.state : run.kind))).toEqual(expected.runs);
  });

  it("is sound to its last byte, and remembers that it was read back", async () => {
    await using workspace = await open(folder);
    expect(await findingsOf(workspace)).toEqual(expected.notes);
    const { ok, coverage } = await check(workspace, { window: 1 });
    expect({ ok, oldest: coverage?.oldest }).toEqual({ ok: true, oldest: "2026-01-11T02:00:00.000Z" });
  });

  it("has the very bytes it was made with, and reading changed none", async () => {
    expect(await digestsIn(folder)).toEqual(expected.files);
    expect(await digestsIn(DAMAGE)).toEqual(damaged.files);
  });
});

describe("the same repository damaged", () => {
  it("is found to be so: each file with the runs, instants and items concerned", async () => {
    await using workspace = await open(broken);
    expect(await findingsOf(workspace)).toEqual(damaged.findings);
  });

  it("can be repaired in part without any other place", async () => {
    await using workspace = await open(broken);
    expect(await repairsOf(workspace)).toEqual(damaged.repair);
  });

  it("is made whole by the sound one", async () => {
    await using workspace = await open(broken);
    const report = await repair(workspace, { from: folder, readData: true, apply: true });
    expect(report).toMatchObject({ ok: true, lost: 0 });
    expect(report.objects.map(({ path }) => path).sort()).toEqual(damaged.repair.map(({ path }) => path));
    expect(await readStates(workspace, task)).toEqual(expected.states);
    expect(await check(workspace, { readData: true })).toMatchObject({ ok: true });
  });
});
