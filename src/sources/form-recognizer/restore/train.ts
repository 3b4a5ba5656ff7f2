/**
 * Training a model again from its kept data. What comes of it is a similar model, not the same: that is said each time, with everything that is
 * known to differ.
 */
import { keyText } from "../../../model/key.ts";
import { unmarkedWords } from "../copy/lineage.ts";
import { modelKey } from "../keys.ts";
import type { BuildRequest } from "../service/face.ts";
import { fieldDifferences } from "./fields.ts";
import type { KeptModel } from "./kept-model.ts";
import { keptTraining, type KeptTraining } from "./kept-training.ts";
import { makeOnce, type Made } from "./make-once.ts";
import type { FormRestore } from "./run.ts";
import { NOWHERE } from "./training-uploads.ts";

/** A neural model is given more time than a template, as often. */
const NEURAL_PATIENCE = 4;

export interface Trainable {
  readonly training: KeptTraining;
  /** In the words of the target's API version. */
  readonly buildMode: string;
}

/** How the model can be trained again, or why not. Reads no content. */
export async function trainable(
  { request, resource }: FormRestore,
  kept: KeptModel,
): Promise<Trainable | { readonly missing: string }> {
  const { traits, apiVersion } = resource.service;
  if (kept.ref.kind === "classifiers" && !traits.classifiers) {
    return { missing: `the target's API version ${apiVersion} has no classifiers` };
  }
  const training = await keptTraining(request.reader, kept);
  if ("missing" in training) return training;
  const buildMode = buildModeFor(kept.details.buildMode, traits.choosesIds);
  if (buildMode === undefined) {
    return { missing: `the target's API version ${apiVersion} trains no ${kept.details.buildMode} models` };
  }
  if (resource.config.retrainInto === undefined) return { missing: NOWHERE };
  return { training, buildMode };
}

/** v2.x speaks of labels where later versions speak of templates; the other modes have no counterpart. */
function buildModeFor(buildMode: string, isOld: boolean): string | undefined {
  if (isOld) {
    if (buildMode === "template") return "labelled";
    return buildMode === "labelled" || buildMode === "unlabelled" ? buildMode : undefined;
  }
  if (buildMode === "labelled") return "template";
  return buildMode === "unlabelled" ? undefined : buildMode;
}

export async function train(
  run: FormRestore,
  kept: KeptModel,
  { training, buildMode }: Trainable,
): Promise<Made> {
  const { resource, context, uploads } = run;
  const { details, ref } = kept;
  const { note } = training;
  const { name } = details;
  const made = await makeOnce(run, kept, {
    what: `the training of ${ref.kind === "models" ? "model" : "classifier"} ${ref.id}`,
    prepare: async () => await prepare(run, training),
    start: async (id) => {
      const { container, base } = await uploads.upload(run, training);
      const request: BuildRequest = {
        kind: ref.kind,
        id,
        ...unmarkedWords(details),
        buildMode,
        container,
        prefix: `${base}${note.prefix}`,
        ...(name === undefined ? {} : { name }),
        ...(note.docTypes === undefined ? {} : { docTypes: docTypesBelow(base, note.docTypes) }),
      };
      return await resource.service.build(request, context.signal);
    },
    patience: buildMode === "neural" ? NEURAL_PATIENCE : 1,
  });
  if ("model" in made) warnOf(run, kept, training, fieldDifferences(details, made.model));
  return made;
}

/** Everything that can be done before the service is asked. */
export async function prepare(run: FormRestore, training: KeptTraining): Promise<void> {
  await run.uploads.upload(run, training);
}

function docTypesBelow(
  base: string,
  docTypes: NonNullable<KeptTraining["note"]["docTypes"]>,
): NonNullable<BuildRequest["docTypes"]> {
  const below = Object.entries(docTypes).map(([docType, { prefix, fileList }]) => [
    docType,
    { prefix: `${base}${prefix}`, ...(fileList === undefined ? {} : { fileList: `${base}${fileList}` }) },
  ]);
  return Object.fromEntries(below) as NonNullable<BuildRequest["docTypes"]>;
}

const EVIDENCE_WORDS: Readonly<Record<KeptTraining["note"]["evidence"], string>> = {
  proved: "its data are proved to be those that it was trained from",
  unchanged: "no file of its data is newer than its training, but some may have been removed since",
  "changed-since":
    "files of its data changed between its training and their capture, so it may read other things",
  unknown: "nothing tells whether its data are those that it was trained from",
};

/** `differences`: of the fields; a preview cannot know them. */
export function warnOf(
  { context, request }: FormRestore,
  { ref }: KeptModel,
  { note }: KeptTraining,
  differences: readonly string[] = [],
): void {
  const said = [EVIDENCE_WORDS[note.evidence], ...note.doubts, ...differences].join("; ");
  context.warn?.(
    `It ${request.apply ? "was" : "would be"} trained again from the kept data: a similar model, not the same one, with other confidences; ${said}.`,
    keyText(modelKey(ref)),
  );
}
