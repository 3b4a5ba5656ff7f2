/**
 * `check`: whether everything that timelines need is in the repository and whole, and how much of it was read back lately.
 */
import type { Millis } from "../model/clock.ts";
import { checkTask } from "../repository/check/check-task.ts";
import { addCoverage, type Coverage } from "../repository/check/coverage.ts";
import { listTaskNames } from "../repository/repository.ts";
import { checkKeys } from "./check/keys.ts";
import { CheckSession } from "./check/session.ts";
import { readSlice, type CheckSlice } from "./check/slice.ts";
import type { Hooks } from "./hooks.ts";
import { leaseNewest } from "./leased.ts";
import type { CheckReport, CoverageReport, Finding } from "./reports.ts";
import { resolveTask } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

/** What counts as read back lately, unless told otherwise. */
const COVERAGE_WINDOW_MS = 30 * 86_400_000;

export interface CheckRequest {
  /** Default: all tasks. */
  readonly task?: string;
  /** Read back every byte. With the write right alone files are compared with their digests. */
  readonly readData?: boolean;
  /** With `readData`: only as much as this, what was read longest ago first. */
  readonly slice?: CheckSlice;
  /** Write down what was read back; default true. The next slice and the coverage depend on it, nothing else. */
  readonly remember?: boolean;
  /** The time before now that coverage looks at, ms; default 30 days. */
  readonly window?: Millis;
}

/** Errors: `source-unknown`, `storage-*`. Damage is in the report, not thrown. */
export async function check(
  workspace: Workspace,
  request: CheckRequest,
  hooks: Hooks = {},
): Promise<CheckReport> {
  const { repository, clock } = workspace;
  const { remember = true, window = COVERAGE_WINDOW_MS, readData = false, slice } = request;
  const session = new CheckSession(workspace, hooks, { remember, window });
  const findings: Finding[] = [];
  if (request.task === undefined) findings.push(...(await checkKeys(repository, session.signal)));
  const tasks =
    request.task === undefined
      ? listTaskNames(repository, session.signal)
      : [await resolveTask(workspace, request.task, hooks)];
  // What a cleanup deletes while it is read must not pass for damage.
  await using leases = new AsyncDisposableStack();
  for await (const task of tasks) {
    session.totals.tasks += 1;
    if (readData) leases.use(await leaseNewest(workspace, task, hooks));
    const found = checkTask(repository, task, session.options(task, readData && slice === undefined));
    let step = await found.next();
    for (; step.done !== true; step = await found.next())
      if (session.isNew(step.value)) findings.push(step.value);
    const { chain, files, history } = step.value;
    if (chain.newest !== undefined) await session.remember(chain.newest, files, history);
  }
  if (readData && slice !== undefined)
    for await (const finding of readSlice(session, slice)) findings.push(finding);
  const total = addCoverage([...session.coverage.values()]);
  return {
    ok: findings.every((finding) => finding.severity !== "error"),
    ...session.totals,
    findings,
    durationMs: clock.now() - session.startedAt,
    ...(total === undefined ? {} : { coverage: coverageReport(total) }),
    taskCoverage: [...session.coverage].map(([task, coverage]) => ({ task, ...coverageReport(coverage) })),
  };
}

function coverageReport({ bytes, readBytes, since, oldest }: Coverage): CoverageReport {
  return {
    bytes,
    readBytes,
    share: bytes === 0 ? 1 : readBytes / bytes,
    since: new Date(since).toISOString(),
    oldest: oldest === null ? null : new Date(oldest).toISOString(),
  };
}
