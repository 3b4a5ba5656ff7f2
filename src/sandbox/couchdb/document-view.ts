/**
 * Documents as the server shows them: member order and spelling as the transcripts have them.
 */
import type { Attachment } from "./attachment-json.ts";
import { attachmentText } from "./attachment-json.ts";
import type { Database, DocumentRecord, StoredBody } from "./database.ts";
import { rankedLeaves } from "./revision-tree.ts";
import { quote } from "./json-text.ts";
import type { Leaf } from "./revision-tree.ts";
import { nodesOf } from "./revision-tree.ts";
import type { Revision } from "./revision.ts";
import { formatRevision } from "./revision.ts";

/** Which members beside the body to show. */
export interface ViewOptions {
  /** `_revisions` */
  readonly revs?: boolean;
  /** `_revs_info` */
  readonly revsInfo?: boolean;
  readonly localSeq?: boolean;
  readonly conflicts?: boolean;
  readonly deletedConflicts?: boolean;
  /** Attachments with their bytes instead of as stubs. */
  readonly attachments?: boolean;
  /** Attachments as parts that follow in the same answer. */
  readonly follows?: boolean;
  readonly encodingInfo?: boolean;
  /** With `attachments`: only those newer than every one of these revisions that the document descends from. */
  readonly attachmentsSince?: readonly Revision[];
}

/** True if the answer depends on more than the revision, so that it gets no ETag. */
export function hasMeta(options: ViewOptions): boolean {
  return Boolean(options.revsInfo || options.localSeq || options.conflicts || options.deletedConflicts);
}

/** The document at one revision. `record` is needed for the options that look at the whole tree. */
export function documentText(
  database: Database,
  id: string,
  revision: Leaf,
  options: ViewOptions,
  record?: DocumentRecord | null,
): string {
  return composeDocument(database, id, revision, database.body(revision.body), options, record);
}

/** As {@link documentText}, for a body that is at hand. */
export function composeDocument(
  database: Database,
  id: string,
  revision: Leaf,
  body: StoredBody,
  options: ViewOptions,
  record?: DocumentRecord | null,
): string {
  let text = `{"_id":${quote(id)},"_rev":${quote(formatRevision(revision))}`;
  if (body.text !== "") text += `,${body.text}`;
  if (revision.deleted) text += ',"_deleted":true';
  if (options.revs === true) {
    // Where branches of unequal length share a trunk, the tree knows more than the limit allows to be shown.
    const shown = revision.path.slice(0, database.revsLimit);
    text += `,"_revisions":{"start":${revision.position},"ids":[${shown.map(quote).join(",")}]}`;
  }
  if (record !== undefined && record !== null) text += metaText(record, revision, database, options);
  if (body.attachments.length > 0) {
    text += `,"_attachments":{${attachmentList(database, revision, body.attachments, options)}}`;
  }
  return `${text}}`;
}

function metaText(record: DocumentRecord, revision: Leaf, database: Database, options: ViewOptions): string {
  let text = "";
  if (options.revsInfo === true) text += `,"_revs_info":[${revsInfo(record, revision).join(",")}]`;
  if (options.localSeq === true) text += `,"_local_seq":${quote(database.sequences.encode(record.seq))}`;
  if (options.conflicts === true || options.deletedConflicts === true) {
    const others = rankedLeaves(record.tree).slice(1);
    if (options.conflicts === true) text += conflictList("_conflicts", others, false);
    if (options.deletedConflicts === true) text += conflictList("_deleted_conflicts", others, true);
  }
  return text;
}

function revsInfo(record: DocumentRecord, revision: Leaf): string[] {
  const nodes = nodesOf(record.tree, revision);
  return revision.path.map((hash, i) => {
    const node = nodes[i];
    const status = node === undefined || node.body === 0 ? "missing" : node.deleted ? "deleted" : "available";
    return `{"rev":${quote(`${revision.position - i}-${hash}`)},"status":"${status}"}`;
  });
}

function conflictList(member: string, others: readonly Leaf[], deleted: boolean): string {
  const revs = others.filter((leaf) => leaf.deleted === deleted).map((leaf) => quote(formatRevision(leaf)));
  return revs.length === 0 ? "" : `,"${member}":[${revs.join(",")}]`;
}

function attachmentList(
  database: Database,
  revision: Leaf,
  attachments: readonly Attachment[],
  options: ViewOptions,
): string {
  const encodingInfo = options.encodingInfo === true;
  const wanted = selectAttachments(revision, attachments, options);
  return attachments
    .map((attachment) => {
      if (!wanted.has(attachment)) return attachmentText(attachment, { kind: "stub" }, encodingInfo);
      if (options.follows === true) return attachmentText(attachment, { kind: "follows" }, encodingInfo);
      const bytes = database.attachments.readIdentity(attachment);
      return attachmentText(attachment, { kind: "data", bytes }, encodingInfo);
    })
    .join(",");
}

/** Those whose bytes the client asked for. */
export function selectAttachments(
  revision: Leaf,
  attachments: readonly Attachment[],
  options: ViewOptions,
): Set<Attachment> {
  if (options.attachments !== true) return new Set();
  const since = options.attachmentsSince ?? [];
  const known = since.filter(({ position, hash }) => revision.path[revision.position - position] === hash);
  // Below any position there is: `new_edits=false` without `revpos` stores 0, and the real server sends those too.
  const newestKnown = Math.max(-1, ...known.map(({ position }) => position));
  return new Set(attachments.filter(({ revpos }) => revpos > newestKnown));
}
