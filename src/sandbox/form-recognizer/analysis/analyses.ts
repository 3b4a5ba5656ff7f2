/**
 * Analyses that were asked for: done when asked, kept for as long as the service keeps their results.
 */
import { newGuid } from "../../http/guid.ts";
import type { FormState } from "../state.ts";
import { wireTime } from "../state.ts";
import type { StoredModel } from "../stored.ts";

/** How long a result can be read, ms. */
const RESULT_LIFE_MS = 24 * 3_600_000;
const KIND = "analysis";

/** Returns the id under which the result can be read. */
export function keepAnalysis(
  state: FormState,
  model: StoredModel,
  apiVersion: string,
  result: unknown,
): string {
  const now = state.clock.now();
  const id = newGuid();
  state.operations.put({
    resource: model.resource,
    id,
    kind: KIND,
    modelId: model.id,
    apiVersion,
    status: "succeeded",
    created: now,
    updated: now,
    targetId: model.id,
    result,
  });
  return id;
}

/** The answer about an analysis; undefined when there is none such, or none any more. */
export function analysisView(
  state: FormState,
  resource: string,
  { modelId, id }: { readonly modelId: string; readonly id: string },
): Record<string, unknown> | undefined {
  const found = state.operations.find(resource, id.toLowerCase());
  if (found?.kind !== KIND || found.modelId !== modelId) return undefined;
  if (state.clock.now() >= found.created + RESULT_LIFE_MS) return undefined;
  return {
    status: found.status,
    createdDateTime: wireTime(found.created),
    lastUpdatedDateTime: wireTime(found.updated),
    analyzeResult: found.result,
  };
}
