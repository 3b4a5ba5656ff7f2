/**
 * Composed models. v2.x copies them whole. v4 composes them of a classifier and components, which are copied; then they are composed again in the
 * target with the ids that the parts have there. In between, the service may copy them or may want them composed again: copying is tried first.
 */
import type { ModelRef } from "../keys.ts";
import type { ModelDetails } from "../service/face.ts";
import { versionKeyOf } from "../version-key.ts";
import { choosesIds, type CopyRun } from "./copy-run.ts";
import type { StandIn } from "../equivalence.ts";
import type { Stock } from "./stock.ts";
import { composingWay, type Way } from "./ways.ts";

/** Whether a composed model has to be composed again in the target, or may be copied as one. */
export function mustBeComposedAgain(
  { pair }: CopyRun,
  { composed }: Pick<ModelDetails, "composed">,
): boolean {
  return composed && !choosesIds(pair.target) && pair.target.service.apiVersion === "2024-11-30";
}

/** Where the parts of composed models are in the target: the copies of the state that they have in the source now. */
export function standInOf({ journal }: CopyRun, source: Stock): StandIn {
  return (ref) => {
    const part = source.get(ref);
    const version = part && versionKeyOf(part);
    const copies = journal.of(ref).filter(({ state }) => state === "verified");
    return copies.findLast((step) => version === undefined || step.version === version)?.target;
  };
}

/** The way to compose `model` in the target; or why it cannot be, for people. */
export function composeAgain(
  run: CopyRun,
  model: ModelDetails,
  source: Stock,
): Way | { readonly reason: string } {
  const parts = partsOf(model, source);
  const standIn = standInOf(run, source);
  const missing = parts.filter((part) => standIn(part) === undefined).map(({ kind, id }) => `${kind}/${id}`);
  const target = run.pair.target.name;
  if (missing.length > 0) {
    return {
      reason: `It is composed of parts that have no verified copy in ${target}: ${missing.join(", ")}. Mend what is said of those, then run again.`,
    };
  }
  if (parts.length === 0) {
    return {
      reason: `The service does not copy this composed model and does not tell what it is composed of: compose it in ${target} of the copies of its components.`,
    };
  }
  const mapped = (ref: ModelRef): string => standIn(ref) ?? ref.id;
  const components = parts.filter(({ kind }) => kind === "models").map(mapped);
  const split = model.body["split"];
  return composingWay(run, model, {
    components,
    ...(model.classifier === undefined
      ? {}
      : { classifier: mapped({ kind: "classifiers", id: model.classifier }) }),
    ...(model.classifier === undefined ? {} : { docTypes: mappedDocTypes(model, mapped) }),
    ...(typeof split === "string" ? { split } : {}),
  });
}

/** Where the service names no components, document types are called like the models that they come from. */
function partsOf(model: ModelDetails, source: Stock): readonly ModelRef[] {
  const named = model.components;
  const docTypes = Object.keys(docTypesOf(model));
  const likeModels = docTypes.filter(
    (id) => id !== model.id && source.get({ kind: "models", id })?.status === "ready",
  );
  const ids = named.length > 0 ? named : likeModels.length === docTypes.length ? likeModels : [];
  return [
    ...ids.map((id) => ({ kind: "models", id }) as const),
    ...(model.classifier === undefined ? [] : [{ kind: "classifiers", id: model.classifier } as const]),
  ];
}

/** What is said of a document type when a model is composed; the rest of what is shown comes from its component. */
const COMPOSE_MEMBERS = [
  "modelId",
  "confidenceThreshold",
  "features",
  "queryFields",
  "maxDocumentsToAnalyze",
];

/** Document types as a composition is asked for them. */
export function mappedDocTypes(
  model: ModelDetails,
  mapped: (ref: ModelRef) => string,
): Readonly<Record<string, unknown>> {
  const docTypes = Object.entries(docTypesOf(model)).map(([name, docType]) => {
    const said = Object.entries(docType).filter(([member]) => COMPOSE_MEMBERS.includes(member));
    const members = said.map(([member, value]) => {
      const refers = member === "modelId" && typeof value === "string";
      return [member, refers ? mapped({ kind: "models", id: value }) : value] as const;
    });
    return [name, Object.fromEntries(members)] as const;
  });
  return Object.fromEntries(docTypes);
}

function docTypesOf({ body }: ModelDetails): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return (body["docTypes"] ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
