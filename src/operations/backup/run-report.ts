/**
 * A run's record in the words of reports.
 */
import { formatInstant } from "../../model/instant.ts";
import type { TaskName } from "../../model/task.ts";
import type { RunRecord } from "../../repository/run-records.ts";
import { markRows } from "../marks.ts";
import type { RunReport } from "../reports.ts";

export function runReport(task: TaskName, record: RunRecord): RunReport {
  return {
    run: record.run,
    task,
    source: record.source.name,
    collection: record.source.collection,
    state: record.state,
    kind: record.kind,
    ...(record.reason === "" ? {} : { reason: record.reason }),
    level: record.kind === "delta" ? (record.level ?? "daily") : record.kind,
    startedAt: new Date(record.startedAt).toISOString(),
    endedAt: new Date(record.endedAt).toISOString(),
    instant: record.instant === null ? null : formatInstant(record.instant),
    live: record.counts.live,
    deleted: record.counts.deleted,
    purged: record.counts.purged,
    blobs: record.blobs,
    bodyBytes: record.counts.bodyBytes,
    storedBytes: record.counts.storedBytes,
    requests: record.requests,
    durationMs: record.endedAt - record.startedAt,
    warnings: record.warnings,
    ...(record.error === null ? {} : { error: record.error }),
    ...markRows(record.anomalies),
  };
}
