/**
 * The configuration file as a parsed document: its checked value, and the line and column of every member.
 *
 * Messages never quote the file: a mistake may have put a secret anywhere in it.
 */
import { readFile } from "node:fs/promises";
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
} from "yaml";
import { HoldfastError } from "../../model/errors.ts";
import { describeIssues } from "./problems.ts";
import { configSchema, type ConfigFile } from "./schema.ts";

/** Where a value stands; line and column from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

export type MemberPath = readonly (string | number)[];

export interface ConfigDocument {
  /** Absolute path of the file. */
  readonly path: string;
  readonly value: ConfigFile;
  /** The parsed document with its comments, for edits. */
  readonly yaml: Document;
  /** Where a member stands; the nearest mapping around it when the file does not have it. */
  placeOf(member: MemberPath): TextPlace;
}

/** Most problems shown at once: more would scroll the first away. */
const PROBLEMS_SHOWN = 8;

/** Reads and checks a file. Errors: `config-invalid`. */
export async function readConfig(path: string): Promise<ConfigDocument> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === "ENOENT"
        ? "it does not exist"
        : code === "EACCES"
          ? "this user may not read it"
          : code === "EISDIR"
            ? "it is a folder"
            : `the system says ${code}`;
    throw new HoldfastError("config-invalid", `Could not read the configuration file ${path}: ${reason}.`, {
      path,
    });
  }
  return parseConfig(text, path);
}

/** Checks a text as if it stood in the file `path`. Errors: `config-invalid`, naming every place and its fix. */
export function parseConfig(text: string, path: string): ConfigDocument {
  return parse(text, path, (problems) => invalid(path, problems));
}

/** Checks a text that is to be written by a command. Errors: `usage`, since the mistake is on the command line. */
export function parseEdited(text: string, path: string): ConfigDocument {
  return parse(text, path, (problems) => {
    const texts = problems.slice(0, PROBLEMS_SHOWN).map((problem) => problem.text);
    return new HoldfastError("usage", `${texts.join("\n")}\nThe file ${path} was left as it was.`, { path });
  });
}

interface PlacedProblem {
  readonly place: TextPlace;
  readonly text: string;
}

function parse(
  text: string,
  path: string,
  refuse: (problems: PlacedProblem[]) => HoldfastError,
): ConfigDocument {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number): TextPlace => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const syntax = [...yaml.errors, ...yaml.warnings];
  if (syntax.length > 0) {
    throw refuse(syntax.map((error) => ({ place: placeAt(error.pos[0]), text: syntaxProblem(error.code) })));
  }
  const placeOf = (member: MemberPath) => placeAt(offsetOf(yaml, member, false));
  const plain = plainValue(yaml);
  if (plain === undefined) {
    throw refuse([{ place: placeAt(0), text: "an alias (*name) has no anchor (&name) before it" }]);
  }
  const checked = configSchema.safeParse(plain);
  if (!checked.success) {
    throw refuse(
      describeIssues(checked.error.issues, plain).map(({ member, text: problem, name = false }) => ({
        place: placeAt(offsetOf(yaml, member, name)),
        text: member.length === 0 ? problem : `${member.join(".")}: ${problem}`,
      })),
    );
  }
  return { path, value: checked.data, yaml, placeOf };
}

/** `path:line:column`, as editors and terminals follow it. */
export function placeText(path: string, place: TextPlace): string {
  return `${path}:${place.line}:${place.column}`;
}

function invalid(path: string, problems: readonly PlacedProblem[]): HoldfastError {
  const shown = problems
    .toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column)
    .slice(0, PROBLEMS_SHOWN)
    .map(({ place, text }) => `${placeText(path, place)}: ${text}`);
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  return new HoldfastError("config-invalid", shown.join("\n"), { path });
}

/** The parser's own messages quote the file, so only their kind is used. */
function syntaxProblem(code: string): string {
  if (code === "DUPLICATE_KEY") return "this member stands here twice; remove one";
  if (code === "TAB_AS_INDENT") return "a tab is not allowed here; indent with blanks";
  return `this is not valid YAML (${code.toLowerCase().replaceAll("_", " ")}); see that indentation and quotes are right`;
}

/** The file's value; a member without a value counts as absent. Undefined when an alias leads nowhere. */
function plainValue(yaml: Document): unknown {
  try {
    return withoutNulls((yaml.toJS() as unknown) ?? {});
  } catch {
    return undefined;
  }
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [name, withoutNulls(member)]),
  );
}

/** Where a member's value begins, or its name; the nearest mapping around it when it is not there. */
function offsetOf(yaml: Document, member: MemberPath, ofName: boolean): number {
  let node: unknown = yaml.contents;
  let offset = start(node) ?? 0;
  for (const [index, name] of member.entries()) {
    if (isAlias(node)) node = node.resolve(yaml);
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : key) === String(name));
      if (!pair) return offset;
      offset = start(pair.key) ?? offset;
      next = pair.value;
    } else if (isSeq(node)) {
      next = node.items[Number(name)];
    }
    if (next === undefined || next === null || (ofName && index === member.length - 1)) return offset;
    node = next;
    if (isScalar(node) || isSeq(node) || isAlias(node)) offset = start(node) ?? offset;
  }
  return offset;
}

function start(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
