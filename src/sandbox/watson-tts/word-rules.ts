/**
 * What a word's entry must fulfil before it is stored; every refusal names the word and the rule.
 */
import { countCharacters } from "../watson/characters.ts";
import { badRequest, missingParameter } from "../watson/errors.ts";
import { JAPANESE } from "./languages.ts";
import type { Word } from "./model-store.ts";
import { parseTranslation } from "./translation-rules.ts";

/** Limits of the service, in characters and entries. */
export const MAX_WORD_LENGTH = 49;
export const MAX_TRANSLATION_LENGTH = 499;
export const MAX_WORDS = 20_000;

const PARTS_OF_SPEECH = new Set([
  "Dosi",
  "Fuku",
  "Gobi",
  "Hoka",
  "Jodo",
  "Josi",
  "Kato",
  "Kedo",
  "Keyo",
  "Kigo",
  "Koyu",
  "Mesi",
  "Reta",
  "Stbi",
  "Stto",
  "Stzo",
  "Suji",
]);

/** Letters and periods, apostrophes inside, a period at the end. */
const ABBREVIATION = /^[\p{L}\p{M}.](?:[\p{L}\p{M}.']*[\p{L}\p{M}.])?\.$|^\.$/u;
/** Ordinary words between white space or hyphens. */
const ORDINARY_WORDS = /^[\p{L}\p{M}\p{N}']+(?:[\s-]+[\p{L}\p{M}\p{N}']+)*$/u;
const KATAKANA = /^[\u30A0-\u30FF]+$/u;

/** An element of `words`. Throws 400 for anything that is no entry for this language. */
export function checkWord(value: unknown, language: string): Word {
  if (typeof value !== "object" || value === null) throw badRequest("Invalid value for parameter 'words'");
  const { word, translation, part_of_speech: partOfSpeech } = value as Record<string, unknown>;
  if (word === undefined || word === null) throw missingParameter("word");
  if (translation === undefined || translation === null) throw missingParameter("translation");
  if (typeof word !== "string" || word === "") throw badRequest("Invalid value for parameter 'word'");
  const refuse = (reason: string): never => {
    throw badRequest(`Word '${word}': ${reason}`);
  };
  if (typeof translation !== "string" || translation === "") return refuse("the translation is not a text");
  if (countCharacters(word) > MAX_WORD_LENGTH) refuse(`longer than ${MAX_WORD_LENGTH} characters`);
  if (/\s/u.test(word)) refuse("white space is not allowed");
  if (countCharacters(translation) > MAX_TRANSLATION_LENGTH) {
    refuse(`the translation is longer than ${MAX_TRANSLATION_LENGTH} characters`);
  }
  const parts = parseTranslation(translation);
  if (word.endsWith(".") && !(ABBREVIATION.test(word) && ORDINARY_WORDS.test(translation))) {
    refuse("an abbreviation takes letters and periods, and ordinary words as translation");
  }
  if (language === JAPANESE && parts.some((part) => typeof part === "string" && !KATAKANA.test(part))) {
    refuse("the translation must be full-width Katakana");
  }
  return { word, translation, partOfSpeech: checkPartOfSpeech(partOfSpeech, language, refuse) };
}

function checkPartOfSpeech(
  value: unknown,
  language: string,
  refuse: (reason: string) => never,
): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (language !== JAPANESE) throw badRequest("Part of speech is supported for ja-JP language only");
  if (typeof value === "string" && PARTS_OF_SPEECH.has(value)) return value;
  return refuse(`${JSON.stringify(value)} is not a part of speech`);
}
