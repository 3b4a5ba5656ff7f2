/**
 * The structural difference of two documents: objects by member, arrays by longest common subsequence, numbers as
 * CouchDB normalises them, members in another order reported but not otherwise a difference.
 *
 * Changes are listed in document order, and each path is where its place is once all changes before it have been made:
 * making them one after the other turns the first document into the second (as in a JSON Patch, RFC 6902).
 */
import { diffArrays } from "diff";
import { Identities } from "./identity.ts";
import type { JsonArray, JsonNode, JsonObject } from "./node.ts";
import { jsonText } from "./text.ts";

export interface JsonChange {
  /** JSON pointer (RFC 6901); empty for the whole document. */
  readonly path: string;
  /** `reordered`: an object whose common members stand in another order; before and after list their names. */
  readonly kind: "added" | "removed" | "changed" | "reordered";
  /** JSON text, numbers as they were written; absent for `added`. */
  readonly before?: string;
  /** Absent for `removed`. */
  readonly after?: string;
}

export type JsonDiff = readonly JsonChange[];

/**
 * Most edits between two arrays that are still searched for the shortest way; beyond, the differing middle is paired
 * by position. The search takes time in the square of this: 2,000 is about 20 ms.
 */
const MAX_ARRAY_EDITS = 2000;

/** Two values at the same place, still to be compared. */
interface Pair {
  readonly kind: "pair";
  readonly path: string;
  readonly before: JsonNode;
  readonly after: JsonNode;
}

type Step = JsonChange | Pair;

/** Empty exactly when the documents are the same to CouchDB, member order included. */
export function diffJson(before: JsonNode, after: JsonNode): JsonDiff {
  const identities = new Identities();
  identities.of(before);
  identities.of(after);
  const changes: JsonChange[] = [];
  // What is still to be looked at, last first.
  const rest: Step[] = [{ kind: "pair", path: "", before, after }];
  for (let step = rest.pop(); step !== undefined; step = rest.pop()) {
    if (step.kind !== "pair") {
      changes.push(step);
      continue;
    }
    const steps = differ(step, identities);
    for (let i = steps.length - 1; i >= 0; i--) rest.push(steps[i] as Step);
  }
  return changes;
}

/** The steps that lead from one value to the other; nested differences stay pairs. */
function differ({ path, before, after }: Pair, identities: Identities): Step[] {
  if (identities.of(before).strict === identities.of(after).strict) return [];
  if (before.kind === "object" && after.kind === "object") return objectSteps(path, before, after);
  if (before.kind === "array" && after.kind === "array") {
    return arraySteps(path, before, after, identities);
  }
  return [{ path, kind: "changed", before: jsonText(before), after: jsonText(after) }];
}

function objectSteps(path: string, before: JsonObject, after: JsonObject): Step[] {
  const old = new Map(before.members.map((member) => [member.name, member.value]));
  const now = new Map(after.members.map((member) => [member.name, member.value]));
  const steps: Step[] = [];
  const oldOrder = [...old.keys()].filter((name) => now.has(name));
  const newOrder = [...now.keys()].filter((name) => old.has(name));
  if (oldOrder.some((name, i) => name !== newOrder[i])) {
    steps.push({
      path,
      kind: "reordered",
      before: JSON.stringify(oldOrder),
      after: JSON.stringify(newOrder),
    });
  }
  for (const [name, value] of old) {
    const there = now.get(name);
    steps.push(place(`${path}/${escapePointer(name)}`, value, there));
  }
  for (const [name, value] of now) {
    if (!old.has(name)) steps.push(place(`${path}/${escapePointer(name)}`, undefined, value));
  }
  return steps;
}

function arraySteps(path: string, before: JsonArray, after: JsonArray, identities: Identities): Step[] {
  const olds = before.elements.map((element) => identities.of(element).loose);
  const news = after.elements.map((element) => identities.of(element).loose);
  const steps: Step[] = [];
  let i = 0;
  let j = 0;
  for (const [oldEnd, newEnd] of [...commonPairs(olds, news), [olds.length, news.length] as const]) {
    // What lies between two common elements: paired by position, the surplus removed or added.
    while (i < oldEnd || j < newEnd) {
      const here = `${path}/${j}`;
      const old = i < oldEnd ? before.elements[i++] : undefined;
      const now = j < newEnd ? after.elements[j++] : undefined;
      steps.push(place(here, old, now));
    }
    const old = before.elements[i++];
    const now = after.elements[j++];
    if (old !== undefined && now !== undefined) steps.push(place(`${path}/${j - 1}`, old, now));
  }
  return steps;
}

/** Index pairs of a longest common subsequence, ascending (of the common head and tail only, beyond the limit). */
function commonPairs(olds: readonly number[], news: readonly number[]): [number, number][] {
  let head = 0;
  while (head < olds.length && head < news.length && olds[head] === news[head]) head++;
  let tail = 0;
  while (
    tail < olds.length - head &&
    tail < news.length - head &&
    olds[olds.length - 1 - tail] === news[news.length - 1 - tail]
  ) {
    tail++;
  }
  const pairs: [number, number][] = [];
  for (let i = 0; i < head; i++) pairs.push([i, i]);
  pairs.push(...middlePairs(olds, news, head, tail));
  for (let i = tail; i > 0; i--) pairs.push([olds.length - i, news.length - i]);
  return pairs;
}

function middlePairs(
  olds: readonly number[],
  news: readonly number[],
  head: number,
  tail: number,
): [number, number][] {
  // Elements that only one side has are in no common subsequence: left out, they cost no search.
  const inOld = new Set(olds.slice(head, olds.length - tail));
  const inNew = new Set(news.slice(head, news.length - tail));
  const oldAt = indices(olds, head, tail).filter((i) => inNew.has(olds[i] as number));
  const newAt = indices(news, head, tail).filter((j) => inOld.has(news[j] as number));
  const runs = diffArrays(
    oldAt.map((i) => olds[i] as number),
    newAt.map((j) => news[j] as number),
    { maxEditLength: MAX_ARRAY_EDITS },
  );
  const pairs: [number, number][] = [];
  let i = 0;
  let j = 0;
  for (const run of runs ?? []) {
    if (run.removed) i += run.count;
    else if (run.added) j += run.count;
    else {
      for (let k = 0; k < run.count; k++) pairs.push([oldAt[i++] as number, newAt[j++] as number]);
    }
  }
  return pairs;
}

function indices(of: readonly number[], head: number, tail: number): number[] {
  return Array.from({ length: of.length - head - tail }, (_, i) => head + i);
}

function place(path: string, before: JsonNode | undefined, after: JsonNode | undefined): Step {
  if (before === undefined) return { path, kind: "added", after: jsonText(after as JsonNode) };
  if (after === undefined) return { path, kind: "removed", before: jsonText(before) };
  return { kind: "pair", path, before, after };
}

function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
