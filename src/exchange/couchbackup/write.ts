/**
 * An instant as a couchbackup file, for couchrestore and whatever else reads such files: all leaf revisions with their
 * ancestry, deleted ones too, attachments inside as base64, design documents last.
 */
import type { ItemKey } from "../../model/key.ts";
import type { BlobRef, Version } from "../../model/version.ts";
import { memberNames, withoutMembers } from "../../sources/couchdb/document-text.ts";
import { generationOf, hashOf } from "../../sources/couchdb/items.ts";
import { skipSpace } from "../../sources/http/raw-json.ts";
import { itemKind } from "../../sources/couchdb/restore/item-kind.ts";
import {
  storedLeaves,
  type StoredAttachment,
  type StoredLeaf,
} from "../../sources/couchdb/restore/leaf-document.ts";
import { VALIDATION } from "../../sources/couchdb/restore/validators.ts";
import { base64Length, encodeBase64 } from "../base64.ts";
import type { ExportInput, ExportTally } from "../exported.ts";
import { metadataLine } from "./format.ts";
import { lineText } from "./line-text.ts";

/** Revisions on one line at most: the tool's own default, which it sends as one request. */
export const LINE_DOCUMENTS = 500;
/** Bytes on one line at most, unless a single revision has more: readers hold a line in memory. */
const LINE_BYTES = 1_000_000;
/** Design documents looked up at once. */
const LOOKUP_BATCH = 100;

const OPEN = Buffer.from("[");
const NEXT = Buffer.from(",");
const CLOSE = Buffer.from("]\n");

/** An attachment whose content is put in as base64, and how many bytes that content has. */
interface Content {
  readonly blob: BlobRef;
  readonly bytes: number;
}

type Piece = Buffer | Content;

/** Pieces of the file. Settings, the security object and local documents have no place in it: the tally counts them. */
export async function* writeCouchbackup(
  input: ExportInput,
  tally: ExportTally,
  lineDocuments = LINE_DOCUMENTS,
): AsyncGenerator<Buffer> {
  yield Buffer.from(`${metadataLine(input.frame.attachments)}\n`);
  const lines = new Lines(input, lineDocuments);
  const designs: ItemKey[] = [];
  const validators: ItemKey[] = [];
  for await (const versions of input.reader.versions()) {
    for (const version of versions) {
      const kind = itemKind(version.key);
      if (kind === "document") yield* documentPieces(version, lines, input, tally);
      else if (kind !== "design") tally.leftOut[kind] += 1;
      else (validates(version) ? validators : designs).push(version.key);
    }
  }
  // A document that violates a validation must be there before the validation is.
  for (const keys of [designs, validators]) {
    yield* lines.end();
    for (let start = 0; start < keys.length; start += LOOKUP_BATCH) {
      for (const version of await input.reader.find(keys.slice(start, start + LOOKUP_BATCH))) {
        if (version !== undefined) yield* documentPieces(version, lines, input, tally);
      }
    }
  }
  tally.validators = validators.length;
  yield* lines.end();
}

async function* documentPieces(
  version: Version,
  lines: Lines,
  input: ExportInput,
  tally: ExportTally,
): AsyncGenerator<Buffer> {
  tally.items += 1;
  tally.documents += 1;
  if (version.kind === "deleted") tally.deleted += 1;
  for (const leaf of storedLeaves(version)) {
    tally.revisions += 1;
    yield* lines.add(leafPieces(leaf, input.frame.attachments, tally));
  }
}

function validates(version: Version): boolean {
  return version.kind === "live" && version.parts.some((part) => memberNames(part).includes(VALIDATION));
}

/** Puts revisions on lines of bounded length; nothing is held but the length of the line at hand. */
class Lines {
  readonly #input: ExportInput;
  readonly #limit: number;
  #count = 0;
  #bytes = 0;

  constructor(input: ExportInput, limit: number) {
    this.#input = input;
    this.#limit = limit;
  }

  async *add(pieces: readonly Piece[]): AsyncGenerator<Buffer> {
    const bytes = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
    if (this.#count >= this.#limit || this.#bytes + bytes > LINE_BYTES) yield* this.end();
    yield this.#count === 0 ? OPEN : NEXT;
    for (const piece of pieces) {
      if (Buffer.isBuffer(piece)) yield piece;
      else yield* encodeBase64(this.#input.decoded(piece.blob));
    }
    this.#count += 1;
    this.#bytes += bytes + NEXT.length;
  }

  async *end(): AsyncGenerator<Buffer> {
    if (this.#count > 0) yield CLOSE;
    this.#count = 0;
    this.#bytes = 0;
  }
}

function lengthOf(piece: Piece): number {
  return Buffer.isBuffer(piece) ? piece.length : base64Length(piece.bytes);
}

function leafPieces(leaf: StoredLeaf, attachments: boolean, tally: ExportTally): Piece[] {
  const members: Piece[] = [];
  if (leaf.stored.length > 0) members.push(...attachmentPieces(leaf.stored, attachments, tally));
  if (leaf.revisions === undefined) members.push(ancestry(leaf, members.length > 0));
  if (members.length === 0) return [lineText(leaf.part)];
  const text = leaf.stored.length > 0 ? withoutMembers(leaf.part, ATTACHMENTS) : leaf.part;
  const body = text.subarray(skipSpace(text, 0) + 1);
  // A document always has members of its own, the id at least, so a comma is right.
  return [BRACE, ...members, NEXT, lineText(body)];
}

const BRACE = Buffer.from("{");
const ATTACHMENTS: ReadonlySet<string> = new Set(["_attachments"]);

/** A revision that is kept without its ancestry has none but itself. */
function ancestry({ rev }: StoredLeaf, follows: boolean): Buffer {
  const revisions = JSON.stringify({ start: generationOf(rev), ids: [hashOf(rev)] });
  return lineText(Buffer.from(`${follows ? "," : ""}"_revisions":${revisions}`));
}

/** The `_attachments` member, in the tool's own spelling: with `content_type` couchrestore loses the type. */
function attachmentPieces(
  stored: readonly StoredAttachment[],
  attachments: boolean,
  tally: ExportTally,
): Piece[] {
  const pieces: Piece[] = [];
  for (const [index, { stub, blob }] of stored.entries()) {
    const { contentType, revpos, digest, length, data } = stub;
    const before = index === 0 ? '"_attachments":{' : ",";
    const head = (entry: object): Buffer =>
      lineText(Buffer.from(`${before}${JSON.stringify(stub.name)}:${JSON.stringify(entry).slice(0, -1)}`));
    if (attachments && (blob !== undefined || data !== undefined)) {
      tally.blobs += 1;
      pieces.push(head({ contentType, revpos, digest }), DATA);
      // Of compressed content the plain length is what the server said it is.
      const bytes = blob?.encoding === "gzip" ? length : (blob?.length ?? 0);
      pieces.push(blob === undefined ? Buffer.from(data ?? "") : { blob, bytes }, DATA_END);
    } else {
      tally.contentMissing += 1;
      pieces.push(head({ contentType, revpos, digest, length, stub: true }), BRACE_END);
    }
  }
  pieces.push(BRACE_END);
  return pieces;
}

const DATA = Buffer.from(',"data":"');
const DATA_END = Buffer.from('"}');
const BRACE_END = Buffer.from("}");
