/**
 * The beginning of a capture: looks at the database and its marker and decides what kind of run this is, whether it
 * continues one that was cut off, and from which sequence it reads.
 */
import type { CaptureRequest, Cursor, SourceContext } from "../../source.ts";
import type { CouchConfig } from "../config.ts";
import type { CouchDatabase } from "../database.ts";
import type { DatabaseInfo } from "../database-info.ts";
import { readMarker, writeMarker } from "../marker.ts";
import { DEFAULT_PURGED_INFOS_LIMIT, recentPurges } from "./absences.ts";
import { decodeCursor, type CouchCursor, type ReadPath, type RunningState } from "./cursor.ts";
import { judgeIncarnation, purgeSeqMoved, type Verdict } from "./incarnation.ts";
import { chooseReadPath } from "./read-path.ts";

export interface Opening {
  readonly run: "baseline" | "delta";
  /** Why a baseline is needed though there was a cursor. */
  readonly reason: string | undefined;
  readonly info: DatabaseInfo;
  readonly nonce: string | undefined;
  /** Where the feed is read from. */
  readonly since: unknown;
  /** Everything is read again and compared. */
  readonly reconcile: boolean;
  readonly path: ReadPath;
  readonly vanished: readonly string[];
  /** Ids that the server lists as recently purged. */
  readonly purges: readonly string[];
  readonly purgedInfosLimit: number | undefined;
}

export async function openCapture(
  database: CouchDatabase,
  config: CouchConfig,
  request: CaptureRequest,
  context: SourceContext,
): Promise<Opening> {
  const { signal } = context;
  const cursor = request.cursor && decodeCursor(request.cursor);
  const resume = request.resume && decodeCursor(request.resume);
  const imported = isEmpty(request.resume ?? request.cursor);
  const memory = imported ? undefined : (resume ?? cursor);
  const [info, marker] = await Promise.all([
    database.info(signal),
    memory !== undefined && memory.nonce === undefined ? undefined : readMarker(database, signal),
  ]);
  const verdict = imported ? NO_MEMORY : judge(memory, info, marker);
  if (resume?.running !== undefined && verdict.run !== "baseline") {
    return continued(resume, resume.running, info, request);
  }
  if (cursor === undefined || verdict.run === "baseline") {
    return {
      run: "baseline",
      reason: cursor && verdict.run === "baseline" ? verdict.reason : undefined,
      info,
      nonce: marker ?? (await writeMarker(database, signal)),
      since: undefined,
      reconcile: false,
      path: await chooseReadPath(database, config, signal),
      vanished: [],
      purges: [],
      purgedInfosLimit: await database.purgedInfosLimit(signal),
    };
  }
  return await delta(database, request, context, cursor, info, marker, verdict);
}

/** What was kept last came from a file: nothing ties it to this database, and its bodies need not be the database's own. */
const NO_MEMORY: Verdict = {
  run: "baseline",
  reason:
    "what was kept before was imported from a file, which does not say where in the database's feed to go on",
};

function isEmpty(cursor: Cursor | undefined): boolean {
  return cursor !== undefined && Object.keys(cursor).length === 0;
}

function judge(memory: CouchCursor | undefined, info: DatabaseInfo, marker: string | undefined): Verdict {
  return memory === undefined ? { run: "delta" } : judgeIncarnation(memory, info, marker);
}

function continued(
  resume: CouchCursor,
  running: RunningState,
  info: DatabaseInfo,
  request: CaptureRequest,
): Opening {
  return {
    run: running.run,
    reason:
      running.run === "baseline" && request.cursor !== undefined
        ? "a baseline is being continued"
        : undefined,
    info: { ...info, purgeSeq: resume.purgeSeq },
    nonce: resume.nonce,
    since: resume.since,
    reconcile: running.reconcile,
    path: running.path,
    vanished: running.vanished,
    purges: running.purges,
    purgedInfosLimit: resume.purgedInfosLimit,
  };
}

async function delta(
  database: CouchDatabase,
  request: CaptureRequest,
  context: SourceContext,
  cursor: CouchCursor,
  info: DatabaseInfo,
  marker: string | undefined,
  verdict: Verdict,
): Promise<Opening> {
  const { signal } = context;
  const reasons: string[] = verdict.run === "reconcile" ? [verdict.reason] : [];
  let purges: readonly string[] = [];
  if (purgeSeqMoved(cursor, info)) {
    const listed = await recentPurges(
      database,
      cursor.purgedInfosLimit ?? DEFAULT_PURGED_INFOS_LIMIT,
      signal,
    );
    if (listed === undefined) reasons.push("documents were purged and the server does not list all of them");
    else purges = listed;
  }
  for (const reason of reasons) {
    context.warn?.(`${reason}: everything in database "${database.name}" is read again and compared`);
  }
  const reconcile = request.reconcile || reasons.length > 0;
  const lost = cursor.nonce !== undefined && marker !== cursor.nonce;
  return {
    run: "delta",
    reason: undefined,
    info,
    nonce: lost ? (marker ?? (await writeMarker(database, signal))) : cursor.nonce,
    since: reconcile ? undefined : cursor.since,
    reconcile,
    path: "bulk",
    vanished: [],
    purges,
    purgedInfosLimit: reconcile ? await database.purgedInfosLimit(signal) : cursor.purgedInfosLimit,
  };
}
