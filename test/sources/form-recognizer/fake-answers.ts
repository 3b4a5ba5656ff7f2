/**
 * How each generation of the API shows a model that a fake holds.
 */
import type { ApiVersion } from "../../../src/sources/form-recognizer/config.ts";
import type { ModelKind } from "../../../src/sources/form-recognizer/keys.ts";
import type { ListedModel, ModelDetails } from "../../../src/sources/form-recognizer/service/face.ts";
import type { FakeModel } from "./fake-cloud.ts";

/** Without the members whose value is undefined. */
function present<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

export function fakeListed(model: FakeModel, apiVersion: ApiVersion): ListedModel {
  const { kind, id, status, name, description, created, modified, expires, tags } = model;
  const old = apiVersion.startsWith("v2");
  return {
    kind,
    id,
    status: status === "reserved" ? "creating" : status,
    created,
    apiVersion: old ? apiVersion : model.apiVersion,
    tags,
    ...present({
      name: name as string,
      description: description as string,
      modified: (old || apiVersion === "2024-11-30" ? modified : undefined) as string,
      expires: expires as string,
    }),
  };
}

export function fakeDetails(model: FakeModel, apiVersion: ApiVersion): ModelDetails {
  const body = apiVersion.startsWith("v2") ? oldBody(model) : newBody(model, apiVersion);
  const { composed, components, classifier, buildMode } = model;
  return {
    ...fakeListed(model, apiVersion),
    raw: Buffer.from(JSON.stringify(body), "utf8"),
    body,
    composed,
    components,
    ...(classifier === undefined ? {} : { classifier }),
    buildMode,
  };
}

function oldBody(model: FakeModel): Readonly<Record<string, unknown>> {
  const { id, name, status, created, modified, composed, content, buildMode } = model;
  const attributes =
    buildMode === "unlabelled" || status === "creating" ? undefined : { isComposed: composed };
  const modelInfo = present({
    modelId: id,
    modelName: name,
    attributes,
    status,
    createdDateTime: created,
    lastUpdatedDateTime: modified,
  });
  return { modelInfo, ...content };
}

function newBody(model: FakeModel, apiVersion: ApiVersion): Readonly<Record<string, unknown>> {
  const { kind, id, description, created, modified, expires, tags, content, classifier } = model;
  return present({
    ...content,
    [kind === "models" ? "modelId" : "classifierId"]: id,
    ...(kind === "models" ? { classifierId: classifier } : {}),
    description,
    createdDateTime: created,
    modifiedDateTime: apiVersion === "2024-11-30" ? modified : undefined,
    expirationDateTime: expires,
    apiVersion: model.apiVersion,
    tags: Object.keys(tags).length === 0 ? undefined : tags,
  });
}

/** What a small training comes to. */
export function learnt(kind: ModelKind, id: string, old: boolean): FakeModel["content"] {
  if (kind === "classifiers") return { docTypes: { invoice: {}, receipt: {} } };
  if (!old) {
    const fieldSchema = { Total: { type: "string" } };
    return { docTypes: { [id]: { fieldSchema, buildMode: "template", fieldConfidence: { Total: 0.9 } } } };
  }
  const trainingDocuments = [{ documentName: "Form_1.jpg", pages: 1, status: "succeeded" }];
  const fields = [{ fieldName: "Total", accuracy: 0.9 }];
  return { trainResult: { averageModelAccuracy: 0.9, trainingDocuments, fields, errors: [] } };
}

/** v4: a document type that is called like the model is called like the copy. */
export function renamed({ id: was, content }: FakeModel, id: string): FakeModel["content"] {
  const docTypes = content["docTypes"] as Readonly<Record<string, unknown>> | undefined;
  if (docTypes === undefined) return content;
  const names = Object.entries(docTypes).map(([name, type]) => [name === was ? id : name, type] as const);
  return { ...content, docTypes: Object.fromEntries(names) };
}
