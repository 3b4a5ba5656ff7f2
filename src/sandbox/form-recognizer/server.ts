/**
 * The HTTP server of one resource: lets faults act, lets happen what has become due, checks the caller, finds the call and turns errors into
 * answers. It can be dead for a while, as a region is.
 */
import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { ClientGone } from "../http/exchange.ts";
import { faultHeaders, survivesFaults } from "../http/fault-actions.ts";
import { SWITCH_PATH } from "../http/fault-endpoints.ts";
import type { TlsIdentity } from "../http/http-server.ts";
import { httpServer } from "../http/http-server.ts";
import type { Found } from "../http/path-patterns.ts";
import { findRow } from "../http/path-patterns.ts";
import type { RequestLog } from "../http/request-log.ts";
import { FormError, noSuchRoute } from "./errors.ts";
import { FormExchange } from "./exchange.ts";
import type { Faults } from "./faults.ts";
import type { Resource } from "./resources.ts";
import type { FormRoute } from "./routes.ts";
import type { FormState } from "./state.ts";

const INTERNAL_ERROR = 500;
const THROTTLED = 429;

export interface ServerParts {
  readonly state: FormState;
  readonly routes: readonly FormRoute[];
  readonly faults: Faults;
  /** Of all resources. */
  readonly requests: RequestLog;
  readonly host: string;
  /** Absent: HTTP. */
  readonly tls: TlsIdentity | undefined;
  /** Answers what lies below `/_sandbox/`. */
  readonly admin: (exchange: FormExchange) => Promise<void>;
}

export class ResourceServer {
  readonly resource: Resource;
  /** Of this resource alone. */
  readonly requests: RequestLog;
  readonly #parts: ServerParts;
  #server: Server | undefined;
  #port: number;

  constructor(resource: Resource, requests: RequestLog, parts: ServerParts, port: number) {
    this.resource = resource;
    this.requests = requests;
    this.#parts = parts;
    this.#port = port;
  }

  /** Without a slash at the end; the same after a revival. */
  get url(): string {
    return `${this.#parts.tls === undefined ? "http" : "https"}://${this.#parts.host}:${this.#port}`;
  }

  get alive(): boolean {
    return this.#server !== undefined;
  }

  /** Resolves when it listens, always on the same port. Rejects if the port is taken. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = httpServer((request, response) => {
      void this.#serve(request, response);
    }, this.#parts.tls);
    server.listen(this.#port, this.#parts.host);
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Ends open connections and refuses new ones. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const gone = once(server, "close");
    server.close();
    server.closeAllConnections();
    await gone;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => undefined);
    request.on("error", () => undefined);
    const url = request.url ?? "/";
    const method = request.method ?? "GET";
    const isSwitch = url.startsWith(SWITCH_PATH);
    const faults = isSwitch ? [] : this.#parts.faults.take(method, url, this.resource.name);
    const exchange = new FormExchange(request, response, this.resource, faults);
    const found = findRow(this.#parts.routes, method, segmentsOf(exchange.path), true);
    if (!isSwitch) this.#note(exchange, "route" in found ? found.route.pattern : "unknown");
    try {
      if (isSwitch) await this.#parts.admin(exchange);
      else if (await survivesFaults(exchange)) await this.#answer(exchange, found);
    } catch (error) {
      fail(exchange, error);
    }
  }

  #note(exchange: FormExchange, call: string): void {
    const { request, response, method } = exchange;
    const seen = this.requests.see(method, request.url ?? "/", call, request.headers, this.resource.name);
    this.#parts.requests.remember(seen);
    response.on("finish", () => {
      seen.status = response.statusCode;
    });
  }

  async #answer(exchange: FormExchange, found: Found<FormRoute>): Promise<void> {
    const { state } = this.#parts;
    await state.jobs.run(state.clock.now());
    this.#checkCaller(exchange, found, state);
    const fault = exchange.fault("status");
    if (fault !== undefined) throw faultError(exchange, fault);
    if ("route" in found) {
      await found.route.handler(exchange, found.params);
      return;
    }
    if (found.allowed.length === 0) throw noSuchRoute();
    throw exchange.refusal(405, "The requested HTTP method is not allowed.", {
      Allow: found.allowed.join(", "),
    });
  }

  #checkCaller(exchange: FormExchange, found: Found<FormRoute>, { resources }: FormState): void {
    try {
      resources.check(
        this.resource,
        exchange.header("ocp-apim-subscription-key"),
        exchange.header("authorization"),
      );
    } catch (refusal) {
      if ("route" in found && found.route.alsoFor?.(exchange, found.params) === true) return;
      throw refusal;
    }
  }
}

function segmentsOf(path: string): readonly string[] {
  return path
    .slice(1)
    .split("/")
    .map((segment) => {
      try {
        return decodeURIComponent(segment);
      } catch {
        return segment;
      }
    });
}

function faultError(
  exchange: FormExchange,
  fault: {
    readonly kind: "status";
    readonly status: number;
    readonly error?: string;
    readonly retryAfter?: number;
  },
): FormError {
  const headers = faultHeaders(fault);
  if (fault.status !== THROTTLED) {
    return exchange.refusal(fault.status, fault.error ?? "Fault on demand", headers);
  }
  const message = `Requests to the ${exchange.method} ${exchange.path} Operation under Form Recognizer API have exceeded rate limit of your current FormRecognizer ${exchange.resource.tier} pricing tier. Please retry after ${fault.retryAfter ?? 1} seconds. Please contact Azure support service if you would like to further increase the default rate limit.`;
  // The gateway throttles, in its own layout, whatever the version.
  return new FormError(
    THROTTLED,
    { code: "429", message: fault.error ?? message },
    { headers: { "Content-Type": "application/json", ...headers } },
  );
}

function fail(exchange: FormExchange, error: unknown): void {
  const { response } = exchange;
  if (error instanceof ClientGone || response.destroyed) return;
  if (response.headersSent) {
    // Half an answer cannot be taken back; the client sees a body that ends early.
    exchange.cut();
    return;
  }
  exchange.error(error instanceof FormError ? error : exchange.refusal(INTERNAL_ERROR, reasonOf(error)));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
