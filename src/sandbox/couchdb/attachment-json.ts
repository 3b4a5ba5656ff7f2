/**
 * The `_attachments` member: what a client may say about an attachment, and how a stored one is shown.
 */
import { CouchError, badRequest } from "./errors.ts";
import { JsonReader, quote, unquote } from "./json-text.ts";

export type AttachmentEncoding = "identity" | "gzip";

/** A stored attachment as one revision refers to it. The bytes lie in the store under `data`. */
export interface Attachment {
  readonly name: string;
  readonly type: string;
  /** Generation of the revision that brought it. */
  readonly revpos: number;
  /** MD5 of the stored bytes, base64. */
  readonly md5: string;
  /** Bytes as the client sees them. */
  readonly length: number;
  /** Bytes as stored. */
  readonly encodedLength: number;
  readonly encoding: AttachmentEncoding;
  /** Number of the stored bytes. */
  readonly data: number;
}

/** What a client says about one attachment of a document it writes. */
export type IncomingAttachment =
  | { readonly kind: "stub"; readonly name: string; readonly revpos: number | undefined }
  | {
      readonly kind: "inline";
      readonly name: string;
      readonly type: string;
      readonly revpos: number;
      readonly bytes: Buffer;
    }
  | {
      readonly kind: "follows";
      readonly name: string;
      readonly type: string;
      readonly revpos: number;
      readonly encoding: AttachmentEncoding;
      /** As announced; undefined if not. */
      readonly length: number | undefined;
      readonly encodedLength: number | undefined;
      /** Announced MD5, base64; undefined if none. */
      readonly md5: string | undefined;
    }
  | { readonly kind: "stored"; readonly attachment: Omit<Attachment, "revpos">; readonly revpos: number };

/** In the order of the object. Throws 400. */
export function parseAttachments(text: string): IncomingAttachment[] {
  const reader = new JsonReader(text);
  const { names, values } = reader.members();
  return names.flatMap((token, i) => {
    // What is no object is passed over without a word.
    const value = values[i] ?? "";
    return value.startsWith("{")
      ? [parseAttachment(unquote(token), JSON.parse(value) as Record<string, unknown>)]
      : [];
  });
}

function parseAttachment(name: string, props: Readonly<Record<string, unknown>>): IncomingAttachment {
  const type = props["content_type"] ?? "application/octet-stream";
  if (typeof type !== "string") throw new CouchError(500, "unknown_error", "function_clause");
  const revpos = typeof props["revpos"] === "number" ? props["revpos"] : undefined;
  if (props["stub"] === true) return { kind: "stub", name, revpos };
  if (props["follows"] === true) {
    const encoding = props["encoding"] === "gzip" ? "gzip" : "identity";
    const length = typeof props["length"] === "number" ? props["length"] : undefined;
    const encodedLength = typeof props["encoded_length"] === "number" ? props["encoded_length"] : length;
    const digest = typeof props["digest"] === "string" ? props["digest"] : "";
    const md5 = digest.startsWith("md5-") ? digest.slice(4) : undefined;
    return { kind: "follows", name, type, revpos: revpos ?? 0, encoding, length, encodedLength, md5 };
  }
  return { kind: "inline", name, type, revpos: revpos ?? 0, bytes: decodeBase64(name, props["data"]) };
}

function decodeBase64(name: string, data: unknown): Buffer {
  // Erlang's base64:decode skips white space and refuses everything else outside the alphabet.
  const text = typeof data === "string" ? data.replaceAll(/[\t\n\r ]/g, "") : undefined;
  if (text === undefined || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw badRequest(`Invalid attachment data for ${name}`);
  }
  return Buffer.from(text, "base64");
}

/** Throws 400 for a name that begins with an underscore. */
export function validateAttachmentName(name: string): void {
  if (name.startsWith("_")) {
    throw badRequest(`Attachment name '${name}' starts with prohibited character '_'`);
  }
}

/** How to show an attachment: as a stub, as a part to follow, or with its bytes. */
export type AttachmentForm = { kind: "stub" } | { kind: "follows" } | { kind: "data"; bytes: Buffer };

/** One member of `_attachments`, name included. */
export function attachmentText(attachment: Attachment, form: AttachmentForm, encodingInfo: boolean): string {
  let text = `${quote(attachment.name)}:{"content_type":${quote(attachment.type)},"revpos":${attachment.revpos}`;
  text += `,"digest":"md5-${attachment.md5}"`;
  if (form.kind === "data") text += `,"data":"${form.bytes.toString("base64")}"`;
  else text += `,"length":${attachment.length},"${form.kind}":true`;
  if (encodingInfo && attachment.encoding !== "identity") {
    text += `,"encoding":"${attachment.encoding}","encoded_length":${attachment.encodedLength}`;
  }
  return `${text}}`;
}
