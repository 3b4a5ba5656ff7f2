/**
 * Revision trees, after `couch_key_tree`: a document's history is a list of trees, each with the generation of its root;
 * there is more than one when old revisions were cut off or unrelated histories met. Siblings are kept in the order
 * of their hashes, so the order in which revisions arrive leaves no trace. Nothing here does I/O or changes its input.
 */
import type { Revision } from "./revision.ts";
import { compareHashes } from "./revision.ts";

/** One revision. `body` is the number of its stored body, 0 if only the revision's name is known. */
export interface RevisionNode {
  readonly id: string;
  readonly deleted: boolean;
  readonly body: number;
  readonly children: readonly RevisionNode[];
}

export interface RevisionRoot {
  readonly start: number;
  readonly node: RevisionNode;
}

export type RevisionTree = readonly RevisionRoot[];

/** A leaf and the way to it; `path` holds hashes, the leaf's first. */
export interface Leaf extends Revision {
  readonly deleted: boolean;
  readonly body: number;
  readonly path: readonly string[];
}

/** What merging a path did: it lengthened a branch, made a new one, or ended on a revision already known. */
export type MergeOutcome = "new_leaf" | "new_branch" | "internal_node";

/** A history as a client sends it: `ids` newest first, the newest at generation `start`. */
export interface RevisionPath {
  readonly start: number;
  readonly ids: readonly string[];
  readonly deleted: boolean;
  readonly body: number;
}

export function pathToRoot(path: RevisionPath): RevisionRoot {
  let node: RevisionNode = {
    id: path.ids[0] ?? "",
    deleted: path.deleted,
    body: path.body,
    children: [],
  };
  for (const id of path.ids.slice(1)) node = { id, deleted: false, body: 0, children: [node] };
  return { start: path.start - path.ids.length + 1, node };
}

/** Merges one path into the tree. The first tree that shares a revision takes it; else it stands alone. */
export function mergePath(
  tree: RevisionTree,
  path: RevisionPath,
): { tree: RevisionTree; outcome: MergeOutcome } {
  const added = pathToRoot(path);
  for (const [i, root] of tree.entries()) {
    const merged = mergeAt([root.node], root.start - added.start, added.node);
    const [node] = merged?.nodes ?? [];
    if (merged === null || node === undefined) continue;
    const start = Math.min(root.start, added.start);
    return { tree: sortRoots(tree.with(i, { start, node })), outcome: merged.outcome };
  }
  return { tree: sortRoots([...tree, added]), outcome: tree.length === 0 ? "new_leaf" : "new_branch" };
}

interface Merged {
  readonly nodes: readonly RevisionNode[];
  readonly outcome: MergeOutcome;
}

/** Finds where `added` lines up with `nodes`; `depth` is how much deeper `nodes` begin. Null: it does not. */
function mergeAt(nodes: readonly RevisionNode[], depth: number, added: RevisionNode): Merged | null {
  if (depth > 0) {
    const next = added.children[0];
    const merged = next === undefined ? null : mergeAt(nodes, depth - 1, next);
    return merged === null
      ? null
      : { nodes: [{ ...added, children: merged.nodes }], outcome: merged.outcome };
  }
  for (const [i, node] of nodes.entries()) {
    if (depth < 0) {
      const merged = mergeAt(node.children, depth + 1, added);
      if (merged !== null) {
        return { nodes: nodes.with(i, { ...node, children: merged.nodes }), outcome: merged.outcome };
      }
    } else if (node.id === added.id) {
      const merged = extend(node.children, added.children);
      return { nodes: nodes.with(i, join(node, added, merged.nodes)), outcome: merged.outcome };
    }
  }
  return null;
}

function extend(existing: readonly RevisionNode[], added: readonly RevisionNode[]): Merged {
  const [next] = added;
  if (next === undefined) return { nodes: existing, outcome: "internal_node" };
  if (existing.length === 0) return { nodes: added, outcome: "new_leaf" };
  for (const [i, node] of existing.entries()) {
    if (node.id !== next.id) continue;
    const merged = extend(node.children, next.children);
    return { nodes: existing.with(i, join(node, next, merged.nodes)), outcome: merged.outcome };
  }
  const nodes = [...existing, next].sort((a, b) => compareHashes(a.id, b.id));
  return { nodes, outcome: "new_branch" };
}

/** A stored body is never replaced; a revision known by name only takes the body that arrives. */
function join(known: RevisionNode, added: RevisionNode, children: readonly RevisionNode[]): RevisionNode {
  return known.body > 0
    ? { ...known, children }
    : { id: known.id, deleted: added.deleted, body: added.body, children };
}

function sortRoots(tree: RevisionRoot[]): RevisionTree {
  return tree.sort((a, b) => a.start - b.start || compareHashes(a.node.id, b.node.id));
}

/** Every leaf in CouchDB's own order (that of `open_revs=all`): later trees first, inside a tree from left to right. */
export function leaves(tree: RevisionTree): Leaf[] {
  const found: Leaf[] = [];
  for (const root of tree.toReversed()) collectLeaves(root.start, root.node, [], found);
  return found;
}

function collectLeaves(position: number, start: RevisionNode, above: readonly string[], found: Leaf[]): void {
  // A long history without branches is walked in a loop, so that its length does not cost stack.
  const path = [...above].reverse();
  let node = start;
  let depth = position;
  for (;;) {
    path.push(node.id);
    const [only] = node.children;
    if (only === undefined) {
      found.push({
        position: depth,
        hash: node.id,
        deleted: node.deleted,
        body: node.body,
        path: path.reverse(),
      });
      return;
    }
    if (node.children.length > 1) break;
    node = only;
    depth++;
  }
  const newestFirst = path.reverse();
  for (const child of node.children) collectLeaves(depth + 1, child, newestFirst, found);
}

