/**
 * What went wrong at a container, in our words. The client's own messages are never passed on: they quote addresses with signatures, and the
 * service's may quote the signature it expected.
 */
import { HoldfastError, isHoldfastError } from "../../../model/errors.ts";
import type { ErrorCode } from "../../../model/error-codes.ts";
import type { Clock } from "../../../model/clock.ts";
import { parseRetryAfter } from "../../http/backoff.ts";
import { sasExpiry, type ContainerAddress } from "./container-address.ts";

/** What the client throws: an answer that is not 2xx, or a connection that failed. */
interface ClientError {
  readonly statusCode?: number;
  /** The service's error code, or Node's. */
  readonly code?: string;
  readonly name?: string;
  readonly message?: string;
  readonly details?: { readonly errorCode?: string };
  readonly response?: { readonly headers?: { get(name: string): string | undefined } };
}

/** The service's own code for what failed, or Node's; empty where there is none. An answer to HEAD has it in a header only. */
export function serviceCode(error: unknown): string {
  const { details, code } = error as ClientError;
  return wordOf(details?.errorCode) ?? wordOf(code) ?? "";
}

const NOT_LET_IN = new Set([
  "AuthenticationFailed",
  "InvalidAuthenticationInfo",
  "NoAuthenticationInformation",
]);
const CHANGED_OR_GONE = new Set(["ConditionNotMet", "BlobNotFound", "InvalidRange"]);
const BUSY = new Set(["ServerBusy"]);
/** An error code is one word. Anything else in its place is left out. */
const CODE = /^[A-Za-z0-9_-]{1,64}$/;

/** `what`: completes "could not …". */
export function containerFailure(
  error: unknown,
  what: string,
  address: ContainerAddress,
  clock: Clock,
): HoldfastError {
  if (error instanceof HoldfastError) {
    return new HoldfastError(error.code, error.message, { ...error.context, path: address.url });
  }
  const failed = error as ClientError;
  const { statusCode: status } = failed;
  const service = serviceCode(error);
  const retryAfterMs = parseRetryAfter(failed.response?.headers?.get("retry-after"), clock);
  const [code, reason] =
    status === undefined ? unanswered(failed, service) : answered(status, service, failed, address);
  return new HoldfastError(code, `could not ${what}: ${reason}`, {
    path: address.url,
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Whether asking again may help. An answer that was cut off cannot be told from one that is nonsense. */
export function mayPass(failure: HoldfastError): boolean {
  const isNonsense = failure.code === "source-protocol" && failure.context.status === undefined;
  return failure.class === "retryable" || isNonsense;
}

/** Not the engine's own failures, nor a mistake in this program. */
export function isContainerFailure(error: unknown): error is HoldfastError {
  return isHoldfastError(error) && (error.code.startsWith("source-") || error.code === "version-lost");
}

/** A state of this one file that lasts: it is in the archive tier. */
export function concernsThisFileOnly(error: unknown): boolean {
  return isContainerFailure(error) && error.context.status === STATUS.conflict;
}

/** Whether everything else that is asked of the container will fail in the same way. */
export function concernsWholeContainer(error: HoldfastError): boolean {
  const { status } = error.context;
  return error.code.startsWith("source-") && error.code !== "source-protocol" && status !== STATUS.conflict;
}

const STATUS = {
  unauthorized: 401,
  forbidden: 403,
  missing: 404,
  conflict: 409,
  preconditionFailed: 412,
  rangeNotSatisfiable: 416,
  tooMany: 429,
  unavailable: 503,
  serverError: 500,
} as const;

function answered(
  status: number,
  service: string,
  failed: ClientError,
  address: ContainerAddress,
): readonly [code: ErrorCode, reason: string] {
  const said = `the storage service answered ${[String(status), service].filter((word) => word !== "").join(" ")}`;
  if (status === STATUS.unauthorized || (status === STATUS.forbidden && isNotLetIn(service, failed))) {
    return ["source-unauthorized", `${said}. ${credentialHint(address)}`];
  }
  if (status === STATUS.forbidden) {
    const hint =
      "The credentials are valid but do not allow this, or the account's firewall does not let this address in";
    return ["source-forbidden", `${said}. ${hint}`];
  }
  if (
    status === STATUS.preconditionFailed ||
    status === STATUS.rangeNotSatisfiable ||
    CHANGED_OR_GONE.has(service)
  ) {
    return ["version-lost", "the file was changed or removed meanwhile"];
  }
  if (status === STATUS.missing) return ["source-not-found", `${said}. There is no such container`];
  if (status === STATUS.conflict && service === "BlobArchived") {
    return ["source-forbidden", `${said}: the file is in the archive tier and must be rehydrated first`];
  }
  if (status === STATUS.tooMany || BUSY.has(service)) return ["source-throttled", said];
  if (status >= STATUS.serverError) return ["source-unreachable", said];
  return ["source-protocol", said];
}

/** Some stand-ins use one code for both and tell the difference in words. */
function isNotLetIn(service: string, { message = "" }: ClientError): boolean {
  return NOT_LET_IN.has(service) || /failed to authenticate/i.test(message);
}

function unanswered(failed: ClientError, service: string): readonly [code: ErrorCode, reason: string] {
  // The client stumbles over what it cannot understand.
  if (service === "PARSE_ERROR" || failed.name === "TypeError") {
    return ["source-protocol", "what answered is not a blob service"];
  }
  const why = failed.name === "TimeoutError" ? "it was silent for too long" : service;
  return [
    "source-unreachable",
    `the storage service could not be reached or broke off${why === "" ? "" : ` (${why})`}`,
  ];
}

function credentialHint({ sas, account }: ContainerAddress): string {
  if (account !== undefined) return `Check the key of the storage account "${account.name}"`;
  if (sas === undefined) return "The container needs a SAS or the account's key";
  const expiry = sasExpiry(sas);
  const until = expiry === undefined ? "" : `; it says that it is valid until ${expiry}`;
  return `The SAS is wrong, expired, or its key was renewed${until}. Make a new one with read and list`;
}

function wordOf(text: string | undefined): string | undefined {
  return text !== undefined && CODE.test(text) ? text : undefined;
}
