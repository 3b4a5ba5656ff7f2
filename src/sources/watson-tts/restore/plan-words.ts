/**
 * What has to be done to a model's words: compared with what is there now, so that an equal word is not written again.
 */
import type { ItemKey } from "../../../model/key.ts";
import type { RestoreOutcome } from "../../source.ts";
import { canonicalBytes } from "../../../model/json/canonical.ts";
import { resourceKey, type Named } from "../../watson/keys.ts";
import type { ModelGroup } from "../../watson/model-groups.ts";
import {
  parseWord,
  promptItem,
  wordItem,
  type PresentItem,
  type TtsPrompt,
  type TtsWord,
} from "../elements.ts";
import { temporaryName, type TargetModel } from "../target.ts";
import { mayOverwrite, same, unstable, type TtsRestore } from "./run.ts";
import type { WordToWrite } from "./write-words.ts";

/** Kept keys asked of the reader at once. */
const CONTAINS_KEYS = 1_000;

/** Of a word, or of a prompt that the instant does not know. */
export interface Deletion {
  /** As the timeline names it. */
  readonly key: ItemKey;
  readonly of: { readonly resource: "words" | "prompts"; readonly name: string };
  readonly present: PresentItem<unknown>;
}

export interface WordPlan {
  readonly writes: (WordToWrite & { readonly action: "create" | "change" })[];
  readonly deletions: Deletion[];
  /** Needing no act: the same, newer, unstable. */
  readonly settled: RestoreOutcome[];
}

/** The model's name under which its items are known to the engine when they are the target's own. */
export function keptName(group: ModelGroup, standing: TargetModel): Named {
  const { customization_id: id, name } = standing.value;
  return id === group.named.id ? group.named : { id, name };
}

/** Under which names a model that was made for the kept one may have been seen first. */
export function otherNames(group: ModelGroup, standing: TargetModel | undefined): readonly string[] {
  if (standing === undefined || standing.value.customization_id === group.named.id) return [];
  return [temporaryName(group.named.id), group.named.name];
}

/** `standing`: the model that stands for it; undefined in a preview that would make it. Reads only. */
export async function planWords(
  run: TtsRestore,
  group: ModelGroup,
  standing: TargetModel | undefined,
): Promise<WordPlan> {
  const { request, service, context } = run;
  const plan: WordPlan = { writes: [], deletions: [], settled: [] };
  const present = new Map<string, PresentItem<TtsWord>>();
  const prompts = new Map<string, PresentItem<TtsPrompt>>();
  if (standing !== undefined) {
    const named = keptName(group, standing);
    const raw = await service.model(standing.value.customization_id, context.signal);
    for (const element of raw.words) {
      const item = wordItem(named, element);
      present.set(item.value.word, item);
    }
    for (const element of raw.prompts) {
      const item = promptItem(named, element);
      prompts.set(item.value.prompt_id, item);
    }
    for (const { of } of group.resources.prompts) prompts.delete(of);
  }
  const changes: { readonly write: WordToWrite; readonly present: PresentItem<TtsWord> }[] = [];
  for (const { of, version } of group.resources.words) {
    const now = present.get(of);
    present.delete(of);
    if (version.kind === "deleted") {
      if (now === undefined) plan.settled.push(same(version.key));
      else plan.deletions.push({ key: version.key, of: { resource: "words", name: of }, present: now });
      continue;
    }
    const element = version.parts[0] as Buffer;
    const write = { key: version.key, word: parseWord(element) };
    if (now === undefined) plan.writes.push({ ...write, action: "create" });
    else if (now.version.state.equals(canonicalBytes(element))) plan.settled.push(same(version.key));
    else changes.push({ write, present: now });
  }
  if (group.version !== undefined) {
    const surplus = [
      ...[...present].map(([name, item]) => surplusOf(group, "words", name, item)),
      ...[...prompts].map(([name, item]) => surplusOf(group, "prompts", name, item)),
    ];
    await planSurplus(run, group, standing, surplus, plan);
  }
  const mayChange = await mayOverwrite(
    request,
    changes.map((change) => change.present),
    otherNames(group, standing),
  );
  for (const [at, { write }] of changes.entries()) {
    if (mayChange[at] === true) plan.writes.push({ ...write, action: "change" });
    else plan.settled.push(unstable(write.key));
  }
  return await keepOnlyDeletable(run, plan, otherNames(group, standing));
}

function surplusOf(
  { named }: ModelGroup,
  resource: "words" | "prompts",
  name: string,
  present: PresentItem<unknown>,
): Deletion {
  return { key: resourceKey(named, resource, name), of: { resource, name }, present };
}

/** What the target has and the chosen items do not. */
async function planSurplus(
  { request }: TtsRestore,
  group: ModelGroup,
  standing: TargetModel | undefined,
  surplus: readonly Deletion[],
  plan: WordPlan,
): Promise<void> {
  // A model made from the timeline holds what the timeline holds; one in place may have been worked on by people.
  const isCopy = standing?.value.customization_id !== group.named.id;
  const deletes = request.newerItems === "delete" || (request.mode === "replica" && isCopy);
  for (let from = 0; from < surplus.length; from += CONTAINS_KEYS) {
    const batch = surplus.slice(from, from + CONTAINS_KEYS);
    const contained = await request.reader.contains(batch.map(({ key }) => key));
    for (const [at, deletion] of batch.entries()) {
      if (contained[at] === true) continue;
      if (deletes) plan.deletions.push(deletion);
      else plan.settled.push({ key: deletion.key, action: "newer" });
    }
  }
}

async function keepOnlyDeletable(
  { request }: TtsRestore,
  plan: WordPlan,
  names: readonly string[],
): Promise<WordPlan> {
  const may = await mayOverwrite(
    request,
    plan.deletions.map(({ present }) => present),
    names,
  );
  const deletions = plan.deletions.filter((deletion, at) => {
    if (may[at] !== true) plan.settled.push(unstable(deletion.key));
    return may[at] === true;
  });
  return { ...plan, deletions };
}
