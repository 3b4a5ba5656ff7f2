/**
 * What a restore of one model has to do, worked out from what is kept and what the target has: the same for a preview and for the act.
 *
 * The order is the service's: surplus files go first, then corpora in the order in which they were submitted (a corpus changes words that
 * are there already), grammars, words, and the training last.
 */
import { keyText, type ItemKey } from "../../../model/key.ts";
import type { RestoreAction } from "../../source.ts";
import { resourceKey } from "../../watson/keys.ts";
import { derivesWords, takesGrammars } from "./base-models.ts";
import { resourceItem, wordItem, type FileKind } from "./items.ts";
import type { KeptFile, KeptModel, KeptWord } from "./kept-model.ts";
import { isUserWord } from "./objects.ts";
import type { PresentModel } from "./present-model.ts";
import type { RestoreSettings } from "../settings.ts";
import { planTraining, type Training } from "./training.ts";
import { sameWord } from "./word-definition.ts";

/** Something to be written; `present`: the state that it overwrites. */
export type Step = { readonly key: ItemKey; readonly action: RestoreAction; readonly present?: Buffer } & (
  | { readonly kind: "file"; readonly file: KeptFile }
  | { readonly kind: "word"; readonly word: KeptWord }
  | { readonly kind: "delete-file"; readonly files: FileKind; readonly name: string }
  | { readonly kind: "delete-word"; readonly name: string }
);

/** An item that nothing is written for. */
export interface Settled {
  readonly key: ItemKey;
  readonly action: RestoreAction;
  readonly reason?: string;
}

export interface Plan {
  /** Empty the model first: everything is written anew. */
  readonly reset: boolean;
  /** In the order in which they are done. */
  readonly steps: readonly Step[];
  readonly settled: readonly Settled[];
  readonly training: Training;
  /** What the model's own item will have undergone, apart from being made. */
  readonly action: "change" | "same";
}

export interface PlanInput {
  readonly kept: KeptModel;
  readonly present: PresentModel;
  /** The model was, or in a preview would be, made by this restore. */
  readonly made: boolean;
  readonly settings: RestoreSettings;
  /** Whether what exists in the target and not at the instant goes. */
  readonly newerItems: "delete" | "keep";
  /** Everything of the instant was chosen: what is not among it did not exist. */
  readonly whole: boolean;
  /** Digest of the content that an earlier restore put under this name into the target. */
  readonly written: (kind: FileKind, name: string) => string | undefined;
}

export function planModel(input: PlanInput): Plan {
  const { kept, present, settings, made } = input;
  const difference = differenceOf(input);
  const { steps, settled } = difference;
  const reset = settings.reset && !made && kept.chosen && steps.length > 0;
  const training = planTraining(kept, present.model, steps.length > 0, settings);
  // Its own entry; what hangs below it has items of its own.
  const action = reset || training.train ? "change" : "same";
  if (!reset) return { reset, steps, settled, training, action };
  const anew = differenceOf({ ...input, present: emptied(present), written: () => undefined });
  // What is there now is what the reset takes away: told as changes, and guarded as such.
  const before = statesOf(present);
  const rewritten = anew.steps.map((step): Step => {
    const state = before.get(step.key.toString("utf8"));
    return state === undefined ? step : { ...step, action: "change", present: state };
  });
  const deletions = steps.filter(({ action: done }) => done === "delete");
  return { reset, steps: [...deletions, ...rewritten], settled: anew.settled, training, action };
}

/** What a reset would take away and this restore does not put back. */
export function lostByReset({ kept, present, newerItems }: PlanInput): string[] {
  const unknown = kept.files
    .filter(({ kind, resource, original }) => original === undefined && present[kind].has(resource.name))
    .map(({ kind, resource }) => `${kind}/${resource.name}`);
  const newer = newerItems === "delete" ? [] : surplusOf(kept, present).map(({ key }) => keyText(key));
  return [...unknown, ...newer];
}

/** The state of each item that the target has of the model, by its key there. */
export function statesOf({ model, corpora, grammars, words }: PresentModel): Map<string, Buffer> {
  const items = [
    ...[...corpora.values()].map((file) => resourceItem(model, "corpora", file)),
    ...[...grammars.values()].map((file) => resourceItem(model, "grammars", file)),
    ...[...words.values()].map((word) => wordItem(model, word)),
  ];
  return new Map(items.map(({ key, state }) => [keyText(key), state]));
}

interface Difference {
  readonly steps: readonly Step[];
  readonly settled: readonly Settled[];
}

function differenceOf(input: PlanInput): Difference {
  const { kept, present } = input;
  const settled: Settled[] = [];
  const removals: Step[] = [];
  const files: Step[] = [];
  const words: Step[] = [];
  for (const file of kept.files.toSorted(bySubmission)) {
    const decided = fileStep(file, input);
    ("kind" in decided ? files : settled).push(decided as Step & Settled);
  }
  for (const word of kept.words) {
    const decided = wordStep(word, input);
    ("kind" in decided ? words : settled).push(decided as Step & Settled);
  }
  const gone = new Set(kept.deleted.map((key) => key.toString("utf8")));
  for (const surplus of surplusOf(kept, present)) {
    const wasGone = gone.delete(surplus.key.toString("utf8"));
    // What was not chosen is nobody's business, unless its deletion was chosen.
    if (!input.whole && !wasGone) continue;
    if (input.newerItems === "delete") removals.push(surplus);
    else settled.push({ key: surplus.key, action: "newer" });
  }
  for (const key of gone) settled.push({ key: Buffer.from(key, "utf8"), action: "same" });
  return { steps: [...removals, ...files, ...words], settled };
}

