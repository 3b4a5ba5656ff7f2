/**
 * The one way any source talks HTTP: a keep-alive pool, time limits, credentials, repetition of what is safe to
 * repeat, adaptive concurrency, a request budget, and counters.
 *
 * One exchange covers the whole answer, body included: an answer that ends early is a failed attempt, never a
 * shorter answer. Nothing here ever puts a header, a query or a credential into an error.
 */
import { createGunzip } from "node:zlib";
import { pipeline } from "node:stream";
import { rootCertificates } from "node:tls";
import { Pool } from "undici";
import type { IncomingHttpHeaders } from "node:http";
import { systemClock, type Clock } from "../../model/clock.ts";
import { HoldfastError, isHoldfastError } from "../../model/errors.ts";
import { AnswerStream } from "./answer-stream.ts";
import {
  connectionError,
  refusalError,
  ServiceRefusal,
  UnreadableAnswer,
  unreadableError,
  wasNeverSent,
  type RequestPurpose,
} from "./answer-failure.ts";
import {
  backoffDelay,
  DEFAULT_RETRY,
  parseRetryAfter,
  pause,
  RETRY_AFTER_CAP_MS,
  type RetryPolicy,
} from "./backoff.ts";
import { ConcurrencyLimiter } from "./concurrency-limiter.ts";
import type { HttpAnswer, HttpClientOptions, HttpRequest, TlsTrust } from "./http-request.ts";
import { redactor } from "./redaction.ts";
import { RequestBudget } from "./request-budget.ts";
import { wireBody } from "./request-body.ts";
import type { ServiceAddress } from "./service-address.ts";
import { Traffic } from "./traffic.ts";

export type { Authorizer, HttpAnswer, HttpClientOptions, HttpRequest, TlsTrust } from "./http-request.ts";

export const DEFAULT_PARALLELISM = 8;

/** Requests under way before anything is known about the service: measured best of 1–8 on one CouchDB node. */
const INITIAL_PARALLELISM = 5;

const CONNECT_TIMEOUT_MS = 10_000;

/** CouchDB and Cloudant end their own work after 60 s; a proxy between may add a retry of its own. */
const REQUEST_TIMEOUT_MS = 130_000;

/** Idle connections are closed by us (ms) before load balancers usually do (60 s), to meet fewer cut ones. */
const KEEP_ALIVE_MS = 30_000;

/** Half of the services' own 60 s limit (ms): an answer head slower than this means that the service is overloaded. */
const STRAIN_LATENCY_MS = 30_000;

/** Refusals are read up to here (bytes); the rest is thrown away. */
const REFUSAL_BYTES = 64 * 1024;

const STRAIN_STATUSES: ReadonlySet<number> = new Set([429, 503]);

