/**
 * Models and classifiers as 2022-08-31 and later show them, with the members in the order of the wire.
 */
import type { StoredModel } from "../stored.ts";
import type { V3Version } from "./call.ts";
import { isAtLeast } from "./call.ts";

type View = Record<string, unknown>;

/** An entry of a list of models: everything but what the model can do. */
export function modelSummary(model: StoredModel, version: V3Version): View {
  return {
    modelId: model.id,
    ...timesAndVersion(model, version),
    ...descriptionOf(model),
    ...(Object.keys(model.tags).length === 0 ? {} : { tags: model.tags }),
  };
}

/** What an operation shows of the model that it made: the summary, and the document types in front. */
export function operationResult(model: StoredModel, version: V3Version): View {
  if (model.kind === "classifiers") return classifierDetails(model, version);
  const { docTypes, classifierId, split } = model.content;
  return {
    docTypes,
    ...(classifierId === undefined ? {} : { classifierId }),
    ...(split === undefined ? {} : { split }),
    ...modelSummary(model, version),
  };
}

export function modelDetails(model: StoredModel, version: V3Version): View {
  if (!isAtLeast(version, "2024-11-30")) return operationResult(model, version);
  const { warnings, trainingHours, azureBlobSource, azureBlobFileListSource } = model.content;
  const training = { azureBlobSource, azureBlobFileListSource, warnings, trainingHours };
  const isBuilt = !model.composed && !model.id.startsWith("prebuilt-");
  return {
    ...operationResult(model, version),
    ...(isBuilt ? { buildMode: model.buildMode } : {}),
    // Those that are undefined are not sent.
    ...training,
  };
}

/** Lists of classifiers show them whole. */
export function classifierDetails(model: StoredModel, version: V3Version): View {
  const { docTypes, ...rest } = model.content;
  return {
    docTypes: isAtLeast(version, "2024-11-30") ? docTypes : withoutKinds(docTypes),
    classifierId: model.id,
    ...timesAndVersion(model, version),
    ...descriptionOf(model),
    ...rest,
  };
}

function timesAndVersion(model: StoredModel, version: V3Version): View {
  return {
    createdDateTime: model.created,
    ...(isAtLeast(version, "2024-11-30") ? { modifiedDateTime: model.modified } : {}),
    ...(model.expires === undefined || !isAtLeast(version, "2023-07-31")
      ? {}
      : { expirationDateTime: model.expires }),
    apiVersion: model.apiVersion,
  };
}

function descriptionOf({ description }: StoredModel): View {
  return description === undefined ? {} : { description };
}

/** Before 2024-11-30 a classifier's document type does not say what kind of source it has. */
function withoutKinds(docTypes: unknown): unknown {
  return Object.fromEntries(
    Object.entries(docTypes as Readonly<Record<string, object>>).map(([name, value]) => [
      name,
      Object.fromEntries(Object.entries(value).filter(([member]) => member !== "kind")),
    ]),
  );
}
