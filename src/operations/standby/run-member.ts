/**
 * Bringing one collection of a standby to the newest instant: a restore into the second instance that writes only differences.
 */
import { HoldfastError, errorText, isHoldfastError } from "../../model/errors.ts";
import { formatInstant } from "../../model/instant.ts";
import { newestEntry } from "../../repository/manifest.ts";
import { readStandbyRecord, writeStandbyRecord } from "../../repository/standby-records.ts";
import { readNewestManifest } from "../../repository/task-store.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import type { RestoreReport, StandbyRunRow } from "../reports.ts";
import { restore } from "../restore.ts";
import type { Workspace } from "../workspace.ts";
import { claimStandby } from "./ledger.ts";
import type { MemberRun, Outcome } from "./member-run.ts";
import { switchesOf } from "./members.ts";
import { runCopies } from "./run-copies.ts";

const NOTHING_DONE = { created: 0, changed: 0, deleted: 0, failed: 0, failures: [] } as const;

/** Never throws for what goes wrong with this collection: the row says it. Throws when it is interrupted. */
export async function runMember(workspace: Workspace, run: MemberRun, hooks: Hooks): Promise<StandbyRunRow> {
  const { standby, member } = run;
  const startedAt = workspace.clock.now();
  const outcome = await bringUp(workspace, run, hooks).catch((error: unknown): Outcome => {
    signalOf(hooks).throwIfAborted();
    const code = isHoldfastError(error) ? error.code : "internal";
    return { ...NOTHING_DONE, state: "failed", instant: null, error: { code, message: errorText(error) } };
  });
  const { name, source, target } = standby;
  const { task, collection } = member;
  const durationMs = workspace.clock.now() - startedAt;
  return { standby: name, task, source, collection, target, ...outcome, durationMs };
}

async function bringUp(workspace: Workspace, run: MemberRun, hooks: Hooks): Promise<Outcome> {
  const { repository, clock } = workspace;
  const { standby, member } = run;
  const signal = signalOf(hooks);
  const { copies } = workspace.source(standby.source);
  if (copies !== undefined) return runCopies(workspace, run, copies, hooks);
  const [stray] = Object.keys(switchesOf(standby));
  if (stray !== undefined) {
    throw new HoldfastError(
      "config-invalid",
      `Standby ${standby.name}: ${stray} is for kinds whose service copies, and ${standby.source} is not of one.`,
    );
  }
  const stored = await readNewestManifest(repository, member.task, signal);
  if (stored === undefined) return { ...NOTHING_DONE, state: "empty", instant: null };
  const { to } = newestEntry(stored.manifest);
  const record = await readStandbyRecord(repository, member.task, standby.name, signal);
  if (record?.instant === to && record.failed === 0 && !run.verify) {
    return { ...NOTHING_DONE, state: "in-step", instant: formatInstant(to) };
  }
  await using claim = run.apply ? await claimStandby(workspace, standby.name, member.task, hooks) : undefined;
  const report = await restore(
    workspace,
    {
      task: member.task,
      at: formatInstant(to),
      scope: member.scope,
      target: { source: standby.target },
      apply: run.apply,
      merge: true,
      newerItems: "delete",
      settings: STANDBY_SETTINGS,
      ...(run.onItem === undefined ? {} : { onItem: run.onItem }),
    },
    hooks,
  );
  const failed = report.counts.failed + report.counts.unstable;
  if (claim !== undefined) {
    const applied = Object.values(report.counts).reduce((sum, count) => sum + count, 0) - failed;
    const at = clock.now();
    await writeStandbyRecord(
      repository,
      member.task,
      standby.name,
      { instant: to, at, applied, failed },
      signal,
    );
  }
  return { ...figures(report), state: run.apply ? (failed > 0 ? "incomplete" : "applied") : "preview" };
}

/** What the second instance has of its own, and no timeline knows, stays. */
const STANDBY_SETTINGS = { surplus: "mapped" } as const;

function figures({ counts, failures, instant }: RestoreReport): Omit<Outcome, "state"> {
  return {
    instant,
    created: counts.create,
    changed: counts.change,
    deleted: counts.delete,
    failed: counts.failed + counts.unstable,
    failures,
  };
}
