/**
 * Models as v2.0 and v2.1 show them, with the members in the order of the wire.
 */
import type { StoredModel } from "../stored.ts";

export type V2Version = "v2.0" | "v2.1";

/** `ModelInfo`; v2.0 knows neither names nor attributes. */
export function modelInfo(model: StoredModel, version: V2Version): Record<string, unknown> {
  const isLabelled = model.buildMode === "labelled" || model.composed;
  return {
    modelId: model.id,
    ...(version === "v2.0" || model.name === undefined ? {} : { modelName: model.name }),
    ...(version === "v2.0" || !isLabelled || model.status !== "ready"
      ? {}
      : { attributes: { isComposed: model.composed } }),
    status: model.status,
    createdDateTime: model.created,
    lastUpdatedDateTime: model.modified,
  };
}

/** `Model`: keys only when asked for, results only when there are some. */
export function modelDetails(
  model: StoredModel,
  version: V2Version,
  withKeys: boolean,
): Record<string, unknown> {
  const { keys, trainResult, composedTrainResults } = model.content;
  return {
    modelInfo: modelInfo(model, version),
    ...(withKeys && keys !== undefined ? { keys } : {}),
    ...(trainResult === undefined ? {} : { trainResult }),
    ...(composedTrainResults === undefined ? {} : { composedTrainResults }),
  };
}

/** What an invalid model's answer says in a header too. */
export function errorCodeOf(model: StoredModel): string | undefined {
  if (model.status !== "invalid") return undefined;
  const { trainResult } = model.content as { trainResult?: { errors?: readonly { code?: string }[] } };
  return trainResult?.errors?.[0]?.code;
}

/** v2.x knows only what v2.x made. */
export function isOfV2(model: StoredModel): boolean {
  return model.apiVersion.startsWith("v2") && model.status !== "reserved";
}
