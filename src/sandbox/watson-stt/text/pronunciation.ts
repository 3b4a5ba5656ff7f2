/**
 * Pronunciations (`sounds_like`): which ones the service takes, what it says of the others, and the one it makes up for a word of the
 * previous generation that came without.
 */
import type { BaseModel } from "../base-models.ts";
import { numberWords } from "./number-words.ts";

/** Pronunciations of one word, and characters of one pronunciation. */
export const MAX_PRONUNCIATIONS = 5;
export const MAX_PRONUNCIATION_CHARACTERS = 40;
/** Characters of a Japanese word and of its pronunciations. */
export const MAX_JAPANESE_CHARACTERS = 25;

/** Languages of the newer families whose pronunciations are checked since 10 December 2025. */
const CHECKED_SINCE_2025 = new Set([
  "en-US",
  "en-AU",
  "en-GB",
  "en-IN",
  "es-ES",
  "es-AR",
  "es-CL",
  "es-CO",
  "es-MX",
  "es-PE",
  "fr-FR",
  "de-DE",
  "it-IT",
]);
/** Dutch is checked for this model only. */
const CHECKED_DUTCH = "nl-NL_Telephony";
/** Previous-generation models whose pronunciations may have dashes. */
const WITH_DASHES = new Set(["en-US", "en-AU"]);

/** The letters of a language; every other language is written in Latin letters. */
const LETTERS: Readonly<Record<string, RegExp>> = {
  ar: /[\p{Script=Arabic}\p{M}]/u,
  en: /[A-Za-z]/,
  hi: /[\p{Script=Devanagari}\p{M}]/u,
  ja: /[ァ-ヺー]/u,
  ko: /[\p{Script=Hangul}A-Za-z]/u,
  zh: /[\p{Script=Han}A-Za-z]/u,
};
const LATIN = /[\p{Script=Latin}\p{M}]/u;

/** One member: the value, and why it is refused. */
export type WordError = Readonly<Record<string, string>>;

/** Errors of a word's pronunciations; none when the model's pronunciations are not checked. */
export function pronunciationErrors(
  base: BaseModel,
  values: readonly string[],
  mode: "strict" | "legacy",
): WordError[] {
  if (!isChecked(base, mode)) return [];
  return values.flatMap((value) => {
    const message = refusal(base, value);
    return message === undefined ? [] : [{ [value]: message }];
  });
}

function isChecked(base: BaseModel, mode: "strict" | "legacy"): boolean {
  if (base.family === "pg") return true;
  return mode === "strict" && (CHECKED_SINCE_2025.has(base.language) || base.name === CHECKED_DUTCH);
}

function refusal(base: BaseModel, value: string): string | undefined {
  if (/\d/.test(value)) {
    const spelled = value.replaceAll(/\d+/g, (digits) => ` ${numberWords(digits).join(" ")} `);
    return `Numbers are not allowed in sounds_like. You can try for example '${spelled.replaceAll(/ +/g, " ").trim()}'.`;
  }
  const letters = lettersOf(base.language);
  const dashes = base.family === "pg" && WITH_DASHES.has(base.language);
  // A dot may follow a single letter, as in "I. B. M.".
  const rest = value.replaceAll(/(^|[\s.-])(\p{L})\./gu, "$1$2");
  for (const character of rest) {
    if (letters.test(character) || character === " " || (dashes && character === "-")) continue;
    if (/\p{L}/u.test(character)) {
      return `The character '${character}' is not allowed in sounds_like for language ${base.language}.`;
    }
    return `Punctuation is not allowed in sounds_like: '${character}'.`;
  }
  return value.trim() === "" ? "The sounds_like is empty." : undefined;
}

/** What a word sounds like when nobody said it; nothing where no letter of the language is left. */
export function generatedPronunciations(language: string, word: string): string[] {
  if (/^\p{Lu}{2,5}$/u.test(word) && language.startsWith("en")) {
    return [word.replaceAll(/./gu, "$&. ").trim()];
  }
  const letters = lettersOf(language);
  const heard = Array.from(word.replaceAll(/[-_.']/g, " ").toLowerCase())
    .filter((character) => character === " " || letters.test(character))
    .join("")
    .replaceAll(/ +/g, " ")
    .trim()
    .slice(0, language.startsWith("ja") ? MAX_JAPANESE_CHARACTERS : MAX_PRONUNCIATION_CHARACTERS);
  return heard === "" ? [] : [heard];
}

function lettersOf(language: string): RegExp {
  return LETTERS[language.slice(0, 2)] ?? LATIN;
}
