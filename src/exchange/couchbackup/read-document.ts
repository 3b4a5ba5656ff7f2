/**
 * One revision object out of the file: its text without the contents of its attachments, which go their own way.
 */
import { createHash } from "node:crypto";
import type { StoredBlob } from "../../sources/source.ts";
import { decodeBase64, NotBase64 } from "../base64.ts";
import type { StoreContent } from "../imported.ts";
import type { ByteFeed } from "./byte-feed.ts";
import { DocumentScanner } from "./document-scanner.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_END = 0x0a;

/** The line ends, or turns into something else, in the middle of an object. */
export class BrokenLine extends Error {
  override readonly name = "BrokenLine";
}

/** An attachment's content that has been stored. */
export interface ReadContent {
  readonly blob: StoredBlob;
  /** `md5-…` of the content. */
  readonly digest: string;
  readonly length: number;
}

export interface ReadDocument {
  /** With an empty text for each content. */
  readonly text: Buffer;
  /** By attachment's name. */
  readonly contents: ReadonlyMap<string, ReadContent>;
}

/** Reads the object whose brace is at hand. Throws `BrokenLine`, and whatever `store` throws of its own. */
export async function readDocument(feed: ByteFeed, store: StoreContent): Promise<ReadDocument> {
  const scanner = new DocumentScanner();
  const kept: Buffer[] = [];
  const contents = new Map<string, ReadContent>();
  for (;;) {
    if (!(await feed.more())) throw new BrokenLine("the file ends in the middle of it");
    const to = scanner.scan(feed.bytes, feed.at);
    kept.push(feed.bytes.subarray(feed.at, to));
    feed.at = to;
    if (scanner.stop === "end") return { text: Buffer.concat(kept), contents };
    if (scanner.stop === "break") throw new BrokenLine("it ends in the middle of a revision");
    if (scanner.stop === "content") {
      contents.set(scanner.attachment, await readContent(feed, store));
      kept.push(END_OF_STRING);
    }
  }
}

const END_OF_STRING = Buffer.from('"');

async function readContent(feed: ByteFeed, store: StoreContent): Promise<ReadContent> {
  const md5 = createHash("md5");
  let length = 0;
  const bytes = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of decodeBase64(stringPieces(feed))) {
      md5.update(piece);
      length += piece.length;
      yield piece;
    }
  };
  try {
    const blob = await store(bytes(), "identity");
    return { blob, digest: `md5-${md5.digest("base64")}`, length };
  } catch (error) {
    if (error instanceof NotBase64) throw new BrokenLine(error.message);
    throw error;
  }
}

/** The characters up to the closing quote, which is taken too. */
async function* stringPieces(feed: ByteFeed): AsyncGenerator<Buffer> {
  while (await feed.more()) {
    const from = feed.at;
    let at = from;
    while (at < feed.bytes.length) {
      const byte = feed.bytes[at];
      if (byte === QUOTE || byte === BACKSLASH || byte === LINE_END) break;
      at++;
    }
    const piece = feed.bytes.subarray(from, at);
    const stoppedBy = feed.bytes[at];
    feed.at = at;
    if (piece.length > 0) yield piece;
    if (stoppedBy === QUOTE) {
      feed.at += 1;
      return;
    }
    if (stoppedBy === LINE_END) break;
    // Some writers escape the slash; no other character of base64 has an escape worth knowing.
    if (stoppedBy === BACKSLASH) yield await escapedSlash(feed);
  }
  throw new BrokenLine("it ends in the middle of an attachment");
}

async function escapedSlash(feed: ByteFeed): Promise<Buffer> {
  feed.at += 1;
  if (!(await feed.more()) || feed.byte !== SLASH) throw new NotBase64("the content holds an escape");
  feed.at += 1;
  return Buffer.from("/");
}

const SLASH = 0x2f;
