/**
 * Operations of 2022-08-31 and later: how one is begun, and how they are shown for as long as the service remembers them.
 */
import type { Millis } from "../../../model/clock.ts";
import type { FormRoute } from "../routes.ts";
import type { FormState } from "../state.ts";
import { wireTime } from "../state.ts";
import type { StoredModel, StoredOperation } from "../stored.ts";
import type { V3Call, V3Version } from "./call.ts";
import { isAtLeast, v3Route } from "./call.ts";
import { unknownOperation } from "./errors.ts";
import { operationIdOf } from "./ids.ts";
import { sendPage } from "./model-routes.ts";
import { operationResult } from "./model-views.ts";

/** How long an operation is remembered, ms. */
const OPERATION_LIFE_MS = 24 * 3_600_000;

type OperationKind =
  | "documentModelBuild"
  | "documentModelCompose"
  | "documentModelCopyTo"
  | "documentClassifierBuild"
  | "documentClassifierCopyTo";

const KINDS: ReadonlySet<string> = new Set<OperationKind>([
  "documentModelBuild",
  "documentModelCompose",
  "documentModelCopyTo",
  "documentClassifierBuild",
  "documentClassifierCopyTo",
]);

interface NewOperation {
  readonly kind: OperationKind;
  readonly targetId: string;
  /** Where the result will be. */
  readonly resourceLocation: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Remembers an operation that begins now; returns its id. */
export function beginOperation(call: V3Call, wanted: NewOperation): string {
  const { state, resource, version, now, exchange } = call;
  const id = operationIdOf(now, exchange.requestId);
  state.operations.put({
    ...wanted,
    resource: resource.name,
    id,
    apiVersion: version,
    status: "notStarted",
    created: now,
    updated: now,
  });
  return id;
}

/** Answers 202 with the link to an operation. */
export function sendBegun(call: V3Call, operation: string): void {
  call.exchange.empty(202, { "Operation-Location": call.link(`operations/${operation}`) });
}

export function operationRoutes(state: FormState): readonly FormRoute[] {
  return [
    ...v3Route(state, ["GET", "operations", "2022-08-31"], (call) => {
      const remembered = call.state.operations
        .list(call.resource.name)
        .filter((operation) => isRemembered(operation, call.now));
      const view = (operation: StoredOperation): unknown => operationSummary(operation, call.version);
      sendPage(call, "operations", remembered, ({ id }) => id, view);
    }),
    ...v3Route(state, ["GET", "operations/{id}", "2022-08-31"], (call, { id = "" }) => {
      const { exchange, version } = call;
      const found = call.state.operations.find(call.resource.name, id);
      if (found === undefined || !isRemembered(found, call.now)) throw unknownOperation();
      const view = operationDetails(found, version);
      if (isAtLeast(version, "2024-11-30")) exchange.prettyJson(200, view);
      else exchange.json(200, view);
    }),
  ];
}

function isRemembered({ kind, created }: StoredOperation, now: Millis): boolean {
  return KINDS.has(kind) && now < created + OPERATION_LIFE_MS;
}

function operationSummary(operation: StoredOperation, version: V3Version): Record<string, unknown> {
  return { ...stateOf(operation), ...endOf(operation, version) };
}

function operationDetails(operation: StoredOperation, version: V3Version): Record<string, unknown> {
  const { error, result } = operation;
  return {
    ...stateOf(operation),
    ...(result === undefined ? {} : { result: operationResult(result as StoredModel, version) }),
    ...(error === undefined ? {} : { error }),
    ...endOf(operation, version),
  };
}

function stateOf(operation: StoredOperation): Record<string, unknown> {
  const { id, kind, status, created, updated, resourceLocation } = operation;
  return {
    operationId: id,
    kind,
    status,
    createdDateTime: wireTime(created),
    lastUpdatedDateTime: wireTime(updated),
    resourceLocation,
    ...(status === "succeeded" ? { percentCompleted: 100 } : {}),
  };
}

/** 2022-08-31 does not say with which version an operation was begun. */
function endOf({ tags, apiVersion }: StoredOperation, version: V3Version): Record<string, unknown> {
  return {
    ...(tags === undefined || Object.keys(tags).length === 0 ? {} : { tags }),
    ...(isAtLeast(version, "2023-07-31") ? { apiVersion } : {}),
  };
}
