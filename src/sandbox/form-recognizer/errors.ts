/**
 * The errors of the Form Recognizer stand-in in the service's form: `{"error":{code,message}}`, from 2022-08-31 on with inner errors.
 */
import type { Headers } from "../http/exchange.ts";

/** Members of `error`; the stand-in never makes others than the service has. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly ErrorBody[];
  readonly innererror?: InnerError;
}

export interface InnerError {
  readonly code: string;
  readonly message: string;
  readonly innererror?: InnerError;
}

/** An answer other than success; thrown anywhere below the server and written by it. */
export class FormError extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Headers;
  /** Said by the gateway in front of the service: without the service's headers. */
  readonly fromGateway: boolean;

  constructor(
    status: number,
    body: ErrorBody,
    options: { readonly headers?: Headers; readonly fromGateway?: boolean } = {},
  ) {
    super(`${status}: ${body.message}`);
    this.name = "FormError";
    this.status = status;
    this.body = body;
    this.headers = options.headers ?? {};
    this.fromGateway = options.fromGateway ?? false;
  }
}

/** An error of v2.x, or of the gateway. */
export function plainError(status: number, code: string, message: string): FormError {
  return new FormError(status, { code, message });
}

/** An error of 2022-08-31 and later: what kind it is, and inside what exactly. */
export function nestedError(
  status: number,
  [code, message]: readonly [string, string],
  [innerCode, innerMessage]: readonly [string, string],
): FormError {
  return new FormError(status, { code, message, innererror: { code: innerCode, message: innerMessage } });
}

export function accessDenied(): FormError {
  const message =
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.";
  return new FormError(401, { code: "401", message }, { fromGateway: true });
}

/** What the gateway answers for a path that nobody serves. */
export function noSuchRoute(): FormError {
  return new FormError(404, { code: "404", message: "Resource not found" }, { fromGateway: true });
}

/** An unknown model of v2.x. */
export function modelNotFound(id: string): FormError {
  return plainError(404, "1022", `Model with 'id=${id}' not found.`);
}
