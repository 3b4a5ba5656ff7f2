/**
 * `check`: whether everything that timelines need is in the repository and whole.
 */
import { HoldfastError } from "../model/errors.ts";
import { checkTask } from "../repository/check.ts";
import { listTaskNames } from "../repository/repository.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { CheckReport, Finding } from "./reports.ts";
import { checkUndoRecords } from "./restore/check-undo.ts";
import { resolveTask } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

export interface CheckRequest {
  /** Default: all tasks. */
  readonly task?: string;
  /** Read back every byte; needs a key with the read right. */
  readonly readData?: boolean;
}

/** Errors: `source-unknown`, `no-read-right`, `storage-*`. Damage is in the report, not thrown. */
export async function check(
  workspace: Workspace,
  request: CheckRequest,
  hooks: Hooks = {},
): Promise<CheckReport> {
  if (request.readData === true && workspace.repository.keyring.right !== "read") {
    throw new HoldfastError("no-read-right", "Reading back every byte needs a key with the read right.");
  }
  const startedAt = workspace.clock.now();
  const totals = { tasks: 0, segments: 0, packs: 0, bytesRead: 0 };
  const findings: Finding[] = [];
  const tasks =
    request.task === undefined
      ? listTaskNames(workspace.repository, signalOf(hooks))
      : [await resolveTask(workspace, request.task, hooks)];
  for await (const task of tasks) {
    totals.tasks += 1;
    const options = { readData: request.readData ?? false, signal: signalOf(hooks) };
    const undo = checkUndoRecords(workspace.repository, task, options);
    let step = await undo.next();
    for (; step.done !== true; step = await undo.next()) findings.push(step.value);
    const found = checkTask(workspace.repository, task, {
      ...options,
      known: step.value,
      checked: (kind, bytes) => {
        if (kind === "segment") totals.segments += 1;
        if (kind === "pack") totals.packs += 1;
        totals.bytesRead += bytes;
        const done = totals.segments + totals.packs;
        hooks.progress?.({ operation: "check", task, phase: "check", done, bytes: totals.bytesRead });
      },
    });
    for await (const finding of found) findings.push(finding);
  }
  return {
    ok: findings.every((finding) => finding.severity !== "error"),
    ...totals,
    findings,
    durationMs: workspace.clock.now() - startedAt,
  };
}
