/**
 * What a database tells about revisions without their bodies: which it lacks, and which it has forgotten.
 */
import { isHoldfastError } from "../../../model/errors.ts";
import { readJson } from "../../http/whole-answer.ts";
import type { CouchDatabase } from "../database.ts";

export interface RevsDiff {
  readonly missing: readonly string[];
  readonly possibleAncestors: readonly string[];
}

export interface PurgedInfo {
  readonly id: string;
  readonly revs: readonly string[];
}

/** Which of the revisions are not there; documents of which all are there are left out. */
export async function readRevsDiff(
  database: CouchDatabase,
  revs: ReadonlyMap<string, readonly string[]>,
  signal: AbortSignal,
): Promise<Map<string, RevsDiff>> {
  const body = `{${[...revs].map(([id, list]) => `${JSON.stringify(id)}:${JSON.stringify(list)}`).join(",")}}`;
  const answer = (await database.exchange(
    {
      method: "POST",
      path: "/_revs_diff",
      body: Buffer.from(body),
      purpose: "compare revisions",
      repeatable: true,
    },
    readJson,
    signal,
  )) as Record<string, { missing?: string[]; possible_ancestors?: string[] }>;
  return new Map(
    Object.entries(answer).map(([id, diff]) => [
      id,
      { missing: diff.missing ?? [], possibleAncestors: diff.possible_ancestors ?? [] },
    ]),
  );
}

/** Ids of recently purged documents with their purged revisions; undefined where the server does not tell. */
export async function readPurgedInfos(
  database: CouchDatabase,
  signal: AbortSignal,
): Promise<PurgedInfo[] | undefined> {
  try {
    const answer = (await database.exchange(
      { method: "GET", path: "/_purged_infos", purpose: "read the purges", repeatable: true },
      readJson,
      signal,
    )) as {
      purged_infos?: { id: string; revs?: string[] }[];
    };
    return answer.purged_infos?.map(({ id, revs }) => ({ id, revs: revs ?? [] }));
  } catch (error) {
    if (
      isHoldfastError(error, "source-not-found", "source-forbidden", "source-unauthorized", "source-protocol")
    ) {
      return undefined;
    }
    throw error;
  }
}
