/**
 * `readiness`: for every object that a service could lose, whether it could be rebuilt from the repository alone, and what is missing.
 * Asks no service.
 */
import { HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import { keyText } from "../model/key.ts";
import { isRecoverable } from "../model/verdict.ts";
import { traitsOf, type KindTraits, type SourceKind } from "../sources/kinds.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { resolveAsOf } from "./as-of.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { openLeasedTimeline } from "./leased.ts";
import type { ReadinessRow } from "./reports.ts";
import { scopeReader } from "./restore/scope.ts";
import type { StandbySettings } from "./standby/members.ts";
import { readVerifiedCopies } from "./standby/verified-copies.ts";
import { listTasks } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

export interface ReadinessRequest {
  /** `SOURCE`, `SOURCE/COLLECTION` or `backup-…`; absent: everything that is kept and could need more than the service gives back. */
  readonly select?: string;
  /** Default `latest`. */
  readonly at?: string;
  /** Those that are configured: a verified copy counts. */
  readonly standbys?: readonly StandbySettings[];
}

/**
 * A row for each object, by task and key. Errors: `source-unknown`, `usage` for a kind whose items are all that there is,
 * `instant-unknown`, `no-read-right`, `object-*`.
 */
export async function* readiness(
  workspace: Workspace,
  { select, at = "latest", standbys = [] }: ReadinessRequest,
  hooks: Hooks = {},
): AsyncGenerator<ReadinessRow> {
  for (const task of await chosenTasks(workspace, select, hooks)) {
    await using leased = await openLeasedTimeline(workspace, task, hooks);
    const { timeline } = leased;
    const { instant } = await resolveAsOf(timeline, at, workspace.clock.now(), hooks);
    yield* readinessOf(workspace, timeline, instant, standbys, hooks);
  }
}

/** Of one timeline; nothing for kinds whose items are all that there is. */
export async function* readinessOf(
  workspace: Workspace,
  timeline: Timeline,
  instant: number,
  standbys: readonly StandbySettings[],
  hooks: Hooks,
): AsyncGenerator<ReadinessRow> {
  const { source } = timeline.manifest;
  const { name, kind, collection } = source;
  const judge = judgeOf(kind);
  if (judge === undefined) return;
  const verified = await readVerifiedCopies(workspace, source, standbys, hooks);
  const reader = scopeReader(timeline, timeline.at(instant), {}, signalOf(hooks));
  for await (const { key, verdict: alone, missing, estimateMs } of judge(collection, reader)) {
    // A look-up for each object is paid only where standbys have copied anything.
    const [version] = verified.isEmpty ? [] : await reader.find([key]);
    const copies = version === undefined ? [] : verified.of(version);
    const copyOf = version === undefined ? undefined : verified.originOf(version);
    const isElsewhere = copies.length > 0 || copyOf !== undefined;
    // What is missing stays named: a copy can go, and so can its original.
    const verdict = isElsewhere && !isRecoverable(alone) ? "degraded" : alone;
    yield {
      ...(copies.length === 0 ? {} : { copies }),
      ...(copyOf === undefined ? {} : { copyOf }),
      task: timeline.task,
      source: name,
      collection,
      instant: formatInstant(instant),
      key: keyText(key),
      verdict,
      missing: missing.map((one) => ({
        key: one.key === undefined ? null : keyText(one.key),
        what: one.what,
      })),
      estimateMs: estimateMs ?? null,
    };
  }
}

async function chosenTasks(
  workspace: Workspace,
  select: string | undefined,
  hooks: Hooks,
): Promise<readonly string[]> {
  const tasks = await listTasks(workspace, hooks);
  const chosen = tasks.filter(
    ({ task, source, collection }) =>
      select === undefined || [task, source, `${source}/${collection}`].includes(select),
  );
  if (select !== undefined && chosen.length === 0) {
    throw new HoldfastError("source-unknown", `Nothing has been kept for ${select} yet.`);
  }
  const judged = chosen.filter(({ kind }) => judgeOf(kind) !== undefined);
  const [other] = chosen;
  if (select !== undefined && judged.length === 0 && other !== undefined) {
    throw new HoldfastError(
      "usage",
      `Readiness says nothing of sources of kind ${other.kind}: what is kept of them is all that there is.`,
    );
  }
  return judged.map(({ task }) => task);
}

/** Whether sources of the kind keep more than their services give back. A repository may hold kinds that this version does not know. */
export function judgeOf(kind: string): KindTraits["readiness"] {
  const traits = traitsOf(kind as SourceKind) as KindTraits | undefined;
  return traits?.readiness;
}
