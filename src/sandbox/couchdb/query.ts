/**
 * Query strings as CouchDB reads them: `+` is a space, the last of several equal names wins, some values are JSON.
 */
import { badRequest, queryParseError } from "./errors.ts";
import { InvalidJson, normaliseJson } from "./json-text.ts";
import type { Revision } from "./revision.ts";
import { parseRevision } from "./revision.ts";

export class Query {
  readonly #params: URLSearchParams;

  constructor(text: string) {
    this.#params = new URLSearchParams(text);
  }

  /** The same with members of a JSON body on top, which count like parameters of their name. */
  with(members: Readonly<Record<string, unknown>>): Query {
    const merged = new Query(this.#params.toString());
    for (const [name, value] of Object.entries(members)) {
      const isPlain = typeof value === "string" && !name.includes("key");
      merged.#params.append(name, isPlain ? value : JSON.stringify(value));
    }
    return merged;
  }

  get(name: string): string | undefined {
    return this.#params.getAll(name).at(-1);
  }

  has(name: string): boolean {
    return this.#params.has(name);
  }

  names(): string[] {
    return [...this.#params.keys()];
  }

  isTrue(name: string): boolean {
    return this.get(name) === "true";
  }

  /** A parameter of a view: anything but `true` and `false` is refused. */
  boolean(name: string, fallback: boolean): boolean {
    const value = this.get(name);
    if (value === undefined) return fallback;
    if (value === "true" || value === "false") return value === "true";
    throw queryParseError(`Invalid boolean parameter: ${JSON.stringify(value)}`);
  }

  /** A parameter of a view: a non-negative integer. */
  count(name: string, fallback: number): number {
    const value = this.get(name);
    if (value === undefined) return fallback;
    if (/^-[0-9]+$/.test(value)) {
      throw queryParseError(`Invalid value for positive integer: ${JSON.stringify(value)}`);
    }
    if (!/^[0-9]+$/.test(value)) throw queryParseError(`Invalid value for integer: ${JSON.stringify(value)}`);
    return Number(value);
  }

  /** JSON as normalised text. Throws 400. */
  json(name: string): string | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    try {
      return normaliseJson(value);
    } catch (error) {
      if (error instanceof InvalidJson) throw badRequest("invalid UTF-8 JSON");
      throw error;
    }
  }

  revision(name: string): Revision | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : parseRevision(value);
  }

  /** A JSON array of revisions. Throws 400. */
  revisions(name: string): Revision[] | undefined {
    const text = this.json(name);
    return text === undefined ? undefined : parseRevisions(JSON.parse(text));
  }
}

export function parseRevisions(value: unknown): Revision[] {
  if (!Array.isArray(value)) throw badRequest("Invalid list of revisions");
  return value.map(parseRevision);
}
