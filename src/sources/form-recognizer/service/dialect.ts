/**
 * How the service words its refusals. Both generations use `{"error":{"code","message"}}`; v3 and later may nest the reason in `innererror` and name
 * a `target` and `details`. The innermost code is the one that tells what happened.
 */
import type { ServiceDialect } from "../../http/answer-failure.ts";
import { membersOf, optionalText, type Members } from "./bounded-answer.ts";

/** Statuses after which the same request may succeed. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Nesting beyond this is no error of the service's. */
const DEEPEST_INNER_ERROR = 8;

/** Details beyond this many are not quoted. */
const QUOTED_DETAILS = 3;

export interface ServiceError {
  /** Innermost code; empty where there is none. */
  readonly code: string;
  /** The innermost message, with target and details where they are told. */
  readonly message: string;
}

export const formDialect: ServiceDialect = {
  explain(_status, body) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(body);
    } catch {
      // Not the service's own words but a proxy's page: the status has to do.
      return { error: "", reason: "" };
    }
    const { code, message } = readServiceError(membersOf(parsed)?.["error"]);
    return { error: code, reason: message };
  },
  passing: (status) => PASSING_STATUSES.has(status),
};

/** Reads the error object of a refusal, of a failed operation or of a failed training. */
export function readServiceError(value: unknown): ServiceError {
  let error = membersOf(value);
  if (error === undefined) return { code: "", message: "" };
  const target = optionalText(error["target"]);
  const details = Array.isArray(error["details"]) ? (error["details"] as unknown[]) : [];
  let code = codeOf(error);
  let message = optionalText(error["message"]) ?? "";
  for (let depth = 0; depth < DEEPEST_INNER_ERROR; depth++) {
    error = membersOf(error["innererror"]);
    if (error === undefined) break;
    code = codeOf(error) || code;
    message = optionalText(error["message"]) ?? message;
  }
  const more = details.slice(0, QUOTED_DETAILS).flatMap((detail) => {
    const { code: word, message: words } = readServiceError(detail);
    const text = [word, words].filter((part) => part !== "").join(": ");
    return text === "" ? [] : [text];
  });
  const whole = [message, ...(target === undefined ? [] : [`concerning ${target}`]), ...more].filter(
    (part) => part !== "",
  );
  return { code, message: withoutSignatures(whole.join("; ")) };
}

/** The gateway writes some codes as numbers. */
function codeOf(error: Members): string {
  const code = error["code"];
  return typeof code === "number" ? String(code) : (optionalText(code) ?? "");
}

/** The service may quote a container's address: what stands in its query is a credential. */
function withoutSignatures(text: string): string {
  return text
    .replace(/(https?:\/\/[^\s?'"]+)\?[^\s'"]*/gi, "$1")
    .replace(/\bsig=[^\s&'"]+/gi, "sig=[removed]");
}

/** What must not be quoted of a container's address: its signature, as it stands there and decoded. */
export function signaturesIn(address: string): readonly string[] {
  const at = address.indexOf("?");
  if (at < 0) return [];
  const query = address.slice(at + 1);
  const signatures = [...query.matchAll(/(?:^|&)sig=([^&]+)/gi)].map((found) => found[1] as string);
  const decoded = signatures.map(
    (signature) => new URLSearchParams(`sig=${signature}`).get("sig") ?? signature,
  );
  return [query, ...signatures, ...decoded];
}
