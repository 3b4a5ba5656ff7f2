/**
 * What is written down of a request that is to be kept: names, parameters, kinds of content. Never a credential: headers are chosen by
 * name, and the parameters that can carry one are left out.
 */
import type { IncomingHttpHeaders } from "node:http";

export interface RequestFacts {
  readonly source: string;
  readonly kind: "watson-tts" | "watson-stt";
  /** The vendor SDK's name of the operation. */
  readonly operation: string;
  /** Decoded names from the path: `id`, `name`. */
  readonly names: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** A callback's user secret. */
  readonly secret?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly containedContentType?: string;
  readonly customer?: string;
}

/** What the service's answer adds. */
export interface AnswerFacts {
  /** When it came, ISO 8601 UTC. */
  readonly at: string;
  /** Undefined: the connection broke before an answer. */
  readonly status?: number;
  /** The JSON of a short answer. */
  readonly answer?: unknown;
  /** The request passed without its content being kept, and why. */
  readonly incomplete?: string;
}

/** Parameters that carry credentials, or secrets that are kept apart. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set([
  "user_secret",
  "access_token",
  "watson-token",
  "apikey",
  "api_key",
  "token",
]);

/** Decoded query without secrets; of a repeated parameter the last one. `query`: raw, without the question mark. */
export function openParameters(query: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (!SECRET_PARAMETERS.has(name.toLowerCase())) parameters[name] = value;
  }
  return parameters;
}

export function userSecret(query: string): string | undefined {
  return new URLSearchParams(query).get("user_secret") ?? undefined;
}

/** Of the headers what tells what the content is, and whose. */
export function contentFacts(
  headers: IncomingHttpHeaders,
): Pick<RequestFacts, "contentType" | "contentEncoding" | "containedContentType" | "customer"> {
  const contained = headers["contained-content-type"];
  const customer = customerOf(headers["x-watson-metadata"]);
  return {
    ...(headers["content-type"] === undefined ? {} : { contentType: headers["content-type"] }),
    ...(headers["content-encoding"] === undefined ? {} : { contentEncoding: headers["content-encoding"] }),
    ...(contained === undefined ? {} : { containedContentType: String(contained) }),
    ...(customer === undefined ? {} : { customer }),
  };
}

/** `customer_id=VALUE`, possibly among other pairs. */
function customerOf(metadata: string | string[] | undefined): string | undefined {
  const text = Array.isArray(metadata) ? metadata.join(";") : metadata;
  return text === undefined ? undefined : /(?:^|;)\s*customer_id=([^;]*)/.exec(text)?.[1]?.trim();
}
