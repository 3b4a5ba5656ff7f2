/**
 * What a translation may hold: plain text, `<phoneme>` elements, or both. Checked when it is written, as the service does since
 * 2022-10-07; phoneme symbols themselves are not checked.
 */
import { badRequest } from "../watson/errors.ts";

const ALPHABETS = new Set(["ipa", "ibm", "spr"]);
/** The alphabet of a phoneme that names none. */
const DEFAULT_ALPHABET = "ipa";

const TAG = /<\/?([^\s<>/]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>/g;
const ATTRIBUTE = /^\s+([\w:-]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/;
const ENTITY = /^&(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);/i;
/** In text next to elements; alone, quotes and slashes are ordinary characters. */
const NEEDS_ESCAPE = /["'/<>]/;

export interface Phoneme {
  readonly alphabet: string;
  readonly ph: string;
}

/** A translation taken apart: texts and phonemes in order. */
export type TranslationPart = string | Phoneme;

/** Throws 400 for SSML that the service refuses. */
export function parseTranslation(translation: string): readonly TranslationPart[] {
  const parts: TranslationPart[] = [];
  let end = 0;
  let isOpen = false;
  const addText = (text: string): void => {
    checkText(text, translation.includes("<"));
    // What an element encloses is what it replaces in speech.
    if (text !== "" && !isOpen) parts.push(text);
  };
  for (const match of translation.matchAll(TAG)) {
    const [tag, name = "", attributes = ""] = match;
    addText(translation.slice(end, match.index));
    end = match.index + tag.length;
    if (name !== "phoneme") throw badRequest(`Tag <${name}> is not allowed in a translation`);
    if (tag.startsWith("</")) {
      if (!isOpen) throw badRequest("Tag </phoneme> closes nothing");
      isOpen = false;
    } else {
      if (isOpen) throw badRequest("Tag <phoneme> must not hold another <phoneme>");
      const isEmpty = attributes.trimEnd().endsWith("/");
      parts.push(phonemeOf(isEmpty ? attributes.trimEnd().slice(0, -1) : attributes));
      isOpen = !isEmpty;
    }
  }
  addText(translation.slice(end));
  if (isOpen) throw badRequest("Tag <phoneme> is not closed");
  return parts;
}

function phonemeOf(text: string): Phoneme {
  const attributes = new Map<string, string>();
  let rest = text;
  for (;;) {
    const match = ATTRIBUTE.exec(rest);
    if (match === null) break;
    attributes.set(match[1] ?? "", match[2] ?? match[3] ?? "");
    rest = rest.slice(match[0].length);
  }
  if (rest.trim() !== "") throw badRequest("Tag <phoneme> is malformed");
  const alphabet = attributes.get("alphabet") ?? DEFAULT_ALPHABET;
  if (!ALPHABETS.has(alphabet)) {
    throw badRequest(`Tag <phoneme> has invalid attribute alphabet=${alphabet}`);
  }
  const ph = attributes.get("ph");
  if (ph === undefined) throw badRequest("Tag <phoneme> is missing required attribute ph");
  if (ph.trim() === "") throw badRequest("Tag <phoneme> has invalid attribute ph=");
  checkEntities(ph);
  return { alphabet, ph };
}

function checkText(text: string, isSsml: boolean): void {
  if ((isSsml ? NEEDS_ESCAPE : /[<>]/).test(text)) {
    throw badRequest(`Translation text '${text}' holds an unescaped character`);
  }
  checkEntities(text);
}

function checkEntities(text: string): void {
  for (let at = text.indexOf("&"); at >= 0; at = text.indexOf("&", at + 1)) {
    if (!ENTITY.test(text.slice(at))) throw badRequest(`'${text}' holds an unescaped '&'`);
  }
}
