/**
 * Mode `exact`: a true rewind. Present leaves that the instant did not have, or had with another body, are purged; then
 * what is missing is written as an exact tree.
 *
 * Between purge and writing a document is not in the target: a run that is cut off there is mended by repeating it.
 */
import { HoldfastError } from "../../../model/errors.ts";
import { keyText, type ItemKey } from "../../../model/key.ts";
import type { Version } from "../../../model/version.ts";
import type { RestoreOutcome } from "../../source.ts";
import { refusalOf } from "../../http/answer-failure.ts";
import { sameBody } from "../content-equality.ts";
import { readLeaves, type PresentLeaf } from "../leaves.ts";
import { NOT_KEPT, unkeptDocuments } from "./edit.ts";
import { storedLeaves, type StoredLeaf } from "./leaf-document.ts";
import { replicate } from "./replicate.ts";
import type { RestoreRun } from "./run.ts";

/** Documents and revisions in one `_purge`: CouchDB's own default limits. */
const PURGE_DOCUMENTS = 100;
const PURGE_REVISIONS = 1000;

/** `beforePurge` is asked before anything is purged and may throw; it is not asked where nothing must be purged. */
export async function rewind(
  run: RestoreRun,
  versions: readonly Version[],
  beforePurge: () => Promise<void>,
): Promise<RestoreOutcome[]> {
  const outcomes = new Map<Version, RestoreOutcome>();
  const ids = versions.map((version) => keyText(version.key));
  const present = await readLeaves(run.database, ids, run.abilities, run.context.signal);
  const items = versions.map((version, index) => {
    const there = present.get(ids[index] as string) ?? [];
    return { version, present: there, ...compareTrees(storedLeaves(version), there) };
  });
  const differing = items.filter((item) => item.wrong.length > 0 || item.missing);
  for (const { version } of items.filter((item) => !differing.includes(item))) {
    outcomes.set(version, { key: version.key, action: "same", revision: version.revision });
  }
  if (!run.request.apply) {
    for (const item of differing) outcomes.set(item.version, preview(item.version, item.present));
    return versions.map((version) => outcomes.get(version) as RestoreOutcome);
  }
  const unkept = new Set(
    await unkeptDocuments(
      run,
      differing.map((item) => ({ item, key: item.version.key, present: item.present })),
    ),
  );
  for (const { version } of unkept) {
    outcomes.set(version, { key: version.key, action: "unstable", reason: NOT_KEPT });
  }
  const acting = differing.filter((item) => !unkept.has(item));
  if (acting.some((item) => item.wrong.length > 0)) await beforePurge();
  await purgeAll(
    run,
    new Map(acting.map((item) => [keyText(item.version.key), item.wrong.map((leaf) => leaf.rev)])),
  );
  const written = await replicate(
    run,
    acting.map((item) => item.version),
    true,
  );
  acting.forEach((item, index) => {
    const outcome = written[index] as RestoreOutcome;
    const previous = item.present[0]?.rev;
    const done = outcome.action !== "failed" && outcome.action !== "newer";
    outcomes.set(item.version, {
      ...outcome,
      ...(done ? { action: preview(item.version, item.present).action } : {}),
      ...(previous === undefined ? {} : { previousRevision: previous }),
    });
  });
  return versions.map((version) => outcomes.get(version) as RestoreOutcome);
}

/** Purges whole documents. Returns the outcome for each. */
export async function purgeDocuments(run: RestoreRun, keys: readonly ItemKey[]): Promise<RestoreOutcome[]> {
  const ids = keys.map(keyText);
  const present = await readLeaves(run.database, ids, run.abilities, run.context.signal);
  const documents = keys.map((key) => ({ item: key, key, present: present.get(keyText(key)) ?? [] }));
  const unkept = new Set(await unkeptDocuments(run, documents));
  await purgeAll(
    run,
    new Map(
      documents
        .filter(({ key }) => !unkept.has(key))
        .map(({ key, present: leaves }) => [keyText(key), leaves.map((leaf) => leaf.rev)]),
    ),
  );
  return keys.map((key) =>
    unkept.has(key) ? { key, action: "unstable", reason: NOT_KEPT } : { key, action: "delete" },
  );
}

/** The present leaves that must go, and whether any stored one is missing or must be written anew. */
function compareTrees(
  stored: readonly StoredLeaf[],
  present: readonly PresentLeaf[],
): { readonly wrong: readonly PresentLeaf[]; readonly missing: boolean } {
  const wanted = new Map(stored.map((leaf) => [leaf.rev, leaf]));
  const wrong = present.filter((leaf) => {
    const twin = wanted.get(leaf.rev);
    return twin === undefined || twin.deleted !== leaf.deleted || !sameBody(twin.part, leaf.text);
  });
  const right = new Set(present.filter((leaf) => !wrong.includes(leaf)).map((leaf) => leaf.rev));
  return { wrong, missing: stored.some((leaf) => !right.has(leaf.rev)) };
}

function preview(version: Version, present: readonly PresentLeaf[]): RestoreOutcome {
  const [winner] = present;
  const live = winner !== undefined && !winner.deleted;
  const action = version.kind === "live" ? (live ? "change" : "create") : live ? "delete" : "change";
  return {
    key: version.key,
    action: present.length === 0 ? "create" : action,
    ...(winner === undefined ? {} : { revision: winner.rev, previousRevision: winner.rev }),
  };
}

async function purgeAll(run: RestoreRun, revs: ReadonlyMap<string, readonly string[]>): Promise<void> {
  let request = new Map<string, string[]>();
  let revisions = 0;
  const send = async (): Promise<void> => {
    if (request.size > 0) await purge(run, request);
    [request, revisions] = [new Map(), 0];
  };
  for (const [id, all] of revs) {
    for (const rev of all) {
      if (revisions >= PURGE_REVISIONS || (!request.has(id) && request.size >= PURGE_DOCUMENTS)) {
        await send();
      }
      request.set(id, [...(request.get(id) ?? []), rev]);
      revisions++;
    }
  }
  await send();
}

async function purge(run: RestoreRun, revs: ReadonlyMap<string, readonly string[]>): Promise<void> {
  try {
    await run.database.purge(revs, run.context.signal);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    throw new HoldfastError(
      "target-refused",
      `could not purge revisions of database "${run.database.name}", which an exact restore must (a server administrator may): ${refusal.message}`,
      { status: refusal.status },
      error,
    );
  }
}
