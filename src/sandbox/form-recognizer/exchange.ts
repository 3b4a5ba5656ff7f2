/**
 * One request to one resource of the stand-in and its answer, with the headers that the service puts on every answer of its own.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Headers } from "../http/exchange.ts";
import { HttpExchange } from "../http/exchange.ts";
import { newGuid } from "../http/guid.ts";
import { FormError, plainError } from "./errors.ts";
import type { FaultAction, FaultKind } from "./faults.ts";
import { REGIONS } from "./regions.ts";
import type { Resource } from "./resources.ts";

/** Which generation of the API a call belongs to: their answers are laid out differently. */
export type Generation = "v2" | "v3";

const ENVOY_MS = "12";

export class FormExchange extends HttpExchange {
  readonly resource: Resource;
  /** As sent, without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** `apim-request-id` of the answer. */
  readonly requestId: string;
  readonly generation: Generation;
  protected readonly jsonType = "application/json; charset=utf-8";
  #fromGateway = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    resource: Resource,
    faults: readonly FaultAction[],
  ) {
    super(request, response, faults);
    this.resource = resource;
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
    this.requestId = newGuid();
    this.generation = /^\/formrecognizer\/v2/i.test(this.path) ? "v2" : "v3";
  }

  /** Faults of this stand-in's own kinds among them. */
  formFault<K extends FaultKind>(kind: K): Extract<FaultAction, { kind: K }> | undefined {
    return this.faults.find((fault) => fault.kind === kind) as Extract<FaultAction, { kind: K }> | undefined;
  }

  override refusal(status: number, reason: string, headers: Headers = {}): FormError {
    return this.generation === "v2"
      ? new FormError(status, { code: String(status), message: reason }, { headers })
      : new FormError(status, { code: genericCode(status), message: reason }, { headers });
  }

  /** Laid out with two spaces and typed without charset, as later versions send errors and operations. */
  prettyJson(status: number, value: unknown, headers: Headers = {}): void {
    const body = Buffer.from(JSON.stringify(value, null, 2));
    this.bytes(status, body, { "Content-Type": "application/json", ...headers });
  }

  /** An error in the layout of this call's generation. */
  error(error: FormError): void {
    const value = { error: error.body };
    if (error.fromGateway) {
      this.#fromGateway = true;
      this.bytes(error.status, Buffer.from(JSON.stringify(value)), error.headers);
    } else if (this.generation === "v3") {
      this.prettyJson(error.status, value, error.headers);
    } else {
      this.json(error.status, value, error.headers);
    }
  }

  override bytes(status: number, body: Buffer, headers: Headers = {}): void {
    const fault = this.formFault("status-after");
    if (fault === undefined || status >= 400) {
      super.bytes(status, body, headers);
      return;
    }
    const { body: error } = plainError(fault.status, String(fault.status), fault.error ?? "Fault on demand");
    super.bytes(fault.status, Buffer.from(JSON.stringify({ error })), { "Content-Type": this.jsonType });
  }

  protected override standardHeaders(): Headers {
    if (this.#fromGateway) return {};
    return {
      "apim-request-id": this.requestId,
      "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
      "x-content-type-options": "nosniff",
      "x-envoy-upstream-service-time": ENVOY_MS,
      "x-ms-region": REGIONS[this.resource.region] ?? this.resource.region,
    };
  }
}

function genericCode(status: number): string {
  const codes: Readonly<Record<number, string>> = {
    400: "InvalidRequest",
    404: "NotFound",
    405: "MethodNotAllowed",
    413: "InvalidContentLength",
    415: "UnsupportedMediaType",
    503: "ServiceUnavailable",
  };
  return codes[status] ?? (status < 500 ? "InvalidRequest" : "InternalServerError");
}
