/**
 * What an HTTP service's refusal or silence means in Holdfast's own error codes. Messages name the act, the place and
 * the service's words; never a query string, a header or a credential.
 */
import { HoldfastError, type ErrorContext } from "../../model/errors.ts";
import type { ErrorCode } from "../../model/error-codes.ts";

/** The service's own account of a refusal: the `cause` of the `HoldfastError` that reports it. */
export class ServiceRefusal extends Error {
  override readonly name = "ServiceRefusal";
  readonly status: number;
  /** The service's machine-readable word: `too_large`, `missing_stub`; empty when it gave none. */
  readonly error: string;
  /** The service's explanation for people. */
  readonly reason: string;
  /** Whether the service's protocol says that the same request may succeed later. */
  readonly passing: boolean;

  constructor(status: number, error: string, reason: string, passing: boolean) {
    super(`${status} ${error}${reason === "" ? "" : `: ${reason}`}`);
    this.status = status;
    this.error = error;
    this.reason = reason;
    this.passing = passing;
  }
}

/** The answer arrived with a good status but its body ended early or is not what the protocol allows. */
export class UnreadableAnswer extends Error {
  override readonly name = "UnreadableAnswer";
  /** True: the body stopped before its end. False: it can never become valid. */
  readonly endedEarly: boolean;

  constructor(message: string, endedEarly: boolean) {
    super(message);
    this.endedEarly = endedEarly;
  }
}

/** How one kind of service words its refusals. */
export interface ServiceDialect {
  /** Reads a refusal's body; both texts may be empty. */
  explain(status: number, body: string): { readonly error: string; readonly reason: string };
  /** Whether the same request may succeed later, given the status and the service's `error` word. */
  passing(status: number, error: string): boolean;
}

/** What was being done, for every error of one request. */
export interface RequestPurpose {
  /** Continues "could not …": `read the changes of database "orders"`. */
  readonly purpose: string;
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  /** Address of the service without credentials. */
  readonly service: string;
}

/** Refusals are quoted for people: long pages are cut here (characters). */
const QUOTED_REASON_LENGTH = 300;

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: "source-unauthorized",
  403: "source-forbidden",
  404: "source-not-found",
  429: "source-throttled",
};

function contextOf(request: RequestPurpose, more: Partial<ErrorContext>): ErrorContext {
  return { source: request.service, path: `${request.method} ${request.path}`, ...more };
}

export function refusalError(
  request: RequestPurpose,
  refusal: ServiceRefusal,
  retryAfterMs?: number,
): HoldfastError {
  const code: ErrorCode =
    CODE_OF_STATUS[refusal.status] ?? (refusal.passing ? "source-unreachable" : "source-protocol");
  const words = [refusal.error, refusal.reason].filter((word) => word !== "").join(": ");
  return new HoldfastError(
    code,
    `could not ${request.purpose} at ${request.service}: it answered ${refusal.status}` +
      (words === "" ? "" : ` (${words.slice(0, QUOTED_REASON_LENGTH)})`),
    contextOf(request, {
      status: refusal.status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }),
    refusal,
  );
}

/** The connection failed, timed out or was cut. */
export function connectionError(request: RequestPurpose, cause: unknown): HoldfastError {
  return new HoldfastError(
    "source-unreachable",
    `could not ${request.purpose} at ${request.service}: ${connectionWords(cause)}`,
    contextOf(request, {}),
    cause,
  );
}

export function unreadableError(
  request: RequestPurpose,
  cause: UnreadableAnswer,
  status: number,
): HoldfastError {
  return new HoldfastError(
    cause.endedEarly ? "source-unreachable" : "source-protocol",
    `could not ${request.purpose} at ${request.service}: ${cause.message}`,
    contextOf(request, { status }),
    cause,
  );
}

/** The service's own words behind an error of this layer; undefined when it was not a refusal. */
export function refusalOf(error: unknown): ServiceRefusal | undefined {
  return error instanceof HoldfastError && error.cause instanceof ServiceRefusal ? error.cause : undefined;
}

const CONNECTION_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name could not be looked up",
  UND_ERR_SOCKET: "the connection was cut",
  UND_ERR_CONNECT_TIMEOUT: "the connection could not be made in time",
  UND_ERR_HEADERS_TIMEOUT: "no answer came in time",
  UND_ERR_BODY_TIMEOUT: "the answer stopped arriving",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the answer ended early",
  Z_BUF_ERROR: "the compressed answer ended early",
};

function connectionWords(cause: unknown): string {
  const code = errorCodeOf(cause);
  const words = code === undefined ? undefined : CONNECTION_WORDS[code];
  if (words !== undefined) return words;
  return `the connection failed${code === undefined ? "" : ` (${code})`}`;
}

/** The system's or client's error code of a thrown value, looking through aggregates and causes. */
export function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error instanceof AggregateError) return errorCodeOf(error.errors[0]);
  return error instanceof Error ? errorCodeOf(error.cause) : undefined;
}

/** Codes of failures that happen before any byte of the request has left: safe to repeat whatever the request. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

export function wasNeverSent(error: unknown): boolean {
  const code = errorCodeOf(error);
  return code !== undefined && NEVER_SENT.has(code);
}
