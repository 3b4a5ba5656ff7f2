/**
 * Finds, in bytes that arrive piece by piece, where a revision object ends and where the content of an attachment begins:
 * the only value that is too long to be held. It follows strings and brackets; whether the text is JSON is seen by whoever
 * has it whole.
 */
import { stringText } from "../../sources/http/raw-json.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const LINE_END = 0x0a;

/** Deepest place that matters: document, `_attachments`, one attachment. */
const ATTACHMENT_DEPTH = 3;

/**
 * Why a scan stopped: `more` bytes are needed; the object has come to its `end`; an attachment's `content` begins here,
 * right behind its quote; a `break`: the line ends inside the object.
 */
export type ScanStop = "more" | "end" | "content" | "break";

export class DocumentScanner {
  /** Name of the attachment whose content begins, after a stop for `content`. */
  attachment = "";
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Whether the object at each of the first depths is one, not an array. */
  readonly #isObject: boolean[] = [];
  /** The next string is a member's name. */
  #nameNext = false;
  #name: Buffer[] | undefined;
  #document = "";
  #member = "";
  #stop: ScanStop = "more";

  get stop(): ScanStop {
    return this.#stop;
  }

  /** Reads on from `from`, at first the object's brace; returns the position behind the last byte that it took. */
  scan(bytes: Buffer, from: number): number {
    this.#stop = "more";
    let nameFrom = from;
    let at = from;
    while (at < bytes.length) {
      const byte = bytes[at] as number;
      if (byte === LINE_END) {
        this.#stop = "break";
        return at;
      }
      at++;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) {
          this.#inString = false;
          if (this.#name !== undefined) this.#named(bytes.subarray(nameFrom, at));
        }
        continue;
      }
      if (byte === QUOTE) {
        if (this.#isContent()) {
          this.#stop = "content";
          return at;
        }
        this.#inString = true;
        if (this.#nameNext && this.#depth <= ATTACHMENT_DEPTH) {
          this.#name = [];
          nameFrom = at - 1;
        }
      } else if (byte === COLON) this.#nameNext = false;
      else if (byte === COMMA) this.#nameNext = this.#isObject[this.#depth] ?? false;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        this.#depth++;
        if (this.#depth <= ATTACHMENT_DEPTH) this.#isObject[this.#depth] = byte === OPEN_OBJECT;
        this.#nameNext = byte === OPEN_OBJECT;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.#depth--;
        this.#nameNext = false;
        if (this.#depth === 0) {
          this.#stop = "end";
          return at;
        }
      }
    }
    this.#name?.push(Buffer.from(bytes.subarray(nameFrom)));
    return at;
  }

  /** A string that begins here is an attachment's content. */
  #isContent(): boolean {
    return (
      this.#depth === ATTACHMENT_DEPTH &&
      !this.#nameNext &&
      this.#document === "_attachments" &&
      this.#isObject[2] === true &&
      this.#isObject[ATTACHMENT_DEPTH] === true &&
      this.#member === "data"
    );
  }

  #named(rest: Buffer): void {
    const quoted = Buffer.concat([...(this.#name ?? []), rest]);
    this.#name = undefined;
    const name = nameOf(quoted);
    if (this.#depth === 1) this.#document = name;
    else if (this.#depth === 2) this.attachment = name;
    else this.#member = name;
  }
}

/** A name that is no JSON string cannot be one that matters; the whole text is refused later. */
function nameOf(quoted: Buffer): string {
  try {
    return stringText(quoted, 0, quoted.length);
  } catch {
    return "";
  }
}
