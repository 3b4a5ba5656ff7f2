/**
 * What is sent to the service for a word: never more than a user can have said about it.
 */
import type { Word } from "./objects.ts";

/** A word as the service takes it. */
export interface WordDefinition {
  readonly word: string;
  readonly sounds_like?: readonly string[];
  readonly display_as?: string;
  readonly mapping_only?: boolean;
}

/** A kept word, and what is known of how it was once submitted. */
export interface KnownWord {
  readonly word: Word;
  /** The submitted definition; undefined where none was captured. */
  readonly submitted: unknown;
}

/**
 * Pronunciations that the service made up are left out where a capture shows that none was given, so that the engine makes them again;
 * without a capture they cannot be told from given ones and are sent as they were read.
 */
export function definitionOf({ word, submitted }: KnownWord): WordDefinition {
  const soundsLike = pronunciationsWereGiven(submitted) ? word.soundsLike : [];
  return {
    word: word.word,
    ...(soundsLike.length === 0 ? {} : { sounds_like: soundsLike }),
    ...(word.displayAs === "" ? {} : { display_as: word.displayAs }),
    ...(word.mappingOnly === undefined ? {} : { mapping_only: word.mappingOnly }),
  };
}

/** Whether the target's word is what the kept one asks for. `count` and the order of sources say nothing. */
export function sameWord(kept: KnownWord, present: Word): boolean {
  const { word } = kept;
  const pronounced =
    !pronunciationsWereGiven(kept.submitted) ||
    (word.soundsLike.length === present.soundsLike.length &&
      word.soundsLike.every((sound, at) => sound === present.soundsLike[at]));
  return (
    pronounced &&
    word.displayAs === present.displayAs &&
    // `false` is what the service means when it says nothing.
    (word.mappingOnly ?? false) === (present.mappingOnly ?? false)
  );
}

function pronunciationsWereGiven(submitted: unknown): boolean {
  if (typeof submitted !== "object" || submitted === null) return true;
  const { sounds_like: given } = submitted as { sounds_like?: unknown };
  return Array.isArray(given) && given.length > 0;
}
