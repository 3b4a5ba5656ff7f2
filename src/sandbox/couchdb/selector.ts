/**
 * Mango selectors. Matching and ordering are PouchDB's, which the package does not type.
 */
import { createRequire } from "node:module";

import { CouchError } from "./errors.ts";

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

/** Throws 400 `invalid_operator` for a selector with an operator that does not exist. */
export function matchesSelector(doc: Doc, selector: Doc): boolean {
  try {
    return core.matchesSelector(doc, core.massageSelector(structuredClone(selector)));
  } catch (error) {
    throw new CouchError(400, "invalid_operator", error instanceof Error ? error.message : String(error));
  }
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
