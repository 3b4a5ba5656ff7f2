/**
 * One stored revision on its way back: what it is, its attachments, and the text that is sent. Bodies are spliced,
 * never parsed and written anew.
 */
import { keyText } from "../../../model/key.ts";
import type { BlobRef, Version } from "../../../model/version.ts";
import {
  readMembers,
  withMembersFirst,
  withoutMembers,
  type AttachmentStub,
  type DocumentMembers,
} from "../document-text.ts";
import { BOOKKEEPING } from "../content-equality.ts";
import { generationOf, hashOf } from "../items.ts";

export interface StoredAttachment {
  readonly stub: AttachmentStub;
  /** Undefined where its content was not kept. */
  readonly blob: BlobRef | undefined;
}

export interface StoredLeaf extends DocumentMembers {
  readonly part: Buffer;
  readonly stored: readonly StoredAttachment[];
}

/** The leaves of a version, winner first. */
export function storedLeaves(version: Version): StoredLeaf[] {
  return version.parts.map((part, index) => {
    const members = readMembers(part);
    const blobs = version.blobs.filter((blob) => blob.part === index);
    return {
      ...members,
      id: keyText(version.key),
      part,
      stored: members.attachments.map((stub) => ({
        stub,
        blob: blobs.find((blob) => blob.name === stub.name),
      })),
    };
  });
}

/** The text that brings exactly this revision with its ancestry (`new_edits=false`), attachments not yet seen to. */
export function replicaText(leaf: StoredLeaf): Buffer {
  if (leaf.revisions !== undefined || generationOf(leaf.rev) !== 1) return leaf.part;
  // A first revision is stored without its ancestry, since that is known: itself.
  const ids = JSON.stringify([hashOf(leaf.rev)]);
  return withMembersFirst(leaf.part, [Buffer.from(`"_revisions":{"start":1,"ids":${ids}}`)]);
}

/** The text that makes this content the document's next revision; `onto`: the present winner, none where it is deleted. */
export function contentText(leaf: StoredLeaf, onto: string | undefined, deleted: boolean): Buffer {
  const members = [`"_id":${JSON.stringify(leaf.id)}`];
  if (onto !== undefined) members.push(`"_rev":${JSON.stringify(onto)}`);
  if (deleted) members.push('"_deleted":true');
  return withMembersFirst(
    withoutMembers(leaf.part, BOOKKEEPING),
    members.map((member) => Buffer.from(member)),
  );
}

/** The text of a tombstone on top of `rev`, without a body. */
export function tombstoneText(id: string, rev: string): Buffer {
  return Buffer.from(`{"_id":${JSON.stringify(id)},"_rev":${JSON.stringify(rev)},"_deleted":true}`);
}

/** `text` with this `_attachments` object (raw JSON) in place of its own. */
export function withAttachments(text: Buffer, attachments: string): Buffer {
  return withMembersFirst(withoutMembers(text, ATTACHMENTS), [Buffer.from(`"_attachments":${attachments}`)]);
}

const ATTACHMENTS: ReadonlySet<string> = new Set(["_attachments"]);
