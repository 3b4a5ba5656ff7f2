/**
 * Reads JSON text into a `JsonNode` without a recursive call, so that no document, however deeply nested, can
 * exhaust the stack.
 */
import type { JsonMember, JsonNode } from "./node.ts";

interface OpenObject {
  readonly kind: "object";
  readonly members: JsonMember[];
  /** The member whose value comes next. */
  name: string;
}

interface OpenArray {
  readonly kind: "array";
  readonly elements: JsonNode[];
}

type Open = OpenObject | OpenArray;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\n\r]*/y;
/** A string token; what it may not hold (control characters, bad escapes) is left to `JSON.parse`. */
const STRING = /"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const LITERALS = [
  ["true", true],
  ["false", false],
  ["null", null],
] as const;

/** Throws `SyntaxError` (with the offset) on anything that is not exactly one JSON value in valid UTF-8. */
export function parseJson(source: Buffer | string): JsonNode {
  const text =
    typeof source === "string"
      ? source
      : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(source);
  return new Reader(text).document();
}

class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  document(): JsonNode {
    const open: Open[] = [];
    for (;;) {
      let value = this.begin(open);
      // A finished value may finish any number of containers around it.
      while (value !== undefined) {
        const container = open.at(-1);
        if (container === undefined) {
          this.space();
          if (this.at < this.text.length) this.fail("text after the end of the document");
          return value;
        }
        add(container, value);
        value = this.afterValue(container) ? undefined : close(open.pop() as Open);
      }
    }
  }

  /** Reads a scalar or an empty container and returns it, or opens a container and returns undefined. */
  private begin(open: Open[]): JsonNode | undefined {
    this.space();
    const first = this.text[this.at];
    if (first === "{") {
      this.at++;
      if (this.skip("}")) return { kind: "object", members: [], duplicates: [] };
      open.push({ kind: "object", members: [], name: this.name() });
      return undefined;
    }
    if (first === "[") {
      this.at++;
      if (this.skip("]")) return { kind: "array", elements: [] };
      open.push({ kind: "array", elements: [] });
      return undefined;
    }
    if (first === '"') return { kind: "string", value: this.string() };
    for (const [word, value] of LITERALS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return { kind: "literal", value };
      }
    }
    const text = this.match(NUMBER);
    if (text === undefined || text === "") this.fail("a value was expected");
    return { kind: "number", text };
  }

  /** After a value: true when another one follows in this container, false when it ends. */
  private afterValue(container: Open): boolean {
    if (this.skip(",")) {
      if (container.kind === "object") container.name = this.name();
      return true;
    }
    if (this.skip(container.kind === "object" ? "}" : "]")) return false;
    return this.fail("a comma or the end of the container was expected");
  }

  private name(): string {
    this.space();
    const name = this.string();
    if (!this.skip(":")) this.fail("a colon was expected");
    return name;
  }

  private string(): string {
    const token = this.match(STRING);
    if (token === undefined) return this.fail("a string was expected");
    return JSON.parse(token) as string;
  }

  private skip(mark: string): boolean {
    this.space();
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  private space(): void {
    this.match(SPACE);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const token = pattern.exec(this.text)?.[0];
    if (token !== undefined) this.at += token.length;
    return token;
  }

  private fail(what: string): never {
    throw new SyntaxError(`JSON at offset ${this.at}: ${what}`);
  }
}

function add(container: Open, value: JsonNode): void {
  if (container.kind === "array") container.elements.push(value);
  else container.members.push({ name: container.name, value });
}

function close(container: Open): JsonNode {
  if (container.kind === "array") return container;
  const last = new Map(container.members.map((member) => [member.name, member]));
  if (last.size === container.members.length) {
    return { kind: "object", members: container.members, duplicates: [] };
  }
  const members = container.members.filter((member) => last.get(member.name) === member);
  const dropped = container.members.filter((member) => last.get(member.name) !== member);
  return {
    kind: "object",
    members,
    duplicates: [...new Set(dropped.map((member) => member.name))],
  };
}
