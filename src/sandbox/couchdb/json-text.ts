/**
 * JSON as CouchDB keeps it: text in, normalised text out, never through JavaScript values. CouchDB's parser (jiffy)
 * keeps integers of any size, writes a float as the shortest text that reads back, keeps member order, and lets the
 * last of several equal members win. What it refuses, this refuses.
 */

/** The text is not JSON that CouchDB would accept. */
export class InvalidJson extends Error {
  constructor() {
    super("invalid UTF-8 JSON");
    this.name = "InvalidJson";
  }
}

/** How the value at the reader's position begins. */
export type JsonKind = "object" | "array" | "string" | "number" | "literal";

// jiffy 1.1 takes "1e+" for 1.0; the digits after the sign are optional there.
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE](?:[+-][0-9]*|[0-9]+))?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SMALLEST_NORMAL = 2.2250738585072014e-308;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "/": "/",
  b: "\\b",
  f: "\\f",
  n: "\\n",
  r: "\\r",
  t: "\\t",
};

/** Members of one object: name tokens (normalised, with quotes) beside normalised value texts. */
export interface Members {
  readonly names: string[];
  readonly values: string[];
}

/** A container whose end is still to come. */
interface Container extends Members {
  readonly isObject: boolean;
}

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

/** A float token as CouchDB 3.5 writes it back: `1E5` → `100000.0`, `-0.0` → `0.0`, `5e-324` → `0.0`. */
function floatText(token: string, hasFraction: boolean, exponent: string | undefined): string {
  const complete = exponent !== undefined && /[+-]$/.test(exponent) ? `${token}0` : token;
  let value = Number(complete);
  const tiny = Math.abs(value) < SMALLEST_NORMAL && /[1-9]/.test(complete.split(/[eE]/)[0] ?? "");
  if (!hasFraction && exponent !== undefined && (tiny || token.length >= 32)) {
    // jiffy hands what strtod calls out of range, and any long token, to Erlang, which multiplies by a power of ten.
    const [mantissa = "", power = ""] = complete.split(/[eE]/);
    value = (Number(mantissa) || 0) * 10 ** Number(power);
  }
  if (!Number.isFinite(value)) throw new InvalidJson();
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function escapeUnit(unit: number): string {
  switch (unit) {
    case 0x22:
      return '\\"';
    case 0x5c:
      return "\\\\";
    case 0x08:
      return "\\b";
    case 0x0c:
      return "\\f";
    case 0x0a:
      return "\\n";
    case 0x0d:
      return "\\r";
    case 0x09:
      return "\\t";
    default:
      return unit < 0x20
        ? `\\u${unit.toString(16).toUpperCase().padStart(4, "0")}`
        : String.fromCharCode(unit);
  }
}

function closeText({ isObject, names, values }: Container): string {
  if (!isObject) return `[${values.join(",")}]`;
  const members = hasRepeats(names) ? withoutRepeats(names, values) : { names, values };
  let text = "";
  for (let i = 0; i < members.names.length; i++) {
    text += `${i > 0 ? "," : ""}${members.names[i]}:${members.values[i]}`;
  }
  return `{${text}}`;
}

function hasRepeats(names: readonly string[]): boolean {
  if (names.length > 8) return new Set(names).size < names.length;
  for (let i = 1; i < names.length; i++) {
    for (let j = 0; j < i; j++) if (names[i] === names[j]) return true;
  }
  return false;
}

function withoutRepeats(names: readonly string[], values: readonly string[]): Members {
  const last = new Map<string, number>();
  for (const [i, name] of names.entries()) last.set(name, i);
  return {
    names: names.filter((name, i) => last.get(name) === i),
    values: values.filter((_, i) => last.get(names[i] ?? "") === i),
  };
}

/** The whole text, normalised. Throws {@link InvalidJson}. */
export function normaliseJson(text: string): string {
  const reader = new JsonReader(text);
  const value = reader.value();
  reader.end();
  return value;
}

/** A string as CouchDB writes it. */
export function quote(text: string): string {
  const quoted = JSON.stringify(text);
  if (!quoted.includes("\\u")) return quoted;
  return quoted.replaceAll(/\\(?:u00([01][0-9a-f])|.)/g, (escape, hex: string | undefined) =>
    hex === undefined ? escape : `\\u00${hex.toUpperCase()}`,
  );
}

/** The string that a normalised string token stands for. */
export function unquote(token: string): string {
  return token.includes("\\") ? (JSON.parse(token) as string) : token.slice(1, -1);
}
