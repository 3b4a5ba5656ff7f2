/**
 * A backup and a restore with one failure at every call they make, then once more without: the result is the same as if
 * nothing had happened (E2). Storage calls and HTTP calls each.
 */
import { describe, expect, it } from "vitest";
import { backup } from "../../src/operations/backup.ts";
import { check } from "../../src/operations/check.ts";
import { compare } from "../../src/operations/compare.ts";
import { restore } from "../../src/operations/restore.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import type { CouchDBSandbox, Fault as HttpFault } from "../../src/sandbox/couchdb/index.ts";
import { startCouchDB } from "../../src/sandbox/couchdb/index.ts";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import { collect, Couch, newRepository, sourceAt, TestClock } from "../e2e/house.ts";
import {
  emptyList,
  failCall,
  faultyStorage,
  loseAnswer,
  staleList,
  truncatedList,
  type Fault,
} from "./storage-faults.ts";

const DATABASE = "swept";
const TASK = `prod/${DATABASE}`;

async function fill(couch: Couch): Promise<void> {
  await couch.json("PUT", DATABASE);
  const docs: object[] = Array.from({ length: 30 }, (_, index) => ({ _id: `doc ${index}`, index }));
  docs.push({ _id: "_design/x", views: { v: { map: "function (d) { emit(d._id) }" } } });
  docs.push({
    _id: "with",
    _attachments: { "a.txt": { content_type: "text/plain", data: btoa("text ".repeat(50)) } },
  });
  await couch.json("POST", `${DATABASE}/_bulk_docs`, { docs });
  const conflict = { _id: "doc 3", _rev: `1-${"c".repeat(32)}`, other: true };
  await couch.json("POST", `${DATABASE}/_bulk_docs`, { new_edits: false, docs: [conflict] });
}

async function edit(couch: Couch): Promise<void> {
  const first = (await couch.json("GET", `${DATABASE}/doc%200`)) as { _rev: string };
  const second = (await couch.json("GET", `${DATABASE}/doc%201`)) as { _rev: string };
  await couch.json("POST", `${DATABASE}/_bulk_docs`, {
    docs: [
      { _id: "doc 0", _rev: first._rev, edited: 1.5 },
      { _id: "doc 1", _rev: second._rev, _deleted: true },
      { _id: "new" },
    ],
  });
}

/** One life: baseline, edit, delta, restore, proof. Each step is repeated until it succeeds, at most `tries` times. */
async function life(
  workspace: Workspace,
  couch: Couch,
  server: CouchDBSandbox,
  tries: number,
): Promise<void> {
  await fill(couch);
  await backUntilCommitted(workspace, tries);
  await edit(couch);
  await backUntilCommitted(workspace, tries);
  const target = { collection: `${DATABASE}-copy` };
  for (let attempt = 1; ; attempt++) {
    try {
      const report = await restore(workspace, { task: TASK, scope: {}, target, apply: true });
      if (report.failures.length === 0) break;
      if (attempt === tries) expect(report.failures).toEqual([]);
    } catch (error) {
      if (attempt === tries) throw error;
    }
  }
  server.faults.clear();
  const again = await restore(workspace, { task: TASK, scope: {}, target, apply: true, merge: true });
  expect(again.counts).toMatchObject({ create: 0, change: 0, delete: 0, failed: 0 });
  for (const collection of [DATABASE, `${DATABASE}-copy`]) {
    expect(await compare(workspace, { task: TASK, target: { collection } })).toMatchObject({
      differences: [],
      equal: true,
    });
  }
  const { findings } = await check(workspace, { readData: true });
  expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
}

async function backUntilCommitted(workspace: Workspace, tries: number): Promise<void> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const reports = await collect(backup(workspace, { select: [TASK] }));
    if (reports[0]?.state === "committed") return;
    expect(["failed", "superseded"]).toContain(reports[0]?.state);
    expect(reports[0]?.error?.message).toMatch(/\w/);
  }
  expect.unreachable("the backup never committed");
}

const STORAGE_FAULTS: readonly (readonly [string, (nth: number) => Fault])[] = [
  ["fails", (nth) => failCall({ nth })],
  ["is done but its answer is lost", (nth) => loseAnswer({ nth })],
];

