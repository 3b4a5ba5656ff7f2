/**
 * `_revs_diff` and `_missing_revs`: which of a list of revisions a database does not know.
 */
import type { Database } from "./database.ts";
import { rankedLeaves } from "./revision-tree.ts";
import { validatePartitionedId } from "./document-text.ts";
import { CouchError, methodNotAllowed } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { quote } from "./json-text.ts";
import { parseRevisions } from "./query.ts";
import type { RevisionTree } from "./revision-tree.ts";
import { findRevision } from "./revision-tree.ts";
import type { Revision } from "./revision.ts";
import { formatRevision } from "./revision.ts";
import type { ServerState } from "./state.ts";

interface Difference {
  readonly id: string;
  readonly missing: readonly Revision[];
  readonly ancestors: readonly Revision[];
}

export async function revsDiff(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  const entries = (await differences(exchange, state, database)).map(({ id, missing, ancestors }) => {
    const possible = ancestors.length === 0 ? "" : `,"possible_ancestors":${revisionList(ancestors)}`;
    return `${quote(id)}:{"missing":${revisionList(missing)}${possible}}`;
  });
  await exchange.send(200, `{${entries.join(",")}}`);
}

export async function missingRevs(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  const entries = (await differences(exchange, state, database)).map(
    ({ id, missing }) => `${quote(id)}:${revisionList(missing)}`,
  );
  await exchange.send(200, `{"missing_revs":{${entries.join(",")}}}`);
}

async function differences(
  exchange: Exchange,
  state: ServerState,
  database: Database,
): Promise<Difference[]> {
  if (exchange.method !== "POST") throw methodNotAllowed("POST");
  exchange.requireJson();
  const body = await exchange.object();
  const asked = Object.entries(body).map(([id, revs]) => {
    if (database.partitioned) validatePartitionedId(id);
    if (!Array.isArray(revs)) throw new CouchError(500, "unknown_error", "function_clause");
    return { id, revisions: parseRevisions(revs) };
  });
  state.limiter.admit("lookup", asked.length);
  return asked.flatMap(({ id, revisions }) => {
    const tree = database.find(id)?.tree ?? [];
    const missing = revisions.filter((revision) => findRevision(tree, revision) === null);
    return missing.length === 0 ? [] : [{ id, missing, ancestors: possibleAncestors(tree, missing) }];
  });
}

/** Leaves that may lie below a missing revision: those with a smaller generation. */
function possibleAncestors(tree: RevisionTree, missing: readonly Revision[]): Revision[] {
  const newest = Math.max(...missing.map(({ position }) => position));
  return rankedLeaves(tree).filter((leaf) => leaf.position < newest);
}

function revisionList(revisions: readonly Revision[]): string {
  return `[${revisions.map((revision) => quote(formatRevision(revision))).join(",")}]`;
}
