/**
 * Named items as they are now: what a restore in place asks for before it overwrites, so that it can be undone.
 */
import { isHoldfastError } from "../../model/errors.ts";
import { keyText, type ItemKey } from "../../model/key.ts";
import type { CapturedVersion } from "../../model/version.ts";
import type { CouchAbilities } from "./abilities.ts";
import { localVersion, securityVersion, settingsVersion } from "./capture/pseudo-items.ts";
import type { CouchDatabase } from "./database.ts";
import { documentVersion, isDocumentKey, SECURITY_KEY, SETTINGS_KEY, type Leaf } from "./items.ts";
import { readLeaves } from "./leaves.ts";

/** Documents per request. */
const BATCH_DOCUMENTS = 500;

/**
 * In the order of the keys; undefined where there is none. Attachments are named by the stubs in the texts; `blobs` is
 * empty, because nothing is stored here.
 */
export async function readPresentItems(
  database: CouchDatabase,
  abilities: CouchAbilities,
  keys: readonly ItemKey[],
  signal: AbortSignal,
): Promise<(CapturedVersion | undefined)[]> {
  const items: (CapturedVersion | undefined)[] = [];
  for (let from = 0; from < keys.length; from += BATCH_DOCUMENTS) {
    const batch = keys.slice(from, from + BATCH_DOCUMENTS);
    const ids = batch.filter(isDocumentKey).map(keyText);
    const leaves = ids.length === 0 ? new Map() : await readLeaves(database, ids, abilities, signal);
    for (const key of batch) {
      if (!isDocumentKey(key)) items.push(await pseudoItem(database, key, signal));
      else items.push(versionOf(key, leaves.get(keyText(key)) ?? []));
    }
  }
  return items;
}

function versionOf(
  key: ItemKey,
  leaves: readonly { readonly rev: string; readonly deleted: boolean; readonly text: Buffer }[],
): CapturedVersion | undefined {
  const ordered: Leaf[] = leaves.map(({ rev, deleted, text }) => ({
    rev,
    deleted,
    text,
    mayHaveAttachments: true,
  }));
  return ordered.length === 0 ? undefined : documentVersion(key, ordered, []);
}

async function pseudoItem(
  database: CouchDatabase,
  key: ItemKey,
  signal: AbortSignal,
): Promise<CapturedVersion | undefined> {
  try {
    if (key.equals(SECURITY_KEY)) return await securityVersion(database, signal);
    if (key.equals(SETTINGS_KEY)) {
      const [info, limit] = await Promise.all([database.info(signal), database.purgedInfosLimit(signal)]);
      return await settingsVersion(database, info, limit, signal);
    }
    return await localVersion(database, keyText(key), signal);
  } catch (error) {
    if (isHoldfastError(error, "source-not-found")) return undefined;
    throw error;
  }
}
