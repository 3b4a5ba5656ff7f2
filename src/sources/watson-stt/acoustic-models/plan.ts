/**
 * What a restore of one acoustic model has to do, worked out from what is kept and what the target has: the same for a preview and for the
 * act.
 */
import { keyOf, keyText, type ItemKey } from "../../../model/key.ts";
import type { RestoreAction } from "../../source.ts";
import { resourceKey } from "../../watson/keys.ts";
import type { CustomModel } from "../custom-model.ts";
import { audioDifference, audioItem, type AudioResource } from "./audio.ts";
import type { Original } from "../../watson/captures.ts";
import type { KeptAcousticModel, KeptAudio } from "./kept-model.ts";

export interface PresentAcousticModel {
  readonly model: CustomModel;
  readonly audio: ReadonlyMap<string, AudioResource>;
}

/** Something to be written; `present`: the state that it overwrites, under the target's own key. */
export type AudioStep = {
  readonly key: ItemKey;
  readonly action: RestoreAction;
  readonly present?: { readonly key: ItemKey; readonly state: Buffer };
} & (
  | { readonly kind: "upload"; readonly kept: KeptAudio; readonly original: Original }
  | { readonly kind: "delete"; readonly name: string }
);

/** An item that nothing is written for. */
export interface SettledAudio {
  readonly key: ItemKey;
  readonly action: RestoreAction;
  readonly reason?: string;
}

export interface AudioPlan {
  /** Deletions first: a model holds no more than so many hours. */
  readonly steps: readonly AudioStep[];
  readonly settled: readonly SettledAudio[];
}

export interface AudioPlanInput {
  readonly kept: KeptAcousticModel;
  readonly present: PresentAcousticModel;
  readonly newerItems: "delete" | "keep";
  /** Everything of the instant was chosen: what is not among it did not exist. */
  readonly whole: boolean;
  /** Digest of the content that an earlier restore put under this name into the target. */
  readonly written: (name: string) => string | undefined;
}

export function planAudio(input: AudioPlanInput): AudioPlan {
  const { kept, present, newerItems, whole } = input;
  const removals: AudioStep[] = [];
  const uploads: AudioStep[] = [];
  const settled: SettledAudio[] = [];
  for (const one of kept.audio) {
    const decided = audioStep(one, input);
    if ("kind" in decided) uploads.push(decided);
    else settled.push(decided);
  }
  const wanted = new Set(kept.audio.map(({ audio }) => audio.name));
  const gone = new Set(kept.deleted.map(keyText));
  for (const [name, audio] of present.audio) {
    if (wanted.has(name)) continue;
    // Told under the kept model's name: whoever restores knows that one.
    const key = resourceKey(kept.named, "audio", name);
    const wasGone = gone.delete(keyText(key));
    // What was not chosen is nobody's business, unless its deletion was chosen.
    if (!whole && !wasGone) continue;
    if (newerItems === "keep") settled.push({ key, action: "newer" });
    else
      removals.push({ kind: "delete", key, action: "delete", name, present: stateOf(present.model, audio) });
  }
  for (const key of gone) settled.push({ key: keyOf(key), action: "same" });
  return { steps: [...removals, ...uploads], settled };
}

/** Key and state of everything that the target has of the model below its own item. */
export function audioStates({
  model,
  audio,
}: PresentAcousticModel): { readonly key: ItemKey; readonly state: Buffer }[] {
  return [...audio.values()].map((one) => stateOf(model, one));
}

function stateOf(model: CustomModel, audio: AudioResource): { key: ItemKey; state: Buffer } {
  const { key, state } = audioItem(model, audio);
  return { key, state };
}

function audioStep(one: KeptAudio, { present, written }: AudioPlanInput): AudioStep | SettledAudio {
  const { key, audio, original, missing } = one;
  const there = present.audio.get(audio.name);
  const digest = written(audio.name);
  const proven = digest === undefined || digest === original?.note.sha256;
  if (there !== undefined && proven && audioDifference(audio, there) === "") return { key, action: "same" };
  if (original === undefined) return { key, action: "failed", reason: `not recoverable: ${missing}` };
  const step = { kind: "upload", kept: one, original, key } as const;
  if (there === undefined) return { ...step, action: "create" };
  return { ...step, action: "change", present: stateOf(present.model, there) };
}
