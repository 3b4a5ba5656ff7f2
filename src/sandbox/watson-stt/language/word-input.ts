/**
 * Words as requests bring them: what is malformed and refuses the whole request, and what is kept with an error.
 */
import { badRequest, missingParameter } from "../../watson/errors.ts";
import type { BaseModel } from "../base-models.ts";
import type { StoredWord } from "../custom/model.ts";
import {
  MAX_JAPANESE_CHARACTERS,
  MAX_PRONUNCIATIONS,
  MAX_PRONUNCIATION_CHARACTERS,
  pronunciationErrors,
} from "../text/pronunciation.ts";

type Json = Readonly<Record<string, unknown>>;

/** The words of a list. Throws 400 for the whole list when one of them is malformed. */
export function wordList(
  body: Json,
  base: BaseModel,
  mode: "strict" | "legacy",
  customer: string | undefined,
): StoredWord[] {
  const { words } = body;
  if (words === undefined) throw missingParameter("words");
  if (!Array.isArray(words) || words.length === 0)
    throw badRequest("Required parameter 'words' cannot be empty");
  return words.map((entry: unknown) => {
    if (typeof entry !== "object" || entry === null) throw badRequest("Invalid value for parameter 'words'");
    const { word } = entry as Json;
    if (word === undefined) throw missingParameter("word");
    if (typeof word !== "string") throw badRequest("Invalid value for parameter 'word'");
    return storedWord(word, entry as Json, base, mode, customer);
  });
}

/** One word with its definition. Throws 400 when it is malformed; what its pronunciations do wrong is kept with it. */
export function storedWord(
  word: string,
  definition: Json,
  base: BaseModel,
  mode: "strict" | "legacy",
  customer: string | undefined,
): StoredWord {
  const name = normalWord(base, word);
  if (name.trim() === "" || (base.family !== "pg" && /\s/u.test(name))) throw invalidWord(word);
  const soundsLike = pronunciations(definition["sounds_like"], base);
  const displayAs = text(definition["display_as"], "display_as");
  const mappingOnly = truth(definition["mapping_only"], "mapping_only");
  const errors = soundsLike === undefined ? [] : pronunciationErrors(base, soundsLike, mode);
  return {
    word: name,
    ...(soundsLike === undefined || soundsLike.length === 0 ? {} : { soundsLike }),
    ...(displayAs === undefined || displayAs === "" ? {} : { displayAs }),
    ...(mappingOnly === undefined ? {} : { mappingOnly }),
    ...(errors.length === 0 ? {} : { errors }),
    ...(customer === undefined ? {} : { customer }),
    ...(isJapanese(base) && name.length > MAX_JAPANESE_CHARACTERS ? { unlisted: true } : {}),
  };
}

/** Japanese words are kept in full width. */
export function normalWord(base: BaseModel, word: string): string {
  if (!isJapanese(base)) return word;
  return word
    .replaceAll(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + FULL_WIDTH))
    .replaceAll(/[\uFF61-\uFF9F]+/g, (kana) => kana.normalize("NFKC"));
}

/** From a letter of half width to the same in full width. */
const FULL_WIDTH = 0xfee0;

export function invalidWord(word: string): Error {
  return badRequest(`Invalid value for word '${word}'`);
}

function isJapanese(base: BaseModel): boolean {
  return base.language.startsWith("ja");
}

function pronunciations(value: unknown, base: BaseModel): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === "string")) {
    throw badRequest("Invalid value for parameter 'sounds_like'");
  }
  const longest = isJapanese(base) ? MAX_JAPANESE_CHARACTERS : MAX_PRONUNCIATION_CHARACTERS;
  if (value.length > MAX_PRONUNCIATIONS || value.some((entry) => entry.length > longest)) {
    throw badRequest(
      `Parameter 'sounds_like' has more than ${MAX_PRONUNCIATIONS} values, or one of more than ${longest} characters`,
    );
  }
  return value.map((entry) => normalWord(base, entry));
}

function text(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw badRequest(`Invalid value for parameter '${name}'`);
  return value;
}

function truth(value: unknown, name: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean") throw badRequest(`Invalid value for parameter '${name}'`);
  return value;
}
