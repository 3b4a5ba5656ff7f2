/**
 * The items of a database that are not documents: settings, the security object, `_local` documents.
 */
import { diffJson } from "../../../model/json/diff.ts";
import { parseJson } from "../../../model/json/parse.ts";
import { keyText } from "../../../model/key.ts";
import type { Version } from "../../../model/version.ts";
import type { RestoreOutcome } from "../../source.ts";
import { refusalOf } from "../../http/answer-failure.ts";
import { sameBody } from "../content-equality.ts";
import { memberNames, memberText, withMembersFirst, withoutMembers } from "../document-text.ts";
import { LOCAL_PREFIX, parseSettings } from "../items.ts";
import { itemKind } from "./item-kind.ts";
import type { RestoreRun } from "./run.ts";
import { NOT_THERE } from "./write-leaves.ts";

/** Whether two security objects grant the same. */
export function sameSecurity(a: Buffer, b: Buffer): boolean {
  return a.equals(b) || diffJson(parseJson(a), parseJson(b)).every(({ kind }) => kind === "reordered");
}

/**
 * Restores one such item; undefined for a replication checkpoint, which must never come back: it would make a
 * replication skip what the restore brought. `exists`: whether there is a target to look at (false in a preview only).
 */
export async function restoreSetting(
  run: RestoreRun,
  version: Version,
  exists: boolean,
): Promise<RestoreOutcome | undefined> {
  const { key } = version;
  const text = version.parts[0];
  if (text === undefined || version.kind !== "live") return { key, action: "same" };
  const kind = itemKind(key);
  if (kind === "local" && isCheckpoint(text)) {
    run.context.warn?.("a replication checkpoint is not restored: it would be out of date", keyText(key));
    return undefined;
  }
  if (!exists) return { key, action: "create" };
  try {
    if (kind === "security") return await restoreSecurity(run, version, text);
    if (kind === "settings") return await restoreSettings(run, version, text);
    return await restoreLocal(run, version, text);
  } catch (error) {
    // A refusal concerns this item only (say, an account that may write documents and no settings).
    const refusal = refusalOf(error);
    if (refusal === undefined || refusal.status === 401) throw error;
    return { key, action: "failed", reason: refusal.message };
  }
}

async function restoreSecurity(run: RestoreRun, { key }: Version, text: Buffer): Promise<RestoreOutcome> {
  const { database, request, context } = run;
  if (sameSecurity(text, await database.security(context.signal))) return { key, action: "same" };
  if (!request.apply) return { key, action: "change" };
  await database.putSecurity(text, context.signal);
  return sameSecurity(text, await database.security(context.signal))
    ? { key, action: "change" }
    : { key, action: "failed", reason: NOT_THERE };
}

/** Shards and copies are chosen when a database is made; only the limits can follow. */
async function restoreSettings(run: RestoreRun, { key }: Version, text: Buffer): Promise<RestoreOutcome> {
  const { database, request, context } = run;
  const wanted = parseSettings(text);
  const [revs, purges] = await Promise.all([
    database.revsLimit(context.signal),
    database.purgedInfosLimit(context.signal),
  ]);
  const { revs_limit, purged_infos_limit } = wanted;
  let differs = false;
  // A setting that the target does not have cannot differ.
  if (revs_limit !== undefined && revs !== undefined && revs !== revs_limit) {
    differs = true;
    if (request.apply) await database.putRevsLimit(revs_limit, context.signal);
  }
  if (purged_infos_limit !== undefined && purges !== undefined && purges !== purged_infos_limit) {
    differs = true;
    if (request.apply) await database.putPurgedInfosLimit(purged_infos_limit, context.signal);
  }
  return { key, action: differs ? "change" : "same" };
}

async function restoreLocal(run: RestoreRun, { key }: Version, text: Buffer): Promise<RestoreOutcome> {
  const { database, request, context } = run;
  const name = keyText(key).slice(LOCAL_PREFIX.length);
  const present = await database.getLocal(name, context.signal);
  if (present !== undefined && sameBody(text, present)) return { key, action: "same" };
  const action = present === undefined ? "create" : "change";
  if (!request.apply) return { key, action };
  const rev = present && memberText(present, "_rev");
  const bare = withoutMembers(text, LOCAL_BOOKKEEPING);
  const next = rev ? withMembersFirst(bare, [Buffer.concat([REV, rev])]) : bare;
  const revision = await database.putLocal(name, next, context.signal);
  return { key, action, revision };
}

const LOCAL_BOOKKEEPING: ReadonlySet<string> = new Set(["_id", "_rev"]);
const REV = Buffer.from('"_rev":');

/** The shape of what replicators keep (B5). */
function isCheckpoint(text: Buffer): boolean {
  const names = new Set(memberNames(text));
  return names.has("session_id") && (names.has("source_last_seq") || names.has("history"));
}
