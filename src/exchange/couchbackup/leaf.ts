/**
 * From a revision object as couchbackup writes it to a revision as Holdfast keeps it: attachments as stubs in CouchDB's own
 * spelling, their contents apart. Everything else stays the bytes of the file.
 */
import { createHash } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { keyOf } from "../../model/key.ts";
import {
  memberText,
  readMembers,
  withMembersFirst,
  type DocumentMembers,
} from "../../sources/couchdb/document-text.ts";
import { DESIGN_PREFIX, generationOf, hashOf } from "../../sources/couchdb/items.ts";
import { walkMembers } from "../../sources/http/raw-json.ts";
import { withAttachments } from "../../sources/couchdb/restore/leaf-document.ts";
import { NAMES_LISTED, UnusableFile, type ImportedLeaf, type ImportNotes } from "../imported.ts";
import { BrokenLine, type ReadContent, type ReadDocument } from "./read-document.ts";

const REVISION = /^[1-9]\d*-.+$/s;

/** Throws `BrokenLine` for what is no JSON, `UnusableFile` for what is no revision of a document. */
export function importedLeaf(document: ReadDocument, place: string, notes: ImportNotes): ImportedLeaf {
  checkJson(document.text);
  const { id, rev, deleted, revisions } = namesOf(document.text, place);
  if (id === "") throw new UnusableFile(`the object ${place} has no _id`);
  if (id.startsWith("_") && !id.startsWith(DESIGN_PREFIX)) {
    throw new UnusableFile(`no document can have the id "${id}" (${place})`);
  }
  const { text, missing, contents } = withStubs(document);
  if (rev === "") {
    notes.withoutRevision += 1;
    if (notes.unnamed.length < NAMES_LISTED) notes.unnamed.push(id);
    const made = madeUpRevision(text);
    const named = withMembersFirst(text, [Buffer.from(`"_rev":${JSON.stringify(made)}`)]);
    return { key: keyOf(id), rev: made, deleted, text: named, contents, missing };
  }
  notes.withRevision += 1;
  if (!REVISION.test(rev)) throw new UnusableFile(`"${rev}" of document "${id}" (${place}) is no revision`);
  if (revisions === undefined) {
    return { key: keyOf(id), rev, deleted, text: withAncestry(text, rev), contents, missing };
  }
  if (revisions.start !== generationOf(rev) || revisions.ids[0] !== hashOf(rev)) {
    throw new UnusableFile(`_revisions of document "${id}" (${place}) do not lead to its _rev ${rev}`);
  }
  return { key: keyOf(id), rev, deleted, text, contents, missing };
}

/** The text is kept, not what a parser makes of it; but it must be one that every parser accepts. */
function checkJson(text: Buffer): void {
  if (!isUtf8(text)) throw new BrokenLine("it holds bytes that are not UTF-8");
  try {
    JSON.parse(text.toString("utf8"));
  } catch {
    throw new BrokenLine("a revision on it is no JSON");
  }
}

/** Members of the server's own; a `_rev` that is not there is the empty text. */
function namesOf(text: Buffer, place: string): DocumentMembers {
  for (const name of ["_id", "_rev"]) {
    const value = memberText(text, name);
    if (value !== undefined && value[0] !== QUOTE) {
      throw new UnusableFile(`${name} of the object ${place} is no text`);
    }
  }
  try {
    return readMembers(text);
  } catch {
    throw new UnusableFile(`members of the object ${place} that begin with _ are not as CouchDB writes them`);
  }
}

const QUOTE = 0x22;
const OPEN_OBJECT = 0x7b;

/** Holds for a text of the first generation alone (see docs/format/couchdb-items.md): others need theirs said. */
function withAncestry(text: Buffer, rev: string): Buffer {
  const start = generationOf(rev);
  if (start === 1) return text;
  const ids = JSON.stringify([hashOf(rev)]);
  return withMembersFirst(text, [Buffer.from(`"_revisions":{"start":${start},"ids":${ids}}`)]);
}

/** A name for content that came without: the same content gets the same one. */
function madeUpRevision(text: Buffer): string {
  return `1-${createHash("md5").update(text).digest("hex")}`;
}

interface WithStubs {
  readonly text: Buffer;
  readonly contents: ImportedLeaf["contents"];
  readonly missing: readonly string[];
}

function withStubs({ text, contents: read }: ReadDocument): WithStubs {
  const attachments = memberText(text, "_attachments");
  if (attachments === undefined || attachments[0] !== OPEN_OBJECT) return { text, contents: [], missing: [] };
  const contents: { name: string; blob: ReadContent["blob"] }[] = [];
  const missing: string[] = [];
  const stubs: string[] = [];
  let changed = false;
  // In the order of the text: an object's own order would put names that look like numbers first.
  walkMembers(attachments, 0, (name, from, to) => {
    const entry = JSON.parse(attachments.toString("utf8", from, to)) as Record<string, unknown>;
    const content = read.get(name);
    if (content === undefined) missing.push(name);
    else contents.push({ name, blob: content.blob });
    changed ||= content !== undefined || "contentType" in entry;
    stubs.push(`${JSON.stringify(name)}:${JSON.stringify(stubOf(entry, content))}`);
  });
  return { text: changed ? withAttachments(text, `{${stubs.join(",")}}`) : text, contents, missing };
}

/** The stub that CouchDB would have sent; the tool writes `contentType` where CouchDB writes `content_type`. */
function stubOf(entry: Record<string, unknown>, content: ReadContent | undefined): object {
  const { contentType, content_type: plain, data: _data, stub: _stub, ...rest } = entry;
  const type = plain ?? contentType ?? "application/octet-stream";
  const known =
    content === undefined ? {} : { digest: rest["digest"] ?? content.digest, length: content.length };
  return { content_type: type, ...rest, ...known, stub: true };
}
