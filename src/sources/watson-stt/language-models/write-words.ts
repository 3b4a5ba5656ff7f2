/**
 * Writing words in groups. The service takes all words of a group or none, so a refused group is halved until the words that it refuses
 * are found; and it works on a group after it has answered, so what became of each word is read back.
 */
import type { RestoreOutcome } from "../../source.ts";
import type { LanguageModelCalls } from "./calls.ts";
import type { Word } from "./objects.ts";
import type { Step } from "./plan.ts";
import { refusal } from "../refusal.ts";
import { definitionOf } from "./word-definition.ts";

/** Words in one request: an answer within seconds, and little to halve. */
const WORDS_PER_REQUEST = 1_000;

/** Looks after which words that are all listed are taken to be settled though their model is still `pending`. */
const LOOKS_AT_PENDING = 3;

export type WordStep = Step & { readonly kind: "word" };

/** In any order. Errors: as the calls. */
export async function* writeWords(
  calls: LanguageModelCalls,
  id: string,
  steps: readonly WordStep[],
): AsyncGenerator<RestoreOutcome> {
  // A request carries one customer's label.
  const byCustomer = Map.groupBy(steps, ({ word }) => word.customer);
  for (const same of byCustomer.values()) {
    for (let from = 0; from < same.length; from += WORDS_PER_REQUEST) {
      yield* writeGroup(calls, id, same.slice(from, from + WORDS_PER_REQUEST));
    }
  }
}

async function* writeGroup(
  calls: LanguageModelCalls,
  id: string,
  steps: readonly WordStep[],
): AsyncGenerator<RestoreOutcome> {
  try {
    await calls.addWords(
      id,
      steps.map(({ word }) => definitionOf(word)),
      steps[0]?.word.customer,
    );
  } catch (error) {
    const reason = refusal(error);
    if (steps.length === 1) {
      yield { key: (steps[0] as WordStep).key, action: "failed", reason };
      return;
    }
    const half = Math.ceil(steps.length / 2);
    yield* writeGroup(calls, id, steps.slice(0, half));
    yield* writeGroup(calls, id, steps.slice(half));
    return;
  }
  yield* readBack(calls, id, steps);
}

/** A word that the service stored and cannot use is taken out again: it would stop the training of all others. */
async function* readBack(
  calls: LanguageModelCalls,
  id: string,
  steps: readonly WordStep[],
): AsyncGenerator<RestoreOutcome> {
  let looks = 0;
  const listed = await calls.until(`${steps.length} words to be taken in`, async () => {
    const { status } = await calls.model(id);
    const words = new Map((await calls.words(id)).map((word) => [word.word, word]));
    const all = steps.every(({ word }) => words.has(word.word.word));
    // A model whose words are all unusable never leaves `pending`.
    return status !== "pending" || (all && ++looks === LOOKS_AT_PENDING) ? words : undefined;
  });
  for (const { key, word, action } of steps) {
    const found = listed.get(word.word.word);
    if (found === undefined)
      yield { key, action: "failed", reason: "the service took it and does not list it" };
    else if (found.error === "") yield { key, action };
    else yield { key, action: "failed", reason: await takenOut(calls, id, found) };
  }
}

async function takenOut(calls: LanguageModelCalls, id: string, { word, error }: Word): Promise<string> {
  const reason = `the service cannot use it: ${error}`;
  try {
    await calls.deleteWord(id, word);
    return reason;
  } catch (failure) {
    return `${reason}; it is still there and stops the training (${refusal(failure)})`;
  }
}
