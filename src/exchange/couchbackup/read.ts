/**
 * Reading a couchbackup file by the tool's own rules, more strictly where it would lose data: a file that is cut off, empty,
 * or damaged is refused. Memory does not grow with the length of a line.
 */
import { UnusableFile, type ImportedLeaf, type ImportNotes, type StoreContent } from "../imported.ts";
import { ByteFeed } from "./byte-feed.ts";
import { readMetadata, RESUME_MARKER, type Metadata } from "./format.ts";
import { importedLeaf } from "./leaf.ts";
import { BrokenLine, readDocument } from "./read-document.ts";

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const LINE_END = 0x0a;
/** Metadata and markers are a hundred bytes; a longer line of another kind is none of them. */
const SHORT_LINE_BYTES = 64 << 10;

export interface CouchbackupOptions {
  /** Take what there is of a file that ends in the middle of a line. */
  readonly acceptTruncated: boolean;
}

/** Every revision in the file, in its order; duplicates come as often as they stand there. Throws `UnusableFile`. */
export async function* readCouchbackup(
  bytes: AsyncIterable<Buffer>,
  store: StoreContent,
  options: CouchbackupOptions,
  notes: ImportNotes,
): AsyncGenerator<ImportedLeaf> {
  await using feed = new ByteFeed(bytes);
  const reader = new LineReader(feed, store, options, notes);
  while (await reader.next()) yield* reader.leaves();
}

class LineReader {
  readonly #feed: ByteFeed;
  readonly #store: StoreContent;
  readonly #options: CouchbackupOptions;
  readonly #notes: ImportNotes;
  #number = 0;
  #metadata: Metadata | undefined;

  constructor(feed: ByteFeed, store: StoreContent, options: CouchbackupOptions, notes: ImportNotes) {
    this.#feed = feed;
    this.#store = store;
    this.#options = options;
    this.#notes = notes;
  }

  /** Whether there is another line. */
  async next(): Promise<boolean> {
    this.#number += 1;
    return this.#feed.more();
  }

  /** Reads the line to its end and yields what is on it. */
  async *leaves(): AsyncGenerator<ImportedLeaf> {
    const feed = this.#feed;
    try {
      const first = await this.#afterSpace();
      if (first === OPEN_ARRAY) yield* this.#elements();
      else if (first === OPEN_OBJECT) await this.#object();
      else if (first !== undefined && first !== LINE_END) throw new BrokenLine("it is no JSON");
      await this.#lineEnd();
    } catch (error) {
      if (!(error instanceof BrokenLine)) throw error;
      await this.#broken(error);
    }
    if (await feed.more()) feed.at += 1;
  }

  /** The revisions of an array; those before a tear are whole, and the resumed run wrote them once more. */
  async *#elements(): AsyncGenerator<ImportedLeaf> {
    this.#feed.at += 1;
    for (let ordinal = 1; ; ordinal++) {
      const byte = await this.#afterSpace();
      if (ordinal === 1 && byte === CLOSE_ARRAY) break;
      if (byte !== OPEN_OBJECT) {
        if (byte === undefined || byte === LINE_END)
          throw new BrokenLine("it ends in the middle of its array");
        throw new BrokenLine("something on it is no revision");
      }
      const place = `${ordinal} on line ${this.#number}`;
      const document = await readDocument(this.#feed, this.#store);
      const after = await this.#afterSpace();
      const goesOn = after === COMMA || after === CLOSE_ARRAY;
      // A marker that was written behind a torn line looks like its last element.
      if (goesOn || document.text.toString("utf8") !== RESUME_MARKER) {
        yield importedLeaf(document, place, this.#notes);
      }
      if (!goesOn) throw new BrokenLine("it ends in the middle of its array");
      if (after === CLOSE_ARRAY) break;
      this.#feed.at += 1;
    }
    this.#feed.at += 1;
  }

  /** Metadata on the first line, a marker on any other. */
  async #object(): Promise<void> {
    const line = await this.#shortLine();
    if (line === RESUME_MARKER) return;
    const metadata = this.#number === 1 ? readMetadata(line) : undefined;
    if (metadata !== undefined) {
      this.#metadata = metadata;
      return;
    }
    if (isJson(line)) {
      throw new UnusableFile(
        `line ${this.#number} is neither an array of documents nor the metadata of line 1`,
      );
    }
    throw new BrokenLine("it is no JSON");
  }

  async #shortLine(): Promise<string> {
    const { bytes, at } = this.#feed;
    const end = bytes.indexOf(LINE_END, at);
    if (end >= 0) {
      this.#feed.at = end;
      return bytes.toString("utf8", at, end).trimEnd();
    }
    const kept: Buffer[] = [];
    let length = 0;
    while (await this.#feed.more()) {
      const to = this.#feed.bytes.indexOf(LINE_END, this.#feed.at);
      const piece = this.#feed.bytes.subarray(this.#feed.at, to < 0 ? undefined : to);
      kept.push(piece);
      length += piece.length;
      this.#feed.at += piece.length;
      if (to >= 0) break;
      if (length > SHORT_LINE_BYTES) throw new BrokenLine("it is no JSON");
    }
    return Buffer.concat(kept).toString("utf8").trimEnd();
  }

  /** The first byte that is no blank and no carriage return, not taken; undefined at the end of the file. */
  async #afterSpace(): Promise<number | undefined> {
    while (await this.#feed.more()) {
      const { byte } = this.#feed;
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return byte;
      this.#feed.at += 1;
    }
    return undefined;
  }

  /** Nothing may follow on the line, and it must have an end: the tool ends every line that it has finished. */
  async #lineEnd(): Promise<void> {
    const byte = await this.#afterSpace();
    if (byte === undefined) this.#cutOff("its last line has no end");
    else if (byte !== LINE_END) throw new BrokenLine("something follows the end of its array");
  }

  /** Skips the rest of a line that is no JSON, where that is allowed. */
  async #broken({ message }: BrokenLine): Promise<void> {
    const feed = this.#feed;
    let end = -1;
    while (end < 0 && (await feed.more())) {
      end = feed.bytes.indexOf(LINE_END, feed.at);
      feed.at = end < 0 ? feed.bytes.length : end;
    }
    if (end < 0) {
      this.#cutOff(`line ${this.#number}: ${message}`);
      return;
    }
    const tail = feed
      .behind(RESUME_MARKER.length + 1)
      .toString("latin1")
      .trimEnd();
    const resumed = this.#metadata?.mode === "full" && tail.endsWith(RESUME_MARKER);
    // Before there was metadata, a resumed run left its torn line without any mark.
    if (!resumed && this.#metadata !== undefined) {
      throw new UnusableFile(`line ${this.#number} is damaged: ${message}`);
    }
    this.#notes.tornLines += 1;
  }

  #cutOff(detail: string): void {
    if (!this.#options.acceptTruncated) {
      throw new UnusableFile(
        `it is cut off (${detail}), so documents are missing: get the whole file, or give --accept-truncated to take what is there`,
      );
    }
    this.#notes.truncated = true;
  }
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
