/**
 * New models of v2.x: the service chooses the id, and shows them as `creating` until they are made.
 */
import { plainError } from "../errors.ts";
import type { FormExchange } from "../exchange.ts";
import { newGuid } from "../../http/guid.ts";
import type { FormState } from "../state.ts";
import { wireTime } from "../state.ts";
import type { StoredModel } from "../stored.ts";

const MAX_NAME = 1024;

export interface NewModel {
  readonly apiVersion: string;
  readonly name?: string;
  readonly buildMode: string;
  readonly composed: boolean;
}

/** Throws 400 when the resource is full; everything that it holds counts. */
export function putNewModel({ resource }: FormExchange, state: FormState, wanted: NewModel): StoredModel {
  if (state.models.count(resource.name, "models") >= resource.limit) {
    throw plainError(400, "1014", `Account cannot create more than ${resource.limit} models.`);
  }
  const now = wireTime(state.clock.now());
  const model: StoredModel = {
    ...wanted,
    resource: resource.name,
    kind: "models",
    id: newGuid(),
    status: "creating",
    tags: {},
    created: now,
    modified: now,
    content: {},
  };
  state.models.put(model);
  return model;
}

/** The optional member `modelName`. Throws 400 for one that is too long or no text. */
export function nameIn(body: Readonly<Record<string, unknown>>): { name?: string } {
  const name = body["modelName"];
  if (name === undefined || name === null || name === "") return {};
  if (typeof name !== "string" || name.length > MAX_NAME) {
    throw plainError(400, "1003", `Field 'ModelName' must be a text of at most ${MAX_NAME} characters.`);
  }
  return { name };
}
