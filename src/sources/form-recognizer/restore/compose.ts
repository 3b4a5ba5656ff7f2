/**
 * Composing a model again from what stands for its parts in the target.
 */
import { keyText } from "../../../model/key.ts";
import type { VersionReader } from "../../source.ts";
import { mappedDocTypes } from "../copy/composed.ts";
import { unmarkedWords } from "../copy/lineage.ts";
import { modelKey, type ModelRef } from "../keys.ts";
import type { ComposeRequest, ModelDetails } from "../service/face.ts";
import type { KeptModel } from "./kept-model.ts";
import { makeOnce, type Made } from "./make-once.ts";
import type { FormRestore } from "./run.ts";

/** A composed model is given more time than a plain one, as often. */
const PATIENCE = 4;

type Composition = Omit<ComposeRequest, "id">;

/** What a composed model cannot be without; empty for others, and where nothing tells it. */
export async function partsOf(
  { request }: { readonly request: Pick<FormRestore["request"], "reader"> },
  { details, ref }: KeptModel,
): Promise<ModelRef[]> {
  const { composed, components, classifier } = details;
  if (!composed) return [];
  const ids = components.length > 0 ? components : await likeDocTypes(request.reader, details, ref);
  const models = ids.map((id): ModelRef => ({ kind: "models", id }));
  return classifier === undefined ? models : [{ kind: "classifiers", id: classifier }, ...models];
}

/** Before v4 nothing but the document types tells the components: they are called like them. */
async function likeDocTypes(
  reader: VersionReader,
  { body }: ModelDetails,
  { id }: ModelRef,
): Promise<string[]> {
  const names = Object.keys(body["docTypes"] ?? {});
  const kept = await reader.find(names.map((name) => modelKey({ kind: "models", id: name })));
  return names.every((name, at) => name !== id && kept[at]?.kind === "live") ? names : [];
}

/** The composition with the parts' ids in the target, or why there can be none. */
export async function composition(
  run: FormRestore,
  kept: KeptModel,
): Promise<Composition | { readonly missing: string }> {
  const { present, resource } = run;
  const { details } = kept;
  if (!resource.service.traits.composes) return { missing: "the target's API version composes no models" };
  const parts = await partsOf(run, kept);
  if (parts.length === 0) return { missing: "the service did not tell what it is composed of" };
  const lacking = parts.filter((part) => present.idFor(part) === undefined);
  if (lacking.length > 0) {
    const names = lacking.map((part) => keyText(modelKey(part))).join(", ");
    return { missing: `it is composed of parts that the target does not have: ${names}` };
  }
  const idOf = (ref: ModelRef): string => present.idFor(ref) ?? ref.id;
  const { name, classifier, body } = details;
  const split = body["split"];
  return {
    ...unmarkedWords(details),
    components: parts.filter(({ kind }) => kind === "models").map(idOf),
    ...(name === undefined ? {} : { name }),
    ...(classifier === undefined
      ? {}
      : {
          classifier: idOf({ kind: "classifiers", id: classifier }),
          docTypes: mappedDocTypes(details, idOf),
          ...(typeof split === "string" ? { split } : {}),
        }),
  };
}

export async function compose(run: FormRestore, kept: KeptModel, request: Composition): Promise<Made> {
  const { resource, context } = run;
  return await makeOnce(run, kept, {
    what: `the composition of model ${kept.ref.id}`,
    start: async (id) => await resource.service.compose({ ...request, id }, context.signal),
    patience: PATIENCE,
  });
}
