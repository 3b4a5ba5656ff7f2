/**
 * Which revisions a reader gets: the winner, a list, all leaves. Shared by documents, `_bulk_get` and `open_revs`.
 */
import type { DocumentRecord } from "./database.ts";
import type { Leaf } from "./revision-tree.ts";
import { findRevision, leaves } from "./revision-tree.ts";
import type { Revision } from "./revision.ts";
import { compareHashes } from "./revision.ts";

/**
 * The order of `open_revs`, which a cluster sorts: what is there before what is not, by generation, then hash, each once. `_bulk_get`
 * does not sort.
 */
export function inClusterOrder(opened: readonly OpenedRevision[]): OpenedRevision[] {
  const byRevision = new Map(opened.map((revision) => [JSON.stringify(revision), revision]));
  const key = (revision: OpenedRevision): Revision =>
    "missing" in revision ? revision.missing : revision.found;
  return [...byRevision.values()].sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    return (
      Number("missing" in a) - Number("missing" in b) ||
      left.position - right.position ||
      compareHashes(left.hash, right.hash) ||
      comparePaths(a, b)
    );
  });
}

/** One revision can stand in two histories, which then differ further back. */
function comparePaths(a: OpenedRevision, b: OpenedRevision): number {
  if ("missing" in a || "missing" in b) return 0;
  const differing = a.found.path.findIndex((hash, i) => hash !== b.found.path[i]);
  return compareHashes(a.found.path[differing] ?? "", b.found.path[differing] ?? "");
}

/** A revision that is there, or one that was asked for and is not. */
export type OpenedRevision = { readonly found: Leaf } | { readonly missing: Revision };

/**
 * The revisions wanted, in the order of the request; for `all` every leaf in tree order. `latest`: the leaves that a wanted revision
 * leads to instead of itself.
 */
export function openRevisions(
  record: DocumentRecord | null,
  wanted: readonly Revision[] | "all",
  latest: boolean,
): OpenedRevision[] {
  if (wanted === "all") return record === null ? [] : leaves(record.tree).map((found) => ({ found }));
  const opened: OpenedRevision[] = [];
  for (const revision of wanted) {
    const found = record === null ? null : findRevision(record.tree, revision);
    if (record !== null && found !== null && latest) {
      const newer = leaves(record.tree).filter(
        (leaf) => leaf.path[leaf.position - revision.position] === revision.hash,
      );
      opened.push(...newer.map((leaf) => ({ found: leaf })));
    } else if (found !== null && found.body > 0) {
      opened.push({ found });
    } else {
      opened.push({ missing: revision });
    }
  }
  return opened;
}
