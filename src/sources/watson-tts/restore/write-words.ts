/**
 * Writing words: in groups, each sent again in halves when the service refuses it, until every refused word stands alone with the reason.
 * Words are upserts, so any group may be sent twice.
 */
import { sortableKey, type ItemKey } from "../../../model/key.ts";
import { readCapture } from "../../watson/captures.ts";
import { captureKey } from "../../watson/keys.ts";
import type { TtsWord } from "../elements.ts";
import { refusedBecause, type TtsRestore } from "./run.ts";

/** Entries of one request: the service names no limit, and these were always taken. */
const GROUP_WORDS = 1_000;

/** Bytes of one request's words, for the same reason. */
const GROUP_BYTES = 1_000_000;

/** Captures looked up at once. */
const LOOKUP_KEYS = 500;

export interface WordToWrite {
  readonly key: ItemKey;
  readonly word: TtsWord;
}

/** Returns what was refused, by `sortableKey`. `kept`: the model's id in the timeline, `id` the target's. */
export async function writeWords(
  run: TtsRestore,
  kept: string,
  id: string,
  words: readonly WordToWrite[],
): Promise<ReadonlyMap<string, string>> {
  const refused = new Map<string, string>();
  let done = 0;
  for (const [customer, labelled] of await byCustomer(run, kept, words)) {
    for (const group of groups(labelled)) {
      await writeGroup(run, id, group, customer, refused);
      done += group.length;
      run.context.progress?.({ phase: "words", done, total: words.length, bytes: 0 });
    }
  }
  return refused;
}

async function writeGroup(
  run: TtsRestore,
  id: string,
  group: readonly WordToWrite[],
  customer: string | undefined,
  refused: Map<string, string>,
): Promise<void> {
  try {
    const entries = group.map(({ word }) => word);
    await run.service.writeWords(id, entries, customer, run.context.signal);
  } catch (error) {
    const reason = refusedBecause(error);
    if (reason === undefined) throw error;
    if (group.length === 1) {
      refused.set(sortableKey((group[0] as WordToWrite).key), reason);
      return;
    }
    const half = group.length >> 1;
    await writeGroup(run, id, group.slice(0, half), customer, refused);
    await writeGroup(run, id, group.slice(half), customer, refused);
  }
}

function* groups(words: readonly WordToWrite[]): Generator<readonly WordToWrite[]> {
  let group: WordToWrite[] = [];
  let bytes = 0;
  for (const word of words) {
    const size = Buffer.byteLength(JSON.stringify(word.word));
    if (group.length === GROUP_WORDS || (group.length > 0 && bytes + size > GROUP_BYTES)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(word);
    bytes += size;
  }
  if (group.length > 0) yield group;
}

/** The label of a word's last write, where it was captured, goes with it: a later erasure of that customer's data finds it. */
async function byCustomer(
  { request: { reader } }: TtsRestore,
  kept: string,
  words: readonly WordToWrite[],
): Promise<Map<string | undefined, WordToWrite[]>> {
  const customers = new Map<string | undefined, WordToWrite[]>();
  for (let from = 0; from < words.length; from += LOOKUP_KEYS) {
    const batch = words.slice(from, from + LOOKUP_KEYS);
    const captures = await reader.find(batch.map(({ word }) => captureKey(kept, `words/${word.word}`)));
    for (const [at, word] of batch.entries()) {
      const capture = captures[at];
      const customer = capture?.kind === "live" ? readCapture(capture).note.customer : undefined;
      const group = customers.get(customer);
      if (group === undefined) customers.set(customer, [word]);
      else group.push(word);
    }
  }
  return customers;
}
