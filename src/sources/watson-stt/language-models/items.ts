/**
 * The items below language models: keys, and the state that tells one version from another. A word's `count`, which moves by itself, is part of
 * the body but not of the state.
 */
import type { CapturedVersion } from "../../../model/version.ts";
import { resourceKey, type Named } from "../../watson/keys.ts";
import { listedVersion } from "../../watson/listed-versions.ts";
import { isUserWord, type Resource, type Word } from "./objects.ts";

export type FileKind = "corpora" | "grammars";

const WORD_BOOKKEEPING = ["count"];

export function resourceItem(model: Named, kind: FileKind, resource: Resource): CapturedVersion {
  return listedVersion(resourceKey(model, kind, resource.name), resource.raw);
}

export function wordItem(model: Named, word: Word): CapturedVersion {
  const kind = isUserWord(word) ? "words" : "derived-words";
  return listedVersion(resourceKey(model, kind, word.word), word.raw, { without: WORD_BOOKKEEPING });
}
