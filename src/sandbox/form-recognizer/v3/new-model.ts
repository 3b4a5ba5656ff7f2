/**
 * What requests to build, compose and authorise have in common: the wanted id, description and tags, and the place that is kept meanwhile.
 */
import type { Millis } from "../../../model/clock.ts";
import { occupantOf } from "../copying/tickets.ts";
import { MODEL_LIFE_MS } from "../make-model.ts";
import { wireTime } from "../state.ts";
import type { StoredModel } from "../stored.ts";
import type { V3Call } from "./call.ts";
import { isAtLeast } from "./call.ts";
import { invalidParameter, modelExists, modelLimit, parameterMissing, parameterTooLong } from "./errors.ts";
import { checkNewId } from "./ids.ts";
import { heldModels } from "./info.ts";

const MAX_DESCRIPTION = 4096;

type Body = Readonly<Record<string, unknown>>;

/** What a caller wants a new model or classifier to be called. */
export interface NewModel {
  readonly kind: StoredModel["kind"];
  readonly id: string;
  readonly description?: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Throws 400 for a body that names nothing that can be made. */
export function newModelIn(kind: StoredModel["kind"], body: Body): NewModel {
  const name = kind === "models" ? "modelId" : "classifierId";
  const id = body[name];
  if (id === undefined || id === null || id === "") throw parameterMissing(name);
  if (typeof id !== "string") throw invalidParameter(name, "It must be a text.");
  checkNewId(name, id);
  const description = body["description"] ?? undefined;
  if (description !== undefined && typeof description !== "string") {
    throw invalidParameter("description", "It must be a text.");
  }
  if (description !== undefined && description.length > MAX_DESCRIPTION) {
    throw parameterTooLong("description", MAX_DESCRIPTION);
  }
  return { kind, id, ...(description === undefined ? {} : { description }), tags: tagsIn(body) };
}

function tagsIn(body: Body): Readonly<Record<string, string>> {
  const tags = body["tags"] ?? {};
  const isGood =
    typeof tags === "object" &&
    !Array.isArray(tags) &&
    Object.values(tags).every((value) => typeof value === "string");
  if (!isGood) throw invalidParameter("tags", "It must be an object of texts.");
  return tags as Readonly<Record<string, string>>;
}

/** Throws 409 for an id that something has, or that is reserved. */
export function checkFree(call: V3Call, { kind, id }: Pick<NewModel, "kind" | "id">): void {
  if (occupantOf(call.state, call.resource.name, kind, id) !== undefined) throw modelExists();
}

/** Throws 400 when the resource holds as many models as it may. */
export function checkLimit({ state, resource }: V3Call): void {
  if (heldModels(state, resource) >= resource.limit) throw modelLimit(resource.limit);
}

/** A model that is being made: it has its id and is shown to nobody. */
export function pendingModel(call: V3Call, wanted: NewModel, buildMode: string): StoredModel {
  const now = wireTime(call.now);
  return {
    ...wanted,
    resource: call.resource.name,
    apiVersion: call.version,
    status: "creating",
    created: now,
    modified: now,
    composed: buildMode === "composed",
    buildMode,
    content: {},
  };
}

/** The same, made. `before`: what it writes over. */
export function madeModel(
  pending: StoredModel,
  content: StoredModel["content"],
  made: Millis,
  before?: StoredModel,
): StoredModel {
  const now = wireTime(made);
  return {
    ...pending,
    status: "ready",
    created: before?.created ?? now,
    modified: now,
    ...(isAtLeast(pending.apiVersion, "2023-07-31") ? { expires: wireTime(made + MODEL_LIFE_MS) } : {}),
    content,
  };
}
