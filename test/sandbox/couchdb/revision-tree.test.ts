/**
 * Revision trees without a server: the winner, leaves, stemming, and that the order of arrival leaves no trace.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { RevisionPath, RevisionTree } from "../../../src/sandbox/couchdb/revision-tree.ts";
import {
  byRank,
  findRevision,
  leaves,
  mergePath,
  removeLeaves,
  stem,
} from "../../../src/sandbox/couchdb/revision-tree.ts";
import { compareHashes } from "../../../src/sandbox/couchdb/revision.ts";

function tree(...paths: (readonly [start: number, ids: string, deleted?: boolean])[]): RevisionTree {
  let result: RevisionTree = [];
  for (const [i, [start, ids, deleted = false]] of paths.entries()) {
    result = mergePath(result, { start, ids: ids.split(" "), deleted, body: i + 1 }).tree;
  }
  return result;
}

function names(of: RevisionTree): string[] {
  return leaves(of)
    .sort(byRank)
    .map(({ position, hash }) => `${position}-${hash}`);
}

test.each([
  ["a live leaf wins over a longer deleted one", tree([1, "b"], [13, "a", true]), "1-b"],
  ["the longer history wins", tree([2, "a x"], [3, "a b x"]), "3-a"],
  ["of equal length the greater hash wins", tree([2, "a x"], [2, "b x"]), "2-b"],
  ["of deleted leaves alone the longer wins", tree([2, "a x", true], [3, "b c x", true]), "3-b"],
])("%s", (_, of, winner) => {
  expect(names(of)[0]).toBe(winner);
});

test("hashes of 32 hexadecimal digits are compared as the bytes they stand for", () => {
  const hex = "0f".repeat(16);
  expect(compareHashes("\u000e", hex)).toBeLessThan(0);
  expect(compareHashes("0", hex)).toBeGreaterThan(0);
});

test("an old revision is an inner one and leaves the leaves as they are", () => {
  const before = tree([3, "c b a"]);
  const { tree: after, outcome } = mergePath(before, { start: 2, ids: ["b", "a"], deleted: false, body: 9 });
  expect(outcome).toBe("internal_node");
  expect(names(after)).toEqual(["3-c"]);
  expect(findRevision(after, { position: 2, hash: "b" })).toMatchObject({ body: 9, isLeaf: false });
});

test("a body that is there is not replaced", () => {
  const after = mergePath(tree([1, "a"]), { start: 1, ids: ["a"], deleted: false, body: 9 }).tree;
  expect(findRevision(after, { position: 1, hash: "a" })?.body).toBe(1);
});

test("a path that reaches further back gives a cut tree its ancestors", () => {
  const after = tree([5, "e d"], [6, "f e d c b"]);
  expect(leaves(after).map(({ path }) => path.join(" "))).toEqual(["f e d c b"]);
});

test("unrelated histories stand side by side", () => {
  expect(names(tree([1, "a"], [2, "b x"], [2, "c y"]))).toEqual(["2-c", "2-b", "1-a"]);
});

test("stemming cuts every branch to its newest revisions and keeps the bodies", () => {
  const cut = stem(tree([6, "f e d c b a"], [6, "g e d c b a"]), 3);
  expect(
    leaves(cut)
      .map(({ path, body }) => `${path.join(" ")} ${body}`)
      .sort(),
  ).toEqual(["f e d 1", "g e d 2"]);
});

test("purging a leaf takes its branch away and no other", () => {
  const { tree: rest, removed } = removeLeaves(tree([3, "c b a"], [3, "d b a"], [2, "e a"]), [
    { position: 3, hash: "c" },
    { position: 2, hash: "b" },
  ]);
  expect(removed.map(({ hash }) => hash)).toEqual(["c"]);
  expect(names(rest)).toEqual(["3-d", "2-e"]);
});

test("a history of any usual length costs no stack", () => {
  const ids = Array.from({ length: 3000 }, (_, i) => `r${i}`);
  const long = mergePath([], { start: 3000, ids, deleted: false, body: 1 }).tree;
  expect(leaves(long)[0]?.path).toHaveLength(3000);
});

/** Random histories: revision i descends from one of the earlier ones, and arrives with its whole way to the root. */
const histories = fc
  .array(fc.tuple(fc.nat(), fc.boolean()), { minLength: 1, maxLength: 14 })
  .map((choices) => {
    const paths: RevisionPath[] = [];
    for (const [i, [choice, deleted]] of choices.entries()) {
      const parent = paths[choice % (paths.length + 1)];
      paths.push({
        start: (parent?.start ?? 0) + 1,
        ids: [`h${i}`, ...(parent?.ids ?? [])],
        deleted,
        body: i + 1,
      });
    }
    return paths;
  });

function replay(list: readonly RevisionPath[]): RevisionTree {
  let result: RevisionTree = [];
  for (const path of list) result = mergePath(result, path).tree;
  return result;
}

test("the order in which revisions arrive does not matter", () => {
  fc.assert(
    fc.property(
      histories.chain((paths) =>
        fc.tuple(fc.constant(paths), fc.shuffledSubarray(paths, { minLength: paths.length })),
      ),
      ([paths, shuffled]) => {
        expect(replay(shuffled)).toEqual(replay(paths));
        expect(replay([...shuffled, ...paths])).toEqual(replay(paths));
      },
    ),
  );
});
