/**
 * An instance of a Watson speech service. Every call is one HTTP exchange that repeats itself where that is safe
 * (`../http/http-client.ts`); lists are handed over as the exact bytes of their elements.
 *
 * The services answer 401 both to bad credentials and for a custom model that does not exist. Here the second is
 * `source-not-found`: a listing that needs no model tells them apart before any 401 is believed.
 */
import { systemClock, type Clock } from "../../model/clock.ts";
import { HoldfastError, isHoldfastError } from "../../model/errors.ts";
import { ArrayCutter } from "../http/array-cutter.ts";
import { basicAuthorizer } from "../http/basic.ts";
import { limitsOf } from "../http/client-limits.ts";
import { HttpClient, type Authorizer, type HttpAnswer, type HttpRequest } from "../http/http-client.ts";
import { IAM_TOKEN_URL, iamAuthorizer } from "../http/iam.ts";
import { valueEnd } from "../http/raw-json.ts";
import { parseServiceAddress } from "../http/service-address.ts";
import { parseJson, readBytes, readJson } from "../http/whole-answer.ts";
import type { WatsonConfig } from "./config.ts";
import { cp4dAuthorizer } from "./cp4d.ts";
import { watsonDialect } from "./dialect.ts";

export { component } from "../http/path-component.ts";

/** Content that is sent from where it is kept, opened anew for each attempt. */
export interface StreamedBody {
  /** Bytes: sent beforehand, because some servers refuse uploads of unknown length. */
  readonly length: number;
  readonly open: () => AsyncIterable<Buffer>;
}

/** `path`: percent-encoded, from `/v1` on. `body`: JSON unless it is bytes or a stream. */
export interface WatsonRequest extends Omit<HttpRequest, "body" | "query"> {
  readonly body?: Buffer | StreamedBody | { readonly json: unknown };
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** What can be listed with any good credentials, whatever models there are. */
export type ProbePath = "/v1/voices" | "/v1/models";

export class WatsonClient implements AsyncDisposable {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly config: WatsonConfig;
  readonly #authorizer: (Authorizer & Partial<AsyncDisposable>) | undefined;
  readonly #probePath: ProbePath;
  #renewals = 0;

