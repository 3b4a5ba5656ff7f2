/**
 * One resource's endpoint: sends requests with its credentials, never to another host, and words what goes wrong for people.
 */
import type { Clock } from "../../../model/clock.ts";
import type { ErrorCode } from "../../../model/error-codes.ts";
import { HoldfastError } from "../../../model/errors.ts";
import { refusalOf } from "../../http/answer-failure.ts";
import type { RetryPolicy } from "../../http/backoff.ts";
import { limitsOf } from "../../http/client-limits.ts";
import { HttpClient, type Authorizer, type HttpAnswer, type HttpRequest } from "../../http/http-client.ts";
import type { BudgetLimits } from "../../http/request-budget.ts";
import { parseServiceAddress } from "../../http/service-address.ts";
import type { FormConfig } from "../config.ts";
import { boundedObject, type Members } from "./bounded-answer.ts";
import { formDialect } from "./dialect.ts";
import { entraAuthorizer } from "./entra.ts";
import { explainedText } from "./explain.ts";
import { PollPace } from "./poll-pace.ts";

/**
 * Requests per second of tier S0, a little below the service's limits (50 reads, 10 lists, 5 changes), shared with applications. F0 allows one of
 * each: set there.
 */
const DEFAULT_BUDGET: BudgetLimits = { reads: 40, queries: 8, writes: 4 };

/**
 * The service asks for waits of whole seconds and was seen to need far more than the one it named, so waits begin at one and grow. Six tries last
 * about half a minute.
 */
export const DEFAULT_RETRY: Partial<RetryPolicy> = { attempts: 6, baseDelayMs: 2_000 };

export interface FormRequest extends Omit<HttpRequest, "body" | "repeatable"> {
  /** JSON text. */
  readonly body?: string;
  /** Default: everything but POST. */
  readonly repeatable?: boolean;
}

export class FormClient implements AsyncDisposable {
  readonly http: HttpClient;
  readonly #authorizer: Authorizer & Partial<AsyncDisposable>;
  readonly #pace: PollPace;
  #region: string | undefined;

  /** Errors: `config-invalid` when the address is none or that of something inside the resource, or the secret is none. */
  constructor(config: FormConfig, clock: Clock) {
    const limits = limitsOf(config);
    const retry = { ...DEFAULT_RETRY, ...limits.retry };
    const tls = config.ca === undefined ? undefined : { ca: config.ca };
    const address = parseServiceAddress(config.url);
    if (/\/(?:formrecognizer|documentintelligence)\b/i.test(address.prefix)) {
      throw new HoldfastError(
        "config-invalid",
        `the source's url (${address.shown}) must be the resource's endpoint alone, without ${address.prefix}`,
      );
    }
    this.#pace = new PollPace(clock);
    this.#authorizer = makeAuthorizer(config, clock, retry);
    this.http = new HttpClient({
      address,
      dialect: formDialect,
      clock,
      authorizer: this.#authorizer,
      ...limits,
      retry,
      budget: { ...DEFAULT_BUDGET, ...limits.budget },
      ...(tls === undefined ? {} : { tls }),
    });
  }

  /** Where the service says that it runs: a display name, `East US`. Undefined until an answer has told. */
  get region(): string | undefined {
    return this.#region;
  }

  /** Errors: `source-*`, `target-refused`; `context.code` is the service's own word. */
  async exchange<T>(
    request: FormRequest,
    read: (answer: HttpAnswer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const { body, repeatable, ...rest } = request;
    const wire: HttpRequest = {
      ...rest,
      repeatable: repeatable ?? request.method !== "POST",
      class: request.class ?? (request.method === "GET" ? "read" : "write"),
      ...(body === undefined ? {} : { body: Buffer.from(body, "utf8") }),
    };
    try {
      return await this.http.exchange(
        wire,
        async (answer) => {
          this.#region = answer.headers["x-ms-region"] ?? this.#region;
          return await read(answer);
        },
        signal,
      );
    } catch (error) {
      throw worded(error, request);
    }
  }

  /** An answer's JSON object, interpreted while it can still be blamed: `interpret` may throw `UnreadableAnswer`. */
  async object<T>(
    request: FormRequest,
    interpret: (body: Members, raw: Buffer, answer: HttpAnswer) => T,
    signal: AbortSignal,
  ): Promise<T> {
    return await this.exchange(
      request,
      async (answer) => {
        const { body, raw } = await boundedObject(answer);
        return interpret(body, raw, answer);
      },
      signal,
    );
  }

  /** As `object`; undefined when the service says that there is no such thing. A gateway's 404 is an error all the same. */
  async objectIfThere<T>(
    request: FormRequest,
    interpret: (body: Members, raw: Buffer, answer: HttpAnswer) => T,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    try {
      return await this.object(request, interpret, signal);
    } catch (error) {
      if (saysNotThere(error)) return undefined;
      throw error;
    }
  }

  /** The state of something that the service works on, asked for no sooner than it wishes; undefined when it knows no such thing. */
  async state<T>(
    operation: string,
    request: FormRequest,
    interpret: (body: Members) => T,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    await this.#pace.wait(operation, signal);
    return await this.objectIfThere(
      request,
      (body, _raw, answer) => {
        this.#pace.note(operation, answer);
        return interpret(body);
      },
      signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#authorizer[Symbol.asyncDispose]?.();
    await this.http[Symbol.asyncDispose]();
  }
}

/**
 * Whether the service itself says that the model, classifier or operation does not exist. What is in front of it answers 404 too, to a wrong address:
 * to believe that would be to take every model for deleted.
 */
export function saysNotThere(error: unknown): boolean {
  const refusal = refusalOf(error);
  return refusal !== undefined && refusal.status === 404 && /^1022$|NotFound$/.test(refusal.error);
}

/** What the service refuses is a fault of the request only where something was to be done. */
function codeFor(status: number, request: FormRequest, code: ErrorCode): ErrorCode {
  return (status === 400 || status === 409) && request.method !== "GET" ? "target-refused" : code;
}

function worded(error: unknown, request: FormRequest): unknown {
  const refusal = refusalOf(error);
  if (refusal === undefined || !(error instanceof HoldfastError)) return error;
  const { status, error: code, reason: message } = refusal;
  const advice = explainedText({ status, code, message });
  return new HoldfastError(
    codeFor(status, request, error.code),
    advice === "" ? error.message : `${error.message}.${advice}`,
    code === "" ? error.context : { ...error.context, code },
    refusal,
  );
}

function makeAuthorizer(
  { auth, ca }: FormConfig,
  clock: Clock,
  retry: Partial<RetryPolicy>,
): Authorizer & Partial<AsyncDisposable> {
  switch (auth.kind) {
    case "key":
      return fixed({ "ocp-apim-subscription-key": sendable(auth.key, "key") });
    case "bearer":
      return fixed({ authorization: `Bearer ${sendable(auth.token, "token")}` });
    case "entra":
      return entraAuthorizer(auth, clock, retry, ca === undefined ? undefined : { ca });
  }
}

function fixed(headers: Readonly<Record<string, string>>): Authorizer {
  return { headers: () => Promise.resolve(headers), renew: () => Promise.resolve(false) };
}

/** A secret read from a file or a portal often has a line break or a space too many, which no header can carry. */
function sendable(secret: string, what: string): string {
  if (/^[\x21-\x7e]+$/.test(secret)) return secret;
  throw new HoldfastError(
    "config-invalid",
    `the source's ${what} is empty or holds a space, a line break or another character that a ${what} never has`,
  );
}
