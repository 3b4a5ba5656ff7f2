/**
 * What the service lists below language models, read from the exact bytes of its listings. Members that an older installation leaves out are
 * empty; an entry without a name or id is refused, because nothing could be kept under it.
 */
import { count, entryOf, required, text, texts } from "../listing-entry.ts";

/** A corpus or a grammar. */
export interface Resource {
  readonly name: string;
  /** Corpora only; 0 while it is being processed. */
  readonly totalWords: number;
  readonly outOfVocabulary: number;
  readonly status: string;
  readonly error: string;
  readonly raw: Buffer;
}

export interface Word {
  readonly word: string;
  readonly soundsLike: readonly string[];
  readonly displayAs: string;
  readonly mappingOnly: boolean | undefined;
  readonly sources: readonly string[];
  /** The service's own words about what is wrong with it; empty when nothing is. */
  readonly error: string;
  readonly raw: Buffer;
}

/** The service marks words that somebody added, rather than a corpus or grammar, with this source. */
const USER_SOURCE = "user";

export function isUserWord(word: Word): boolean {
  return word.sources.includes(USER_SOURCE);
}

/** Errors: `source-protocol`. */
export function resourceOf(raw: Buffer): Resource {
  const entry = entryOf(raw);
  return {
    name: required(entry, "name"),
    totalWords: count(entry["total_words"]),
    outOfVocabulary: count(entry["out_of_vocabulary_words"]),
    status: text(entry["status"]),
    error: text(entry["error"]),
    raw,
  };
}

/** Errors: `source-protocol`. */
export function wordOf(raw: Buffer): Word {
  const entry = entryOf(raw);
  const { mapping_only: mappingOnly, error } = entry;
  return {
    word: required(entry, "word"),
    soundsLike: texts(entry["sounds_like"]),
    displayAs: text(entry["display_as"]),
    mappingOnly: typeof mappingOnly === "boolean" ? mappingOnly : undefined,
    sources: texts(entry["source"]),
    error: Array.isArray(error) && error.length > 0 ? error.map(faultText).join("; ") : "",
    raw,
  };
}

/** The service names what is wrong by a member whose name is the offending value. */
function faultText(fault: unknown): string {
  if (typeof fault !== "object" || fault === null) return String(fault);
  return Object.entries(fault)
    .map(([value, words]) => `${value}: ${text(words)}`)
    .join("; ");
}
