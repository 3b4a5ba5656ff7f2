/**
 * Makes the changes of a diff one after the other, as its contract says they can be made: the tests' own reading of
 * that contract. Works on a mutable copy; members are put in no particular order.
 */
import type { JsonDiff } from "../../../src/model/json/diff.ts";
import type { JsonNode } from "../../../src/model/json/node.ts";
import { parseJson } from "../../../src/model/json/parse.ts";

type Tree =
  | { kind: "leaf"; node: JsonNode }
  | { kind: "array"; elements: Tree[] }
  | { kind: "object"; members: Map<string, Tree> };

export function applyDiff(document: JsonNode, diff: JsonDiff): JsonNode {
  const root: { value: Tree } = { value: thaw(document) };
  for (const { path, kind, before, after } of diff) {
    if (kind === "reordered") continue;
    if (path === "") {
      root.value = thaw(parseJson(after as string));
      continue;
    }
    const steps = path
      .slice(1)
      .split("/")
      .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = steps.pop() as string;
    let parent = root.value;
    for (const step of steps) parent = child(parent, step);
    if (before !== undefined && JSON.stringify(freeze(child(parent, last))) !== text(before)) {
      throw new Error(`${path} does not hold ${before}`);
    }
    if (parent.kind === "array") {
      const fresh = after === undefined ? [] : [thaw(parseJson(after))];
      parent.elements.splice(Number(last), kind === "added" ? 0 : 1, ...fresh);
    } else if (parent.kind === "object") {
      if (after === undefined) parent.members.delete(last);
      else parent.members.set(last, thaw(parseJson(after)));
    }
  }
  return freeze(root.value);
}

function text(json: string): string {
  return JSON.stringify(parseJson(json));
}

function child(tree: Tree, step: string): Tree {
  const found =
    tree.kind === "array"
      ? tree.elements[Number(step)]
      : tree.kind === "object"
        ? tree.members.get(step)
        : undefined;
  if (found === undefined) throw new Error(`no ${step}`);
  return found;
}

function thaw(node: JsonNode): Tree {
  if (node.kind === "array") return { kind: "array", elements: node.elements.map(thaw) };
  if (node.kind === "object") {
    return {
      kind: "object",
      members: new Map(node.members.map((member) => [member.name, thaw(member.value)])),
    };
  }
  return { kind: "leaf", node };
}

function freeze(tree: Tree): JsonNode {
  if (tree.kind === "leaf") return tree.node;
  if (tree.kind === "array") return { kind: "array", elements: tree.elements.map(freeze) };
  return {
    kind: "object",
    members: [...tree.members].map(([name, value]) => ({ name, value: freeze(value) })),
    duplicates: [],
  };
}
