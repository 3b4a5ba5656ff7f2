/**
 * A document as raw text: reading its `_` members and cutting members out of it or into it, leaving every other byte
 * as the server sent it.
 */
import { JsonMismatch, skipSpace, stringText, walkMembers } from "../http/raw-json.ts";

export interface AttachmentStub {
  readonly name: string;
  readonly contentType: string;
  readonly revpos: number;
  /** `md5-…`, over the stored bytes. */
  readonly digest: string;
  /** Identity bytes. */
  readonly length: number;
  /** `gzip` when the server keeps it compressed. */
  readonly encoding: string | undefined;
  /** Stored bytes. */
  readonly encodedLength: number | undefined;
  /** Inline content, base64; absent in stubs. */
  readonly data: string | undefined;
}

export interface DocumentMembers {
  readonly id: string;
  readonly rev: string;
  readonly deleted: boolean;
  /** Ancestry, newest first; undefined when the text has none. */
  readonly revisions: { readonly start: number; readonly ids: readonly string[] } | undefined;
  /** In the order of the text, which is the order of multipart bodies. */
  readonly attachments: readonly AttachmentStub[];
}

/** Reads the members that belong to the server. Of duplicates the last counts, as in every parser concerned. */
export function readMembers(doc: Buffer): DocumentMembers {
  let id = "";
  let rev = "";
  let deleted = false;
  let revisions: DocumentMembers["revisions"];
  let attachments: readonly AttachmentStub[] = [];
  walkMembers(doc, skipSpace(doc, 0), (key, from, to) => {
    if (!key.startsWith("_")) return;
    if (key === "_id") id = stringText(doc, from, to);
    else if (key === "_rev") rev = stringText(doc, from, to);
    else if (key === "_deleted") deleted = doc.toString("latin1", from, to) === "true";
    else if (key === "_revisions") revisions = readRevisions(doc.subarray(from, to));
    else if (key === "_attachments") attachments = readStubs(doc.subarray(from, to));
  });
  return { id, rev, deleted, revisions, attachments };
}

/** The names of all top-level members, in the order of the text. */
export function memberNames(doc: Buffer): string[] {
  const names: string[] = [];
  walkMembers(doc, skipSpace(doc, 0), (key) => {
    names.push(key);
  });
  return names;
}

function readRevisions(text: Buffer): { start: number; ids: string[] } {
  const { start, ids } = JSON.parse(text.toString("utf8")) as { start?: unknown; ids?: unknown };
  if (typeof start !== "number" || !Array.isArray(ids)) throw new JsonMismatch("_revisions is malformed");
  return { start, ids: ids as string[] };
}

function readStubs(text: Buffer): AttachmentStub[] {
  const stubs: AttachmentStub[] = [];
  walkMembers(text, 0, (name, from, to) => {
    const stub = JSON.parse(text.toString("utf8", from, to)) as Record<string, unknown>;
    stubs.push({
      name,
      contentType: textOf(stub["content_type"]) ?? "",
      revpos: numberOf(stub["revpos"]) ?? 0,
      digest: textOf(stub["digest"]) ?? "",
      length: numberOf(stub["length"]) ?? 0,
      encoding: textOf(stub["encoding"]),
      encodedLength: numberOf(stub["encoded_length"]),
      data: textOf(stub["data"]),
    });
  });
  return stubs;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The document without the named top-level members (every occurrence). */
export function withoutMembers(doc: Buffer, names: ReadonlySet<string>): Buffer {
  const start = skipSpace(doc, 0);
  const kept: Buffer[] = [];
  let removed = false;
  walkMembers(doc, start, (key, _from, to, keyStart) => {
    if (names.has(key)) removed = true;
    else kept.push(doc.subarray(keyStart, to));
  });
  return removed ? joinMembers(kept) : doc;
}

/** The document with `members` put first; each is `"name":value` as raw text. */
export function withMembersFirst(doc: Buffer, members: readonly Buffer[]): Buffer {
  const start = skipSpace(doc, 0);
  if (doc[start] !== OPEN_OBJECT) throw new JsonMismatch("an object was expected");
  const rest = doc.subarray(start + 1);
  const empty = rest[skipSpace(rest, 0)] === CLOSE_OBJECT;
  const pieces: Buffer[] = [BRACE];
  members.forEach((member, index) => {
    if (index > 0) pieces.push(COMMA);
    pieces.push(member);
  });
  if (!empty && members.length > 0) pieces.push(COMMA);
  return Buffer.concat([...pieces, rest]);
}

/** The raw text of one top-level member's value (the last of duplicates); undefined when there is none. */
export function memberText(doc: Buffer, name: string): Buffer | undefined {
  let found: Buffer | undefined;
  walkMembers(doc, skipSpace(doc, 0), (key, from, to) => {
    if (key === name) found = doc.subarray(from, to);
  });
  return found;
}

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const BRACE = Buffer.from("{");
const COMMA = Buffer.from(",");
const END = Buffer.from("}");

function joinMembers(members: readonly Buffer[]): Buffer {
  const pieces: Buffer[] = [BRACE];
  members.forEach((member, index) => {
    if (index > 0) pieces.push(COMMA);
    pieces.push(member);
  });
  pieces.push(END);
  return Buffer.concat(pieces);
}
