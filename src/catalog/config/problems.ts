/**
 * What is wrong with a configuration, in the words of the person who mends it. Never quotes a value.
 */
import type { z } from "zod";
import { configJsonSchema } from "./schema.ts";
import { nearest } from "./suggest.ts";

export interface Problem {
  readonly member: (string | number)[];
  /** What is wrong and how to mend it. */
  readonly text: string;
  /** Whether the member's name is what is wrong, not its value. */
  readonly name?: boolean;
}

type Issue = z.core.$ZodIssue;
type Schema = Readonly<Record<string, unknown>>;

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

/** Describes the issues that checking `value` against the configuration's schema gave. */
export function describeIssues(issues: readonly Issue[], value: unknown): Problem[] {
  return issues.flatMap((issue) => describe(issue, value, []));
}

function describe(issue: Issue, root: unknown, base: readonly (string | number)[]): Problem[] {
  const member = [...base, ...issue.path.map((part) => (typeof part === "number" ? part : String(part)))];
  const found = valueAt(root, member);
  const one = (text: string): Problem[] => [{ member, text }];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((name) => ({
        member: [...member, name],
        text: unknownMember(name, root, member),
        name: true,
      }));
    case "invalid_type":
      return one(wrongType(issue.expected, found));
    case "invalid_value":
      return one(
        found === undefined
          ? "is missing"
          : `must be ${issue.values.map((choice) => String(choice)).join(" or ")}`,
      );
    case "invalid_union":
      return inUnion(issue, root, member, found);
    case "invalid_key":
      return one(issue.issues.map((inner) => inner.message).join("; "));
    case "too_small":
      return one(
        issue.origin === "string" || issue.origin === "array"
          ? "must not be empty"
          : `must be ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`,
      );
    case "too_big":
      return one(
        issue.origin === "string"
          ? `must not be longer than ${issue.maximum} characters`
          : `must be at most ${issue.maximum}`,
      );
    default:
      return one(issue.message);
  }
}

function inUnion(
  issue: Extract<Issue, { code: "invalid_union" }>,
  root: unknown,
  member: (string | number)[],
  found: unknown,
): Problem[] {
  if (issue.errors.length === 0) {
    const choices = discriminators(schemaAt(root, member.slice(0, -1))).join(", ");
    return [
      {
        member,
        text: found === undefined ? `is missing; it is one of ${choices}` : `must be one of ${choices}`,
      },
    ];
  }
  // Of the branches, the one that fits furthest is the one that was meant.
  const deepest = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0] as readonly Issue[];
  if (typeof found !== "object") {
    const [type] = discriminators(schemaAt(root, member)).filter((name) => name !== "none");
    return [{ member, text: `must be none or a mapping with a type; write auth: { type: ${type}, … }` }];
  }
  return deepest.flatMap((inner) => describe(inner, root, member));
}

function depth(issues: readonly Issue[]): number {
  return Math.max(
    ...issues.map((issue) =>
      issue.code === "unrecognized_keys" ? issue.path.length + 1 : issue.path.length,
    ),
  );
}

function wrongType(expected: string, found: unknown): string {
  if (found === undefined) return "is missing";
  const wanted = TYPE_WORDS[expected] ?? expected;
  const got = Array.isArray(found) ? "a list" : (TYPE_WORDS[typeof found] ?? typeof found);
  if (expected === "int" && typeof found === "number") return "must be a whole number";
  const quote = expected === "string" && typeof found !== "object" ? "; put it in quotes" : "";
  return `must be ${wanted}, not ${got}${quote}`;
}

function unknownMember(name: string, root: unknown, parent: readonly (string | number)[]): string {
  const known = Object.keys(membersOf(schemaAt(root, parent)));
  const near = nearest(name, known);
  return near === undefined
    ? `is not known here; this mapping may have ${known.join(", ")}`
    : `is not known; did you mean ${near}?`;
}

function valueAt(root: unknown, member: readonly (string | number)[]): unknown {
  let value = root;
  for (const name of member) value = (value as Record<string, unknown> | undefined)?.[name];
  return value;
}

/** The JSON schema of the mapping at `member`, in the union branch that its `type` or `kind` chooses. */
function schemaAt(root: unknown, member: readonly (string | number)[]): Schema {
  let schema: Schema = configJsonSchema();
  let value = root;
  for (const name of member) {
    const next = membersOf(schema)[name] ?? schema["additionalProperties"] ?? schema["items"];
    value = (value as Record<string, unknown> | undefined)?.[name];
    schema = branch((typeof next === "object" ? next : {}) as Schema, value);
  }
  return schema;
}

function branches(schema: Schema): Schema[] {
  const inner = (schema["anyOf"] ?? schema["oneOf"]) as Schema[] | undefined;
  return inner ? inner.flatMap(branches) : [schema];
}

/** Members that tell the branches of a union apart. */
const DISCRIMINATORS = ["type", "kind"] as const;

function branch(schema: Schema, value: unknown): Schema {
  const given = DISCRIMINATORS.map((name) => (value as Record<string, unknown> | undefined)?.[name]);
  const chosen = branches(schema).find((inner) => {
    const wanted = discriminatorOf(inner);
    return wanted !== undefined && given.includes(wanted);
  });
  return chosen ?? schema;
}

/** What a branch's discriminator must be; undefined for a schema that is no branch of such a union. */
function discriminatorOf(schema: Schema): unknown {
  for (const name of DISCRIMINATORS) {
    const wanted = (membersOf(schema)[name] as Schema | undefined)?.["const"];
    if (wanted !== undefined) return wanted;
  }
  return undefined;
}

function discriminators(schema: Schema): string[] {
  return branches(schema)
    .map(discriminatorOf)
    .filter((name) => name !== undefined)
    .map(String);
}

function membersOf(schema: Schema): Schema {
  const inner = branches(schema);
  return Object.assign({}, ...inner.map((one) => (one["properties"] ?? {}) as Schema)) as Schema;
}
