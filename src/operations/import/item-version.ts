/**
 * The version of an item from the revisions of it that a file holds.
 */
import type { CapturedVersion, Version } from "../../model/version.ts";
import { readMembers } from "../../sources/couchdb/document-text.ts";
import {
  documentVersion,
  generationOf,
  isDocumentKey,
  orderLeaves,
  textVersion,
  type Leaf,
} from "../../sources/couchdb/items.ts";
import type { ItemLeaves } from "./leaf-sorter.ts";

export interface ItemVersion {
  readonly version: CapturedVersion;
  readonly seen: { readonly at: number; readonly sequence: string };
  /** Revisions left out because another one in the file descends from them: they are no leaves. */
  readonly ancestors: number;
}

export function itemVersion({ key, leaves: found }: ItemLeaves): ItemVersion {
  const newest = found.reduce((a, b) => (b.observation.at > a.observation.at ? b : a));
  const { at, sequence } = newest.observation;
  const seen = { at, sequence };
  const first = found[0] as Version;
  if (!isDocumentKey(key)) {
    return { version: textVersion(key, textOf(first), first.revision), seen, ancestors: 0 };
  }
  const inner = found.length === 1 ? new Set<string>() : ancestorsOf(found);
  const ends = found.filter(({ revision }) => !inner.has(revision));
  const byRevision = new Map(ends.map((leaf) => [leaf.revision, leaf]));
  const ordered = orderLeaves(
    ends.map((leaf): Leaf => ({
      rev: leaf.revision,
      deleted: leaf.kind === "deleted",
      text: textOf(leaf),
      mayHaveAttachments: leaf.blobs.length > 0,
    })),
  );
  const blobs = ordered.flatMap(({ rev }, part) =>
    (byRevision.get(rev)?.blobs ?? []).map((blob) => ({ ...blob, part })),
  );
  return { version: documentVersion(key, ordered, blobs), seen, ancestors: found.length - ends.length };
}

/** Every revision that one of these has behind it. */
function ancestorsOf(leaves: readonly Version[]): Set<string> {
  const ancestors = new Set<string>();
  for (const leaf of leaves) {
    const { revisions } = readMembers(textOf(leaf));
    const start = revisions?.start ?? generationOf(leaf.revision);
    revisions?.ids.forEach((hash, back) => {
      if (back > 0) ancestors.add(`${start - back}-${hash}`);
    });
  }
  return ancestors;
}

function textOf(leaf: Version): Buffer {
  return leaf.parts[0] as Buffer;
}
