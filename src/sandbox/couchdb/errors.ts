/**
 * The errors of the stand-in, as CouchDB words them: an HTTP status and the `{"error","reason"}` pair of the answer.
 */

/** An answer other than success; thrown anywhere below the router and written by it. */
export class CouchError extends Error {
  readonly status: number;
  readonly code: string;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, reason: string, headers: Readonly<Record<string, string>> = {}) {
    super(`${status} ${code}: ${reason}`);
    this.name = "CouchError";
    this.status = status;
    this.code = code;
    this.reason = reason;
    this.headers = headers;
  }
}

export function badRequest(reason: string): CouchError {
  return new CouchError(400, "bad_request", reason);
}

export function queryParseError(reason: string): CouchError {
  return new CouchError(400, "query_parse_error", reason);
}

export function docValidation(reason: string): CouchError {
  return new CouchError(400, "doc_validation", reason);
}

export function illegalDocid(reason: string): CouchError {
  return new CouchError(400, "illegal_docid", reason);
}

export function missing(reason = "missing"): CouchError {
  return new CouchError(404, "not_found", reason);
}

export function unauthorized(reason: string): CouchError {
  return new CouchError(401, "unauthorized", reason);
}

export function forbidden(reason: string): CouchError {
  return new CouchError(403, "forbidden", reason);
}

export function conflict(): CouchError {
  return new CouchError(409, "conflict", "Document update conflict.");
}

export function requestTooLarge(): CouchError {
  return new CouchError(413, "too_large", "the request entity is too large");
}

/** CouchDB closes the connection after this one, because it throws before it has read the body. */
export function methodNotAllowed(allowed: string): CouchError {
  return new CouchError(405, "method_not_allowed", `Only ${allowed} allowed`, {
    Allow: allowed,
    Connection: "close",
  });
}
