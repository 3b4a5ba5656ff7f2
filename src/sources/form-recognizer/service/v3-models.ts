/**
 * What v3.0 and later tell of a model or classifier, in the common form.
 */
import type { ModelKind } from "../keys.ts";
import { membersOf, optionalText, textIn, type Members } from "./bounded-answer.ts";
import type { ListedModel, ModelDetails } from "./face.ts";

/** Models of this name belong to the service. */
const PREBUILT = /^prebuilt-/i;

export function isPrebuilt(id: string): boolean {
  return PREBUILT.test(id);
}

/** Member that holds the id. */
export const ID_MEMBER: Readonly<Record<ModelKind, string>> = {
  models: "modelId",
  classifiers: "classifierId",
};

export function listedOfV3(kind: ModelKind, body: Members, called: string): ListedModel {
  const description = optionalText(body["description"]);
  const modified = optionalText(body["modifiedDateTime"]);
  const expires = optionalText(body["expirationDateTime"]);
  return {
    kind,
    id: textIn(body, ID_MEMBER[kind]),
    // Only what is ready is shown.
    status: "ready",
    created: textIn(body, "createdDateTime"),
    apiVersion: optionalText(body["apiVersion"]) ?? called,
    tags: tagsOf(body["tags"]),
    ...(description === undefined ? {} : { description }),
    ...(modified === undefined ? {} : { modified }),
    ...(expires === undefined ? {} : { expires }),
  };
}

export function detailsOfV3(kind: ModelKind, raw: Buffer, body: Members, called: string): ModelDetails {
  const listed = listedOfV3(kind, body, called);
  if (kind === "classifiers") {
    return { ...listed, raw, body, composed: false, components: [], buildMode: "classifier" };
  }
  const docTypes = Object.values(membersOf(body["docTypes"]) ?? {}).map((docType) => membersOf(docType));
  const classifier = optionalText(body["classifierId"]);
  const components = docTypes.flatMap((docType) => optionalText(docType?.["modelId"]) ?? []);
  // A built model has one document type; before v4 nothing else tells the two apart.
  const composed = classifier !== undefined || components.length > 0 || docTypes.length > 1;
  return {
    ...listed,
    raw,
    body,
    composed,
    components: [...new Set(components)].filter((id) => !isPrebuilt(id)),
    ...(classifier === undefined ? {} : { classifier }),
    buildMode: composed
      ? "composed"
      : (optionalText(body["buildMode"]) ?? optionalText(docTypes[0]?.["buildMode"]) ?? "template"),
  };
}

function tagsOf(value: unknown): Readonly<Record<string, string>> {
  const tags: [string, string][] = [];
  for (const [name, text] of Object.entries(membersOf(value) ?? {})) {
    if (typeof text === "string") tags.push([name, text]);
  }
  return Object.fromEntries(tags);
}
