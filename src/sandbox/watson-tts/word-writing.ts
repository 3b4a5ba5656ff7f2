/**
 * Writing words: everything is checked first, then all of it is applied or nothing. A later entry replaces an earlier one completely.
 */
import { badRequest, invalidParameter, missingParameter } from "../watson/errors.ts";
import { transaction } from "../http/storage.ts";
import type { TtsParts } from "./modes.ts";
import type { Model, ModelStore, Word } from "./model-store.ts";
import { MAX_WORDS, checkWord } from "./word-rules.ts";

/** The `words` member of a request. Throws 400 if it is missing, no array, or holds a bad entry. */
export function readWords(value: unknown, language: string): readonly Word[] {
  if (value === undefined || value === null) throw missingParameter("words");
  if (!Array.isArray(value)) throw invalidParameter("words");
  return value.map((entry) => checkWord(entry, language));
}

/** `change` runs in the same transaction. Throws 400 when the model would hold too many entries. */
export function writeWords(
  parts: TtsParts,
  models: ModelStore,
  model: Model,
  words: readonly Word[],
  customer: string | undefined,
  change?: () => void,
): void {
  transaction(parts.sqlite, () => {
    change?.();
    for (const word of words) models.putWord(model.id, word, customer);
    if (models.countWords(model.id) > MAX_WORDS) {
      throw badRequest(`Custom model ${model.id} would hold more than ${MAX_WORDS} entries`);
    }
    models.touch(model.id, parts.clock.now());
  });
}
