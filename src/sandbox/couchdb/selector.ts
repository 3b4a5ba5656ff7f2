/**
 * Mango selectors. Matching and ordering are PouchDB's, which the package does not type.
 */
import { createRequire } from "node:module";

type Doc = Readonly<Record<string, unknown>>;
type Row = { readonly doc: Doc };

interface SelectorCore {
  massageSelector(selector: Doc): Doc;
  matchesSelector(doc: Doc, selector: Doc): boolean;
  createFieldSorter(sort: readonly unknown[]): (a: Row, b: Row) => number;
  getFieldFromDoc(doc: Doc, path: readonly string[]): unknown;
  parseField(name: string): string[];
}

const core = createRequire(import.meta.url)("pouchdb-selector-core") as SelectorCore;

const OPERATORS = new Set(
  "$lt $lte $eq $ne $gte $gt $exists $type $in $nin $size $mod $regex $and $or $not $nor $all $elemMatch $allMatch $keyMapMatch $beginsWith $text".split(
    " ",
  ),
);

/** The first operator in the selector that Mango does not have. */
export function unknownOperator(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.map(unknownOperator).find((found) => found !== undefined);
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    if (name.startsWith("$") && !OPERATORS.has(name)) return name;
    const inner = unknownOperator(member);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Whether the document is one the selector wants. */
export function matchesSelector(doc: Doc, selector: Doc): boolean {
  return core.matchesSelector(doc, core.massageSelector(structuredClone(selector)));
}

/** Sorts in place by the fields of a Mango `sort`. */
export function sortBySelector(docs: Doc[], sort: readonly unknown[]): Doc[] {
  const compare = core.createFieldSorter(
    sort.map((field) => (typeof field === "string" ? { [field]: "asc" } : field)),
  );
  return docs.sort((a, b) => compare({ doc: a }, { doc: b }));
}

/** The member that a dotted path names, or undefined. */
export function fieldOf(doc: Doc, path: string): unknown {
  return core.getFieldFromDoc(doc, core.parseField(path));
}
