/**
 * JSON trees written as text: as they were (`jsonText`), or in the form in which two documents are compared
 * (`canonicalText`). Iterative, like the parser.
 */
import type { JsonNode } from "./node.ts";
import { canonicalNumber } from "./number.ts";

/** Compact text; numbers as they were written. */
export function jsonText(node: JsonNode): string {
  return write(node, (text) => text);
}

/**
 * Compact text with every number as CouchDB normalises it. Member order is kept, because CouchDB keeps it and a
 * revision depends on it. Equal texts: the same document to CouchDB.
 */
export function canonicalText(node: JsonNode): string {
  return write(node, canonicalNumber);
}

/** The scalar's text; `number` says how numbers are written. */
export function scalarText(
  node: Exclude<JsonNode, { kind: "object" | "array" }>,
  number: (text: string) => string,
): string {
  if (node.kind === "number") return number(node.text);
  return JSON.stringify(node.value);
}

function write(root: JsonNode, number: (text: string) => string): string {
  const out: string[] = [];
  // What is still to be written, last first; strings are written as they are.
  const rest: (JsonNode | string)[] = [root];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (typeof next === "string") {
      out.push(next);
    } else if (next.kind === "array") {
      rest.push("]");
      for (let i = next.elements.length - 1; i >= 0; i--) {
        rest.push(next.elements[i] as JsonNode);
        if (i > 0) rest.push(",");
      }
      rest.push("[");
    } else if (next.kind === "object") {
      rest.push("}");
      for (let i = next.members.length - 1; i >= 0; i--) {
        const { name, value } = next.members[i] as (typeof next.members)[number];
        rest.push(value, `${i > 0 ? "," : ""}${JSON.stringify(name)}:`);
      }
      rest.push("{");
    } else {
      out.push(scalarText(next, number));
    }
  }
  return out.join("");
}
