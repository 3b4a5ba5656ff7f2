/**
 * Holdfast as a library: the same operations that the command line calls, with their types.
 */
export { ERROR_CODES, type ErrorClass, type ErrorCode, type ErrorCodeEntry } from "./model/error-codes.ts";
export { HoldfastError, isHoldfastError, type ErrorContext } from "./model/errors.ts";
export type { Clock, Millis } from "./model/clock.ts";
export type { Verdict } from "./model/verdict.ts";
export type { DeltaLevel, Level } from "./model/level.ts";
export type { PolicySettings, PolicyValue } from "./model/policy/layers.ts";

export { Connections, type SourceSettings } from "./operations/connections.ts";
export { openWorkspace, type Workspace, type WorkspaceOptions } from "./operations/workspace.ts";
export type { Hooks } from "./operations/hooks.ts";
export type * from "./operations/reports.ts";

export { addCaptures, type AddCapturesRequest } from "./operations/captures/add-captures.ts";
export { commitCaptures } from "./operations/captures/commit-captures.ts";
export {
  listCaptures,
  verifyCaptures,
  type ListCapturesRequest,
} from "./operations/captures/list-captures.ts";
export {
  openGateway,
  type Gateway,
  type GatewayAlarm,
  type GatewayHealth,
  type GatewaySettings,
} from "./operations/gateway.ts";
export { acknowledge, type AcknowledgeRequest } from "./operations/acknowledge.ts";
export { openJobCatalog, readJobMemories, type JobCatalog } from "./catalog/jobs/job-catalog.ts";
export { listNextRuns, type ScheduleRequest } from "./operations/schedule.ts";
export { serve, testReceivers, type ServeSettings } from "./operations/serve.ts";
export { backup, type BackupRequest } from "./operations/backup.ts";
export { catBlob, catItem, type CatRequest } from "./operations/cat.ts";
export { check, type CheckRequest } from "./operations/check.ts";
export { cleanup, type CleanupRequest } from "./operations/cleanup.ts";
export { compare, type CompareOperation } from "./operations/compare.ts";
export { listDeltas } from "./operations/deltas.ts";
export { runDemo, type DemoReport, type DemoRequest } from "./operations/demo.ts";
export {
  diffInstants,
  diffItem,
  type DiffInstantsRequest,
  type DiffItemRequest,
  type ItemDiff,
} from "./operations/diff.ts";
export { discover, testSource, type DiscoverRequest } from "./operations/discover.ts";
export { exportInstant, type ExportRequest } from "./operations/export.ts";
export {
  failover,
  publishedRoutes,
  type FailoverRequest,
  type RoutesRequest,
} from "./operations/failover.ts";
export { addHold, listHolds, releaseHold, type AddHoldRequest } from "./operations/holds.ts";
export { importFile, type ImportRequest } from "./operations/import.ts";
export { erase, listErasures, type EraseRequest } from "./operations/erase.ts";
export { initRepositoryAt, type InitReport, type InitRequest } from "./operations/init.ts";
export { addKey, listKeys, removeKey, type AddKeyRequest } from "./operations/keys.ts";
export { itemLog } from "./operations/log.ts";
export { listItems, type ListItemsRequest } from "./operations/ls.ts";
export { readiness, type ReadinessRequest } from "./operations/readiness.ts";
export { repair, type RepairRequest } from "./operations/repair.ts";
export { previewRetention, type PreviewRetentionRequest } from "./operations/retention.ts";
export { restore, type RestoreOperation, type RestoreTarget } from "./operations/restore.ts";
export { listRuns, type ListRunsRequest } from "./operations/runs.ts";
export {
  runStandbys,
  standbyStatus,
  type StandbyRunRequest,
  type StandbySettings,
} from "./operations/standby.ts";
export { rollup, type RollupRequest } from "./operations/rollup.ts";
export {
  startFormSandbox,
  startSandbox,
  startWatsonSandbox,
  type FormSandboxPlace,
  type FormSandboxRequest,
  type Sandbox,
  type SandboxRequest,
  type WatsonSandboxPlace,
  type WatsonSandboxRequest,
} from "./operations/sandbox.ts";
export { listTasks, resolveTask } from "./operations/tasks.ts";
export { listTrash, restoreFromTrash, type TrashRestoreRequest } from "./operations/trash.ts";
export { undoRestore, type UndoRequest } from "./operations/undo.ts";
export { verifyStorageAt } from "./operations/verify-storage.ts";
