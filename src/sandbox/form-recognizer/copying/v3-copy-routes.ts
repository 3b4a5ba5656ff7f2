/**
 * `:authorizeCopy` and `:copyTo` of 2022-08-31 and later, for models and, since 2024-11-30, for classifiers.
 */
import type { Millis } from "../../../model/clock.ts";
import type { FormRoute } from "../routes.ts";
import type { FormState } from "../state.ts";
import { wireTime } from "../state.ts";
import type { StoredModel } from "../stored.ts";
import type { V3Call } from "../v3/call.ts";
import { isVisible, v3Route } from "../v3/call.ts";
import {
  invalidParameter,
  modelNotReady,
  modelReadOnly,
  parameterMissing,
  unknownModel,
} from "../v3/errors.ts";
import { isPrebuilt } from "../v3/ids.ts";
import { checkFree, newModelIn } from "../v3/new-model.ts";
import { beginOperation, sendBegun } from "../v3/operation-routes.ts";
import { isRegion, isResourceId } from "./claims.ts";
import { queueCopy } from "./copy-jobs.ts";
import type { CopyClaims } from "./copy-order.ts";
import { orderCircumstances } from "./copy-order.ts";
import { V3_TICKET_MS, issueTicket, occupantOf, reserveId } from "./tickets.ts";

/** What differs between copies of models and of classifiers. */
interface Wording {
  readonly kind: StoredModel["kind"];
  readonly path: "documentModels" | "documentClassifiers";
  readonly since: "2022-08-31" | "2024-11-30";
  readonly operation: "documentModelCopyTo" | "documentClassifierCopyTo";
  readonly id: "targetModelId" | "targetClassifierId";
  readonly location: "targetModelLocation" | "targetClassifierLocation";
}

const WORDINGS: readonly Wording[] = [
  {
    kind: "models",
    path: "documentModels",
    since: "2022-08-31",
    operation: "documentModelCopyTo",
    id: "targetModelId",
    location: "targetModelLocation",
  },
  {
    kind: "classifiers",
    path: "documentClassifiers",
    since: "2024-11-30",
    operation: "documentClassifierCopyTo",
    id: "targetClassifierId",
    location: "targetClassifierLocation",
  },
];

export function v3CopyRoutes(state: FormState): readonly FormRoute[] {
  return WORDINGS.flatMap((wording) => [
    ...v3Route(state, ["POST", `${wording.path}:authorizeCopy`, wording.since], async (call) =>
      authorize(call, wording),
    ),
    ...v3Route(state, ["POST", `${wording.path}/{id}:copyTo`, wording.since], async (call, { id = "" }) =>
      acceptCopy(call, wording, id),
    ),
  ]);
}

/** Keeps the wanted id for the copy, for good: whatever becomes of the copy, nobody else gets it. */
async function authorize(call: V3Call, wording: Wording): Promise<void> {
  const { state, resource, version, now } = call;
  const wanted = newModelIn(wording.kind, await call.exchange.object());
  checkFree(call, wanted);
  reserveId(state, { resource: resource.name, kind: wanted.kind, id: wanted.id, apiVersion: version });
  const ticket = issueTicket(state, {
    resource: resource.name,
    kind: wanted.kind,
    targetId: wanted.id,
    expires: Math.floor((now + V3_TICKET_MS) / 1000) * 1000,
    ...(wanted.description === undefined ? {} : { description: wanted.description }),
    tags: wanted.tags,
  });
  call.exchange.json(200, {
    targetResourceId: resource.resourceId,
    targetResourceRegion: resource.region,
    [wording.id]: wanted.id,
    [wording.location]: call.link(`${wording.path}/${wanted.id}`),
    accessToken: ticket.token,
    expirationDateTime: wireTime(ticket.expires),
  });
}

/** The body is judged before the source is looked for, as v2.x does. */
async function acceptCopy(call: V3Call, wording: Wording, sourceId: string): Promise<void> {
  const { state, resource, version } = call;
  const { claims, location } = claimsIn(call, wording, await call.exchange.object());
  if (wording.kind === "models" && isPrebuilt(sourceId)) throw modelReadOnly();
  const source = occupantOf(state, resource.name, wording.kind, sourceId);
  if (source?.status === "reserved" || source?.status === "creating") throw modelNotReady();
  if (!isVisible(source, version)) throw unknownModel();
  const operation = beginOperation(call, {
    kind: wording.operation,
    targetId: claims.targetId,
    resourceLocation: location,
  });
  queueCopy(state, {
    resource: resource.name,
    operation,
    kind: wording.kind,
    sourceId,
    apiVersion: version,
    claims,
    ...orderCircumstances(call.exchange),
  });
  sendBegun(call, operation);
}

function claimsIn(
  { state, now }: V3Call,
  wording: Wording,
  body: Readonly<Record<string, unknown>>,
): { readonly claims: CopyClaims; readonly location: string } {
  const text = (name: string): string => {
    const value = body[name];
    if (value === undefined || value === null || value === "") throw parameterMissing(name);
    if (typeof value !== "string") throw invalidParameter(name, "It must be a text.");
    return value;
  };
  const targetResourceId = text("targetResourceId");
  if (!isResourceId(targetResourceId)) {
    throw invalidParameter("targetResourceId", "It must be a valid Azure Resource ID.");
  }
  const targetRegion = text("targetResourceRegion");
  if (!isRegion(targetRegion, state.resources)) {
    throw invalidParameter("targetResourceRegion", "It must be a valid Azure region name.");
  }
  const targetId = text(wording.id);
  const location = text(wording.location);
  const token = text("accessToken");
  const expires = instantOf(text("expirationDateTime"));
  if (expires <= now) {
    throw invalidParameter("expirationDateTime", "The copy authorization has expired.");
  }
  return { claims: { targetResourceId, targetRegion, targetId, token, expires }, location };
}

/** Clients write the same instant in ways of their own: `…28Z`, `…28.000Z`, `…28.0000000Z`. */
function instantOf(time: string): Millis {
  const instant = Date.parse(time);
  if (Number.isNaN(instant)) throw invalidParameter("expirationDateTime", "It must be a date and time.");
  return instant;
}