  /** Errors: `config-invalid` when the address is none. */
  constructor(config: WatsonConfig, probePath: ProbePath, clock: Clock = systemClock) {
    this.config = config;
    this.clock = clock;
    this.#probePath = probePath;
    const tls = {
      ...(config.ca === undefined ? {} : { ca: config.ca }),
      ...(config.insecureTls === true ? { insecure: true } : {}),
    };
    const address = parseServiceAddress(config.url);
    this.#authorizer = counted(makeAuthorizer(config, clock, tls), () => this.#renewals++);
    this.http = new HttpClient({
      address,
      dialect: watsonDialect,
      clock,
      ...(Object.keys(tls).length === 0 ? {} : { tls }),
      ...(this.#authorizer === undefined ? {} : { authorizer: this.#authorizer }),
      ...limitsOf(config),
    });
  }

  /** Any exchange. Errors: as `HttpClient.exchange`; `source-not-found` for a custom model that is not there. */
  async exchange<T>(
    request: WatsonRequest,
    read: (answer: HttpAnswer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const wire = wireRequest(request);
    if (!namesCustomObject(request.path)) return await this.http.exchange(wire, read, signal);
    const patient = { ...wire, keepCredentials: true };
    try {
      return await this.http.exchange(patient, read, signal);
    } catch (error) {
      if (!isHoldfastError(error, "source-unauthorized")) throw error;
      const renewals = this.#renewals;
      await this.probe(signal);
      if (this.#renewals === renewals) throw notFound(error);
    }
    // The credentials had run out: only what the service says to new ones counts.
    try {
      return await this.http.exchange(patient, read, signal);
    } catch (error) {
      throw isHoldfastError(error, "source-unauthorized") ? notFound(error) : error;
    }
  }

  /** Throws `source-unauthorized` when the credentials are not accepted; renews them where that helps. */
  async probe(signal: AbortSignal): Promise<unknown> {
    return await this.http.exchange(
      { method: "GET", path: this.#probePath, purpose: "test the credentials", repeatable: true },
      readJson,
      signal,
    );
  }

  /** A JSON answer; undefined for an empty one. */
  async json(request: WatsonRequest, signal: AbortSignal): Promise<unknown> {
    return await this.exchange(
      request,
      async (answer) => {
        const bytes = await readBytes(answer);
        return bytes.length === 0 ? undefined : parseJson(bytes);
      },
      signal,
    );
  }

  /** The whole answer's bytes. */
  async raw(request: WatsonRequest, signal: AbortSignal): Promise<Buffer> {
    return await this.exchange(request, readBytes, signal);
  }

  /** The exact bytes of each element of the answer's array `member`, in the service's order. */
  async listRaw(
    path: string,
    member: string,
    about: { readonly purpose: string; readonly query?: WatsonRequest["query"] },
    signal: AbortSignal,
  ): Promise<Buffer[]> {
    return await this.exchange(
      {
        method: "GET",
        path,
        purpose: about.purpose,
        repeatable: true,
        ...(about.query === undefined ? {} : { query: about.query }),
      },
      async (answer) => {
        const elements: Buffer[] = [];
        const cutter = new ArrayCutter(member, (bytes, start) => {
          const end = valueEnd(bytes, start);
          if (end >= 0) elements.push(bytes.subarray(start, end));
          return end;
        });
        for await (const piece of answer.body) cutter.push(piece);
        cutter.finish();
        return elements;
      },
      signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#authorizer?.[Symbol.asyncDispose]?.();
    await this.http[Symbol.asyncDispose]();
  }
}

/** Whether a path names one model or what hangs below it: only there a 401 has two meanings. */
function namesCustomObject(path: string): boolean {
  return /^\/v1\/(?:acoustic_)?customizations\/./.test(path);
}

function notFound(error: HoldfastError): HoldfastError {
  return new HoldfastError(
    "source-not-found",
    `${error.message}; the credentials are good, so there is no such custom model in this instance`,
    error.context,
    error.cause,
  );
}

function wireRequest(request: WatsonRequest): HttpRequest {
  const { body, query, ...rest } = request;
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`],
  );
  const common = { ...rest, ...(pairs.length === 0 ? {} : { query: pairs.join("&") }) };
  if (body === undefined) {
    if (request.method !== "POST") return common;
    // Trainings and resets are POSTs without a body: they are sent as the vendor's own clients send them.
    return {
      ...common,
      body: Buffer.alloc(0),
      headers: { "content-type": "application/json", ...rest.headers },
    };
  }
  if (Buffer.isBuffer(body)) return { ...common, body };
  if ("json" in body) return { ...common, body: Buffer.from(JSON.stringify(body.json), "utf8") };
  return {
    ...common,
    body: body.open,
    headers: { ...rest.headers, "content-length": String(body.length) },
  };
}

function makeAuthorizer(
  config: WatsonConfig,
  clock: Clock,
  tls: { readonly ca?: string; readonly insecure?: boolean },
): (Authorizer & Partial<AsyncDisposable>) | undefined {
  const { auth } = config;
  const retry = config.retry ?? {};
  switch (auth.kind) {
    case "none":
      return undefined;
    case "iam":
      return iamAuthorizer(auth.apiKey, auth.tokenUrl ?? IAM_TOKEN_URL, clock, retry, tls);
    case "apikey":
      return basicAuthorizer("apikey", auth.apiKey);
    case "bearer":
      return {
        headers: () => Promise.resolve({ authorization: `Bearer ${auth.token}` }),
        renew: () => Promise.resolve(false),
      };
    case "cp4d":
      return cp4dAuthorizer(auth, clock, retry, tls);
  }
}

/** The same authorizer, telling of each renewal. */
function counted(
  authorizer: (Authorizer & Partial<AsyncDisposable>) | undefined,
  renewed: () => void,
): (Authorizer & Partial<AsyncDisposable>) | undefined {
  if (authorizer === undefined) return undefined;
  return {
    ...authorizer,
    async renew(signal) {
      const done = await authorizer.renew(signal);
      if (done) renewed();
      return done;
    },
  };
}
