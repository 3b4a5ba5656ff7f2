/**
 * Reading the file to import, whatever its format: counts what comes, and refuses what cannot be a database's content.
 */
import { createHash } from "node:crypto";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { errorText, HoldfastError, isHoldfastError } from "../../model/errors.ts";
import { keyText } from "../../model/key.ts";
import { readCouchbackup } from "../../exchange/couchbackup/read.ts";
import {
  NAMES_LISTED,
  UnusableFile,
  type ImportedLeaf,
  type ImportNotes,
  type StoreContent,
} from "../../exchange/imported.ts";
import { readNdjson } from "../../exchange/ndjson/read.ts";
import { readTar } from "../../exchange/tar/read.ts";
import { isDocumentKey } from "../../sources/couchdb/items.ts";
import { JsonMismatch } from "../../sources/http/raw-json.ts";
import { signalOf, type Hooks } from "../hooks.ts";

import type { ImportFile } from "./open-file.ts";

/** Documents named in a message. */
const NAMED = 5;

/** What was read so far. */
export class ImportTally {
  bytes = 0;
  revisions = 0;
  otherItems = 0;
  blobs = 0;
  /** Documents, or revisions of one, without the content of an attachment. */
  contentMissing = 0;
  readonly missing: { readonly key: string; readonly attachments: readonly string[] }[] = [];
}

/** What the caller of an import decides about single revisions. */
export interface LeafRules {
  /** Take what there is of a file that is cut off. */
  readonly acceptTruncated?: boolean;
  /** Where some revisions have a `_rev` and others have none: make one up for those. */
  readonly newRevisions?: boolean;
}

export interface Reading {
  readonly file: ImportFile;
  readonly notes: ImportNotes;
  readonly tally: ImportTally;
  /** The task, `SOURCE/COLLECTION`. */
  readonly name: string;
  readonly request: LeafRules;
  readonly hooks: Hooks;
}

/** Every revision in the file. `store`: where contents of attachments go; nowhere in a preview. */
export async function* readLeaves(
  reading: Reading,
  store: StoreContent = passContent,
): AsyncGenerator<ImportedLeaf> {
  const { file, tally, name, hooks } = reading;
  try {
    for await (const leaf of parsed(reading, store)) {
      signalOf(hooks).throwIfAborted();
      count(leaf, tally);
      yield leaf;
      hooks.progress?.({
        operation: "import",
        task: name,
        phase: "revisions",
        done: tally.revisions,
        bytes: tally.bytes,
      });
    }
  } catch (error) {
    throw unusable(file, error);
  }
  if (tally.revisions === 0) throw unusable(file, new UnusableFile("it holds no document"));
  checkRevisions(reading);
}

function parsed({ file, notes, tally, request }: Reading, store: StoreContent): AsyncGenerator<ImportedLeaf> {
  const bytes = counted(file.bytes, tally);
  const options = { acceptTruncated: request.acceptTruncated ?? false };
  switch (file.format) {
    case "couchbackup":
      return readCouchbackup(bytes, store, options, notes);
    case "ndjson":
      return readNdjson(bytes, store, options, notes);
    case "tar":
      return readTar(bytes, store, notes);
  }
}

async function* counted(bytes: AsyncIterable<Buffer>, tally: ImportTally): AsyncGenerator<Buffer> {
  for await (const piece of bytes) {
    tally.bytes += piece.length;
    yield piece;
  }
}

function count({ key, contents, missing }: ImportedLeaf, tally: ImportTally): void {
  if (isDocumentKey(key)) tally.revisions += 1;
  else tally.otherItems += 1;
  tally.blobs += contents.length;
  if (missing.length === 0) return;
  tally.contentMissing += 1;
  if (tally.missing.length < NAMES_LISTED) tally.missing.push({ key: keyText(key), attachments: missing });
}

/** Content that nobody keeps: read to its end, so that damage is noticed. */
const passContent: StoreContent = async (content, encoding) => {
  const digest = createHash("sha256");
  let length = 0;
  const stored = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of content) {
      length += piece.length;
      yield piece;
    }
  };
  try {
    const plain: AsyncIterable<Buffer> =
      encoding === "gzip" ? pipeline(stored(), createGunzip(), () => {}) : stored();
    for await (const piece of plain) digest.update(piece);
  } catch (error) {
    const packed = (error as NodeJS.ErrnoException).code?.startsWith("Z_") ?? false;
    throw packed ? new UnusableFile(`a content in it is damaged: ${errorText(error)}`) : error;
  }
  return { blob: "", pack: "", length, encoding, sha256: digest.digest("hex"), alias: "" };
};

/** What readers of a foreign file throw when it is not what its format says. */
function unusable({ name }: ImportFile, error: unknown): unknown {
  const foreign =
    error instanceof UnusableFile ||
    error instanceof JsonMismatch ||
    error instanceof SyntaxError ||
    error instanceof TypeError ||
    isHoldfastError(error, "source-protocol");
  if (!foreign) return error;
  return new HoldfastError(
    "import-unusable",
    `${name} cannot be imported: ${errorText(error)}.`,
    { path: name },
    error,
  );
}

/** A file in which only some revisions are named mixes two backups, or was edited: what it stands for is not clear. */
function checkRevisions({ file, notes, request }: Reading): void {
  const { withRevision, withoutRevision, unnamed } = notes;
  if (withRevision === 0 || withoutRevision === 0 || request.newRevisions === true) return;
  const named = unnamed.slice(0, NAMED).map((id) => `"${id}"`);
  const more = withoutRevision > NAMED ? ` and ${withoutRevision - NAMED} more` : "";
  throw new HoldfastError(
    "import-unsafe",
    `${withoutRevision} of ${withRevision + withoutRevision} revisions in ${file.name} have no _rev (${named.join(", ")}${more}): --new-revisions makes one up for each of them.`,
    { path: file.name },
  );
}