async function liveWithStorageFault(fault: Fault | undefined): Promise<number> {
  await using server = await startCouchDB();
  const inner = memoryStorage();
  const repository = await newRepository(inner);
  const storage = faultyStorage(inner, ...(fault ? [fault] : []));
  await using workspace = new Workspace(
    { ...repository, storage },
    [sourceAt(server.url, ["*"])],
    new TestClock(),
  );
  await life(workspace, new Couch(server.url), server, 3);
  return storage.calls.length;
}

describe.each(STORAGE_FAULTS)("when a storage call %s", (_, faultAt) => {
  it("the work is done by repeating it, whichever call it was", async () => {
    const calls = await liveWithStorageFault(undefined);
    expect(calls).toBeGreaterThan(20);
    // The check at the end of a life reads much more than the work itself; its own failures are errors, as they should be.
    const upToProof = Math.min(calls, 60);
    for (let nth = 0; nth < upToProof; nth++) {
      try {
        await liveWithStorageFault(faultAt(nth));
      } catch (error) {
        if ((error as { code?: string }).code !== "storage-failed")
          throw new Error(`call ${nth}`, { cause: error });
      }
    }
  });
});

describe("a listing that lies", () => {
  it.each([
    ["is empty", (nth: number) => emptyList({ call: "list", nth })],
    ["is stale", (nth: number) => staleList({ call: "list", nth })],
    ["ends early", (nth: number) => truncatedList({ call: "list", nth }, 1)],
  ])("never breaks a timeline when it %s", async (_, faultAt) => {
    for (let nth = 0; nth < 6; nth++) {
      await using server = await startCouchDB();
      const inner = memoryStorage();
      const repository = await newRepository(inner);
      const couch = new Couch(server.url);
      await fill(couch);
      await using lied = new Workspace(
        { ...repository, storage: faultyStorage(inner, faultAt(nth)) },
        [sourceAt(server.url, ["*"])],
        new TestClock(),
      );
      await collect(backup(lied, { select: [TASK] }));
      await edit(couch);
      await collect(backup(lied, { select: [TASK] }));
      await using honest = new Workspace(repository, [sourceAt(server.url, ["*"])], new TestClock());
      await backUntilCommitted(honest, 1);
      expect(await compare(honest, { task: TASK })).toMatchObject({ equal: true });
      const { findings } = await check(honest, { readData: true });
      expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
    }
  });
});

const HTTP_FAULTS: readonly (readonly [string, HttpFault])[] = [
  ["is answered 500", { kind: "status", status: 500, times: 4 }],
  ["is answered 429", { kind: "status", status: 429, retryAfter: 0, times: 4 }],
  ["is cut in the middle of its answer", { kind: "cut", bytes: 20, times: 4 }],
  ["is carried out and never answered", { kind: "answer-lost", times: 4 }],
];

describe.each(HTTP_FAULTS)("when a request of Holdfast %s, more often than it is repeated", (_, fault) => {
  it("the work is done by repeating it, whichever request it was", async () => {
    // Requests of a life, counted once; faults are only armed while Holdfast works.
    for (let after = 0; after < 40; after++) {
      await using server = await startCouchDB();
      const repository = await newRepository();
      await using workspace = new Workspace(repository, [sourceAt(server.url, ["*"])], new TestClock());
      const couch = new Couch(server.url);
      await fill(couch);
      server.faults.add({ ...fault, after });
      await backUntilCommitted(workspace, 6);
      server.faults.clear();
      await edit(couch);
      server.faults.add({ ...fault, after });
      await backUntilCommitted(workspace, 6);
      await restoreUntilDone(workspace, 6);
      server.faults.clear();
      for (const collection of [DATABASE, `${DATABASE}-copy`]) {
        expect(
          await compare(workspace, { task: TASK, target: { collection } }),
          `request ${after}`,
        ).toMatchObject({
          differences: [],
        });
      }
    }
  });
});

async function restoreUntilDone(workspace: Workspace, tries: number): Promise<void> {
  const target = { collection: `${DATABASE}-copy` };
  for (let attempt = 1; ; attempt++) {
    try {
      const report = await restore(workspace, { task: TASK, scope: {}, target, apply: true });
      if (report.failures.length === 0 || attempt === tries) {
        expect(report.failures).toEqual([]);
        return;
      }
    } catch (error) {
      if (attempt === tries) throw error;
    }
  }
}
