/**
 * The items of language models: keys, and the state that tells one version from another. What moves by itself (`updated`, `progress`, a
 * word's `count`) is part of the body but not of the state.
 */
import type { CapturedVersion } from "../../../model/version.ts";
import { modelKey, resourceKey, type Named } from "../../watson/keys.ts";
import { listedVersion } from "../../watson/listed-versions.ts";
import type { CustomModel } from "../custom-model.ts";
import { isUserWord, type Resource, type Word } from "./objects.ts";

export type FileKind = "corpora" | "grammars";

/** Members of a model that the service moves by itself; `warnings` are about the request. */
const MODEL_BOOKKEEPING = ["created", "updated", "progress", "warnings"];

const WORD_BOOKKEEPING = ["count"];

export function modelItem(model: CustomModel): CapturedVersion {
  return listedVersion(modelKey(model), model.raw, { without: MODEL_BOOKKEEPING, revision: model.updated });
}

export function resourceItem(model: Named, kind: FileKind, resource: Resource): CapturedVersion {
  return listedVersion(resourceKey(model, kind, resource.name), resource.raw);
}

export function wordItem(model: Named, word: Word): CapturedVersion {
  const kind = isUserWord(word) ? "words" : "derived-words";
  return listedVersion(resourceKey(model, kind, word.word), word.raw, { without: WORD_BOOKKEEPING });
}
