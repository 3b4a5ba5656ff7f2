/**
 * JSON as CouchDB keeps it: text in, normalised text out, never through JavaScript values. CouchDB's parser (jiffy)
 * keeps integers of any size, writes a float as the shortest text that reads back, keeps member order, and lets the
 * last of several equal members win. What it refuses, this refuses.
 */

import type { Container, Members } from "./json-members.ts";
import { closeText, hasRepeats, withoutRepeats } from "./json-members.ts";
import { InvalidJson, SHORT_ESCAPES, escapeUnit, floatText } from "./json-scalars.ts";

export type { Members } from "./json-members.ts";
export { InvalidJson, quote, unquote } from "./json-scalars.ts";

/** How the value at the reader's position begins. */
export type JsonKind = "object" | "array" | "string" | "number" | "literal";

// jiffy 1.1 takes "1e+" for 1.0; the digits after the sign are optional there.
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE](?:[+-][0-9]*|[0-9]+))?/y;
// Everything but quote, backslash and control characters.
const PLAIN = /[\u0020\u0021\u0023-\u005b\u005d-\uffff]*/y;
/** What {@link JsonReader.walk} reports. */
export interface JsonVisitor {
  open(isObject: boolean): void;
  /** The name token of the value that comes next. */
  name(token: string): void;
  /** A string, number or literal as normalised text. */
  scalar(text: string): void;
  close(): void;
}

/** Reads one JSON text from front to back; every value is consumed exactly once. */
export class JsonReader {
  readonly #text: string;
  readonly #negativeZero: string;
  #at = 0;

  /** `keepNegativeZero`: leaves `-0.0` as it is, which CouchDB hashes so, though it shows `0.0`. */
  constructor(text: string, keepNegativeZero = false) {
    this.#text = text;
    this.#negativeZero = keepNegativeZero ? "-0.0" : "0.0";
  }

  kind(): JsonKind {
    switch (this.#peek()) {
      case 0x7b:
        return "object";
      case 0x5b:
        return "array";
      case 0x22:
        return "string";
      case 0x74:
      case 0x66:
      case 0x6e:
        return "literal";
      default:
        return "number";
    }
  }

  /** The whole value as normalised text. Works on a list of what is open, so that depth costs no stack. */
  value(): string {
    const open: Container[] = [];
    for (;;) {
      let text = this.#begin(open);
      while (text !== null) {
        const container = open.at(-1);
        if (container === undefined) return text;
        container.values.push(text);
        text = this.#continue(container) ? null : closeText(open.pop() ?? container);
      }
    }
  }

  /** Reads a scalar or an empty container and returns it, or opens a container and returns null. */
  #begin(open: Container[]): string | null {
    const code = this.#peek();
    switch (code) {
      case 0x7b:
      case 0x5b: {
        this.#at++;
        const container: Container = { isObject: code === 0x7b, names: [], values: [] };
        if (this.#peek() === (container.isObject ? 0x7d : 0x5d)) {
          this.#at++;
          return container.isObject ? "{}" : "[]";
        }
        if (container.isObject) container.names.push(this.#name());
        open.push(container);
        return null;
      }
      case 0x22:
        return this.#string();
      case 0x74:
        return this.#literal("true");
      case 0x66:
        return this.#literal("false");
      case 0x6e:
        return this.#literal("null");
      default:
        return this.#number();
    }
  }

  /** After a value: true if the container goes on, false if it ends here. */
  #continue(container: Container): boolean {
    const next = this.#peek();
    this.#at++;
    if (next === 0x2c) {
      if (container.isObject) container.names.push(this.#name());
      return true;
    }
    if (next !== (container.isObject ? 0x7d : 0x5d)) throw new InvalidJson();
    return false;
  }

  /** A member's name and the colon after it. */
  #name(): string {
    if (this.#peek() !== 0x22) throw new InvalidJson();
    const name = this.#string();
    this.#expect(0x3a);
    return name;
  }

