/**
 * Compositions: of components alone before 2024-11-30, and of a classifier with a component for each of its document types since.
 */
import type { ErrorBody } from "../errors.ts";
import type { FormRoute } from "../routes.ts";
import type { FormState } from "../state.ts";
import type { StoredModel } from "../stored.ts";
import type { V3Call } from "./call.ts";
import { isAtLeast, isVisible, v3Route } from "./call.ts";
import { cannotCompose, componentLimit, parameterMissing } from "./errors.ts";
import { checkFree, checkLimit, madeModel, newModelIn, pendingModel } from "./new-model.ts";
import { beginOperation, sendBegun } from "./operation-routes.ts";
import { schedule } from "./operation-steps.ts";

const JOB = "v3-compose";
/** Components of one model, by tier. */
const MAX_COMPONENTS = { F0: 5, S0: 200 } as const;

type Body = Readonly<Record<string, unknown>>;

interface Composition {
  readonly operation: string;
  readonly pending: StoredModel;
  readonly content: StoredModel["content"];
  readonly fails?: ErrorBody;
}

export function composeRoutes(state: FormState): readonly FormRoute[] {
  return v3Route(state, ["POST", "documentModels:compose", "2022-08-31"], async (call) => {
    const body = await call.exchange.object();
    const wanted = newModelIn("models", body);
    const content = isAtLeast(call.version, "2024-11-30")
      ? contentByClassifier(call, body)
      : contentOfComponents(call, body);
    checkFree(call, wanted);
    checkLimit(call);
    const pending = pendingModel(call, wanted, "composed");
    state.models.put(pending);
    const operation = beginOperation(call, {
      kind: "documentModelCompose",
      targetId: wanted.id,
      resourceLocation: call.link(`documentModels/${wanted.id}`),
      tags: wanted.tags,
    });
    const fails = call.exchange.formFault("fails");
    const composition: Composition = {
      operation,
      pending,
      content,
      ...(fails === undefined ? {} : { fails: { code: fails.code, message: fails.message } }),
    };
    schedule(call, operation, JOB, composition);
    sendBegun(call, operation);
  });
}

/** Says how compositions end. */
export function composeJobs(state: FormState): void {
  state.jobs.handle(JOB, (payload, due) => {
    const { operation, pending, content, fails } = payload as Composition;
    const { resource, kind, id } = pending;
    const found = state.operations.find(resource, operation);
    const ended = found === undefined ? undefined : { ...found, updated: due };
    if (fails !== undefined) {
      state.models.remove(resource, kind, id);
      if (ended !== undefined) state.operations.put({ ...ended, status: "failed", error: fails });
      return;
    }
    const made = madeModel(pending, content, due);
    state.models.put(made);
    if (ended !== undefined) state.operations.put({ ...ended, status: "succeeded", result: made });
  });
}

/** The document types of all components; which model they came from is not told. */
function contentOfComponents(call: V3Call, body: Body): StoredModel["content"] {
  const components = body["componentModels"];
  if (!Array.isArray(components) || components.length === 0) throw parameterMissing("componentModels");
  checkNumber(call, components.length);
  const docTypes = (components as readonly { readonly modelId?: unknown }[]).map(
    ({ modelId }) => componentOf(call, modelId).content["docTypes"] as Body,
  );
  return { docTypes: Object.assign({}, ...docTypes) as Body };
}

function contentByClassifier(call: V3Call, body: Body): StoredModel["content"] {
  const { classifierId, split } = body;
  if (typeof classifierId !== "string" || classifierId === "") throw parameterMissing("classifierId");
  const wanted = Object.entries((body["docTypes"] ?? {}) as Readonly<Record<string, Body>>);
  if (wanted.length === 0) throw parameterMissing("docTypes");
  checkNumber(call, wanted.length);
  const classifier = call.state.models.find(call.resource.name, "classifiers", classifierId);
  if (!isVisible(classifier, call.version))
    throw cannotCompose(`Classifier '${classifierId}' was not found.`);
  const known = classifier.content["docTypes"] as Body;
  const docTypes = wanted.map(([name, type]) => {
    if (!Object.hasOwn(known, name)) {
      throw cannotCompose(`Classifier '${classifierId}' has no document type '${name}'.`);
    }
    const component = componentOf(call, type["modelId"]).content["docTypes"] as Readonly<
      Record<string, Body>
    >;
    return [name, { ...Object.values(component)[0], ...type }];
  });
  return {
    docTypes: Object.fromEntries(docTypes),
    classifierId,
    ...(typeof split === "string" ? { split } : {}),
  };
}

function checkNumber({ resource }: V3Call, components: number): void {
  const max = MAX_COMPONENTS[resource.tier];
  if (components > max) throw componentLimit(max);
}

function componentOf(call: V3Call, id: unknown): StoredModel {
  if (typeof id !== "string" || id === "") throw parameterMissing("modelId");
  const model = call.state.models.find(call.resource.name, "models", id);
  if (!isVisible(model, call.version)) throw cannotCompose(`Model '${id}' was not found.`);
  return model;
}
