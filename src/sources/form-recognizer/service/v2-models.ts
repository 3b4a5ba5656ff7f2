/**
 * What v2.x tells of a model, in the common form.
 */
import { arrayIn, membersOf, objectIn, optionalText, textIn, type Members } from "./bounded-answer.ts";
import { UnreadableAnswer } from "../../http/answer-failure.ts";
import type { ListedModel, ModelDetails } from "./face.ts";

export function listedOfV2(info: Members, version: string): ListedModel {
  const name = optionalText(info["modelName"]);
  const modified = optionalText(info["lastUpdatedDateTime"]);
  return {
    kind: "models",
    id: textIn(info, "modelId"),
    status: statusOf(info["status"]),
    created: textIn(info, "createdDateTime"),
    apiVersion: version,
    tags: {},
    ...(name === undefined ? {} : { name }),
    ...(modified === undefined ? {} : { modified }),
  };
}

export function detailsOfV2(raw: Buffer, body: Members, version: string): ModelDetails {
  const info = objectIn(body["modelInfo"]);
  const results = body["composedTrainResults"];
  const composed =
    membersOf(info["attributes"])?.["isComposed"] === true || (Array.isArray(results) && results.length > 0);
  return {
    ...listedOfV2(info, version),
    raw,
    body,
    composed,
    components: results === undefined || results === null ? [] : componentIds(results),
    buildMode: composed ? "composed" : trainingMode(info, body),
  };
}

function componentIds(results: unknown): string[] {
  return arrayIn(results).flatMap((result) => optionalText(objectIn(result)["modelId"]) ?? []);
}

/** v2.1 says of labelled models alone that they are not composed; v2.0 shows fields of them. */
function trainingMode(info: Members, body: Members): "labelled" | "unlabelled" {
  const fields = membersOf(body["trainResult"])?.["fields"];
  const labelled = membersOf(info["attributes"])?.["isComposed"] === false || Array.isArray(fields);
  return labelled ? "labelled" : "unlabelled";
}

function statusOf(status: unknown): ListedModel["status"] {
  if (status === "creating" || status === "ready" || status === "invalid") return status;
  throw new UnreadableAnswer("a model is in a state that the protocol does not know", false);
}
