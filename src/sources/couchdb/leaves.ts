/**
 * The present leaf revisions of documents: with their texts, or by name only.
 */
import { HoldfastError } from "../../model/errors.ts";
import { backoffDelay, DEFAULT_RETRY, pause } from "../http/backoff.ts";
import type { CouchAbilities } from "./abilities.ts";
import type { CouchDatabase } from "./database.ts";
import { readMembers, type DocumentMembers } from "./document-text.ts";
import { byWinnerRule } from "./items.ts";
import { fitsInPath } from "./names.ts";
import type { BulkGetEntry } from "./reading/bulk-get.ts";

export interface PresentLeaf extends DocumentMembers {
  /** Raw text with `_revisions`. */
  readonly text: Buffer;
}

/** Times that documents are asked for when the service fails inside a good answer (see B1 on `_bulk_get`). */
const READ_ATTEMPTS = 4;

/** No document has a revision of this generation, so asking for it makes `_revs_diff` name all leaves. */
const IMPOSSIBLE_REVISION = `${Number.MAX_SAFE_INTEGER}-0`;

/**
 * All leaves of each document, winner first; an empty list where the document does not exist. Throws
 * `source-unreachable` when the service cannot say.
 */
export async function readLeaves(
  database: CouchDatabase,
  ids: readonly string[],
  abilities: CouchAbilities,
  signal: AbortSignal,
): Promise<Map<string, PresentLeaf[]>> {
  const leaves = new Map<string, PresentLeaf[]>();
  let asked = ids;
  for (let attempt = 1; asked.length > 0; attempt++) {
    if (attempt > 1) await pause(backoffDelay(DEFAULT_RETRY, attempt - 1, undefined), signal);
    const failed: string[] = [];
    for (const entry of await readEntries(database, asked, abilities, signal)) {
      const broken = entry.revisions.find((revision) => !revision.found && !revision.missing);
      if (broken === undefined) leaves.set(entry.id, sortedLeaves(entry));
      else failed.push(entry.id);
      if (broken !== undefined && !broken.found && attempt === READ_ATTEMPTS) {
        throw new HoldfastError(
          "source-unreachable",
          `could not read document "${entry.id}" of database "${database.name}": the service kept answering ${broken.error} (${broken.reason})`,
          { item: entry.id },
        );
      }
    }
    asked = failed;
  }
  return leaves;
}

async function readEntries(
  database: CouchDatabase,
  ids: readonly string[],
  abilities: CouchAbilities,
  signal: AbortSignal,
): Promise<readonly BulkGetEntry[]> {
  if (abilities.bulkLeaves)
    return await database.bulkGet(
      ids.map((id) => ({ id })),
      {},
      signal,
    );
  return await Promise.all(
    ids.map(async (id) => {
      if (fitsInPath(id)) return await database.openRevs(id, "all", signal);
      const [entry] = await database.bulkGet([{ id }], {}, signal);
      return entry ?? { id, revisions: [] };
    }),
  );
}

function sortedLeaves(entry: BulkGetEntry): PresentLeaf[] {
  const leaves: PresentLeaf[] = [];
  for (const revision of entry.revisions) {
    if (revision.found) leaves.push({ ...readMembers(revision.text), text: revision.text });
  }
  return leaves.sort(byWinnerRule);
}

export interface KnownRevisions {
  /** Which of the revisions asked about are not in the document's tree at all. */
  readonly missing: ReadonlySet<string>;
  /** All present leaves, deleted ones too; empty where the document does not exist. */
  readonly leaves: readonly string[];
}

/** What the database knows of these revisions, without reading a body. Every id asked about has an entry. */
export async function knownRevisions(
  database: CouchDatabase,
  revs: ReadonlyMap<string, readonly string[]>,
  abilities: CouchAbilities,
  signal: AbortSignal,
): Promise<Map<string, KnownRevisions>> {
  const asked = new Map([...revs].map(([id, list]) => [id, [...list, IMPOSSIBLE_REVISION]]));
  const diff = await database.revsDiff(abilities.possibleAncestors ? asked : revs, signal);
  const leaves = abilities.possibleAncestors
    ? undefined
    : await readLeaves(database, [...revs.keys()], abilities, signal);
  return new Map(
    [...revs.keys()].map((id) => [
      id,
      {
        missing: new Set(diff.get(id)?.missing.filter((rev) => rev !== IMPOSSIBLE_REVISION)),
        leaves: leaves?.get(id)?.map((leaf) => leaf.rev) ?? diff.get(id)?.possibleAncestors ?? [],
      },
    ]),
  );
}
