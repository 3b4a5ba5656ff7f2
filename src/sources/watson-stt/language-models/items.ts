/**
 * The items of language models: keys, and the state that tells one version from another. Bookkeeping that moves by itself (`updated`,
 * `progress`, a word's `count`) is part of the body but not of the state.
 */
import type { ItemKey } from "../../../model/key.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import { modelKey, resourceKey, type Named } from "../../watson/keys.ts";
import { isUserWord, type LanguageModel, type Resource, type Word } from "./objects.ts";

export type FileKind = "corpora" | "grammars";

export function modelItem(model: LanguageModel): CapturedVersion {
  return live(modelKey(model), model.updated, modelState(model), model.raw);
}

export function resourceItem(model: Named, kind: FileKind, resource: Resource): CapturedVersion {
  return live(resourceKey(model, kind, resource.name), "", resourceState(resource), resource.raw);
}

export function wordItem(model: Named, word: Word): CapturedVersion {
  const kind = isUserWord(word) ? "words" : "derived-words";
  return live(resourceKey(model, kind, word.word), "", wordState(word), word.raw);
}

/** What a model's own entry says and a restore can bring back, and whether it is trained. */
export function modelState(model: LanguageModel): Buffer {
  const { name, description, baseModel, dialect, language, status, versions, error } = model;
  return canonical([name, description, baseModel, dialect, language, status, versions, error]);
}

export function resourceState({ totalWords, outOfVocabulary, status, error }: Resource): Buffer {
  return canonical([totalWords, outOfVocabulary, status, error]);
}

export function wordState(word: Word): Buffer {
  const { soundsLike, displayAs, mappingOnly, sources, error } = word;
  return canonical([soundsLike, displayAs, mappingOnly ?? null, sources.toSorted(), error]);
}

function canonical(facts: readonly unknown[]): Buffer {
  return Buffer.from(JSON.stringify(facts), "utf8");
}

function live(key: ItemKey, revision: string, state: Buffer, body: Buffer): CapturedVersion {
  return { key, kind: "live", revision, state, parts: [body], blobs: [] };
}
