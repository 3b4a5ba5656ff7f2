/**
 * The requests that a stand-in has seen: counted per call, and the last ones with their headers, so that a test can tell what really
 * arrived. Credentials are not kept.
 */
import type { IncomingHttpHeaders } from "node:http";

import { RequestCounts } from "./request-counts.ts";

/** Requests that are remembered one by one; older ones are only counted. */
const REMEMBERED_REQUESTS = 1000;

export interface SeenRequest {
  readonly method: string;
  /** With its query, as sent. */
  readonly url: string;
  /** The call's pattern, such as `/v1/customizations/{id}/words`; `unknown` when nobody serves the path. */
  readonly call: string;
  /** Without credentials. */
  readonly headers: IncomingHttpHeaders;
  /** Which of several servers of one stand-in it went to. */
  readonly place?: string;
  /** Of the answer; undefined while there is none. */
  status: number | undefined;
}

/** Where a service takes credentials. */
export interface SecretPlaces {
  /** Names of headers in lower case. */
  readonly headers: ReadonlySet<string>;
  /** Matches a URL whose query must not be kept. */
  readonly query: RegExp | null;
}

export class RequestLog extends RequestCounts {
  readonly #secrets: SecretPlaces;
  #seen: SeenRequest[] = [];

  constructor(secrets: SecretPlaces) {
    super();
    this.#secrets = secrets;
  }

  /** Counts and remembers one request. */
  see(method: string, url: string, call: string, headers: IncomingHttpHeaders, place?: string): SeenRequest {
    const { headers: secretHeaders, query } = this.#secrets;
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !secretHeaders.has(name)));
    const shown = query?.test(url) === true ? `${url.split("?")[0] ?? ""}?…` : url;
    const seen: SeenRequest = {
      method,
      url: shown,
      call,
      headers: kept,
      ...(place === undefined ? {} : { place }),
      status: undefined,
    };
    this.remember(seen);
    return seen;
  }

  /** Counts and remembers what another log has seen. */
  remember(seen: SeenRequest): void {
    this.add(seen.method, seen.call);
    this.#seen.push(seen);
    if (this.#seen.length > REMEMBERED_REQUESTS) this.#seen.shift();
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
