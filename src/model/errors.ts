/**
 * The one error type that people see. Every instance carries a code from `error-codes.ts`.
 */
import { ERROR_CODES, type ErrorClass, type ErrorCode } from "./error-codes.ts";

/** What an error concerns, for the person on call. No secrets, ever. */
export interface ErrorContext {
  /** Repository object, file or URL path. */
  readonly path?: string;
  readonly source?: string;
  readonly task?: string;
  readonly item?: string;
  readonly run?: string;
  /** HTTP status of the service's answer. */
  readonly status?: number;
  /** The service's own machine-readable word for what went wrong. */
  readonly code?: string;
  /** Shortest wait before a repetition, ms, as the service asked for it. */
  readonly retryAfterMs?: number;
}

export class HoldfastError extends Error {
  override readonly name = "HoldfastError";
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  /** `message`: what was being done, to which thing, and what went wrong; one sentence, no code, no secret. */
  constructor(code: ErrorCode, message: string, context: ErrorContext = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.context = context;
  }

  /** Whether repeating the same call may help. */
  get class(): ErrorClass {
    return ERROR_CODES[this.code].class;
  }

  /** The command's exit status. */
  get exit(): number {
    return ERROR_CODES[this.code].exit;
  }
}

/** Whether `error` is one of ours with one of these codes. */
export function isHoldfastError(error: unknown, ...codes: ErrorCode[]): error is HoldfastError {
  return error instanceof HoldfastError && (codes.length === 0 || codes.includes(error.code));
}

/** The text of anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
