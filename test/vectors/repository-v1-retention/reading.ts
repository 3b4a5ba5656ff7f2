/**
 * Reading a repository as `expected.json` tells it.
 */
import { createHash } from "node:crypto";
import { cp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { keyText } from "../../../src/model/key.ts";
import { check } from "../../../src/operations/check.ts";
import { repair } from "../../../src/operations/repair.ts";
import type { Finding } from "../../../src/operations/reports.ts";
import { openTimeline } from "../../../src/operations/tasks.ts";
import type { Workspace } from "../../../src/operations/workspace.ts";
import type { Timeline } from "../../../src/timeline/timeline.ts";
import { collect } from "../../e2e/house.ts";
import type { Expected, ExpectedFinding, ExpectedState } from "./expected.ts";

export async function readStates(workspace: Workspace, task: string): Promise<ExpectedState[]> {
  const timeline = await openTimeline(workspace, task);
  const states: ExpectedState[] = [];
  for (const { to, held } of timeline.points) states.push(await readState(timeline, to, held !== null));
  return states;
}

async function readState(timeline: Timeline, to: number, held: boolean): Promise<ExpectedState> {
  const lost: string[] = [];
  timeline.onLost = ({ key }) => lost.push(key === undefined ? "" : keyText(key));
  const items: ExpectedState["items"][number][] = [];
  for await (const batch of timeline.at(to).scan()) {
    for (const { key, kind, revision, parts, blobs } of batch) {
      const contents: { name: string; base64: string }[] = [];
      for (const ref of blobs) {
        const bytes = Buffer.concat(await collect(timeline.blobs.streamDecoded(ref)));
        contents.push({ name: ref.name, base64: bytes.toString("base64") });
      }
      items.push({ key: keyText(key), kind, revision, parts: parts.map(String), blobs: contents });
    }
  }
  return { instant: new Date(to).toISOString(), held, items, lost };
}

/** Findings without their words, which may get better. In order of path. */
export async function findingsOf(workspace: Workspace): Promise<ExpectedFinding[]> {
  const { findings } = await check(workspace, { readData: true, remember: false });
  return findings.map(plain).sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function plain({ severity, code, path, runs, instants, items }: Finding): ExpectedFinding {
  return { severity, code, path, runs, instants, items };
}

/** What repair makes of the repository without any other place; in order of path. */
export async function repairsOf(workspace: Workspace): Promise<Expected["damaged"]["repair"]> {
  const { objects } = await repair(workspace, { readData: true, apply: false });
  return objects
    .map(({ path, outcome, lostCount }) => ({ path, outcome, lost: lostCount }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Puts the damaged repository together in an empty folder. */
export async function makeDamaged(
  sound: string,
  damage: string,
  removed: readonly string[],
  folder: string,
): Promise<void> {
  await cp(sound, folder, { recursive: true });
  for (const path of removed) await rm(join(folder, path));
  await cp(damage, folder, { recursive: true, force: true });
}

export async function digestsIn(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    found[path.slice(folder.length + 1)] = createHash("sha256").update(bytes).digest("hex");
  }
  return found;
}
