/**
 * A custom model as the service shows it.
 */
import { knownBaseModel } from "../base-models.ts";
import type { CustomModel } from "./model.ts";
import { guidOf } from "../../http/guid.ts";

export type ModelObject = Readonly<Record<string, unknown>>;

export function modelObject(model: CustomModel): ModelObject {
  return {
    owner: guidOf(`owner of ${model.instance}`),
    base_model_name: model.base,
    customization_id: model.id,
    ...(model.dialect === undefined ? {} : { dialect: model.dialect }),
    versions: model.versions,
    created: new Date(model.created).toISOString(),
    updated: new Date(model.updated).toISOString(),
    name: model.name,
    description: model.description,
    progress: model.progress,
    language: knownBaseModel(model.base)?.language,
    status: model.status,
    ...(model.error === undefined ? {} : { error: model.error }),
  };
}
