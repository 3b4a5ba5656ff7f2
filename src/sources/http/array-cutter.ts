/**
 * Cuts the one long array of an answer (`results`, `rows`) into its elements while the answer arrives. The other
 * top-level members are collected and parsed at the end. An answer that stops before its closing brace, or that turns
 * into something else on the way (CouchDB appends an error object to an answer it cannot finish), is unreadable.
 */
import { UnreadableAnswer } from "./answer-failure.ts";
import { INCOMPLETE, JsonMismatch, skipSpace, stringEnd, stringText, valueEnd } from "./raw-json.ts";

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const NEWLINE = 0x0a;

const NOTHING = Buffer.alloc(0);

/**
 * Reads the element that begins at `start` (not a space), hands it on when it is complete, and returns its end or
 * `INCOMPLETE`. It is called again from the element's start when more bytes have come.
 */
export type ElementReader = (bytes: Buffer, start: number) => number;

type Place = "start" | "members" | "elements" | "done";

export class ArrayCutter {
  readonly #member: string;
  readonly #read: ElementReader;
  readonly #head: string[] = [];
  #place: Place = "start";
  #found = false;
  /** A comma must come before the next element or member. */
  #separated = true;
  #carry: Buffer = NOTHING;
  /** Elements longer than what has come are tried again only after the bytes held have doubled, or a line has ended. */
  #retryAt = 0;

  constructor(member: string, read: ElementReader) {
    this.#member = member;
    this.#read = read;
  }

  push(chunk: Buffer): void {
    const carried = this.#carry.length;
    const bytes = carried === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    // CouchDB ends each row with a newline: a piece without one cannot complete the row at hand.
    if (bytes.length < this.#retryAt && !chunk.includes(NEWLINE)) {
      this.#carry = bytes;
      return;
    }
    try {
      const at = this.#cut(bytes);
      this.#carry = at === bytes.length ? NOTHING : bytes.subarray(at);
      this.#retryAt = this.#carry.length * 2;
    } catch (error) {
      throw unreadable(error);
    }
  }

  /** Closes the answer; returns its other members. */
  finish(): Record<string, unknown> {
    if (this.#place !== "done" && this.#carry.length > 0) {
      this.#retryAt = 0;
      this.push(NOTHING);
    }
    if (this.#place !== "done") throw new UnreadableAnswer("the answer ended early", true);
    if (skipSpace(this.#carry, 0) < this.#carry.length) {
      throw new UnreadableAnswer("the answer goes on after its end", true);
    }
    if (!this.#found) throw new UnreadableAnswer(`the answer has no member "${this.#member}"`, false);
    try {
      return JSON.parse(`{${this.#head.join(",")}}`) as Record<string, unknown>;
    } catch (error) {
      throw unreadable(error);
    }
  }

  /** Takes whatever is complete; returns where the rest begins. */
  #cut(bytes: Buffer): number {
    let at = 0;
    while (this.#place !== "done") {
      const next = this.#step(bytes, at);
      if (next < 0) return at;
      at = next;
    }
    return at;
  }

  /** One bracket, separator, member or element; its end, or INCOMPLETE. */
  #step(bytes: Buffer, from: number): number {
    const at = skipSpace(bytes, from);
    const byte = bytes[at];
    if (byte === undefined) return INCOMPLETE;
    if (this.#place === "start") {
      if (byte !== OPEN_OBJECT) throw new UnreadableAnswer(describeForeign(bytes, at), false);
      this.#place = "members";
      return at + 1;
    }
    const closing = this.#place === "elements" ? CLOSE_ARRAY : CLOSE_OBJECT;
    if (byte === closing) {
      this.#place = this.#place === "elements" ? "members" : "done";
      this.#separated = false;
      return at + 1;
    }
    if (!this.#separated) {
      if (byte !== COMMA) throw new JsonMismatch("a comma was expected");
      this.#separated = true;
      return at + 1;
    }
    return this.#place === "elements" ? this.#element(bytes, at) : this.#topMember(bytes, at);
  }

  #element(bytes: Buffer, at: number): number {
    const end = this.#read(bytes, at);
    if (end >= 0) this.#separated = false;
    return end;
  }

  #topMember(bytes: Buffer, at: number): number {
    if (bytes[at] !== QUOTE) throw new JsonMismatch("a member name was expected");
    const keyEnd = stringEnd(bytes, at);
    if (keyEnd < 0) return INCOMPLETE;
    const colon = skipSpace(bytes, keyEnd);
    if (colon >= bytes.length) return INCOMPLETE;
    if (bytes[colon] !== COLON) throw new JsonMismatch("a colon was expected");
    const value = skipSpace(bytes, colon + 1);
    if (value >= bytes.length) return INCOMPLETE;
    if (bytes[value] === OPEN_ARRAY && !this.#found && stringText(bytes, at, keyEnd) === this.#member) {
      this.#found = true;
      this.#place = "elements";
      return value + 1;
    }
    const end = valueEnd(bytes, value);
    if (end < 0) return INCOMPLETE;
    this.#head.push(bytes.toString("utf8", at, end));
    this.#separated = false;
    return end;
  }
}

function describeForeign(bytes: Buffer, at: number): string {
  return bytes[at] === 0x3c
    ? "the answer is a web page, not JSON: the address may name a proxy or login page"
    : "the answer is not a JSON object";
}

function unreadable(error: unknown): unknown {
  return error instanceof JsonMismatch || error instanceof SyntaxError
    ? new UnreadableAnswer(`the answer broke off or is damaged: ${error.message}`, true)
    : error;
}
