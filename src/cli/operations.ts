/**
 * The operations that commands call, each loaded when it is first used: `--help` must not wait for code it does not run.
 */
import type { acknowledge } from "../operations/acknowledge.ts";
import type { addCaptures } from "../operations/captures/add-captures.ts";
import type { listCaptures, verifyCaptures } from "../operations/captures/list-captures.ts";
import type { backup } from "../operations/backup.ts";
import type { catBlob, catItem } from "../operations/cat.ts";
import type { check } from "../operations/check.ts";
import type { cleanup } from "../operations/cleanup.ts";
import type { compare } from "../operations/compare.ts";
import type { runDemo } from "../operations/demo.ts";
import type { Connections } from "../operations/connections.ts";
import type { listDeltas } from "../operations/deltas.ts";
import type { diffInstants, diffItem } from "../operations/diff.ts";
import type { discover, testSource } from "../operations/discover.ts";
import type { exportInstant } from "../operations/export.ts";
import type { importFile } from "../operations/import.ts";
import type { erase, listErasures } from "../operations/erase.ts";
import type { openGateway } from "../operations/gateway.ts";
import type { initRepositoryAt } from "../operations/init.ts";
import type { addKey, listKeys, removeKey } from "../operations/keys.ts";
import type { addHold, listHolds, releaseHold } from "../operations/holds.ts";
import type { listTrash, restoreFromTrash } from "../operations/trash.ts";
import type { itemLog } from "../operations/log.ts";
import type { listItems } from "../operations/ls.ts";
import type { readiness } from "../operations/readiness.ts";
import type { repair } from "../operations/repair.ts";
import type { restore } from "../operations/restore.ts";
import type { rollup } from "../operations/rollup.ts";
import type { previewRetention } from "../operations/retention.ts";
import type { listNextRuns } from "../operations/schedule.ts";
import type { serve, testReceivers } from "../operations/serve.ts";
import type { listRuns } from "../operations/runs.ts";
import type { failover, publishedRoutes } from "../operations/failover.ts";
import type { runStandbys, standbyStatus } from "../operations/standby.ts";
import type { startFormSandbox, startSandbox, startWatsonSandbox } from "../operations/sandbox.ts";
import type { listTasks } from "../operations/tasks.ts";
import type { undoRestore } from "../operations/undo.ts";
import type { verifyStorageAt } from "../operations/verify-storage.ts";
import type { openWorkspace } from "../operations/workspace.ts";

