/**
 * What is asked of the HTTP layer and what it gives back.
 */
import type { Clock, Millis } from "../../model/clock.ts";
import type { ServiceDialect } from "./answer-failure.ts";
import type { RetryPolicy } from "./backoff.ts";
import type { RequestBody } from "./request-body.ts";
import type { BudgetLimits, RequestClass } from "./request-budget.ts";
import type { ServiceAddress } from "./service-address.ts";

/** Supplies the credentials of each request. */
export interface Authorizer {
  /** Headers for the next request; may itself make requests to renew them. */
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** Called once when a request was answered 401; true when new credentials were obtained and it is worth one repeat. */
  renew(signal: AbortSignal): Promise<boolean>;
}

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Percent-encoded path after the service's prefix, with leading slash, without query. */
  readonly path: string;
  /** Percent-encoded query without `?`. Never shown in errors. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Continues "could not …" in messages. */
  readonly purpose: string;
  /** Whether sending it twice does no more than sending it once. */
  readonly repeatable: boolean;
  readonly class?: RequestClass;
  /** What the service counts this request as; default 1. */
  readonly units?: number;
  /** Statuses beside 2xx that are answers, not failures. */
  readonly accept?: readonly number[];
  /** No repetition is sent later than this, ms UTC: what it hands in would be about to run out. */
  readonly repeatUntil?: Millis;
  /** Sent without credentials. */
  readonly anonymous?: boolean;
  /** A 401 may mean something else than credentials: they are not renewed for it. */
  readonly keepCredentials?: boolean;
  /** Secrets in the body: removed from the service's words should it quote them. */
  readonly secrets?: readonly string[];
  /** Not held up by limiter and budget: a request that another one, which holds a place, is waiting for. */
  readonly outsideLimits?: boolean;
  /** Send a large body gzip-compressed. */
  readonly compress?: boolean;
  /** Keep the body as it came: an attachment's stored gzip bytes are content. */
  readonly keepEncoding?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded unless `keepEncoding`. Throws `source-unreachable` when it ends early. */
  readonly body: AsyncIterable<Buffer>;
  /** When the request was sent, ms UTC. */
  readonly sentAt: number;
}

export interface HttpClientOptions {
  readonly address: ServiceAddress;
  readonly dialect: ServiceDialect;
  readonly authorizer?: Authorizer;
  readonly clock?: Clock;
  /** Most requests under way at once. */
  readonly parallelism?: number;
  readonly headroom?: number;
  readonly budget?: BudgetLimits;
  readonly retry?: Partial<RetryPolicy>;
  readonly connectTimeoutMs?: number;
  /** Longest silence before the answer's head and between pieces of its body, ms. */
  readonly requestTimeoutMs?: number;
  readonly userAgent?: string;
  readonly tls?: TlsTrust;
}

/** Which servers are believed. */
export interface TlsTrust {
  /** PEM of certificates to trust beside the well-known ones. */
  readonly ca?: string;
  /** True: any certificate is taken. */
  readonly insecure?: boolean;
}
