/**
 * The source's own name for the state of a model: two trainings have different ones, a change of tags or description has not.
 */
import type { ListedModel } from "./service/face.ts";

/** v2.x: models never change, so the id. Later: the time of the training tells two trainings of one id apart. */
export function versionKeyOf(model: ListedModel): string {
  if (model.apiVersion.startsWith("v2")) return model.id;
  return `${model.id}|${model.modified ?? model.created}|${model.apiVersion}`;
}

/** The version of the API that the model with this key was made with; undefined for v2.x. */
export function apiVersionIn(key: string): string | undefined {
  const cut = key.lastIndexOf("|");
  return cut === -1 ? undefined : key.slice(cut + 1);
}
