/**
 * Whether a copy that is about to be processed may go on: the target's questions, in the order in which the service asks them.
 */
import type { Resource } from "../resources.ts";
import type { FormState } from "../state.ts";
import type { StoredModel, StoredTicket } from "../stored.ts";
import { isV3Model } from "../v3/call.ts";
import { heldModels } from "../v3/info.ts";
import type { CopyOrder } from "./copy-order.ts";
import type { CopyFailure } from "./failures.ts";
import { occupantOf } from "./tickets.ts";

export type Judgement =
  | { readonly source: StoredModel; readonly ticket: StoredTicket }
  | { readonly failure: CopyFailure };

/** Leaves everything as it is: who processes the copy marks the ticket used, whatever this says. */
export function judgeCopy(state: FormState, order: CopyOrder): Judgement {
  const { claims } = order;
  const ticket = state.tickets.find(claims.token);
  if (ticket === undefined || !isSame(ticket, order)) return { failure: { kind: "claims" } };
  if (ticket.used) return { failure: { kind: "metadata" } };
  const target = state.resources.findById(claims.targetResourceId);
  const noResource: CopyFailure = {
    kind: "resource",
    resourceId: claims.targetResourceId,
    region: claims.targetRegion,
  };
  if (target === undefined) return { failure: noResource };
  if (target.region !== claims.targetRegion) {
    return { failure: state.modes.strictRegion ? noResource : { kind: "metadata" } };
  }
  // Another resource of the same region has no such authorisation, and a target whose place is gone has forgotten it.
  if (ticket.resource !== target.name || !hasPlace(state, order, ticket)) {
    return { failure: { kind: "metadata" } };
  }
  const source = state.resources.find(order.resource);
  if (source?.encrypted === true && !target.encrypted && !order.degrade) {
    return { failure: { kind: "downgrade" } };
  }
  if (isFull(state, order, target)) return { failure: { kind: "limit", limit: target.limit } };
  const model = state.models.find(order.resource, order.kind, order.sourceId);
  if (model?.status !== "ready") return { failure: { kind: "source-gone", id: order.sourceId } };
  const missing = missingPart(state, model, target.name);
  if (missing !== undefined) return { failure: { kind: "parts", missing } };
  if (order.fails !== undefined) return { failure: { kind: "fault", ...order.fails } };
  return { source: model, ticket };
}

function isSame(ticket: StoredTicket, { kind, claims }: CopyOrder): boolean {
  return ticket.kind === kind && ticket.targetId === claims.targetId && ticket.expires === claims.expires;
}

/** The place of a v2.x copy counts already, one of later versions does not yet. */
function isFull(state: FormState, { kind, apiVersion }: CopyOrder, target: Resource): boolean {
  if (apiVersion.startsWith("v2")) return state.models.list(target.name, "models").length > target.limit;
  return kind === "models" && heldModels(state, target) >= target.limit;
}

/** A v2.x ticket has a model in `creating`, a later one a reserved id. */
function hasPlace(state: FormState, { apiVersion }: CopyOrder, ticket: StoredTicket): boolean {
  const place = occupantOf(state, ticket.resource, ticket.kind, ticket.targetId);
  if (place === undefined) return false;
  return apiVersion.startsWith("v2")
    ? place.status === "creating" && !isV3Model(place)
    : place.status === "reserved";
}

/** A composed model of 2024-11-30 is nothing without its classifier and its components. */
function missingPart(state: FormState, model: StoredModel, target: string): string | undefined {
  const { classifierId, docTypes } = model.content;
  if (!model.composed || typeof classifierId !== "string") return undefined;
  if (state.models.find(target, "classifiers", classifierId)?.status !== "ready") return classifierId;
  return Object.values(docTypes as Readonly<Record<string, { readonly modelId?: string }>>)
    .map(({ modelId }) => modelId ?? "")
    .find((id) => state.models.find(target, "models", id)?.status !== "ready");
}
