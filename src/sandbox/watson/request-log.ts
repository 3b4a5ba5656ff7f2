/**
 * The requests that a stand-in has seen: counted per call, and the last ones with their headers, so that a test can tell what really
 * arrived. Credentials are not kept.
 */
import type { IncomingHttpHeaders } from "node:http";

import { RequestCounts } from "../http/request-counts.ts";

/** Requests that are remembered one by one; older ones are only counted. */
export const REMEMBERED_REQUESTS = 1000;

const SECRET_HEADERS = new Set(["authorization", "x-watson-authorization-token", "cookie"]);

export interface SeenRequest {
  readonly method: string;
  /** With its query, as sent. */
  readonly url: string;
  /** The call's pattern, such as `/v1/customizations/{id}/words`; `unknown` when nobody serves the path. */
  readonly call: string;
  /** Without credentials. */
  readonly headers: IncomingHttpHeaders;
  /** Of the answer; undefined while there is none. */
  status: number | undefined;
}

/** Tokens of WebSockets, and what callers prove themselves with to an application. */
const SECRET_QUERY = /^[^?]*\?(?:.*&)?(?:access_token|user_secret)=/;

export class RequestLog extends RequestCounts {
  #seen: SeenRequest[] = [];

  /** Counts and remembers one request. */
  see(method: string, url: string, call: string, headers: IncomingHttpHeaders): SeenRequest {
    this.add(method, call);
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET_HEADERS.has(name)));
    const shown = SECRET_QUERY.test(url) ? `${url.split("?")[0] ?? ""}?…` : url;
    const seen: SeenRequest = { method, url: shown, call, headers: kept, status: undefined };
    this.#seen.push(seen);
    if (this.#seen.length > REMEMBERED_REQUESTS) this.#seen.shift();
    return seen;
  }

  /** The last requests, oldest first. */
  recent(): readonly SeenRequest[] {
    return this.#seen;
  }

  override reset(): void {
    super.reset();
    this.#seen = [];
  }
}
