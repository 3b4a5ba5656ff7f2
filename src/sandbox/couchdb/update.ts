/**
 * What a write means: `new_edits=true` continues a leaf with a revision of the server's own or conflicts, `new_edits=false`
 * merges the client's history and never conflicts. After `couch_db:update_docs` and `couch_db_updater:merge_rev_tree`.
 */
import type { Attachment, IncomingAttachment } from "./attachment-json.ts";
import type { Database, DocumentRecord } from "./database.ts";
import { rankedLeaves } from "./revision-tree.ts";
import type { IncomingDocument } from "./document-text.ts";
import { documentText } from "./document-view.ts";
import { revisionHash } from "./erlang-term.ts";
import { CouchError, conflict } from "./errors.ts";
import { writeLocal } from "./local-documents.ts";
import type { RevisionTree } from "./revision-tree.ts";
import { findRevision, hasBody, leaves, mergePath, stem } from "./revision-tree.ts";
import type { Revision } from "./revision.ts";
import { formatRevision } from "./revision.ts";
import type { Validator } from "./validation.ts";

/** Stands for a body while it is tried whether the tree takes it. */
const UNWRITTEN = -1;

/** A document with its id settled. */
export type Edit = IncomingDocument & { readonly id: string };

/** One result per edit, in order: the stored revision, or why not. */
export interface EditResult {
  readonly id: string;
  /** The revision that was stored, or that was asked for with `new_edits=false`. */
  readonly rev: string | undefined;
  readonly error?: CouchError;
}

/**
 * Stores the edits in one transaction. Refusals of single documents (409, 403, 401) are results; 412 `missing_stub` is thrown
 * after the documents before it were stored, as it happens across the shards of a cluster.
 */
export function updateDocuments(
  database: Database,
  edits: readonly Edit[],
  newEdits: boolean,
  validator: Validator,
): EditResult[] {
  let missingStub: CouchError | null = null;
  const results = database.transaction(() => {
    const done: EditResult[] = [];
    for (const edit of edits) {
      try {
        const revision = updateOne(database, edit, newEdits, validator);
        done.push({ id: edit.id, rev: formatRevision(revision) });
      } catch (error) {
        if (!(error instanceof CouchError) || error.status === 500) throw error;
        if (error.code === "missing_stub") {
          missingStub = error;
          break;
        }
        const asked = { position: edit.revisions.start, hash: edit.revisions.ids[0] ?? "" };
        done.push({ id: edit.id, rev: newEdits ? undefined : formatRevision(asked), error });
      }
    }
    return done;
  });
  if (missingStub !== null) throw missingStub as CouchError;
  return results;
}

function updateOne(database: Database, edit: Edit, newEdits: boolean, validator: Validator): Revision {
  if (edit.id.startsWith("_local/")) return writeLocal(database, edit);
  const known = database.find(edit.id);
  return newEdits
    ? continueLeaf(database, known, edit, validator)
    : mergeHistory(database, known, edit, validator);
}

function continueLeaf(
  database: Database,
  known: DocumentRecord | null,
  edit: Edit,
  validator: Validator,
): Revision {
  const [parentHash] = edit.revisions.ids;
  const tree: RevisionTree = known?.tree ?? [];
  if (parentHash === undefined) {
    if (known !== null && !known.deleted) throw conflict();
    const attachments = (position: number): Attachment[] =>
      resolveAttachments(database, edit, [], position, true);
    validator.check(edit, () => previewText(edit, attachments(1)), null);
    // Deleting what is deleted is a conflict; anything else begins anew on top of the winning tombstone.
    if (known !== null && edit.deleted) throw conflict();
    const [winner] = known === null ? [] : rankedLeaves(tree);
    const parent = winner === undefined ? null : { position: winner.position, hash: winner.hash };
    return append(
      database,
      known,
      edit,
      parent,
      winner?.path ?? [],
      attachments((winner?.position ?? 0) + 1),
      validator,
    );
  }
  const parent = { position: edit.revisions.start, hash: parentHash };
  const leaf = findRevision(tree, parent);
  if (known === null || leaf === null || !leaf.isLeaf) throw conflict();
  const previous = database.body(leaf.body);
  const attachments = resolveAttachments(database, edit, previous.attachments, parent.position + 1, true);
  validator.check(
    edit,
    () => previewText(edit, attachments),
    () => documentText(database, edit.id, leaf, {}),
  );
  if (known.deleted) throw conflict();
  return append(database, known, edit, parent, leaf.path, attachments, validator);
}

function append(
  database: Database,
  known: DocumentRecord | null,
  edit: Edit,
  parent: Revision | null,
  ancestors: readonly string[],
  attachments: readonly Attachment[],
  validator: Validator,
): Revision {
  const hash = revisionHash({
    deleted: edit.deleted,
    parentPosition: parent?.position ?? 0,
    parentHash: parent?.hash,
    body: edit.body,
    attachments: attachments.map(({ name, type, md5 }) => ({ name, type, md5: Buffer.from(md5, "base64") })),
  });
  const revision = { position: (parent?.position ?? 0) + 1, hash };
  const path = { start: revision.position, ids: [hash, ...ancestors], deleted: edit.deleted };
  const merged = mergePath(known?.tree ?? [], { ...path, body: UNWRITTEN });
  if (merged.outcome !== "new_leaf") throw conflict();
  const body = database.addBody(edit.body, attachments);
  const tree = mergePath(known?.tree ?? [], { ...path, body }).tree;
  database.save(edit.id, known, stem(tree, database.revsLimit));
  validator.changed(edit.id);
  return revision;
}

