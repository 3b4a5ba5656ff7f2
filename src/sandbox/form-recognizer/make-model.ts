/**
 * Models that tests and people put into a resource directly, without a training: every member that is not given gets a plausible value.
 */
import type { Millis } from "../../model/clock.ts";
import { newGuid } from "../http/guid.ts";
import { wireTime } from "./state.ts";
import type { StoredModel } from "./stored.ts";

/** Models of the later versions live that long, ms: 730 days. */
export const MODEL_LIFE_MS = 730 * 86_400_000;

/** All but the resource, and optional. Default: a labelled v2.1 model. */
export type ModelOptions = Partial<Omit<StoredModel, "resource">>;

export function modelFrom(resource: string, options: ModelOptions, now: Millis): StoredModel {
  const kind = options.kind ?? "models";
  const apiVersion = options.apiVersion ?? (kind === "classifiers" ? "2024-11-30" : "v2.1");
  const isV2 = apiVersion.startsWith("v2");
  const composed = options.composed ?? false;
  const buildMode = options.buildMode ?? defaultBuildMode(kind, isV2, composed);
  const id = options.id ?? newGuid();
  const created = options.created ?? wireTime(now);
  const expires =
    options.expires ?? (isV2 || apiVersion === "2022-08-31" ? undefined : wireTime(now + MODEL_LIFE_MS));
  return {
    resource,
    kind,
    id,
    apiVersion,
    status: options.status ?? "ready",
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.description === undefined ? {} : { description: options.description }),
    tags: options.tags ?? {},
    created,
    modified: options.modified ?? created,
    ...(expires === undefined ? {} : { expires }),
    composed,
    buildMode,
    content: options.content ?? defaultContent(kind, id, isV2, buildMode),
  };
}

function defaultBuildMode(kind: StoredModel["kind"], isV2: boolean, composed: boolean): string {
  if (kind === "classifiers") return "classifier";
  if (composed) return "composed";
  return isV2 ? "labelled" : "template";
}

function defaultContent(
  kind: StoredModel["kind"],
  id: string,
  isV2: boolean,
  buildMode: string,
): Readonly<Record<string, unknown>> {
  if (kind === "classifiers") {
    const azureBlobSource = { containerUrl: "https://storageaccount/training" };
    return { docTypes: { invoice: { kind: "azureBlob", azureBlobSource } } };
  }
  const documents = ["1", "2", "3", "4", "5"].map((number) => ({
    documentName: `Form_${number}.jpg`,
    pages: 1,
    status: "succeeded",
  }));
  if (isV2) {
    if (buildMode === "unlabelled") {
      return {
        keys: { clusters: { "0": ["Address:", "Total"] } },
        trainResult: { trainingDocuments: documents, errors: [] },
      };
    }
    const fields = [
      { fieldName: "Merchant", accuracy: 0.995 },
      { fieldName: "Total", accuracy: 0.8 },
    ];
    const result = { averageModelAccuracy: 0.898, trainingDocuments: documents, fields, errors: [] };
    if (buildMode !== "composed") return { trainResult: result };
    const { errors, ...rest } = result;
    return { composedTrainResults: [{ ...rest, modelId: newGuid(), errors }] };
  }
  return {
    docTypes: {
      [id]: {
        buildMode: buildMode === "neural" ? "neural" : "template",
        fieldSchema: { Merchant: { type: "string" }, Total: { type: "number" } },
        fieldConfidence: { Merchant: 0.995, Total: 0.8 },
      },
    },
  };
}
