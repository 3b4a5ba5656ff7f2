/**
 * `PUT /{db}/{id}` as `multipart/related`: the document first, then the bytes of its attachments. Parts belong to the attachments that
 * say `follows`, in the order of the `_attachments` object; the file names in the parts are not looked at.
 */
import type { IncomingAttachment } from "./attachment-json.ts";
import { checkDocument } from "./bulk-docs.ts";
import type { Database } from "./database.ts";
import type { IncomingDocument } from "./document-text.ts";
import { readMembers, toDocument } from "./document-text.ts";
import { CouchError, badRequest } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { parseJson } from "./exchange.ts";
import { MultipartReader, boundaryOf } from "./multipart.ts";

/** The document with every announced attachment stored. Throws 400, 413, and 500 for a digest that is not the part's. */
export async function receiveRelated(
  exchange: Exchange,
  database: Database,
  contentType: string,
  maxDocumentBytes: number,
): Promise<IncomingDocument> {
  const boundary = boundaryOf(contentType);
  if (boundary === null) throw badRequest("missing boundary");
  const reader = new MultipartReader(exchange.bodyChunks(false), boundary);
  if (!(await reader.nextPart())) throw badRequest("expected more data");
  const chunks: Buffer[] = [];
  for await (const chunk of reader.partChunks()) chunks.push(chunk);
  const document = checkDocument(toDocument(parseJson(Buffer.concat(chunks), readMembers)), maxDocumentBytes);
  const attachments: IncomingAttachment[] = [];
  for (const attachment of document.attachments) {
    attachments.push(
      attachment.kind === "follows" ? await receive(database, attachment, reader) : attachment,
    );
  }
  await reader.drain();
  return { ...document, attachments };
}

async function receive(
  database: Database,
  attachment: Extract<IncomingAttachment, { kind: "follows" }>,
  reader: MultipartReader,
): Promise<IncomingAttachment> {
  if (!(await reader.nextPart())) throw badRequest("expected more data");
  const stored = await database.attachments.receive(attachment, reader.partChunks());
  database.external += stored.encodedLength;
  // A digest is only compared with bytes that are kept as they came; what the server compresses itself has another.
  const comparable = attachment.encoding === "gzip" || stored.encoding === "identity";
  if (attachment.md5 !== undefined && comparable && attachment.md5 !== stored.md5) {
    database.attachments.remove(stored.data);
    throw new CouchError(500, "unknown_error", "function_clause");
  }
  return { kind: "stored", attachment: stored, revpos: attachment.revpos };
}