export interface Operations {
  readonly acknowledge: typeof acknowledge;
  readonly addCaptures: (...args: Parameters<typeof addCaptures>) => Streamed<typeof addCaptures>;
  readonly addHold: typeof addHold;
  readonly addKey: typeof addKey;
  readonly backup: (...args: Parameters<typeof backup>) => Streamed<typeof backup>;
  readonly catBlob: (...args: Parameters<typeof catBlob>) => Streamed<typeof catBlob>;
  readonly catItem: typeof catItem;
  readonly check: typeof check;
  readonly cleanup: (...args: Parameters<typeof cleanup>) => Streamed<typeof cleanup>;
  readonly compare: typeof compare;
  /** The sources alone, without a repository. */
  readonly connect: (...args: ConstructorParameters<typeof Connections>) => Promise<Connections>;
  readonly diffInstants: (...args: Parameters<typeof diffInstants>) => Streamed<typeof diffInstants>;
  readonly diffItem: typeof diffItem;
  readonly discover: (...args: Parameters<typeof discover>) => Streamed<typeof discover>;
  readonly exportInstant: typeof exportInstant;
  readonly importFile: typeof importFile;
  readonly erase: typeof erase;
  readonly initRepositoryAt: typeof initRepositoryAt;
  readonly itemLog: (...args: Parameters<typeof itemLog>) => Streamed<typeof itemLog>;
  readonly listCaptures: (...args: Parameters<typeof listCaptures>) => Streamed<typeof listCaptures>;
  readonly listDeltas: typeof listDeltas;
  readonly listErasures: (...args: Parameters<typeof listErasures>) => Streamed<typeof listErasures>;
  readonly listHolds: (...args: Parameters<typeof listHolds>) => Streamed<typeof listHolds>;
  readonly listTrash: (...args: Parameters<typeof listTrash>) => Streamed<typeof listTrash>;
  readonly previewRetention: typeof previewRetention;
  readonly releaseHold: typeof releaseHold;
  readonly restoreFromTrash: typeof restoreFromTrash;
  readonly listItems: (...args: Parameters<typeof listItems>) => Streamed<typeof listItems>;
  readonly listKeys: typeof listKeys;
  readonly listNextRuns: typeof listNextRuns;
  readonly listRuns: (...args: Parameters<typeof listRuns>) => Streamed<typeof listRuns>;
  readonly listTasks: typeof listTasks;
  readonly openGateway: typeof openGateway;
  readonly openWorkspace: typeof openWorkspace;
  readonly removeKey: typeof removeKey;
  readonly readiness: (...args: Parameters<typeof readiness>) => Streamed<typeof readiness>;
  readonly repair: typeof repair;
  readonly restore: typeof restore;
  readonly rollup: (...args: Parameters<typeof rollup>) => Streamed<typeof rollup>;
  readonly runDemo: typeof runDemo;
  readonly serve: typeof serve;
  readonly runStandbys: (...args: Parameters<typeof runStandbys>) => Streamed<typeof runStandbys>;
  readonly standbyStatus: (...args: Parameters<typeof standbyStatus>) => Streamed<typeof standbyStatus>;
  readonly failover: typeof failover;
  readonly publishedRoutes: typeof publishedRoutes;
  readonly startFormSandbox: typeof startFormSandbox;
  readonly startSandbox: typeof startSandbox;
  readonly startWatsonSandbox: typeof startWatsonSandbox;
  readonly testReceivers: typeof testReceivers;
  readonly testSource: typeof testSource;
  readonly undoRestore: typeof undoRestore;
  readonly verifyCaptures: (...args: Parameters<typeof verifyCaptures>) => Streamed<typeof verifyCaptures>;
  readonly verifyStorageAt: (...args: Parameters<typeof verifyStorageAt>) => Streamed<typeof verifyStorageAt>;
}

/** The stream that an operation gives, as an iterable of its rows. */
type Streamed<Operation extends (...args: never[]) => AsyncIterable<unknown>> =
  ReturnType<Operation> extends AsyncIterable<infer Row> ? AsyncIterable<Row> : never;

async function* later<Row>(start: () => Promise<AsyncIterable<Row>>): AsyncGenerator<Row> {
  yield* await start();
}

