/**
 * Whether two documents hold the same content, whatever their revisions: bodies as CouchDB normalises them, attachments
 * by name, type and bytes.
 */
import { createHash } from "node:crypto";
import { createGunzip } from "node:zlib";
import { pipeline } from "node:stream/promises";
import { parseJson } from "../../model/json/parse.ts";
import { canonicalText } from "../../model/json/text.ts";
import type { BlobRef } from "../../model/version.ts";
import type { CouchDatabase } from "./database.ts";
import { withoutMembers, type AttachmentStub } from "./document-text.ts";
import { fitsInPath } from "./names.ts";

/** Members that CouchDB adds or takes for itself: not part of the content. */
export const BOOKKEEPING: ReadonlySet<string> = new Set([
  "_id",
  "_rev",
  "_revisions",
  "_deleted",
  "_attachments",
  "_conflicts",
  "_deleted_conflicts",
  "_local_seq",
  "_revs_info",
]);

/** Bytes first; only what differs in bytes is parsed. */
export function sameBody(a: Buffer, b: Buffer): boolean {
  if (a.equals(b)) return true;
  const [x, y] = [withoutMembers(a, BOOKKEEPING), withoutMembers(b, BOOKKEEPING)];
  return x.equals(y) || canonicalText(parseJson(x)) === canonicalText(parseJson(y));
}

/** Where an attachment can be read when its digest does not settle the question. */
export interface AttachmentPlace {
  readonly database: CouchDatabase;
  readonly id: string;
  readonly rev: string;
}

/**
 * Whether the present attachment has the stored one's content. Digests that differ do not prove that it has not: they
 * are taken over the bytes as one server compressed them. Then the content itself is read and compared.
 */
export async function sameAttachment(
  stored: AttachmentStub,
  blob: BlobRef | undefined,
  present: AttachmentStub,
  place: AttachmentPlace,
  signal: AbortSignal,
): Promise<boolean> {
  if (stored.contentType !== present.contentType) return false;
  if (stored.digest === present.digest) return true;
  if (stored.length !== present.length || blob === undefined || !fitsInPath(place.id)) return false;
  return (await attachmentSha256(place, present.name, signal)) === blob.sha256;
}

/** SHA-256 of the attachment's identity bytes, hex, computed while it passes. */
export async function attachmentSha256(
  { database, id, rev }: AttachmentPlace,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  return await database.attachment(
    id,
    name,
    rev,
    async (answer) => {
      const hash = createHash("sha256");
      const gzipped = answer.headers["content-encoding"] === "gzip";
      await (gzipped ? pipeline(answer.body, createGunzip(), hash) : pipeline(answer.body, hash));
      return hash.digest("hex");
    },
    signal,
  );
}
