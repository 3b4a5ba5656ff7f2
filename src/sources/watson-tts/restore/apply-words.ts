/**
 * Doing what was planned for a model's words, and reading back what became of it.
 */
import { isHoldfastError } from "../../../model/errors.ts";
import { sortableKey, type ItemKey } from "../../../model/key.ts";
import type { RestoreOutcome } from "../../source.ts";
import { canonicalBytes } from "../../../model/json/canonical.ts";
import type { ModelGroup } from "../../watson/model-groups.ts";
import { parsePrompt, parseWord } from "../elements.ts";
import type { TargetModel } from "../target.ts";
import type { Deletion, WordPlan } from "./plan-words.ts";
import { failed, refusedBecause, type TtsRestore } from "./run.ts";
import { writeWords } from "./write-words.ts";

type WordAction = "create" | "change" | "delete";

/** What was written counts when it has been read back. */
export async function* applyWords(
  run: TtsRestore,
  group: ModelGroup,
  standing: TargetModel,
  plan: WordPlan,
): AsyncGenerator<RestoreOutcome> {
  const { service, context } = run;
  const { writes, deletions } = plan;
  if (writes.length === 0 && deletions.length === 0) return;
  const id = standing.value.customization_id;
  const refused = new Map(await writeWords(run, group.named.id, id, writes));
  for (const { key, of } of deletions) {
    const reason = await deleteResource(run, id, of);
    if (reason !== undefined) refused.set(sortableKey(key), reason);
  }
  const raw = await service.model(id, context.signal);
  const now = new Map(raw.words.map((element) => [parseWord(element).word, canonicalBytes(element)]));
  const prompts = new Set(raw.prompts.map((element) => parsePrompt(element).prompt_id));
  const isThere = { words: (name: string) => now.has(name), prompts: (name: string) => prompts.has(name) };
  const told = (key: ItemKey, action: WordAction, done: boolean): RestoreOutcome => {
    const reason = refused.get(sortableKey(key));
    if (reason !== undefined && !done) return failed(key, reason);
    return done ? { key, action } : failed(key, "it was written and does not read back so");
  };
  for (const { key, word, action } of writes) {
    const wanted = canonicalBytes(Buffer.from(JSON.stringify(word), "utf8"));
    yield told(key, action, now.get(word.word)?.equals(wanted) === true);
  }
  for (const { key, of } of deletions) yield told(key, "delete", !isThere[of.resource](of.name));
}

/** Why it could not be deleted. What is gone already is refused too: reading back tells. */
async function deleteResource(
  { service, context }: TtsRestore,
  id: string,
  { resource, name }: Deletion["of"],
): Promise<string | undefined> {
  try {
    if (resource === "words") await service.deleteWord(id, name, context.signal);
    else await service.deletePrompt(id, name, context.signal);
    return undefined;
  } catch (error) {
    const reason = isHoldfastError(error, "target-refused") ? error.message : refusedBecause(error);
    if (reason === undefined) throw error;
    return reason;
  }
}
