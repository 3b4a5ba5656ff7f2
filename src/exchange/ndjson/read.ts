/**
 * Reading Holdfast's lines of JSON back: everything is checked against the counts and the digest at the end.
 */
import { createHash } from "node:crypto";
import { keyOf } from "../../model/key.ts";
import { readMembers } from "../../sources/couchdb/document-text.ts";
import { isDocumentKey } from "../../sources/couchdb/items.ts";
import type { StoredBlob } from "../../sources/source.ts";
import {
  UnusableFile,
  type ImportedLeaf,
  type ImportNotes,
  type KeptContent,
  type StoreContent,
} from "../imported.ts";
import { linesOf } from "../lines.ts";
import {
  NDJSON_FORMAT,
  NDJSON_VERSION,
  type Bytes,
  type ContentLine,
  type EndLine,
  type HeaderLine,
  type ItemLine,
} from "./format.ts";

export interface NdjsonOptions {
  /** Take what there is of a file that has no end line. */
  readonly acceptTruncated: boolean;
}

type AnyLine = Partial<HeaderLine & ContentLine & ItemLine & EndLine>;

/** Throws `UnusableFile`. */
export async function* readNdjson(
  bytes: AsyncIterable<Buffer>,
  store: StoreContent,
  options: NdjsonOptions,
  notes: ImportNotes,
): AsyncGenerator<ImportedLeaf> {
  const lines = new Lines(bytes);
  try {
    const header = await lines.next();
    notes.frame = readHeader(header);
    const stored = new Map<number, StoredBlob>();
    let blobs = 0;
    let items = 0;
    for (;;) {
      const line = await lines.next();
      if (line?.end !== undefined) {
        await lines.checkEnd(line.end, items, blobs);
        return;
      }
      if (line === undefined) break;
      if (line.blob !== undefined) {
        blobs += 1;
        stored.set(
          line.blob,
          await store(contentOf(line as ContentLine, lines), line.encoding ?? "identity"),
        );
      } else if (line.item !== undefined) {
        items += 1;
        yield* leavesOf(line.item, stored, lines.number, notes);
        stored.clear();
      } else throw new UnusableFile(`line ${lines.number} is neither an item nor a piece of one`);
    }
    if (!options.acceptTruncated) throw cutOff();
    notes.truncated = true;
  } catch (error) {
    if (!(error instanceof EndsEarly)) throw error;
    if (!options.acceptTruncated) throw cutOff();
    notes.truncated = true;
  } finally {
    await lines.close();
  }
}

/** The file ends inside a line or inside a blob. */
class EndsEarly extends Error {}

function cutOff(): UnusableFile {
  return new UnusableFile(
    "its end line is missing, so it is cut off and items are missing: get the whole file, or give --accept-truncated to take what is there",
  );
}

/** Lines as parsed JSON, with a running digest. */
class Lines {
  number = 0;
  readonly #lines: ReturnType<typeof linesOf>;
  readonly #digest = createHash("sha256");
  #bytes = 0;
  #held: Buffer | undefined;

  constructor(bytes: AsyncIterable<Buffer>) {
    this.#lines = linesOf(bytes);
  }

  async next(): Promise<AnyLine | undefined> {
    this.#count();
    const next = await this.#lines.next();
    if (next.done === true) return undefined;
    const { line, number, ended } = next.value;
    this.number = number;
    if (!ended) throw new EndsEarly();
    this.#held = line;
    try {
      return JSON.parse(line.toString("utf8")) as AnyLine;
    } catch {
      throw new UnusableFile(`line ${number} is no JSON`);
    }
  }

  /** The line before counts; the end line itself does not. */
  #count(): void {
    if (this.#held === undefined) return;
    this.#digest.update(this.#held).update(NEWLINE);
    this.#bytes += this.#held.length + NEWLINE.length;
    this.#held = undefined;
  }

  async checkEnd(end: EndLine["end"], items: number, blobs: number): Promise<void> {
    const sha256 = this.#digest.digest("hex");
    if (end.items !== items || end.blobs !== blobs || end.bytes !== this.#bytes || end.sha256 !== sha256) {
      throw new UnusableFile(
        "its content does not agree with the digest at its end: it was altered or damaged",
      );
    }
    if ((await this.#lines.next()).done !== true) throw new UnusableFile("it goes on after its end line");
  }

  async close(): Promise<void> {
    await this.#lines.return(undefined);
  }
}

const NEWLINE = Buffer.from("\n");

function readHeader(header: AnyLine | undefined): ImportNotes["frame"] {
  if (header?.format !== NDJSON_FORMAT)
    throw new UnusableFile("its first line is no header of holdfast export");
  if (header.version !== NDJSON_VERSION) {
    throw new UnusableFile(
      `it was written in version ${header.version} of the format, which this Holdfast does not know`,
    );
  }
  if (header.source?.kind !== "couchdb") {
    throw new UnusableFile(`it holds items of the kind "${header.source?.kind}", not of a CouchDB database`);
  }
  const { name, collection } = header.source;
  const instant = Date.parse(header.instant ?? "");
  return {
    instant: Number.isNaN(instant) ? undefined : instant,
    origin: `${name}/${collection}`,
    whole: header.whole ?? true,
  };
}

/** The content of a blob, whose first line has been read. */
async function* contentOf(first: ContentLine, lines: Lines): AsyncGenerator<Buffer> {
  let line: AnyLine | undefined = first;
  for (;;) {
    if (line === undefined) throw new EndsEarly();
    if (line.blob !== first.blob || typeof line.data !== "string") {
      throw new UnusableFile(`line ${lines.number} should go on with blob ${first.blob}`);
    }
    yield Buffer.from(line.data, "base64");
    if (line.last === true) return;
    line = await lines.next();
  }
}

function* leavesOf(
  item: ItemLine["item"],
  stored: ReadonlyMap<number, StoredBlob>,
  number: number,
  notes: ImportNotes,
): Generator<ImportedLeaf> {
  const key = bytesOf(item.key);
  const at = Date.parse(item.observation.at);
  const seen = { at, sequence: item.observation.sequence };
  const isDocument = isDocumentKey(key);
  if (item.parts.length === 0) throw new UnusableFile(`the item on line ${number} has no body`);
  if (!isDocument && item.parts.length > 1) {
    throw new UnusableFile(`the item on line ${number} is no document and has several bodies`);
  }
  for (const [index, part] of item.parts.entries()) {
    const text = bytesOf(part);
    if (!isDocument) {
      yield { key, rev: item.revision, deleted: false, text, contents: [], missing: [], seen };
      continue;
    }
    const { rev, deleted, attachments } = readMembers(text);
    if (rev === "") throw new UnusableFile(`a body on line ${number} has no _rev`);
    notes.withRevision += 1;
    const contents: KeptContent[] = [];
    for (const { name, sha256, blob } of item.blobs.filter((entry) => entry.part === index)) {
      const kept = blob === null ? undefined : stored.get(blob);
      if (kept === undefined) continue;
      if (kept.sha256 !== sha256) {
        throw new UnusableFile(
          `the attachment "${name}" of the item on line ${number} is not what was exported`,
        );
      }
      contents.push({ name, blob: kept });
    }
    const missing = attachments
      .map((stub) => stub.name)
      .filter((name) => !contents.some((content) => content.name === name));
    yield { key, rev, deleted, text, contents, missing, seen };
  }
}

function bytesOf(bytes: Bytes): Buffer {
  return typeof bytes === "string" ? keyOf(bytes) : Buffer.from(bytes.base64, "base64");
}
