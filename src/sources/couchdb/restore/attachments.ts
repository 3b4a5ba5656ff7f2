/**
 * How a document's attachments travel: inside its JSON as base64 when they are small, beside it in a multipart body
 * when not. Gzip bytes go beside it whenever the target can take them: only so they stay the bytes they are, and with
 * them their digest (B4).
 */
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { VersionReader } from "../../source.ts";
import type { CouchAbilities } from "../abilities.ts";
import type { AttachmentStub } from "../document-text.ts";
import { fitsInPath } from "../names.ts";
import type { StoredAttachment, StoredLeaf } from "./leaf-document.ts";

/** Bytes of attachments that may travel inside a document's JSON; base64 of more costs more than a request of its own. */
const INLINE_BYTES = 64 * 1024;

/** The present document's own attachment with the same content, which need not be sent again. */
export type Reuse = (attachment: StoredAttachment) => AttachmentStub | undefined;

export const reuseNothing: Reuse = () => undefined;

export type AttachmentRoute = "none" | "inline" | "multipart";

/** Names of attachments whose content was not kept: such a document cannot be brought back as it was. */
export function unkeptAttachments(leaf: StoredLeaf, reuse: Reuse): string[] {
  return leaf.stored
    .filter((each) => each.blob === undefined && each.stub.data === undefined && reuse(each) === undefined)
    .map((each) => each.stub.name);
}

export function attachmentRoute(leaf: StoredLeaf, reuse: Reuse, abilities: CouchAbilities): AttachmentRoute {
  if (leaf.stored.length === 0) return "none";
  if (!abilities.multipart || !fitsInPath(leaf.id)) return "inline";
  const sent = leaf.stored.filter((each) => each.stub.data === undefined && reuse(each) === undefined);
  const small = storedBytes(leaf, reuse) <= INLINE_BYTES;
  return small && sent.every((each) => each.blob?.encoding === "identity") ? "inline" : "multipart";
}

/** Bytes that are read from the repository to send the leaf. */
export function storedBytes(leaf: StoredLeaf, reuse: Reuse): number {
  return leaf.stored.reduce(
    (sum, each) => sum + (reuse(each) === undefined ? (each.blob?.length ?? 0) : 0),
    0,
  );
}

/** The `_attachments` object with all content inside. */
export async function inlineAttachments(
  leaf: StoredLeaf,
  reuse: Reuse,
  reader: VersionReader,
): Promise<string> {
  const members: string[] = [];
  for (const attachment of leaf.stored) {
    const { stub, blob } = attachment;
    const present = reuse(attachment);
    const entry = present
      ? stubEntry(present)
      : {
          content_type: stub.contentType,
          revpos: stub.revpos,
          data: blob === undefined ? stub.data : (await identityBytes(blob, reader)).toString("base64"),
        };
    members.push(`${JSON.stringify(stub.name)}:${JSON.stringify(entry)}`);
  }
  return `{${members.join(",")}}`;
}

/** The `_attachments` object of a multipart document, and the attachments whose content follows, in the same order. */
export function followingAttachments(
  leaf: StoredLeaf,
  reuse: Reuse,
): { readonly json: string; readonly following: readonly StoredAttachment[] } {
  const following: StoredAttachment[] = [];
  const members = leaf.stored.map((attachment) => {
    const { stub, blob } = attachment;
    const present = reuse(attachment);
    if (present !== undefined) return `${JSON.stringify(stub.name)}:${JSON.stringify(stubEntry(present))}`;
    const common = { content_type: stub.contentType, revpos: stub.revpos };
    if (blob === undefined) {
      return `${JSON.stringify(stub.name)}:${JSON.stringify({ ...common, data: stub.data })}`;
    }
    following.push(attachment);
    // No digest is sent: the target computes it, and a foreign one would make it refuse the document.
    const lengths =
      blob.encoding === "gzip"
        ? { length: stub.length, encoding: "gzip", encoded_length: blob.length }
        : { length: blob.length };
    return `${JSON.stringify(stub.name)}:${JSON.stringify({ ...common, follows: true, ...lengths })}`;
  });
  return { json: `{${members.join(",")}}`, following };
}

function stubEntry(present: AttachmentStub): object {
  return {
    stub: true,
    content_type: present.contentType,
    revpos: present.revpos,
    digest: present.digest,
    length: present.length,
  };
}

async function identityBytes(
  blob: NonNullable<StoredAttachment["blob"]>,
  reader: VersionReader,
): Promise<Buffer> {
  const stored = reader.blob(blob);
  const content: AsyncIterable<Buffer> =
    // The callback form of pipeline: a failure of either side arrives at whoever iterates.
    blob.encoding === "gzip" ? pipeline(stored, createGunzip(), () => undefined) : stored;
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}
