/**
 * What an item of a database is: documents under their ids, and the parts of a database that are not documents under
 * names that no document can have. The encoding is described in docs/format/couchdb-items.md.
 */
import { createHash } from "node:crypto";
import { keyOf, type ItemKey } from "../../model/key.ts";
import type { BlobRef, CapturedVersion } from "../../model/version.ts";
import { readMembers } from "./document-text.ts";
import { MAY_BE_DELETED, MAY_HAVE_ATTACHMENTS } from "../http/raw-json.ts";

export const SECURITY_KEY: ItemKey = keyOf("_security");
export const SETTINGS_KEY: ItemKey = keyOf("_settings");
export const LOCAL_PREFIX = "_local/";
export const DESIGN_PREFIX = "_design/";

/** Whether the key names a document: everything but the pseudo items. */
export function isDocumentKey(key: ItemKey): boolean {
  return key[0] !== 0x5f || key.toString("latin1", 0, DESIGN_PREFIX.length) === DESIGN_PREFIX;
}

/** What a database is made with; a member is absent where the server has no such setting. */
export interface DatabaseSettings {
  readonly partitioned?: boolean;
  readonly q?: number;
  readonly n?: number;
  readonly revs_limit?: number;
  readonly purged_infos_limit?: number;
}

/** The text of the `_settings` item: members always in the same order, so that equal settings are equal bytes. */
export function settingsText(settings: DatabaseSettings): Buffer {
  const { partitioned, q, n, revs_limit, purged_infos_limit } = settings;
  return Buffer.from(JSON.stringify({ partitioned, q, n, revs_limit, purged_infos_limit }), "utf8");
}

export function parseSettings(text: Buffer): DatabaseSettings {
  return JSON.parse(text.toString("utf8")) as DatabaseSettings;
}

/** Canonical bytes of a leaf set: the revisions in text order, separated by commas. Which are deleted follows from them. */
export function leafState(revs: readonly string[]): Buffer {
  return Buffer.from(revs.length === 1 ? (revs[0] as string) : [...revs].sort().join(","), "latin1");
}

/** The state of a purged item. */
export const PURGED_STATE: Buffer = Buffer.from("purged");

/** One leaf revision of a document. */
export interface Leaf {
  readonly rev: string;
  readonly deleted: boolean;
  readonly text: Buffer;
  /** False only when it certainly has none. */
  readonly mayHaveAttachments: boolean;
}

/** A leaf from a raw text and its scan flags (see `../http/raw-json.ts`). */
export function leafOf(rev: string, text: Buffer, flags: number): Leaf {
  return {
    rev,
    text,
    deleted: (flags & MAY_BE_DELETED) !== 0 && readMembers(text).deleted,
    mayHaveAttachments: (flags & MAY_HAVE_ATTACHMENTS) !== 0,
  };
}

/** What the winner rule looks at. */
export type LeafName = Pick<Leaf, "rev" | "deleted">;

/** CouchDB's rule for the winner, applied to all: live before deleted, longer before shorter, then the greater hash. */
export function byWinnerRule(a: LeafName, b: LeafName): number {
  if (a.deleted !== b.deleted) return a.deleted ? 1 : -1;
  const generations = generationOf(b.rev) - generationOf(a.rev);
  if (generations !== 0) return generations;
  const [left, right] = [hashOf(a.rev), hashOf(b.rev)];
  if (left === right) return 0;
  return left < right ? 1 : -1;
}

/** The number before the dash of a revision. */
export function generationOf(rev: string): number {
  return Number(rev.slice(0, rev.indexOf("-")));
}

/** The part of a revision after the dash. */
export function hashOf(rev: string): string {
  return rev.slice(rev.indexOf("-") + 1);
}

/** Winner first: the order of a version's parts. */
export function orderLeaves(leaves: readonly Leaf[]): readonly Leaf[] {
  return leaves.length === 1 ? leaves : [...leaves].sort(byWinnerRule);
}

/** A document's version from all its leaves, as `orderLeaves` gives them. */
export function documentVersion(
  key: ItemKey,
  ordered: readonly Leaf[],
  blobs: readonly BlobRef[],
): CapturedVersion {
  const winner = ordered[0] as Leaf;
  return {
    key,
    kind: winner.deleted ? "deleted" : "live",
    revision: winner.rev,
    state: leafState(ordered.map((leaf) => leaf.rev)),
    parts: ordered.map((leaf) => leaf.text),
    blobs,
  };
}

export function purgedVersion(key: ItemKey): CapturedVersion {
  return { key, kind: "purged", revision: "", state: PURGED_STATE, parts: [], blobs: [] };
}

/** A pseudo item's version: its text is its only part, its state the text's digest. */
export function textVersion(key: ItemKey, text: Buffer, revision = ""): CapturedVersion {
  const state = createHash("sha256").update(text).digest();
  return { key, kind: "live", revision, state, parts: [text], blobs: [] };
}