  /** Tells `visitor` what the value is made of, from front to back. */
  walk(visitor: JsonVisitor): void {
    const open: boolean[] = [];
    do {
      const code = this.#peek();
      if (code === 0x7b || code === 0x5b) {
        this.#at++;
        const isObject = code === 0x7b;
        visitor.open(isObject);
        open.push(isObject);
        if (this.#peek() !== (isObject ? 0x7d : 0x5d)) {
          if (isObject) visitor.name(this.#name());
          continue;
        }
      } else {
        visitor.scalar(this.value());
      }
      while (open.length > 0) {
        const isObject = open.at(-1) === true;
        const next = this.#peek();
        this.#at++;
        if (next === 0x2c) {
          if (isObject) visitor.name(this.#name());
          break;
        }
        if (next !== (isObject ? 0x7d : 0x5d)) throw new InvalidJson();
        open.pop();
        visitor.close();
      }
    } while (open.length > 0);
  }

  /** An object as members; of equal names the last one stays, at its own place. */
  members(): Members {
    const names: string[] = [];
    const values: string[] = [];
    this.visitMembers((name) => {
      names.push(name);
      values.push(this.value());
    });
    return hasRepeats(names) ? withoutRepeats(names, values) : { names, values };
  }

  /** Calls `visit` once per member with the name token; `visit` must consume the value. Repeats are not removed. */
  visitMembers(visit: (name: string) => void): void {
    this.#expect(0x7b);
    if (this.#peek() === 0x7d) {
      this.#at++;
      return;
    }
    for (;;) {
      visit(this.#name());
      const next = this.#peek();
      this.#at++;
      if (next === 0x7d) return;
      if (next !== 0x2c) throw new InvalidJson();
    }
  }

  /** Calls `visit` once per element; `visit` must consume it. */
  elements(visit: () => void): void {
    this.#expect(0x5b);
    if (this.#peek() === 0x5d) {
      this.#at++;
      return;
    }
    for (;;) {
      visit();
      const next = this.#peek();
      this.#at++;
      if (next === 0x5d) return;
      if (next !== 0x2c) throw new InvalidJson();
    }
  }

  /** Throws unless nothing but white space is left. */
  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw new InvalidJson();
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #peek(): number {
    this.#skipSpace();
    return this.#text.charCodeAt(this.#at);
  }

  #expect(code: number): void {
    if (this.#peek() !== code) throw new InvalidJson();
    this.#at++;
  }

  #literal(word: string): string {
    if (!this.#text.startsWith(word, this.#at)) throw new InvalidJson();
    this.#at += word.length;
    return word;
  }

  #string(): string {
    const start = this.#at;
    PLAIN.lastIndex = start + 1;
    PLAIN.test(this.#text);
    let at = PLAIN.lastIndex;
    if (this.#text.charCodeAt(at) === 0x22) {
      this.#at = at + 1;
      return this.#text.slice(start, at + 1);
    }
    let token = this.#text.slice(start, at);
    for (;;) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x22) {
        this.#at = at + 1;
        return `${token}"`;
      }
      // Anything but a backslash here is a raw control character or the end of the text.
      if (code !== 0x5c) throw new InvalidJson();
      this.#at = at + 1;
      token += this.#escape();
      PLAIN.lastIndex = this.#at;
      PLAIN.test(this.#text);
      at = PLAIN.lastIndex;
      token += this.#text.slice(this.#at, at);
    }
  }

  /** The escape after the backslash at the position, as CouchDB writes the character back. */
  #escape(): string {
    const letter = this.#text[this.#at] ?? "";
    if (letter !== "u") {
      const short = SHORT_ESCAPES[letter];
      if (short === undefined) throw new InvalidJson();
      this.#at++;
      return short;
    }
    const unit = this.#hexUnit();
    if (unit >= 0xdc00 && unit <= 0xdfff) throw new InvalidJson();
    if (unit >= 0xd800 && unit <= 0xdbff) {
      if (!this.#text.startsWith("\\u", this.#at)) throw new InvalidJson();
      this.#at++;
      const low = this.#hexUnit();
      if (low < 0xdc00 || low > 0xdfff) throw new InvalidJson();
      return String.fromCharCode(unit, low);
    }
    return escapeUnit(unit);
  }

  /** The four digits after the `u` at the position. */
  #hexUnit(): number {
    const digits = this.#text.slice(this.#at + 1, this.#at + 5);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new InvalidJson();
    this.#at += 5;
    return Number.parseInt(digits, 16);
  }

  #number(): string {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw new InvalidJson();
    const token = match[0];
    this.#at += token.length;
    const [, fraction, exponent] = match;
    if (fraction === undefined && exponent === undefined) return token === "-0" ? "0" : token;
    const text = floatText(token, fraction !== undefined, exponent);
    return text === "-0.0" ? this.#negativeZero : text;
  }
}

/** The whole text, normalised. Throws {@link InvalidJson}. */
export function normaliseJson(text: string): string {
  const reader = new JsonReader(text);
  const value = reader.value();
  reader.end();
  return value;
}