export class HttpClient implements AsyncDisposable {
  readonly address: ServiceAddress;
  readonly traffic = new Traffic();
  /** How often and after which waits requests are repeated. */
  readonly retry: RetryPolicy;
  readonly #options: HttpClientOptions;
  readonly #clock: Clock;
  readonly #pool: Pool;
  readonly #limiter: ConcurrencyLimiter;
  readonly #budget: RequestBudget;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.address = options.address;
    this.#clock = options.clock ?? systemClock;
    this.retry = { ...DEFAULT_RETRY, ...options.retry };
    const max = options.parallelism ?? DEFAULT_PARALLELISM;
    const timeout = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.#limiter = new ConcurrencyLimiter({
      initial: INITIAL_PARALLELISM,
      max,
      headroom: options.headroom ?? 0,
    });
    this.#budget = new RequestBudget(options.budget ?? {}, options.headroom ?? 0, this.#clock);
    this.#pool = new Pool(options.address.origin, {
      connections: max,
      pipelining: 1,
      connectTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      keepAliveTimeout: KEEP_ALIVE_MS,
      ...(options.tls === undefined ? {} : { connect: connectOptions(options.tls) }),
    });
  }

  /** Most requests this client ever has under way: how far ahead it is worth asking. */
  get parallelism(): number {
    return this.#options.parallelism ?? DEFAULT_PARALLELISM;
  }

  /**
   * Sends the request and lets `read` consume the answer; repeats both together after failures that may pass. `read`
   * may thus be called several times and must begin anew each time. Errors that `read` throws for reasons of its own
   * (the repository's, say) are passed on unchanged.
   */
  async exchange<T>(
    request: HttpRequest,
    read: (answer: HttpAnswer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      try {
        if (request.outsideLimits === true) return await this.#attempt(request, read, () => {}, signal);
        return await this.#limiter.run(async (strained) => {
          await this.#budget.take(request.class ?? "read", request.units ?? 1, signal);
          return await this.#attempt(request, read, strained, signal);
        }, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (isHoldfastError(error, "source-unauthorized") && !renewed && mayRenew(request)) {
          renewed = true;
          if ((await this.#options.authorizer?.renew(signal)) === true) continue;
        }
        if (!this.#mayRepeat(request, error, attempt)) throw error;
        const delay = backoffDelay(this.retry, attempt, error.context.retryAfterMs);
        if (this.#clock.now() + delay > (request.repeatUntil ?? Infinity)) throw error;
        this.traffic.repeated++;
        await pause(delay, signal);
      }
    }
  }

  async #attempt<T>(
    request: HttpRequest,
    read: (answer: HttpAnswer) => Promise<T>,
    strained: () => void,
    signal: AbortSignal,
  ): Promise<T> {
    const credentials =
      request.anonymous === true ? {} : ((await this.#options.authorizer?.headers(signal)) ?? {});
    const about = this.#about(request);
    const sent = wireBody(request.body, request.compress === true);
    const sentAt = this.#clock.now();
    this.traffic.requests++;
    this.traffic.bytesSent += sent.length;
    const stream = new AnswerStream(signal);
    this.#pool.dispatch(
      {
        method: request.method,
        path: `${this.address.prefix}${request.path}${request.query ? `?${request.query}` : ""}`,
        headers: {
          accept: "application/json",
          "accept-encoding": "gzip",
          "user-agent": this.#options.userAgent ?? "holdfast",
          ...(request.body === undefined ? {} : { "content-type": "application/json" }),
          ...request.headers,
          ...sent.headers,
          ...credentials,
        },
        body: sent.body,
      },
      stream,
    );
    try {
      const head = await stream.head.catch((error: unknown) => {
        signal.throwIfAborted();
        throw connectionError(about, error);
      });
      const { status } = head;
      if (STRAIN_STATUSES.has(status) || this.#clock.now() - sentAt > STRAIN_LATENCY_MS) strained();
      const headers = singleHeaders(head.headers);
      const body = this.#body(stream, headers, request, about, signal);
      if (!isGood(status, request)) {
        const redact = redactor([...Object.values(credentials), ...(request.secrets ?? [])]);
        throw await this.#refusal(about, status, headers, body, redact);
      }
      try {
        const result = await read({ status, headers, body, sentAt });
        // Reading to the end is what gives the connection back; what a reader left is little.
        if (!stream.done) for await (const piece of stream) this.traffic.bytesReceived += piece.length;
        return result;
      } catch (error) {
        if (error instanceof UnreadableAnswer) throw unreadableError(about, error, status);
        throw error;
      }
    } finally {
      stream.abandon();
    }
  }

  async *#body(
    stream: AsyncIterable<Buffer>,
    headers: Readonly<Record<string, string>>,
    request: HttpRequest,
    about: RequestPurpose,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    const unpack = headers["content-encoding"] === "gzip" && request.keepEncoding !== true;
    // The callback form of pipeline: a failure of either side arrives at whoever iterates.
    const pieces: AsyncIterable<Buffer> = unpack ? pipeline(stream, createGunzip(), () => {}) : stream;
    try {
      for await (const piece of pieces) {
        this.traffic.bytesReceived += piece.length;
        yield piece;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw connectionError(about, error);
    }
  }

  async #refusal(
    about: RequestPurpose,
    status: number,
    headers: Readonly<Record<string, string>>,
    body: AsyncIterable<Buffer>,
    redact: (text: string) => string,
  ): Promise<HoldfastError> {
    if (status === 429) this.traffic.throttled++;
    const pieces: Buffer[] = [];
    let size = 0;
    // The refusal's status is what matters: a body that breaks off must not hide it.
    try {
      for await (const piece of body) {
        if (size < REFUSAL_BYTES) pieces.push(piece);
        size += piece.length;
      }
    } catch (error) {
      if (!isHoldfastError(error, "source-unreachable")) throw error;
    }
    const words = redact(Buffer.concat(pieces).toString("utf8"));
    const { error, reason } = this.#options.dialect.explain(status, words);
    const refusal = new ServiceRefusal(status, error, reason, this.#options.dialect.passing(status, error));
    return refusalError(about, refusal, parseRetryAfter(headers["retry-after"], this.#clock));
  }

  #mayRepeat(request: HttpRequest, error: unknown, attempt: number): error is HoldfastError {
    if (!(error instanceof HoldfastError)) return false;
    if ((error.context.retryAfterMs ?? 0) > RETRY_AFTER_CAP_MS) return false;
    switch (error.code) {
      case "source-throttled": // Refused before anything was done, so even a write may be sent again.
        return attempt < this.retry.throttledAttempts;
      case "source-unreachable":
        return attempt < this.retry.attempts && (request.repeatable || wasNeverSent(error.cause));
      case "source-protocol":
        return attempt < this.retry.attempts && request.repeatable && error.cause instanceof UnreadableAnswer;
      default:
        return false;
    }
  }

  #about(request: HttpRequest): RequestPurpose {
    return {
      purpose: request.purpose,
      method: request.method,
      path: request.path,
      service: this.address.shown,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}

function mayRenew(request: HttpRequest): boolean {
  return request.anonymous !== true && request.keepCredentials !== true;
}

function connectOptions({ ca, insecure }: TlsTrust): { ca?: string[]; rejectUnauthorized: boolean } {
  return {
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    rejectUnauthorized: insecure !== true,
  };
}

function isGood(status: number, request: HttpRequest): boolean {
  return (status >= 200 && status < 300) || (request.accept?.includes(status) ?? false);
}

function singleHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) single[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return single;
}
