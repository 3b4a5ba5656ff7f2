/**
 * What a committed run is followed by: whether everything that is now kept could be rebuilt. The run is kept whatever comes of it.
 */
import { errorText } from "../../model/errors.ts";
import { isRecoverable, type Verdict } from "../../model/verdict.ts";
import { newestEntry } from "../../repository/manifest.ts";
import { traitsOf, type SourceKind } from "../../sources/kinds.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import { openLeasedTimeline } from "../leased.ts";
import { judgeOf, readinessOf } from "../readiness.ts";
import type { ReadinessSummary } from "../reports.ts";
import type { StandbySettings } from "../standby/members.ts";
import type { Workspace } from "../workspace.ts";

/** Objects named in a run's report; `holdfast readiness` lists all. */
const NAMED = 20;

/** Undefined where nothing has to be judged, or the key may not read. */
export async function runReadiness(
  workspace: Workspace,
  kind: string,
  task: string,
  standbys: readonly StandbySettings[],
  hooks: Hooks,
): Promise<ReadinessSummary | undefined> {
  if (workspace.repository.keyring.right !== "read" || judgeOf(kind) === undefined) return undefined;
  const counts: Record<Verdict, number> = { complete: 0, degraded: 0, partial: 0, lost: 0 };
  const notRecoverable: ReadinessSummary["notRecoverable"][number][] = [];
  try {
    await using leased = await openLeasedTimeline(workspace, task, hooks);
    const { timeline } = leased;
    let judged = false;
    const newest = newestEntry(timeline.manifest).to;
    for await (const row of readinessOf(workspace, timeline, newest, standbys, hooks)) {
      judged = true;
      const { key, verdict, missing } = row;
      counts[verdict] += 1;
      if (!isRecoverable(verdict) && notRecoverable.length < NAMED) {
        notRecoverable.push({ key, verdict, missing });
      }
    }
    const { remedy } = traitsOf(kind as SourceKind);
    const advice = remedy === undefined || notRecoverable.length === 0 ? {} : { remedy };
    return judged ? { counts, notRecoverable, ...advice } : undefined;
  } catch (error) {
    if (signalOf(hooks).aborted) return undefined;
    hooks.warn?.(`Whether everything in ${task} could be rebuilt was not found out: ${errorText(error)}`);
    return undefined;
  }
}