export const lazyOperations: Operations = {
  acknowledge: async (...args) => (await import("../operations/acknowledge.ts")).acknowledge(...args),
  addCaptures: (...args) =>
    later(async () => (await import("../operations/captures/add-captures.ts")).addCaptures(...args)),
  addHold: async (...args) => (await import("../operations/holds.ts")).addHold(...args),
  previewRetention: async (...args) => (await import("../operations/retention.ts")).previewRetention(...args),
  releaseHold: async (...args) => (await import("../operations/holds.ts")).releaseHold(...args),
  listHolds: (...args) => later(async () => (await import("../operations/holds.ts")).listHolds(...args)),
  listTrash: (...args) => later(async () => (await import("../operations/trash.ts")).listTrash(...args)),
  restoreFromTrash: async (...args) => (await import("../operations/trash.ts")).restoreFromTrash(...args),
  addKey: async (...args) => (await import("../operations/keys.ts")).addKey(...args),
  backup: (...args) => later(async () => (await import("../operations/backup.ts")).backup(...args)),
  catBlob: (...args) => later(async () => (await import("../operations/cat.ts")).catBlob(...args)),
  catItem: async (...args) => (await import("../operations/cat.ts")).catItem(...args),
  check: async (...args) => (await import("../operations/check.ts")).check(...args),
  cleanup: (...args) => later(async () => (await import("../operations/cleanup.ts")).cleanup(...args)),
  connect: async (...args) => new (await import("../operations/connections.ts")).Connections(...args),
  compare: async (...args) => (await import("../operations/compare.ts")).compare(...args),
  diffInstants: (...args) => later(async () => (await import("../operations/diff.ts")).diffInstants(...args)),
  diffItem: async (...args) => (await import("../operations/diff.ts")).diffItem(...args),
  discover: (...args) => later(async () => (await import("../operations/discover.ts")).discover(...args)),
  exportInstant: async (...args) => (await import("../operations/export.ts")).exportInstant(...args),
  importFile: async (...args) => (await import("../operations/import.ts")).importFile(...args),
  erase: async (...args) => (await import("../operations/erase.ts")).erase(...args),
  initRepositoryAt: async (...args) => (await import("../operations/init.ts")).initRepositoryAt(...args),
  itemLog: (...args) => later(async () => (await import("../operations/log.ts")).itemLog(...args)),
  listDeltas: async (...args) => (await import("../operations/deltas.ts")).listDeltas(...args),
  listErasures: (...args) =>
    later(async () => (await import("../operations/erase.ts")).listErasures(...args)),
  listItems: (...args) => later(async () => (await import("../operations/ls.ts")).listItems(...args)),
  listCaptures: (...args) =>
    later(async () => (await import("../operations/captures/list-captures.ts")).listCaptures(...args)),
  listKeys: async (...args) => (await import("../operations/keys.ts")).listKeys(...args),
  listNextRuns: async (...args) => (await import("../operations/schedule.ts")).listNextRuns(...args),
  serve: async (...args) => (await import("../operations/serve.ts")).serve(...args),
  listRuns: (...args) => later(async () => (await import("../operations/runs.ts")).listRuns(...args)),
  listTasks: async (...args) => (await import("../operations/tasks.ts")).listTasks(...args),
  openGateway: async (...args) => (await import("../operations/gateway.ts")).openGateway(...args),
  openWorkspace: async (...args) => (await import("../operations/workspace.ts")).openWorkspace(...args),
  removeKey: async (...args) => (await import("../operations/keys.ts")).removeKey(...args),
  readiness: (...args) => later(async () => (await import("../operations/readiness.ts")).readiness(...args)),
  repair: async (...args) => (await import("../operations/repair.ts")).repair(...args),
  restore: async (...args) => (await import("../operations/restore.ts")).restore(...args),
  rollup: (...args) => later(async () => (await import("../operations/rollup.ts")).rollup(...args)),
  runDemo: async (...args) => (await import("../operations/demo.ts")).runDemo(...args),
  runStandbys: (...args) =>
    later(async () => (await import("../operations/standby.ts")).runStandbys(...args)),
  standbyStatus: (...args) =>
    later(async () => (await import("../operations/standby.ts")).standbyStatus(...args)),
  failover: async (...args) => (await import("../operations/failover.ts")).failover(...args),
  publishedRoutes: async (...args) => (await import("../operations/failover.ts")).publishedRoutes(...args),
  startFormSandbox: async (...args) => (await import("../operations/sandbox.ts")).startFormSandbox(...args),
  startSandbox: async (...args) => (await import("../operations/sandbox.ts")).startSandbox(...args),
  startWatsonSandbox: async (...args) =>
    (await import("../operations/sandbox.ts")).startWatsonSandbox(...args),
  testReceivers: async (...args) => (await import("../operations/serve.ts")).testReceivers(...args),
  testSource: async (...args) => (await import("../operations/discover.ts")).testSource(...args),
  undoRestore: async (...args) => (await import("../operations/undo.ts")).undoRestore(...args),
  verifyCaptures: (...args) =>
    later(async () => (await import("../operations/captures/list-captures.ts")).verifyCaptures(...args)),
  verifyStorageAt: (...args) =>
    later(async () => (await import("../operations/verify-storage.ts")).verifyStorageAt(...args)),
};
