/**
 * Doing one job: the same operations that commands call.
 */
import { errorText, isHoldfastError } from "../../model/errors.ts";
import type { Job, JobOutcome } from "../../schedule/job.ts";
import { backup } from "../backup.ts";
import { check } from "../check.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import type { RunReport, StandbyRunRow } from "../reports.ts";
import { runStandbys } from "../standby.ts";
import type { Workspace } from "../workspace.ts";
import { openingOf, type ServeSettings } from "./settings.ts";

/** Never rejects. */
export async function runJob(
  workspace: Workspace,
  settings: ServeSettings,
  job: Job,
  hooks: Hooks,
): Promise<JobOutcome> {
  try {
    switch (job.kind) {
      case "backup":
        return await runBackup(workspace, settings, job.subject, hooks);
      case "standby":
        return await runStandby(workspace, settings, job.subject, hooks);
      case "check":
        return await runCheck(workspace, settings, hooks);
    }
  } catch (error) {
    const code = signalOf(hooks).aborted ? "interrupted" : isHoldfastError(error) ? error.code : "internal";
    return { ok: false, code, message: errorText(error) };
  }
}

/** Asks once more whether it is due: somebody may have run it by hand meanwhile. */
async function runBackup(
  workspace: Workspace,
  settings: ServeSettings,
  subject: string,
  hooks: Hooks,
): Promise<JobOutcome> {
  const runs: RunReport[] = [];
  const request = { select: [subject], due: true, opens: openingOf(settings), standbys: settings.standbys };
  for await (const run of backup(workspace, request, hooks)) runs.push(run);
  const failed = runs.find(({ state }) => state !== "committed");
  if (failed !== undefined) {
    const { code, message } = failed.error ?? { code: "internal", message: `The run ended ${failed.state}.` };
    return { ok: false, code, message };
  }
  return { ok: true, did: runs.length === 0 ? "was not due any more" : runs.map(runText).join("; ") };
}

function runText({ kind, live, deleted, purged, storedBytes }: RunReport): string {
  return `${kind ?? "run"}: ${itemsText(live)}, ${deleted + purged} deleted, ${storedBytes} bytes stored`;
}

function itemsText(count: number): string {
  return count === 1 ? "1 item" : `${count} items`;
}

async function runStandby(
  workspace: Workspace,
  { standbys }: ServeSettings,
  name: string,
  hooks: Hooks,
): Promise<JobOutcome> {
  const rows: StandbyRunRow[] = [];
  for await (const row of runStandbys(workspace, { standbys, names: [name], apply: true }, hooks))
    rows.push(row);
  const failed = rows.find(({ error }) => error !== undefined)?.error;
  if (failed !== undefined) return { ok: false, ...failed };
  // What a standby cannot be given is told by its status; trying at once again would not help.
  const missing = rows.reduce((sum, row) => sum + row.failed, 0);
  const done = rows.reduce((sum, row) => sum + row.created + row.changed + row.deleted, 0);
  return { ok: true, did: `${itemsText(done)} brought up${missing > 0 ? `, ${missing} MISSING` : ""}` };
}

async function runCheck(workspace: Workspace, settings: ServeSettings, hooks: Hooks): Promise<JobOutcome> {
  const forMs = settings.check?.forMs ?? 0;
  const report = await check(workspace, { readData: true, slice: { forMs } }, hooks);
  if (report.ok) return { ok: true, did: `${report.coverage?.readBytes ?? 0} bytes read back lately` };
  const errors = report.findings.filter(({ severity }) => severity === "error");
  return {
    ok: false,
    code: "check-failed",
    message: `${errors.length} findings; the first: ${errors[0]?.message ?? ""} \`holdfast check\` lists them all.`,
  };
}
