/**
 * The HTTP server: recognises the caller, lets faults act, hands the request to the router and turns errors into answers.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import { CouchError } from "./errors.ts";
import type { RequestTarget } from "./exchange.ts";
import { ClientGone, Exchange, parseTarget } from "./exchange.ts";
import { InvalidJson } from "./json-text.ts";
import { tooManyRequests } from "./rate-limit.ts";
import { endpointClass } from "./request-log.ts";
import { route } from "./router.ts";
import { errorBody } from "./server-endpoints.ts";
import type { ServerState } from "./state.ts";

/** A server that is not listening yet. */
export function makeServer(state: ServerState): Server {
  const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
    void serve(request, response, state);
  });
  // CouchDB has no limit on the time a request takes to arrive; large restores over slow links rely on it.
  server.requestTimeout = 0;
  return server;
}

async function serve(request: IncomingMessage, response: ServerResponse, state: ServerState): Promise<void> {
  response.on("error", () => undefined);
  request.on("error", () => undefined);
  let exchange: Exchange | null = null;
  try {
    const target = parseTarget(request.url ?? "/");
    exchange = open(request, response, target, state);
    await answer(exchange, state);
  } catch (error) {
    await fail(request, response, exchange, error);
  }
}

function open(
  request: IncomingMessage,
  response: ServerResponse,
  target: RequestTarget,
  state: ServerState,
): Exchange {
  const [first] = target.segments;
  const method = request.method ?? "GET";
  const isSwitch = first === "_sandbox";
  if (!isSwitch) state.requests.add(method, endpointClass(target.segments));
  const faults = isSwitch ? [] : state.faults.take(method, request.url ?? "/", first);
  return new Exchange(request, response, target, faults, state.maxRequestBytes);
}

async function answer(exchange: Exchange, state: ServerState): Promise<void> {
  if (exchange.fault("hang") !== undefined) return;
  const wait = exchange.fault("slow")?.ms;
  if (wait !== undefined) await delay(wait);
  const status = exchange.fault("status");
  if (status !== undefined) throw faultStatus(status);
  if (exchange.fault("answer-lost") !== undefined) loseAnswer(exchange);
  const [first] = exchange.segments;
  // The token service and the login take credentials of their own, and must not trip over stale ones.
  const isOpen =
    first === "identity" || (first === "_session" && exchange.method !== "GET") || first === "_sandbox";
  if (!isOpen) {
    const recognised = state.accounts.recognise(exchange.header("authorization"), exchange.header("cookie"));
    exchange.user = recognised.user;
    if (recognised.cookie !== undefined) exchange.extraHeaders["Set-Cookie"] = recognised.cookie;
  }
  await route(exchange, state);
}

function faultStatus(fault: {
  status: number;
  error?: string;
  reason?: string;
  retryAfter?: number;
}): CouchError {
  if (fault.status === 429) return tooManyRequests("lookup", fault.retryAfter);
  const headers = fault.retryAfter === undefined ? {} : { "Retry-After": String(fault.retryAfter) };
  const [code, reason] = DEFAULT_ERRORS.get(fault.status) ?? ["unknown_error", "fault"];
  return new CouchError(fault.status, fault.error ?? code, fault.reason ?? reason, headers);
}

const DEFAULT_ERRORS: ReadonlyMap<number, readonly [code: string, reason: string]> = new Map([
  [401, ["unauthorized", "Name or password is incorrect."]],
  [403, ["forbidden", "You are not allowed to access this db."]],
  [404, ["not_found", "missing"]],
  [500, ["timeout", "The request could not be processed in a reasonable amount of time."]],
  [
    503,
    [
      "service unavailable",
      "Nodes are unable to service this request due to overloading or maintenance mode.",
    ],
  ],
]);

/** Lets the endpoint run as if it answered, and takes the connection away at the first byte. */
function loseAnswer({ request, response }: Exchange): void {
  response.writeHead = () => {
    // The response has no socket of its own while an earlier one on the connection is not finished.
    request.socket.destroy();
    response.destroy();
    return response;
  };
}

async function fail(
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange | null,
  error: unknown,
): Promise<void> {
  if (error instanceof ClientGone || response.destroyed) return;
  const known = asCouchError(error);
  if (response.headersSent) {
    // Half an answer cannot be taken back; the client sees a body that ends early.
    request.socket.destroy();
    return;
  }
  const body = Buffer.from(`${errorBody(known)}\n`);
  // A body that nobody has read would be taken for the next request.
  const unread = !request.complete && request.headers["content-length"] !== "0";
  response.writeHead(known.status, {
    "Cache-Control": "must-revalidate",
    "Content-Type": "application/json",
    "Content-Length": body.length,
    ...exchange?.extraHeaders,
    ...known.headers,
    ...(unread ? { Connection: "close" } : {}),
  });
  response.end(body);
  if (unread) request.resume();
  await Promise.resolve();
}

function asCouchError(error: unknown): CouchError {
  if (error instanceof CouchError) return error;
  if (error instanceof InvalidJson) return new CouchError(400, "bad_request", "invalid UTF-8 JSON");
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CouchError(500, "unknown_error", reason);
}
