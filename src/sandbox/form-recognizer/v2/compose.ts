/**
 * Composition in v2.1: several labelled models under one id, with the results of each of them.
 */
import { plainError } from "../errors.ts";
import type { FormExchange } from "../exchange.ts";
import type { FormState } from "../state.ts";
import { wireTime } from "../state.ts";
import type { StoredModel } from "../stored.ts";
import type { TrainingError } from "../training/training-set.ts";
import { nameIn, putNewModel } from "./new-model.ts";
import { isOfV2 } from "./views.ts";

const JOB = "v2-compose";
/** Components of one model, by tier. */
const MAX_COMPONENTS = { F0: 5, S0: 100 } as const;

interface Composition {
  readonly resource: string;
  readonly id: string;
  readonly results: readonly unknown[];
  readonly failure?: TrainingError;
}

/** Returns the id of the model that is being made. Throws 400 for components that cannot be composed. */
export async function acceptComposition(exchange: FormExchange, state: FormState): Promise<string> {
  const body = await exchange.object();
  const ids = body["modelIds"];
  const max = MAX_COMPONENTS[exchange.resource.tier];
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > max) {
    throw plainError(400, "1003", `Field 'ModelIds' must be a list of 1 to ${max} model ids.`);
  }
  const results = ids.map(String).flatMap((id) => resultsOf(component(state, exchange.resource.name, id)));
  const model = putNewModel(exchange, state, {
    ...nameIn(body),
    apiVersion: "v2.1",
    buildMode: "composed",
    composed: true,
  });
  const fails = exchange.formFault("fails");
  if (exchange.formFault("stuck") === undefined) {
    const job: Composition = {
      resource: model.resource,
      id: model.id,
      results,
      ...(fails === undefined ? {} : { failure: { code: fails.code, message: fails.message } }),
    };
    state.jobs.add(state.clock.now() + state.delays.buildMs, JOB, job);
  }
  return model.id;
}

/** Says how a composition ends. */
export function compositionJobs(state: FormState): void {
  state.jobs.handle(JOB, (payload, due) => {
    const { resource, id, results, failure } = payload as Composition;
    const model = state.models.find(resource, "models", id);
    // Deleted meanwhile: nothing is made.
    if (model === undefined) return;
    state.models.put({
      ...model,
      status: failure === undefined ? "ready" : "invalid",
      modified: wireTime(due),
      content:
        failure === undefined
          ? { composedTrainResults: results }
          : { trainResult: { trainingDocuments: [], errors: [failure] } },
    });
  });
}

function component(state: FormState, resource: string, id: string): StoredModel {
  const model = state.models.find(resource, "models", id.toLowerCase());
  const isUsable =
    model !== undefined &&
    isOfV2(model) &&
    model.status === "ready" &&
    (model.buildMode === "labelled" || model.composed);
  if (isUsable) return model;
  throw plainError(
    400,
    "1001",
    `Specified model not found or not ready or has incompatible API version, Model Id: ${id}`,
  );
}

/** A composed component brings the results of its own components. */
function resultsOf({ id, content }: StoredModel): readonly unknown[] {
  if (Array.isArray(content["composedTrainResults"])) return content["composedTrainResults"];
  const { errors, ...rest } = content["trainResult"] as Record<string, unknown>;
  return [{ ...rest, modelId: id, errors }];
}
