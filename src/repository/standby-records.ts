/**
 * How far a standby has been brought: one small sealed object for each instant that was applied to it. What ids its objects have is
 * kept elsewhere (the id map); without any of both, a standby is compared anew and nothing is lost.
 */
import type { Millis } from "../model/clock.ts";
import type { TaskName } from "../model/task.ts";
import { appendNumbered, hiddenName, listOrdinals, readNumbered, type Series } from "./numbered-objects.ts";
import { standbyRecordsOf } from "./paths.ts";
import type { Repository } from "./repository.ts";

export interface StandbyRecord {
  /** The instant that was applied. */
  readonly instant: Millis;
  /** When it had been applied. */
  readonly at: Millis;
  /** Items that the target has as of that instant. */
  readonly applied: number;
  /** Items that it could not be given. */
  readonly failed: number;
}

/** The newest record; undefined for a standby that was never run. Errors: `object-damaged`, `storage-*`. */
export async function readStandbyRecord(
  repository: Repository,
  task: TaskName,
  standby: string,
  signal?: AbortSignal,
): Promise<StandbyRecord | undefined> {
  const series = seriesOf(repository, task, standby, signal);
  const newest = (await listOrdinals(series)).at(-1);
  return newest === undefined ? undefined : ((await readNumbered(series, newest)) as StandbyRecord);
}

/** Errors: `task-busy`, `storage-*`. */
export async function writeStandbyRecord(
  repository: Repository,
  task: TaskName,
  standby: string,
  record: StandbyRecord,
  signal?: AbortSignal,
): Promise<void> {
  const series = seriesOf(repository, task, standby, signal);
  const newest = (await listOrdinals(series)).at(-1) ?? 0;
  const busy = `Other runs of standby ${standby} kept recording what they did.`;
  await appendNumbered(series, newest, () => record, busy);
}

function seriesOf(
  repository: Repository,
  task: TaskName,
  standby: string,
  signal: AbortSignal | undefined,
): Series {
  const name = hiddenName(repository, "standby", standby);
  const folder = standbyRecordsOf(task, name);
  return { repository, task, purpose: "standby", folder, name, ...(signal === undefined ? {} : { signal }) };
}