function mergeHistory(
  database: Database,
  known: DocumentRecord | null,
  edit: Edit,
  validator: Validator,
): Revision {
  const { start, ids } = edit.revisions;
  const revision = { position: start, hash: ids[0] ?? "" };
  const tree: RevisionTree = known?.tree ?? [];
  const path = { start, ids, deleted: edit.deleted };
  const trial = mergePath(tree, { ...path, body: UNWRITTEN }).tree;
  if (!hasBody(trial, UNWRITTEN)) {
    // The body of a revision that is stored stays, whatever comes under its name; ancestors may still be news.
    const merged = stem(trial, database.revsLimit);
    if (JSON.stringify(merged) !== JSON.stringify(tree)) database.save(edit.id, known, merged);
    return revision;
  }
  const previous = nearestStored(tree, start, ids);
  const previousBody = previous === null ? null : database.body(previous.body);
  const attachments = resolveAttachments(database, edit, previousBody?.attachments ?? [], start, false);
  // An old revision that fills a gap inside the tree is not judged, only what becomes a leaf.
  if (leaves(trial).some((leaf) => leaf.body === UNWRITTEN)) {
    const preview = (): string => previewText(edit, attachments);
    validator.check(edit, preview, previous && (() => documentText(database, edit.id, previous, {})));
  }
  const body = database.addBody(edit.body, attachments);
  const merged = stem(mergePath(tree, { ...path, body }).tree, database.revsLimit);
  if (!hasBody(merged, body)) database.removeBody(body);
  database.save(edit.id, known, merged);
  validator.changed(edit.id);
  return revision;
}

/** The newest ancestor in the client's history whose body the database has. */
function nearestStored(
  tree: RevisionTree,
  start: number,
  ids: readonly string[],
): ReturnType<typeof findRevision> {
  for (let i = 1; i < ids.length && tree.length > 0; i++) {
    const found = findRevision(tree, { position: start - i, hash: ids[i] ?? "" });
    if (found !== null && found.body > 0) return found;
  }
  return null;
}

/** Stores what came inline, and looks stubs up in the previous revision. Throws 412 `missing_stub`, 413. */
function resolveAttachments(
  database: Database,
  edit: Edit,
  previous: readonly Attachment[],
  position: number,
  newEdits: boolean,
): Attachment[] {
  return edit.attachments.map((incoming) => {
    switch (incoming.kind) {
      case "stub":
        return findStub(edit.id, incoming, previous);
      case "inline": {
        const stored = database.attachments.store(incoming.name, incoming.type, incoming.bytes);
        database.external += stored.encodedLength;
        return { ...stored, revpos: revpos(incoming, position, newEdits) };
      }
      case "stored":
        return { ...incoming.attachment, revpos: revpos(incoming, position, newEdits) };
      default:
        // An attachment that is to follow where nothing can follow trips the server up.
        throw new CouchError(500, "unknown_error", "function_clause");
    }
  });
}

function revpos(incoming: { readonly revpos: number }, position: number, newEdits: boolean): number {
  return newEdits ? position : incoming.revpos;
}

function findStub(
  id: string,
  stub: Extract<IncomingAttachment, { kind: "stub" }>,
  previous: readonly Attachment[],
): Attachment {
  const found = previous.find(({ name }) => name === stub.name);
  if (found === undefined || (stub.revpos !== undefined && stub.revpos !== found.revpos)) {
    throw new CouchError(412, "missing_stub", `Invalid attachment stub in ${id} for ${stub.name}`);
  }
  return found;
}

/** The document as a validation function is to see it. */
function previewText(edit: Edit, attachments: readonly Attachment[]): string {
  const { start, ids } = edit.revisions;
  const rev = ids[0] === undefined ? "" : `,"_rev":${JSON.stringify(`${start}-${ids[0]}`)}`;
  const inner = edit.body.length > 2 ? `,${edit.body.slice(1, -1)}` : "";
  const deleted = edit.deleted ? ',"_deleted":true' : "";
  const revisions = `,"_revisions":{"start":${start},"ids":${JSON.stringify(ids)}}`;
  const stubs = attachments.length === 0 ? "" : `,"_attachments":${stubList(attachments)}`;
  return `{"_id":${JSON.stringify(edit.id)}${rev}${inner}${deleted}${revisions}${stubs}}`;
}

function stubList(attachments: readonly Attachment[]): string {
  const stubs = attachments.map(({ name, type, revpos: from, md5, length }) => [
    name,
    { content_type: type, revpos: from, digest: `md5-${md5}`, length, stub: true },
  ]);
  return JSON.stringify(Object.fromEntries(stubs));
}
