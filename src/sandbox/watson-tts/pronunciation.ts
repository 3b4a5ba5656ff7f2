/**
 * A made-up pronunciation that follows from the stored translation alone: the same entry always gives the same text and another entry
 * another one, which is all that a comparison needs. It is no phonetic transcription.
 */
import type { Word } from "./model-store.ts";
import { parseTranslation } from "./translation-rules.ts";

export type PronunciationFormat = "ipa" | "ibm";

/** How a stressed syllable begins. */
const STRESS: Readonly<Record<PronunciationFormat, string>> = { ipa: "ˈ", ibm: ".1" };

/** `lookUp`: the entry of a word, case and all. */
export function pronounce(
  text: string,
  format: PronunciationFormat,
  lookUp: (word: string) => Word | undefined,
): string {
  return text
    .split(/\s+/u)
    .filter((word) => word !== "")
    .map((word) => {
      const translation = lookUp(word)?.translation;
      return translation === undefined ? spell(word, format) : translate(translation, format);
    })
    .join(" ");
}

function translate(translation: string, format: PronunciationFormat): string {
  return parseTranslation(translation)
    .map((part) => (typeof part === "string" ? spell(part, format) : part.ph))
    .join(" ");
}

function spell(text: string, format: PronunciationFormat): string {
  return text
    .split(/\s+/u)
    .filter((word) => word !== "")
    .map((word) => STRESS[format] + word.toLowerCase())
    .join(" ");
}