/** Winner first: live before deleted, then the longer history, then the greater hash. */
export function byRank(a: Leaf, b: Leaf): number {
  return Number(a.deleted) - Number(b.deleted) || b.position - a.position || compareHashes(b.hash, a.hash);
}

/** Winner first. */
export function rankedLeaves(tree: RevisionTree): Leaf[] {
  return leaves(tree).sort(byRank);
}

/** A revision of the tree, leaf or not, with its ancestors as far as they are known. */
export function findRevision(tree: RevisionTree, wanted: Revision): (Leaf & { isLeaf: boolean }) | null {
  for (const root of tree) {
    const ancestors: string[] = [];
    const node = findBelow(root.start, root.node, ancestors, wanted);
    if (node === null) continue;
    return {
      ...wanted,
      deleted: node.deleted,
      body: node.body,
      path: ancestors.reverse(),
      isLeaf: node.children.length === 0,
    };
  }
  return null;
}

/** Leaves the way to the revision in `stack`, oldest first. */
function findBelow(
  position: number,
  node: RevisionNode,
  stack: string[],
  wanted: Revision,
): RevisionNode | null {
  if (position > wanted.position) return null;
  stack.push(node.id);
  if (position === wanted.position) {
    if (node.id === wanted.hash) return node;
  } else {
    for (const child of node.children) {
      const found = findBelow(position + 1, child, stack, wanted);
      if (found !== null) return found;
    }
  }
  stack.pop();
  return null;
}

/** The nodes along the way to a leaf or inner revision, newest first. */
export function nodesOf(tree: RevisionTree, leaf: Leaf): RevisionNode[] {
  const start = leaf.position - leaf.path.length + 1;
  const nodes: RevisionNode[] = [];
  let level = tree.filter((root) => root.start === start).map((root) => root.node);
  for (const id of leaf.path.toReversed()) {
    const node = level.find((candidate) => candidate.id === id);
    if (node === undefined) break;
    nodes.push(node);
    level = [...node.children];
  }
  return nodes.reverse();
}

/** Whether some revision of the tree has this body. */
export function hasBody(tree: RevisionTree, body: number): boolean {
  const pending = tree.map((root) => root.node);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.body === body) return true;
    pending.push(...node.children);
  }
  return false;
}

/** Cuts every branch to its newest `limit` revisions, as CouchDB does at each write. */
export function stem(tree: RevisionTree, limit: number): RevisionTree {
  const all = leaves(tree);
  if (all.every((leaf) => leaf.path.length <= limit)) return tree;
  let result: RevisionTree = [];
  for (const leaf of all) {
    const length = Math.min(limit, leaf.path.length);
    const branch = branchOf(tree, leaf, length);
    if (branch !== null) result = mergeRoot(result, { start: leaf.position - length + 1, node: branch });
  }
  return result;
}

/** The newest `length` revisions of one branch, without what forks off it. */
function branchOf(tree: RevisionTree, leaf: Leaf, length: number): RevisionNode | null {
  let branch: RevisionNode | null = null;
  for (const node of nodesOf(tree, leaf).slice(0, length)) {
    branch = { ...node, children: branch === null ? [] : [branch] };
  }
  return branch;
}

function mergeRoot(tree: RevisionTree, added: RevisionRoot): RevisionTree {
  for (const [i, root] of tree.entries()) {
    const merged = mergeAt([root.node], root.start - added.start, added.node);
    const [node] = merged?.nodes ?? [];
    if (node !== undefined)
      return sortRoots(tree.with(i, { start: Math.min(root.start, added.start), node }));
  }
  return sortRoots([...tree, added]);
}

/** The tree without the given leaves and without what then has no leaf below it; which of them were leaves. */
export function removeLeaves(
  tree: RevisionTree,
  wanted: readonly Revision[],
): { tree: RevisionTree; removed: Leaf[] } {
  const isWanted = (leaf: Leaf): boolean =>
    wanted.some(({ position, hash }) => position === leaf.position && hash === leaf.hash);
  const all = leaves(tree);
  const removed = all.filter((leaf) => isWanted(leaf));
  if (removed.length === 0) return { tree, removed };
  let rest: RevisionTree = [];
  for (const leaf of all) {
    if (isWanted(leaf)) continue;
    const branch = branchOf(tree, leaf, leaf.path.length);
    if (branch !== null)
      rest = mergeRoot(rest, { start: leaf.position - leaf.path.length + 1, node: branch });
  }
  return { tree: rest, removed };
}

/** Every body number in the tree that belongs to a revision which is not a leaf. */
export function innerBodies(tree: RevisionTree): number[] {
  const bodies: number[] = [];
  const pending = tree.map((root) => root.node);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.children.length > 0 && node.body > 0) bodies.push(node.body);
    pending.push(...node.children);
  }
  return bodies;
}

/** The tree with the bodies of inner revisions forgotten: what compaction leaves. */
export function withoutInnerBodies(tree: RevisionTree): RevisionTree {
  const strip = (node: RevisionNode): RevisionNode =>
    node.children.length === 0
      ? node
      : { ...node, body: 0, children: node.children.map((child) => strip(child)) };
  return tree.map((root) => ({ start: root.start, node: strip(root.node) }));
}
