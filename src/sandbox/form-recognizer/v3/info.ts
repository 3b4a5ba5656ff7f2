/**
 * What a resource holds and may hold: `/info`, and the limits that building and composing ask about.
 */
import type { Resource } from "../resources.ts";
import type { FormRoute } from "../routes.ts";
import type { FormState } from "../state.ts";
import { wireTime } from "../state.ts";
import { isV3Model, v3Route } from "./call.ts";

/** Trainings of neural models in a month. */
export const NEURAL_QUOTA = 20;

export function infoRoutes(state: FormState): readonly FormRoute[] {
  return v3Route(state, ["GET", "info", "2022-08-31"], ({ exchange, resource, version, now }) => {
    const models = { count: heldModels(state, resource), limit: resource.limit };
    const neural = {
      used: neuralBuilds(state, resource, now),
      quota: NEURAL_QUOTA,
      quotaResetDateTime: wireTime(monthAfter(now)),
    };
    exchange.json(200, {
      customDocumentModels: models,
      // Only this version tells.
      ...(version === "2023-07-31" ? { customNeuralDocumentModelBuilds: neural } : {}),
    });
  });
}

/** Custom models that later versions than v2.x made; reserved ids do not count. */
export function heldModels(state: FormState, resource: Resource): number {
  return state.models
    .list(resource.name, "models")
    .filter((model) => isV3Model(model) && model.status !== "reserved").length;
}

/** Neural models that were trained here since the month began. */
export function neuralBuilds(state: FormState, resource: Resource, now: number): number {
  const month = wireTime(now).slice(0, "2024-11".length);
  return state.models
    .list(resource.name, "models")
    .filter((model) => isV3Model(model) && model.buildMode === "neural" && model.modified.startsWith(month))
    .length;
}

function monthAfter(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}
