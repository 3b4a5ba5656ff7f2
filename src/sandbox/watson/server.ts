/**
 * The HTTP server of a Watson stand-in: reads the address, lets faults act, checks the caller, finds the call and turns errors into
 * answers.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";

import { ClientGone } from "../http/exchange.ts";
import { faultHeaders, survivesFaults } from "../http/fault-actions.ts";
import { SWITCH_PATH, faultSwitch } from "../http/fault-endpoints.ts";
import type { TlsIdentity } from "../http/http-server.ts";
import { httpServer } from "../http/http-server.ts";
import type { Accounts } from "./accounts.ts";
import type { Address } from "./address.ts";
import { NAMELESS_INSTANCE, parseAddress } from "./address.ts";
import { WatsonError, methodNotAllowed } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import type { Faults } from "./faults.ts";
import type { RequestLog } from "./request-log.ts";
import type { Match, Route } from "./routes.ts";
import { matchRoute } from "./routes.ts";
import { IAM_PATH, authorize, identityToken } from "./token-endpoints.ts";

const INTERNAL_ERROR = 500;

export interface ServerState {
  readonly routes: readonly Route[];
  readonly accounts: Accounts;
  readonly faults: Faults;
  readonly requests: RequestLog;
  /** Asked before every call of the service; throws what it refuses with. */
  readonly admit: (exchange: Exchange, route: Route) => void;
}

/** A server that is not listening yet. */
export function makeServer(state: ServerState, tls: TlsIdentity | undefined): Server {
  return httpServer((request, response) => {
    void serve(request, response, state);
  }, tls);
}

async function serve(request: IncomingMessage, response: ServerResponse, state: ServerState): Promise<void> {
  response.on("error", () => undefined);
  request.on("error", () => undefined);
  const url = request.url ?? "/";
  const method = request.method ?? "GET";
  const found = findTarget(url, method, state.routes);
  const isSwitch = url.startsWith(SWITCH_PATH);
  const faults = isSwitch ? [] : state.faults.take(method, url, found.address.instance);
  const exchange = new Exchange(request, response, found.address, faults);
  if (!isSwitch) {
    const seen = state.requests.see(method, url, found.call, request.headers);
    response.on("finish", () => {
      seen.status = response.statusCode;
    });
  }
  try {
    await misbehave(exchange, async () => {
      await answer(exchange, url, found, state);
    });
  } catch (error) {
    fail(exchange, error);
  }
}

/** What a request means, or the error that says why it means nothing. */
interface Target {
  readonly address: Address;
  /** For the log. */
  readonly call: string;
  readonly match?: Match;
  readonly refusal?: unknown;
}

function findTarget(url: string, method: string, routes: readonly Route[]): Target {
  const nowhere: Address = {
    prefix: "",
    instance: NAMELESS_INSTANCE,
    segments: [],
    query: new URLSearchParams(),
  };
  const path = url.split("?")[0] ?? "";
  if (path === IAM_PATH || path.startsWith(SWITCH_PATH)) return { address: nowhere, call: path };
  let address = nowhere;
  try {
    address = parseAddress(url);
    if (isAuthorize(address)) return { address, call: "/v1/authorize" };
    const match = matchRoute(routes, method, address.segments);
    return { address, call: match.route.pattern, match };
  } catch (refusal) {
    return { address, call: "unknown", refusal };
  }
}

function isAuthorize({ segments }: Address): boolean {
  return segments.length === 1 && segments[0] === "authorize";
}

/** Lets the faults of this request act around `act`. */
async function misbehave(exchange: Exchange, act: () => Promise<void>): Promise<void> {
  if (!(await survivesFaults(exchange))) return;
  const fault = exchange.fault("status");
  if (fault !== undefined) {
    throw new WatsonError(fault.status, fault.error ?? "Fault on demand", { headers: faultHeaders(fault) });
  }
  await act();
}

async function answer(exchange: Exchange, url: string, target: Target, state: ServerState): Promise<void> {
  if (url.startsWith(SWITCH_PATH)) {
    await faultSwitch(exchange, url.split("?")[0] ?? "", state.faults);
    return;
  }
  const isIam = target.call === IAM_PATH;
  if (isIam || isAuthorize(target.address)) {
    if (exchange.method !== "POST") throw methodNotAllowed(["POST"]);
    await (isIam ? identityToken : authorize)(exchange, state.accounts);
    return;
  }
  const { match } = target;
  state.accounts.check(exchange.header("authorization"), exchange.query.get("access_token"));
  if (match === undefined) throw target.refusal;
  state.admit(exchange, match.route);
  await match.route.handler(exchange, match.params);
}

function fail(exchange: Exchange, error: unknown): void {
  const { response } = exchange;
  if (error instanceof ClientGone || response.destroyed) return;
  if (response.headersSent) {
    // Half an answer cannot be taken back; the client sees a body that ends early.
    exchange.cut();
    return;
  }
  const known = error instanceof WatsonError ? error : new WatsonError(INTERNAL_ERROR, reasonOf(error));
  exchange.json(known.status, known.body, known.headers);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
