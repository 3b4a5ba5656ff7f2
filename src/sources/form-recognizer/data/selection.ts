/**
 * What of a container one training used: everything below a prefix, or named documents and what belongs to them.
 */

export interface Selection {
  /** Every file of it begins so. */
  readonly prefix: string;
  has(name: string): boolean;
  /** What must be there; nothing where nobody told any names. */
  readonly required: readonly string[];
}

/** Made beside a document by the labelling tools: what was read in it, what a person marked. */
const COMPANIONS = [".ocr.json", ".labels.json"];
/** The fields of a data set, in the folder of its documents. */
const FIELDS = "fields.json";

export function prefixSelection(prefix: string): Selection {
  return { prefix, has: (name) => name.startsWith(prefix), required: [] };
}

/** Documents that were trained with or without what was marked in them. */
export function documentSelection(documents: readonly string[], isLabelled: boolean): Selection {
  const wanted = new Set([...documents, ...documents.flatMap(companionsOf)]);
  return {
    prefix: commonPrefix([...wanted]),
    has: (name) => wanted.has(name),
    required: isLabelled ? [...wanted] : [...new Set(documents)],
  };
}

/** `list`: the file that names the documents, itself part of it. The fields of all of them may stand beside it. */
export function listSelection(list: string, documents: readonly string[]): Selection {
  const wanted = new Set([list, folderOf(list) + FIELDS, ...documents, ...documents.flatMap(companionsOf)]);
  return {
    prefix: commonPrefix([...wanted]),
    has: (name) => wanted.has(name),
    required: [...new Set([list, ...documents])],
  };
}

function companionsOf(document: string): string[] {
  return [...COMPANIONS.map((ending) => document + ending), folderOf(document) + FIELDS];
}

function folderOf(name: string): string {
  return name.slice(0, name.lastIndexOf("/") + 1);
}

/** What all of them begin with. */
export function commonPrefix(names: readonly string[]): string {
  let prefix = names[0] ?? "";
  for (const name of names) while (!name.startsWith(prefix)) prefix = prefix.slice(0, -1);
  // Half a character would be no text that can be asked for.
  return prefix.isWellFormed() ? prefix : prefix.slice(0, -1);
}
