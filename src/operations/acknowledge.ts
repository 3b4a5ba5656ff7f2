/**
 * `retention acknowledge`: a person has looked at what the anomaly guard marked; rollup and cleanup go on. The marks stay, with
 * what the person said.
 */
import type { Millis } from "../model/clock.ts";
import { HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import type { Acknowledgement, Manifest, TimelineEntry } from "../repository/manifest.ts";
import { amendManifest, type NextManifest } from "../repository/task-store.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { anomalyRow, freezeRow } from "./marks.ts";
import type { AcknowledgeReport } from "./reports.ts";
import { resolveTask } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

export interface AcknowledgeRequest {
  readonly task: string;
  readonly reason: string;
  /** It was ordinary work: the marked runs count as good, and what they did is not marked when it comes again. */
  readonly expected?: boolean;
}

/** Errors: `usage` without a reason, `source-unknown`, `task-busy`, `storage-*`. */
export async function acknowledge(
  workspace: Workspace,
  request: AcknowledgeRequest,
  hooks: Hooks = {},
): Promise<AcknowledgeReport> {
  const { repository, clock } = workspace;
  const { reason, expected = false } = request;
  if (reason.trim() === "") {
    throw new HoldfastError("usage", "An acknowledgement needs a reason: it is kept with the marked runs.");
  }
  const task = await resolveTask(workspace, request.task, hooks);
  const word: Acknowledgement = { at: clock.now(), reason, expected };
  let report: Pick<AcknowledgeReport, "runs" | "freeze"> = { runs: [], freeze: null };
  const { manifest } = await amendManifest(
    repository,
    task,
    ({ manifest: current }) => {
      const { entries, freeze } = current;
      const open = entries.filter(isOpen);
      const runs = open.map(({ id, to, anomalies }) => ({
        run: id,
        instant: formatInstant(to),
        anomalies: anomalies.map((anomaly) => anomalyRow({ acknowledged: word, ...anomaly })),
      }));
      report = { runs, freeze: freeze && freezeRow(freeze) };
      return open.length === 0 && freeze === null ? undefined : acknowledged(current, word);
    },
    signalOf(hooks),
  );
  const { name, collection } = manifest.source;
  return { task, source: name, collection, ...report, reason, expected };
}

function isOpen({ anomalies }: TimelineEntry): boolean {
  return anomalies.some(({ acknowledged: word }) => word === undefined);
}

function acknowledged(manifest: Manifest, word: Acknowledgement): NextManifest {
  const entries = manifest.entries.map((entry) => ({
    ...entry,
    // What was said before stays.
    anomalies: entry.anomalies.map((anomaly) => ({ acknowledged: word, ...anomaly })),
  }));
  const expected = new Set<Millis>(word.expected ? manifest.entries.filter(isOpen).map(({ to }) => to) : []);
  const recent = manifest.recent.map((run) => (expected.has(run.to) ? { ...run, marked: false } : run));
  return { ...manifest, written: word.at, entries, recent, freeze: null };
}
