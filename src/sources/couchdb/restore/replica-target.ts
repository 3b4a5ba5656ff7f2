/**
 * The database that a replica is written into: made when it is absent, refused when it holds data that this restore
 * did not put there.
 */
import { HoldfastError, isHoldfastError } from "../../../model/errors.ts";
import { refusalOf } from "../../http/answer-failure.ts";
import type { DatabaseInfo } from "../database-info.ts";
import { parseSettings, SETTINGS_KEY, type DatabaseSettings } from "../items.ts";
import { putRestoreMarker, readRestoreMarker, removeRestoreMarker } from "./restore-marker.ts";
import type { RestoreRun } from "./run.ts";

/** CouchDB's own `_revs_limit`: histories up to here survive in any new database. */
const DEFAULT_REVS_LIMIT = 1000;

export interface ReplicaTarget {
  /** Whether there is a database; false only in a preview. */
  readonly exists: boolean;
  /** Whether it may hold some of the versions already, so that it must be asked before each batch. */
  readonly look: boolean;
}

/** Statuses with which a service refuses to let a client choose shards and copies. */
const PLACEMENT_REFUSALS: ReadonlySet<number> = new Set([400, 403, 405]);

/** Throws `target-not-empty`, or `target-refused` when it cannot be made. */
export async function openReplicaTarget(run: RestoreRun): Promise<ReplicaTarget> {
  const { request } = run;
  const info = await existing(run);
  if (info === undefined) {
    if (!request.apply) return { exists: false, look: false };
    const made = await make(run);
    await begin(run);
    // Somebody else was faster: what they put there must not be overlooked.
    return { exists: true, look: !made };
  }
  const { signal } = run.context;
  const marked = await readRestoreMarker(run.database, signal);
  const continued = request.name !== undefined && marked === request.name;
  const empty = info.docCount === 0 && (info.docDelCount ?? 0) === 0;
  if (!empty && !continued && !request.merge) throw notEmpty(run, info, marked);
  if (request.apply && !continued) await begin(run);
  return { exists: true, look: !empty || continued };
}

/**
 * Ends the restore: the mark goes when all was restored, else it stays for the repetition. Throws `target-refused` when
 * the mark is not there any more: what was written went with the database that held it.
 */
export async function closeReplicaTarget(run: RestoreRun, complete: boolean): Promise<void> {
  const { name } = run.request;
  if (name === undefined || !run.request.apply) return;
  const marked = await readRestoreMarker(run.database, run.context.signal);
  if (marked !== name) {
    throw new HoldfastError(
      "target-refused",
      `database "${run.database.name}" was deleted, made anew or taken by another restore while it was being restored`,
    );
  }
  if (!complete) return;
  try {
    await removeRestoreMarker(run.database, run.context.signal);
  } catch (error) {
    if (run.context.signal.aborted || !isHoldfastError(error)) throw error;
    // All is restored and proven. A mark that stays does no harm: a repetition continues from it and finds nothing to do.
    run.context.warn?.(
      `everything is restored, but the restore's mark could not be removed: ${error.message}`,
    );
  }
}

async function existing(run: RestoreRun): Promise<DatabaseInfo | undefined> {
  try {
    return await run.database.info(run.context.signal);
  } catch (error) {
    if (isHoldfastError(error, "source-not-found")) return undefined;
    throw error;
  }
}

/** With the recorded shards and copies where the service allows it. False: it exists by now. */
async function make(run: RestoreRun): Promise<boolean> {
  const [stored] = await run.request.reader.find([SETTINGS_KEY]);
  const text = stored?.parts[0];
  const settings: DatabaseSettings = text === undefined ? {} : parseSettings(text);
  const { q, n, partitioned } = settings;
  const kind = partitioned === undefined ? {} : { partitioned };
  const placement = { ...(q === undefined ? {} : { q }), ...(n === undefined ? {} : { n }) };
  const made = await create(run, { ...kind, ...placement }, () => create(run, kind));
  await allowHistories(run, settings);
  return made;
}

async function create(
  run: RestoreRun,
  options: { readonly q?: number; readonly n?: number; readonly partitioned?: boolean },
  otherwise?: () => Promise<boolean>,
): Promise<boolean> {
  try {
    return await run.database.create(options, run.context.signal);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined || refusal.status === 401) throw error;
    if (otherwise !== undefined && PLACEMENT_REFUSALS.has(refusal.status)) return await otherwise();
    throw new HoldfastError(
      "target-refused",
      `could not make database "${run.database.name}" for the restore: ${refusal.message}`,
      { status: refusal.status },
      error,
    );
  }
}

/** A limit above the default must stand before the first document, or it cuts the histories. */
async function allowHistories(run: RestoreRun, settings: DatabaseSettings): Promise<void> {
  const limit = settings.revs_limit ?? DEFAULT_REVS_LIMIT;
  if (limit <= DEFAULT_REVS_LIMIT) return;
  try {
    await run.database.putRevsLimit(limit, run.context.signal);
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
    run.context.warn?.(
      `the target does not allow a revision limit of ${limit}; longer histories will be cut`,
    );
  }
}

async function begin(run: RestoreRun): Promise<void> {
  const { name } = run.request;
  if (name !== undefined) await putRestoreMarker(run.database, name, run.context.signal);
}

function notEmpty(run: RestoreRun, info: DatabaseInfo, marked: string | undefined): HoldfastError {
  const holds = `${info.docCount} documents and ${info.docDelCount ?? 0} deletions`;
  const other = marked === undefined ? "" : `, some from the unfinished restore "${marked}"`;
  return new HoldfastError(
    "target-not-empty",
    `cannot restore into database "${run.database.name}": it holds ${holds}${other}`,
  );
}
