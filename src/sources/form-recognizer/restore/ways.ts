/**
 * How a model that the target does not have can be had there: copied from a lender, composed of its parts, or trained again. The first that is
 * possible is taken; where none is, the reason says what would help.
 */
import { compose, composition, partsOf } from "./compose.ts";
import type { ModelRef } from "../keys.ts";
import type { KeptModel } from "./kept-model.ts";
import { keptTraining } from "./kept-training.ts";
import { copyBack } from "./copy-back.ts";
import type { Made } from "./make-once.ts";
import type { FormRestore } from "./run.ts";
import { prepare, train, trainable, warnOf } from "./train.ts";

export interface Way {
  /** Everything that can be done before something else is given up for it. */
  readonly prepare?: () => Promise<void>;
  readonly make: () => Promise<Made>;
  /** What a preview must say of it. */
  readonly announce?: () => void;
}

type Ways = Way | { readonly missing: string };

/** Reads only. Errors: what concerns more than this model. */
export async function wayFor(run: FormRestore, kept: KeptModel): Promise<Ways> {
  const reasons: string[] = [];
  for (const find of waysOf(run, kept)) {
    const way = await find();
    if (!("missing" in way)) return way;
    reasons.push(way.missing);
  }
  return { missing: reasons.join("; ") };
}

/** In the order in which they are tried. */
function waysOf(run: FormRestore, kept: KeptModel): (() => Promise<Ways>)[] {
  const { composed, classifier } = kept.details;
  const borrow = async (): Promise<Ways> => await borrowing(run, kept);
  const make = async (): Promise<Ways> =>
    composed ? await composing(run, kept) : await trainingAgain(run, kept);
  // One that refers to a classifier by its id is nothing without parts of its own. What was begun is gone on with.
  if (classifier !== undefined) return [make];
  return run.notes.begun(kept) === undefined ? [borrow, make] : [make, borrow];
}

async function borrowing(run: FormRestore, kept: KeptModel): Promise<Ways> {
  const { lender } = run;
  if (lender === undefined)
    return { missing: "a standby that has a copy could give it back (--from-standby NAME)" };
  const lent = await lender.find(kept, run.resource.service, run.context.signal);
  if ("missing" in lent) return lent;
  return {
    async make() {
      const copied = await copyBack(run, kept, lent);
      if ("model" in copied || !kept.details.composed) return copied;
      // Some refuse to copy what is composed.
      const again = await composing(run, kept);
      return "missing" in again ? copied : await again.make();
    },
  };
}

async function composing(run: FormRestore, kept: KeptModel): Promise<Ways> {
  const request = await composition(run, kept);
  if ("missing" in request) return request;
  return { make: async () => await compose(run, kept, request) };
}

async function trainingAgain(run: FormRestore, kept: KeptModel): Promise<Ways> {
  if (!run.settings.retrain && run.notes.begun(kept) === undefined) {
    return { missing: await retrainHint(run, kept) };
  }
  const found = await trainable(run, kept);
  if ("missing" in found) return { missing: `it cannot be trained again: ${found.missing}` };
  return {
    prepare: async () => await prepare(run, found.training),
    make: async () => await train(run, kept, found),
    announce: () => {
      warnOf(run, kept, found.training);
    },
  };
}

async function retrainHint({ request }: FormRestore, kept: KeptModel): Promise<string> {
  const training = await keptTraining(request.reader, kept);
  return "missing" in training
    ? `it could not be trained again either: ${training.missing}`
    : "its training data are kept, so a similar model could be trained (--retrain)";
}

/** Parts that must be in the target before it: of what is copied as one, none. */
export async function partsNeeded(run: FormRestore, kept: KeptModel): Promise<ModelRef[]> {
  const { composed, classifier } = kept.details;
  if (composed && classifier === undefined && run.lender !== undefined) {
    const lent = await run.lender.find(kept, run.resource.service, run.context.signal);
    if (!("missing" in lent)) return [];
  }
  return await partsOf(run, kept);
}
