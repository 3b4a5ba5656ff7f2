/**
 * From the operating system's error numbers to the codes of the storage contract.
 */
import { HoldfastError, errorText, isHoldfastError } from "../../model/errors.ts";
import type { ErrorCode } from "../../model/error-codes.ts";

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "object-missing",
  ENOTDIR: "object-missing",
  EISDIR: "object-missing",
  EACCES: "storage-permission",
  EPERM: "storage-permission",
  EROFS: "storage-permission",
  ENOSPC: "storage-full",
  EDQUOT: "storage-full",
  EFBIG: "storage-full",
};

/** What the person on call is told beside the system's own name for it. */
const REASONS: Partial<Record<ErrorCode, string>> = {
  "object-missing": "there is no such file",
  "storage-permission": "the file system refused access",
  "storage-full": "the file system has no room left for it",
};

/** The system's error code (`ENOENT`), or the empty string for anything else that was thrown. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Whether `error` carries one of these system error codes. */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(errnoOf(error));
}

/**
 * The contract's error for a file system's error, or the error itself when it is one of ours or no system error (an
 * abort). `doing`: a verb phrase that ends with the thing's name: `reading keys/0a in folder /backup`.
 */
export function folderError(error: unknown, doing: string, path: string): unknown {
  const errno = errnoOf(error);
  if (isHoldfastError(error) || !/^E[A-Z0-9]+$/.test(errno)) return error;
  const code = CODES[errno] ?? "storage-failed";
  const reason = REASONS[code];
  const text = reason === undefined ? errorText(error) : `${reason} (${errno})`;
  return new HoldfastError(code, `Failed ${doing}: ${text}.`, { path }, error);
}

/** The same for acts that make or change something, where a missing folder is no missing object. */
export function folderWriteError(error: unknown, doing: string, path: string): unknown {
  const mapped = folderError(error, doing, path);
  if (!isHoldfastError(mapped, "object-missing") || mapped === error) return mapped;
  return new HoldfastError("storage-failed", `Failed ${doing}: ${errorText(error)}.`, { path }, error);
}
