/**
 * Files that somebody wants to register as originals: named one by one, or found in a folder.
 */
import { readdir, stat } from "node:fs/promises";
import { basename, extname, join, relative, sep } from "node:path";
import { HoldfastError } from "../../model/errors.ts";
import { isUploaded, type ListedResource, type SourceListing, type Uploaded } from "./listing.ts";

/** A file and what it is said to be the original of. */
export interface Candidate {
  /** Absolute path. */
  readonly path: string;
  readonly uploaded: Uploaded;
  /** Name or id of the model; undefined for speakers. */
  readonly model: string | undefined;
  /** Name of the resource; a speaker's name or id. */
  readonly name: string;
  /** Whether a file name's ending may be missing in the resource's name. */
  readonly mayDropEnding?: boolean;
  readonly contentType?: string;
  readonly containedContentType?: string;
}

/** A file in the folder whose place says nothing. */
export interface Misplaced {
  readonly path: string;
  readonly misplaced: true;
}

/** `MODEL/corpora/NAME`, likewise grammars, audio and prompts; `speakers/NAME`. Errors: `file-failed`. */
export async function* folderCandidates(folder: string): AsyncGenerator<Candidate | Misplaced> {
  let names: string[];
  try {
    names = await readdir(folder, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new HoldfastError("file-failed", `Could not read the folder ${folder} (${code}).`, {
      path: folder,
    });
  }
  for (const name of names.sort()) {
    const path = join(folder, name);
    if (basename(path).startsWith(".") || !(await stat(path)).isFile()) continue;
    const parts = relative(folder, path).split(sep);
    const [first = "", second = "", third] = parts;
    if (parts.length === 2 && first === "speakers") {
      yield { path, uploaded: "speakers", model: undefined, name: second, mayDropEnding: true };
    } else if (parts.length === 3 && third !== undefined && isUploaded(second) && second !== "speakers") {
      yield { path, uploaded: second, model: first, name: third, mayDropEnding: true };
    } else {
      yield { path, misplaced: true };
    }
  }
}

/** The resource that is meant, or why none is. */
export function resourceMeant(
  { models, resources }: Pick<SourceListing, "models" | "resources">,
  { uploaded, model, name, mayDropEnding = false }: Omit<Candidate, "path">,
): ListedResource | string {
  let among = resources.filter((one) => one.uploaded === uploaded);
  if (model !== undefined) {
    // The same name may be a language model's and an acoustic model's: what is asked for tells which.
    const named = models.filter((one) => (one.id === model || one.name === model) && takes(one, uploaded));
    if (named.length === 0) return `no model is called ${model} in the newest backup`;
    if (named.length > 1 && !named.some(({ id }) => id === model)) {
      return `${named.length} models are called ${model}: say which by its id (${named.map(({ id }) => id).join(", ")})`;
    }
    const ids = new Set(named.filter(({ id }) => named.length === 1 || id === model).map(({ id }) => id));
    among = among.filter((one) => one.model !== undefined && ids.has(one.model.id));
  }
  const names = mayDropEnding && extname(name) !== "" ? [name, basename(name, extname(name))] : [name];
  for (const wanted of names) {
    const fitting = among.filter((one) => one.name === wanted || one.shown === wanted);
    if (fitting.length === 1) return fitting[0] as ListedResource;
    if (fitting.length > 1)
      return `${fitting.length} of ${uploaded} are called ${wanted}: say which by its id`;
  }
  const whose = model === undefined ? "the source" : model;
  return `${whose} has nothing called ${name} among its ${uploaded} in the newest backup`;
}

function takes({ collection }: SourceListing["models"][number], uploaded: Uploaded): boolean {
  if (uploaded === "audio") return collection === "acoustic-models";
  if (uploaded === "prompts") return collection === "voice-models";
  return collection === "language-models";
}
