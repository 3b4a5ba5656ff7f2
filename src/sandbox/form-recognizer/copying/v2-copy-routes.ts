/**
 * `copyAuthorization`, `copy` and `copyResults` of v2.0 and v2.1.
 */
import { newGuid } from "../../http/guid.ts";
import { parseObject } from "../../http/exchange.ts";
import { modelNotFound, plainError } from "../errors.ts";
import type { FormExchange } from "../exchange.ts";
import type { FormRoute } from "../routes.ts";
import { formRoute } from "../routes.ts";
import type { FormState } from "../state.ts";
import { putNewModel } from "../v2/new-model.ts";
import { isOfV2 } from "../v2/views.ts";
import { invalidCopyRequest, isRegion, isResourceId } from "./claims.ts";
import { queueCopy } from "./copy-jobs.ts";
import type { CopyClaims } from "./copy-order.ts";
import { orderCircumstances } from "./copy-order.ts";
import { V2_TICKET_MS, issueTicket } from "./tickets.ts";
import { copyResultView } from "./v2-copy-result.ts";
import { expiryDigits, expiryIn, withExpiryDigits } from "./v2-expiry.ts";

/** `version`: as in the path, such as `v2.1`. */
export function v2CopyRoutes(state: FormState, version: string): readonly FormRoute[] {
  const models = `/formrecognizer/${version}/custom/models` as const;
  const link = ({ origin }: FormExchange, path: string): string =>
    `${origin}/formrecognizer/${state.modes.linkVersion ?? version}/custom/models/${path}`;
  return [
    formRoute("POST", `${models}/copyAuthorization`, (exchange) => {
      const { id, text } = authorize(exchange, state, version);
      exchange.bytes(201, Buffer.from(text), {
        "Content-Type": "application/json; charset=utf-8",
        Location: link(exchange, id),
      });
    }),
    formRoute("POST", `${models}/{id}/copy`, async (exchange, { id }) => {
      const result = await acceptCopy(exchange, state, { id: id.toLowerCase(), version });
      exchange.empty(202, { "Operation-Location": link(exchange, `${id}/copyresults/${result}`) });
    }),
    formRoute("GET", `${models}/{id}/copyresults/{result}`, (exchange, { id, result }) => {
      const operation = state.operations.find(exchange.resource.name, result.toLowerCase());
      if (operation?.kind !== "copy" || operation.modelId !== id.toLowerCase()) {
        throw plainError(404, "1022", `Copy result with 'id=${result}' not found.`);
      }
      const { body, headers } = copyResultView(operation);
      exchange.json(200, body, headers);
    }),
  ];
}

/** Makes the placeholder that the copy will fill, and that stays when none comes. */
function authorize(
  exchange: FormExchange,
  state: FormState,
  version: string,
): { readonly id: string; readonly text: string } {
  const { ticks } = state.modes;
  const place = putNewModel(exchange, state, { apiVersion: version, buildMode: "labelled", composed: false });
  const end = state.clock.now() + V2_TICKET_MS;
  const expires = ticks ? end : Math.floor(end / 1000) * 1000;
  const ticket = issueTicket(state, {
    resource: place.resource,
    kind: "models",
    targetId: place.id,
    expires,
  });
  const body = { modelId: place.id, accessToken: ticket.token, expirationDateTimeTicks: 0 };
  return { id: place.id, text: withExpiryDigits(JSON.stringify(body), expiryDigits(expires, ticks)) };
}

/** Returns the id of the copy result. The body is judged before the source is looked for, as the service does. */
async function acceptCopy(
  exchange: FormExchange,
  state: FormState,
  source: { readonly id: string; readonly version: string },
): Promise<string> {
  const claims = await readClaims(exchange, state);
  const resource = exchange.resource.name;
  const model = state.models.find(resource, "models", source.id);
  if (model === undefined || !isOfV2(model)) throw modelNotFound(source.id);
  if (model.status !== "ready") {
    throw plainError(
      400,
      "1001",
      `Specified model not found or not ready or has incompatible API version, Model Id: ${source.id}`,
    );
  }
  const operation = newGuid();
  const now = state.clock.now();
  state.operations.put({
    resource,
    id: operation,
    kind: "copy",
    modelId: source.id,
    apiVersion: source.version,
    status: "notStarted",
    created: now,
    updated: now,
    targetId: claims.targetId,
  });
  queueCopy(state, {
    resource,
    operation,
    kind: "models",
    sourceId: source.id,
    apiVersion: source.version,
    claims,
    ...orderCircumstances(exchange),
  });
  return operation;
}

async function readClaims(exchange: FormExchange, state: FormState): Promise<CopyClaims> {
  const bytes = await exchange.body();
  const body = parseObject(bytes, () => invalidCopyRequest("The request body is not a JSON object."));
  const { targetResourceId, targetResourceRegion, copyAuthorization } = body;
  if (!isResourceId(targetResourceId)) {
    throw invalidCopyRequest("Field 'TargetResourceId' must be a valid Azure Resource ID.");
  }
  if (!isRegion(targetResourceRegion, state.resources)) {
    throw invalidCopyRequest("Field 'TargetResourceRegion' must be a valid Azure region name.");
  }
  const { modelId, accessToken } = (copyAuthorization ?? {}) as Readonly<Record<string, unknown>>;
  // Read from the text: parsed, ticks would have lost their last digits.
  const expires = expiryIn(bytes.toString("utf8"));
  if (typeof modelId !== "string" || typeof accessToken !== "string" || expires === undefined) {
    throw invalidCopyRequest("Field 'CopyAuthorization' must be a valid copy authorization.");
  }
  if (expires <= state.clock.now()) {
    throw invalidCopyRequest("Field 'CopyAuthorization' has expired.");
  }
  return {
    targetResourceId,
    targetRegion: targetResourceRegion,
    targetId: modelId.toLowerCase(),
    token: accessToken,
    expires,
  };
}
