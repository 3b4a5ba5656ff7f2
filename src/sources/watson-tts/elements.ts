/**
 * What the service lists, read: models, words, prompts and speakers; and the items they become. See docs/format/watson-items.md.
 */
import type { ItemKey } from "../../model/key.ts";
import type { CapturedVersion } from "../../model/version.ts";
import { listedVersion } from "../watson/listed-versions.ts";
import { modelKey, resourceKey, speakerKey, type Named } from "../watson/keys.ts";
import type { RawModel } from "./service.ts";

/** The one collection of the kind. */
export const COLLECTION = "voice-models";

/** Members of a model that the service moves by itself. */
const MODEL_BOOKKEEPING = ["last_modified"];

export interface TtsModel {
  readonly customization_id: string;
  readonly name: string;
  readonly language: string;
  readonly description?: string | null;
  readonly last_modified?: string;
}

export interface TtsWord {
  readonly word: string;
  readonly translation: string;
  readonly part_of_speech?: string;
}

export interface TtsPrompt {
  readonly prompt_id: string;
  readonly prompt: string;
  readonly status: string;
  readonly error?: string;
  readonly speaker_id?: string;
}

export interface TtsSpeaker {
  readonly speaker_id: string;
  readonly name: string;
}

export function parseModel(element: Buffer): TtsModel {
  return JSON.parse(element.toString("utf8")) as TtsModel;
}

export function parseWord(element: Buffer): TtsWord {
  return JSON.parse(element.toString("utf8")) as TtsWord;
}

export function parsePrompt(element: Buffer): TtsPrompt {
  return JSON.parse(element.toString("utf8")) as TtsPrompt;
}

export function parseSpeaker(element: Buffer): TtsSpeaker {
  return JSON.parse(element.toString("utf8")) as TtsSpeaker;
}

/** An item as it is at the service, with what it was read from. */
export interface PresentItem<T> {
  readonly key: ItemKey;
  readonly value: T;
  readonly version: CapturedVersion;
}

export function modelItem(named: Named, element: Buffer): PresentItem<TtsModel> {
  const value = parseModel(element);
  const version = listedVersion(modelKey(named), element, {
    without: MODEL_BOOKKEEPING,
    revision: value.last_modified ?? "",
  });
  return { key: version.key, value, version };
}

export function wordItem(model: Named, element: Buffer): PresentItem<TtsWord> {
  const value = parseWord(element);
  const key = resourceKey(model, "words", value.word);
  return { key, value, version: listedVersion(key, element) };
}

export function promptItem(model: Named, element: Buffer): PresentItem<TtsPrompt> {
  const value = parsePrompt(element);
  const key = resourceKey(model, "prompts", value.prompt_id);
  return { key, value, version: listedVersion(key, element) };
}

export function speakerItem(element: Buffer, name?: string): PresentItem<TtsSpeaker> {
  const value = parseSpeaker(element);
  const key = speakerKey({ id: value.speaker_id, name: name ?? value.name });
  return { key, value, version: listedVersion(key, element) };
}

/** All that hangs below a model, in the service's order. */
export function resourceItems(model: Named, raw: RawModel): PresentItem<TtsWord | TtsPrompt>[] {
  return [
    ...raw.words.map((element) => wordItem(model, element)),
    ...raw.prompts.map((element) => promptItem(model, element)),
  ];
}

/** An absent and an empty description say the same, and the service has no way back from one to the other. */
export function descriptionOf(model: TtsModel): string {
  return model.description ?? "";
}
