/**
 * A document and its attachments as one `multipart/related` body, streamed: only the document's JSON is in memory.
 *
 * CouchDB matches the pieces by the order of the `_attachments` object, never by name (B4).
 */
import { randomHex } from "../../../model/clock.ts";
import type { VersionReader } from "../../source.ts";
import { followingAttachments, type Reuse } from "./attachments.ts";
import { withAttachments, type StoredLeaf } from "./leaf-document.ts";

export interface MultipartBody {
  readonly contentType: string;
  /** Bytes of the whole body. */
  readonly contentLength: number;
  /** Opens the body anew for each attempt. */
  readonly open: () => AsyncIterable<Buffer>;
}

/** Bytes of randomness in a boundary: none of the content can hold it by chance. */
const BOUNDARY_BYTES = 16;

export function multipartBody(
  text: Buffer,
  leaf: StoredLeaf,
  reuse: Reuse,
  reader: VersionReader,
): MultipartBody {
  const { json, following } = followingAttachments(leaf, reuse);
  const boundary = randomHex(BOUNDARY_BYTES);
  const document = Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Type: application/json\r\n\r\n`),
    withAttachments(text, json),
  ]);
  const between = Buffer.from(`\r\n--${boundary}\r\n\r\n`);
  const end = Buffer.from(`\r\n--${boundary}--`);
  const blobs = following.flatMap(({ blob }) => (blob === undefined ? [] : [blob]));
  return {
    contentType: `multipart/related;boundary="${boundary}"`,
    contentLength: blobs.reduce(
      (sum, blob) => sum + between.length + blob.length,
      document.length + end.length,
    ),
    open: async function* () {
      yield document;
      for (const blob of blobs) {
        yield between;
        yield* reader.blob(blob);
      }
      yield end;
    },
  };
}