function fileStep(file: KeptFile, { present, kept, written }: PlanInput): Step | Settled {
  const { key, kind, resource, original } = file;
  const there = present[kind].get(resource.name);
  const target = present.model.baseModel;
  const shown = kind === "corpora" ? "corpus" : "grammar";
  if (kind === "grammars" && !takesGrammars(target)) {
    return { key, action: "failed", reason: `not recoverable: ${target} takes no grammars` };
  }
  const digest = written(kind, resource.name);
  const proven = digest === undefined || digest === original?.note.sha256;
  // Figures of another family cannot be compared: there only the digest of what was written counts.
  const comparable = kept.model?.baseModel === target;
  const equal =
    there?.status === resource.status &&
    proven &&
    (comparable ? sameFigures(file, there.totalWords) : digest !== undefined);
  if (equal) return { key, action: "same" };
  if (original === undefined) {
    return {
      key,
      action: "failed",
      reason: `not recoverable: ${file.missing} (${shown} "${resource.name}")`,
    };
  }
  // A file that was refused at the source and is refused here again is as it was.
  if (there !== undefined && there.status === resource.status && digest === original.note.sha256) {
    return { key, action: "same" };
  }
  if (there === undefined) return { kind: "file", file, key, action: "create" };
  return {
    kind: "file",
    file,
    key,
    action: "change",
    present: resourceItem(present.model, kind, there).state,
  };
}

function sameFigures({ resource }: KeptFile, totalWords: number): boolean {
  return resource.totalWords === totalWords;
}

function wordStep(word: KeptWord, { present }: PlanInput): Step | Settled {
  const { key } = word;
  const there = present.words.get(word.word.word);
  const usable = there !== undefined && isUserWord(there);
  if (usable && sameWord(word, there)) return { key, action: "same" };
  if (word.word.error !== "") {
    return {
      key,
      action: "failed",
      reason: `skipped, because it would stop the training: ${word.word.error}`,
    };
  }
  if (!usable) return { kind: "word", word, key, action: "create" };
  return { kind: "word", word, key, action: "change", present: wordItem(present.model, there).state };
}

/** What a user has put into the target since; words derived from files come and go with these. */
function surplusOf(kept: KeptModel, present: PresentModel): Step[] {
  const files = new Set(kept.files.map(({ kind, resource }) => `${kind}/${resource.name}`));
  const words = new Set(kept.words.map(({ word }) => word.word));
  const states = statesOf(present);
  const steps: Step[] = [];
  const add = (
    key: ItemKey,
    step: { kind: "delete-file"; files: FileKind; name: string } | { kind: "delete-word"; name: string },
  ): void => {
    const state = states.get(key.toString("utf8"));
    // Told under the kept model's name: whoever restores knows that one.
    const shownKey = underKept(key, kept, present);
    steps.push({
      ...step,
      key: shownKey,
      action: "delete",
      ...(state === undefined ? {} : { present: state }),
    });
  };
  for (const kind of ["corpora", "grammars"] as const) {
    for (const name of present[kind].keys()) {
      if (!files.has(`${kind}/${name}`)) {
        add(resourceKey(present.model, kind, name), { kind: "delete-file", files: kind, name });
      }
    }
  }
  for (const word of present.words.values()) {
    if (isUserWord(word) && !words.has(word.word) && !kept.derived.has(word.word)) {
      add(resourceKey(present.model, "words", word.word), { kind: "delete-word", name: word.word });
    }
  }
  return steps;
}

function underKept(key: ItemKey, kept: KeptModel, present: PresentModel): ItemKey {
  const own = resourceKey(present.model, "words", "").length - "words/".length;
  return Buffer.concat([kept.key, Buffer.from("/"), key.subarray(own)]);
}

/**
 * Derived words of the target that the kept model did not have though its files yield them: somebody had deleted them, and a corpus that
 * is added again brings them back.
 */
export function resurrected(kept: KeptModel, present: PresentModel): string[] {
  if (!derivesWords(present.model.baseModel) || kept.model?.baseModel !== present.model.baseModel) return [];
  const words = new Set(kept.words.map(({ word }) => word.word));
  const files = new Set(kept.files.map(({ resource }) => resource.name));
  return [...present.words.values()]
    .filter(
      (word) =>
        !isUserWord(word) &&
        !kept.derived.has(word.word) &&
        !words.has(word.word) &&
        word.sources.every((source) => files.has(source)),
    )
    .map(({ word }) => word);
}

function bySubmission(a: KeptFile, b: KeptFile): number {
  if (a.kind !== b.kind) return a.kind === "corpora" ? -1 : 1;
  const [first, second] = [a.original?.note.at ?? "", b.original?.note.at ?? ""];
  return first < second ? -1 : first > second ? 1 : Buffer.compare(a.key, b.key);
}

function emptied({ model }: PresentModel): PresentModel {
  return {
    model: { ...model, status: "pending" },
    corpora: new Map(),
    grammars: new Map(),
    words: new Map(),
  };
}
