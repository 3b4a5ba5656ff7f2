/**
 * What opening a task with many runs and listing them costs, before and after cleanup has packed their records into the
 * journal and let old manifests go.
 *
 *     node bench/runs.ts [runs]
 *
 * The task lies in a folder below the system's place for temporary files, removed at the end. It is made of real run
 * records and manifests; only the segments are few. Requests are calls of the storage; on an object store each costs a round
 * trip, of which up to sixteen run at a time. Times depend on the disk and on what else the machine does.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { randomHex } from "../src/model/clock.ts";
import { DEFAULT_POLICY } from "../src/model/policy/policy.ts";
import type { TaskName } from "../src/model/task.ts";
import { listRuns } from "../src/operations/runs.ts";
import { openTimeline } from "../src/operations/tasks.ts";
import { Workspace } from "../src/operations/workspace.ts";
import { cleanupTask } from "../src/repository/cleanup/cleanup-task.ts";
import { newTimedId } from "../src/repository/ids.ts";
import { NO_RETENTION, type TimelineEntry } from "../src/repository/manifest.ts";
import type { Repository } from "../src/repository/repository.ts";
import { writeRunRecord, type RunRecord } from "../src/repository/run-records.ts";
import { keyringOf } from "../src/repository/sealing/open-keyring.ts";
import { generateX25519 } from "../src/repository/sealing/x25519.ts";
import { openFolder } from "../src/repository/storage/folder.ts";
import type { Storage } from "../src/repository/storage/storage.ts";
import { commitManifest, type StoredManifest } from "../src/repository/task-store.ts";

const RUNS = Number(process.argv[2] ?? 10_000);
const MANIFESTS = 400;
const WRITES_AT_ONCE = 32;
const DAY_MS = 86_400_000;
const START = Date.UTC(2000, 0, 1, 2);
const TASK: TaskName = "backup-00000000000000000000000000000001";
const SOURCE = { name: "prod", kind: "couchdb", collection: "orders" };
const COUNTS = { live: 120, deleted: 3, purged: 0, bodyBytes: 80_000, storedBytes: 21_000 };

/** The storage, every call counted. */
function counting(inner: Storage): { readonly storage: Storage; calls: number } {
  const counter = { storage: inner, calls: 0 };
  counter.storage = new Proxy(inner, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        counter.calls += 1;
        return Reflect.apply(member, target, args);
      };
    },
  });
  return counter;
}

function recordOf(run: string, at: number): RunRecord {
  const committed = { instant: at, generation: 1, manifest: randomHex(32) };
  const rest = { blobs: 0, requests: 14, warnings: [], error: null };
  const times = { startedAt: at, endedAt: at + 4_000 };
  return {
    run,
    source: SOURCE,
    state: "committed",
    kind: "delta",
    reason: "",
    ...times,
    ...committed,
    counts: COUNTS,
    ...rest,
  };
}

/** Entries as a timeline of this age has them: about seventy. */
function entries(): TimelineEntry[] {
  return Array.from({ length: 70 }, (_, index) => {
    const to = START + index * DAY_MS;
    return {
      id: newTimedId(to),
      epoch: 1,
      identity: "one",
      level: index === 0 ? "baseline" : "daily",
      from: index === 0 ? null : to - DAY_MS,
      to,
      completeAsOf: to,
      startedAt: to,
      beforeRestore: false,
      reason: "",
      groups: [],
      counts: COUNTS,
      runs: 1,
      change: null,
      anomalies: [],
      held: [],
      lost: [],
    };
  });
}

async function build(repository: Repository): Promise<void> {
  for (let start = 0; start < RUNS; start += WRITES_AT_ONCE) {
    const batch = Array.from({ length: Math.min(WRITES_AT_ONCE, RUNS - start) }, (_, index) => start + index);
    await Promise.all(
      batch.map(async (index) => {
        const at = START + index * DAY_MS;
        await writeRunRecord(repository, TASK, recordOf(newTimedId(at), at));
      }),
    );
  }
  let base: StoredManifest | undefined;
  for (let index = 0; index < MANIFESTS; index++) {
    const written = START + (RUNS - MANIFESTS + index) * DAY_MS;
    base = await commitManifest(repository, TASK, base, {
      ...NO_RETENTION,
      written,
      source: SOURCE,
      entries: entries(),
      packs: [],
      cursor: {},
      runsSinceReconcile: 0,
    });
  }
}

async function measure(
  title: string,
  counter: { calls: number },
  act: () => Promise<unknown>,
): Promise<void> {
  counter.calls = 0;
  const started = performance.now();
  await act();
  const ms = Math.round(performance.now() - started);
  process.stdout.write(
    `${title.padEnd(34)} ${String(counter.calls).padStart(7)} requests ${String(ms).padStart(7)} ms\n`,
  );
}

async function count(rows: AsyncIterable<unknown>): Promise<void> {
  for await (const row of rows) void row;
}

const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-runs-"));
try {
  const keyring = keyringOf(
    { repository: "00".repeat(16), write: Buffer.alloc(32, 1), read: Buffer.alloc(32, 2) },
    new Map([[1, { generation: 1, ...generateX25519() }]]),
  );
  const counter = counting(openFolder(folder));
  const clock = { now: () => START + (RUNS + 10) * DAY_MS };
  const repository: Repository = { id: "00".repeat(16), storage: counter.storage, keyring };
  await using workspace = new Workspace(repository, [], clock);
  const look = async (when: string): Promise<void> => {
    await measure(`${when}: open the task`, counter, async () => openTimeline(workspace, TASK));
    await measure(`${when}: list all runs`, counter, async () => count(listRuns(workspace, { task: TASK })));
    await measure(`${when}: list the newest 50`, counter, async () =>
      count(listRuns(workspace, { task: TASK, limit: 50 })),
    );
  };
  await measure(`make ${RUNS} runs, ${MANIFESTS} manifests`, counter, async () => build(repository));
  await look("before");
  const signal = new AbortController().signal;
  const { cleanupAfter } = DEFAULT_POLICY;
  await measure("the first cleanup", counter, async () =>
    cleanupTask(repository, TASK, { cleanupAfter, clock, dryRun: false, sweep: true, signal }),
  );
  await look("after");
} finally {
  rmSync(folder, { recursive: true });
}
