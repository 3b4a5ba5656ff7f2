/**
 * The errors of the Watson stand-ins in the services' form: a status and the body `{error, code, code_description}`.
 */
import { STATUS_CODES } from "node:http";

export interface WatsonErrorOptions {
  /** Default: the status's standard phrase. */
  readonly description?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the usual body where a service answers in another form. */
  readonly body?: unknown;
}

/** An answer other than success; thrown anywhere below the router and written by the server. */
export class WatsonError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What is sent, before it becomes JSON. */
  readonly body: unknown;

  constructor(status: number, error: string, options: WatsonErrorOptions = {}) {
    super(`${status}: ${error}`);
    this.name = "WatsonError";
    this.status = status;
    this.headers = options.headers ?? {};
    this.body = options.body ?? {
      error,
      code: status,
      code_description: options.description ?? STATUS_CODES[status] ?? "Unknown",
    };
  }
}

export function badRequest(error: string): WatsonError {
  return new WatsonError(400, error);
}

export function unauthorized(error = "Unauthorized"): WatsonError {
  return new WatsonError(401, error);
}

export function notFound(error: string): WatsonError {
  return new WatsonError(404, error);
}

/** What the gateway in front of the services answers for a path that nobody serves. */
export function noSuchRoute(): WatsonError {
  return new WatsonError(404, "No such child resource.", { description: "No Such Resource" });
}

export function methodNotAllowed(allowed: readonly string[]): WatsonError {
  return new WatsonError(405, "Method Not Allowed", { headers: { Allow: allowed.join(", ") } });
}

export function tooLarge(): WatsonError {
  return new WatsonError(413, "Request Entity Too Large");
}

export function unsupportedMediaType(type: string): WatsonError {
  return new WatsonError(415, `Unsupported media type '${type}'`);
}

/** The services answer 401, not 404, for a model that does not exist, is deleted, or belongs to another instance. */
export function invalidCustomization(id: string): WatsonError {
  return unauthorized(`Invalid customization_id ${id}`);
}

export function malformedGuid(id: string): WatsonError {
  return badRequest(`Malformed GUID: '${id}'`);
}

export function missingParameter(name: string): WatsonError {
  return badRequest(`Required parameter '${name}' is missing`);
}

export function invalidParameter(name: string): WatsonError {
  return badRequest(`Invalid value for parameter '${name}'`);
}
