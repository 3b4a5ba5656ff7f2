/**
 * A CouchDB-speaking service: the server itself and its databases. Every call is one HTTP exchange (paged calls: one
 * per page) and repeats itself where that is safe; see `../http/http-client.ts`.
 */
import { systemClock, type Clock } from "../../model/clock.ts";
import { limitsOf } from "../http/client-limits.ts";
import { HttpClient, type Authorizer, type HttpAnswer, type HttpRequest } from "../http/http-client.ts";
import { parseServiceAddress, type ServiceAddress } from "../http/service-address.ts";
import { readJson } from "../http/whole-answer.ts";
import { basicAuthorizer } from "../http/basic.ts";
import { IAM_TOKEN_URL, iamAuthorizer } from "../http/iam.ts";
import { sessionAuthorizer } from "./auth/session.ts";
import type { CouchConfig } from "./config.ts";
import { CouchDatabase } from "./database.ts";
import { databaseInfo, type DatabaseInfo } from "./database-info.ts";
import { couchDialect } from "./dialect.ts";
import { encodeName } from "./names.ts";

export interface ServerInfo {
  /** `CouchDB`, `express-pouchdb`, … */
  readonly product: string;
  readonly version: string;
  readonly vendor: string;
  readonly features: readonly string[];
}

export class CouchClient implements AsyncDisposable {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly #authorizer: (Authorizer & Partial<AsyncDisposable>) | undefined;
  readonly #compress: boolean;

  constructor(config: CouchConfig, clock: Clock = systemClock) {
    const address = parseServiceAddress(config.url);
    this.clock = clock;
    this.#compress = config.compressRequests ?? false;
    this.#authorizer = makeAuthorizer(config, address, () => this.http, clock);
    this.http = new HttpClient({
      address,
      dialect: couchDialect,
      clock,
      ...(this.#authorizer === undefined ? {} : { authorizer: this.#authorizer }),
      ...limitsOf(config),
    });
  }

  /** Any exchange; paths are below the service's address. For calls that have no method of their own. */
  async exchange<T>(
    request: HttpRequest,
    read: (answer: HttpAnswer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    return await this.http.exchange({ compress: this.#compress, ...request }, read, signal);
  }

  /** `GET /`. Old and foreign servers leave members out: they are empty then. */
  async server(signal: AbortSignal): Promise<ServerInfo> {
    const root = (await this.exchange(
      { method: "GET", path: "/", purpose: "greet the service", repeatable: true },
      readJson,
      signal,
    )) as Record<string, unknown>;
    const vendor = root["vendor"] as { name?: unknown } | undefined;
    const version = root["version"];
    const features = root["features"];
    return {
      product:
        Object.keys(root).find((member) => root[member] === "Welcome" || root[member] === "Welcome!") ?? "",
      version: typeof version === "string" ? version : "",
      vendor: typeof vendor?.name === "string" ? vendor.name : "",
      features: Array.isArray(features) ? features.map(String) : [],
    };
  }

  /** Who the credentials belong to, and its roles; an empty name is nobody. `GET /_session`. */
  async whoAmI(signal: AbortSignal): Promise<{ readonly name: string; readonly roles: readonly string[] }> {
    const session = (await this.exchange(
      { method: "GET", path: "/_session", purpose: "ask who the credentials belong to", repeatable: true },
      readJson,
      signal,
    )) as { userCtx?: { name?: unknown; roles?: unknown } };
    const { name, roles } = session.userCtx ?? {};
    return {
      name: typeof name === "string" ? name : "",
      roles: Array.isArray(roles) ? roles.map(String) : [],
    };
  }

  /** One page of database names in the server's order, from `startKey` (included) on. `GET /_all_dbs`. */
  async allDbs(
    page: { readonly startKey?: string; readonly limit?: number },
    signal: AbortSignal,
  ): Promise<string[]> {
    const query = [
      ...(page.startKey === undefined ? [] : [`startkey=${encodeName(JSON.stringify(page.startKey))}`]),
      ...(page.limit === undefined ? [] : [`limit=${page.limit}`]),
    ].join("&");
    return (await this.exchange(
      {
        method: "GET",
        path: "/_all_dbs",
        query,
        purpose: "list the databases",
        repeatable: true,
        class: "query",
      },
      readJson,
      signal,
    )) as string[];
  }

  /** Facts of up to 100 databases in one request (`POST /_dbs_info`); undefined for those that do not exist. */
  async dbsInfo(names: readonly string[], signal: AbortSignal): Promise<(DatabaseInfo | undefined)[]> {
    const rows = (await this.exchange(
      {
        method: "POST",
        path: "/_dbs_info",
        body: Buffer.from(JSON.stringify({ keys: names }), "utf8"),
        purpose: "read the facts of several databases",
        repeatable: true,
        class: "query",
      },
      readJson,
      signal,
    )) as { info?: unknown }[];
    return rows.map((row) => (row.info === undefined ? undefined : databaseInfo(row.info)));
  }

  database(name: string): CouchDatabase {
    return new CouchDatabase(this, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#authorizer?.[Symbol.asyncDispose]?.();
    await this.http[Symbol.asyncDispose]();
  }
}

function makeAuthorizer(
  config: CouchConfig,
  address: ServiceAddress,
  http: () => HttpClient,
  clock: Clock,
): (Authorizer & Partial<AsyncDisposable>) | undefined {
  const { auth } = config;
  if (auth.kind === "basic") return basicAuthorizer(auth.username, auth.password);
  if (auth.kind === "session") return sessionAuthorizer(http, auth.username, auth.password, clock);
  if (auth.kind === "iam") {
    return iamAuthorizer(auth.apiKey, auth.tokenUrl ?? IAM_TOKEN_URL, clock, config.retry ?? {});
  }
  return address.userInfo && basicAuthorizer(address.userInfo.username, address.userInfo.password);
}
