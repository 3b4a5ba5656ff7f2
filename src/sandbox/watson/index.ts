/**
 * What the stand-ins for Watson Text to Speech and Speech to Text share: a server that routes on the raw path, instances by path prefix,
 * both vendors' variants of authentication, faults, uploads and time. A service adds a table of routes. See docs/watson-stand-ins.md.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { DatabaseSync } from "node:sqlite";

import type { Millis } from "../../model/clock.ts";
import type { WatsonUser } from "./accounts.ts";
import { Accounts, DEFAULT_TOKEN_SECONDS } from "./accounts.ts";
import type { SandboxClock } from "../http/clock.ts";
import { ManualClock, RealClock } from "../http/clock.ts";
import type { Exchange } from "./exchange.ts";
import { Faults } from "./faults.ts";
import { RequestLog } from "./request-log.ts";
import type { Route } from "./routes.ts";
import { makeServer } from "./server.ts";
import type { TlsIdentity } from "../http/http-server.ts";
import { openStorage } from "../http/storage.ts";
import { IAM_PATH } from "./token-endpoints.ts";
import type { UploadInspection } from "./uploads.ts";
import { Uploads } from "./uploads.ts";

export type { WatsonUser } from "./accounts.ts";
export type { SandboxClock } from "../http/clock.ts";
export type { Exchange } from "./exchange.ts";
export type { Fault, FaultAction, FaultKind, FaultMatch } from "./faults.ts";
export { Faults } from "./faults.ts";
export type { SeenRequest } from "./request-log.ts";
export { RequestLog } from "./request-log.ts";
export type { Parameters, Route } from "./routes.ts";
export { route } from "./routes.ts";
export type { NewUpload, Upload, UploadInspection } from "./uploads.ts";
export { Uploads } from "./uploads.ts";

/** The instance that a stand-in's own `url` leads to. */
export const DEFAULT_INSTANCE = "5a4d0b9e-6a53-4c38-9d0e-2f6f1c7b8a10";
export const DEFAULT_API_KEY = "sandbox-api-key";
/** The user of Cloud Pak for Data that exists when none is configured; its API key is the first of `apiKeys`. */
export const DEFAULT_USER: WatsonUser = { username: "admin", password: "admin" };

export interface WatsonServerOptions {
  /** Where to keep the data; absent: in memory, gone with the process. */
  readonly folder?: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Keys that IAM exchanges and that Basic takes as password of `apikey`; default `["sandbox-api-key"]`. */
  readonly apiKeys?: readonly string[];
  /** Users of Cloud Pak for Data; default admin/admin. */
  readonly users?: readonly WatsonUser[];
  /** Life of a token, seconds; default 3600. */
  readonly tokenSeconds?: number;
  /** Serves HTTPS with this key and certificate, as clusters of Cloud Pak for Data do; absent: HTTP. */
  readonly tls?: TlsIdentity;
  /** The time at which the stand-in's clock stands until `advance`; absent: the real clock. Tokens always live by the real one. */
  readonly manualClockFrom?: Millis;
}

/** What a service is made of. */
export interface ServiceParts {
  /** The stand-in's store; a service makes tables of its own in it. */
  readonly sqlite: DatabaseSync;
  readonly uploads: Uploads;
  readonly clock: SandboxClock;
}

export interface WatsonService {
  readonly routes: readonly Route[];
  /** Asked before every call; throws what it refuses with. */
  readonly admit?: (exchange: Exchange, route: Route) => void;
  /** Ends what the service does on its own. */
  readonly close?: () => void | Promise<void>;
}

export interface WatsonSandbox extends AsyncDisposable {
  /** Service URL of the default instance, without a slash at the end. */
  readonly url: string;
  readonly origin: string;
  readonly port: number;
  /** Service URL of an instance; every name is one. */
  instance(guid: string): string;
  /** The first of the API keys. */
  readonly apiKey: string;
  /** For IAM: the URL in front of `/identity/token`. */
  readonly iamUrl: string;
  /** `iamUrl` with `/identity/token`. */
  readonly tokenUrl: string;
  /** For Cloud Pak for Data: the URL in front of `/v1/authorize`. */
  readonly authUrl: string;
  readonly faults: Faults;
  readonly requests: RequestLog;
  /** For tests only: no call of the service shows an upload. */
  readonly uploads: UploadInspection;
  /** The stand-in's time. */
  now(): Millis;
  /** Sets a manual clock forward and resolves when what became due has happened. Rejects on the real clock. */
  advance(ms: Millis): Promise<void>;
  /** Makes every token that was issued so far void. */
  revokeTokens(): void;
  /** Ends open connections; may be called twice. */
  close(): Promise<void>;
}

/** Starts a server and resolves when it listens. `name` names the store. Rejects if the port is taken or the folder cannot be used. */
export async function startWatson(
  name: string,
  options: WatsonServerOptions,
  make: (parts: ServiceParts) => WatsonService,
): Promise<WatsonSandbox> {
  const sqlite = openStorage(options.folder, name);
  const uploads = new Uploads(sqlite);
  const clock =
    options.manualClockFrom === undefined ? new RealClock() : new ManualClock(options.manualClockFrom);
  const apiKeys = options.apiKeys ?? [DEFAULT_API_KEY];
  const accounts = new Accounts({
    apiKeys,
    users: options.users ?? [DEFAULT_USER],
    tokenSeconds: options.tokenSeconds ?? DEFAULT_TOKEN_SECONDS,
  });
  const service = make({ sqlite, uploads, clock });
  const faults = new Faults();
  const requests = new RequestLog();
  const admit = service.admit ?? (() => undefined);
  const server = makeServer({ routes: service.routes, accounts, faults, requests, admit }, options.tls);
  const host = options.host ?? "127.0.0.1";
  server.listen(options.port ?? 0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    clock.close();
    await service.close?.();
    const gone = once(server, "close");
    server.close();
    server.closeAllConnections();
    await gone;
    sqlite.close();
  };
  const origin = `${options.tls === undefined ? "http" : "https"}://${host}:${port}`;
  const instance = (guid: string): string => `${origin}/instances/${encodeURIComponent(guid)}`;
  return {
    url: instance(DEFAULT_INSTANCE),
    origin,
    port,
    instance,
    apiKey: apiKeys[0] ?? "",
    iamUrl: origin,
    tokenUrl: `${origin}${IAM_PATH}`,
    authUrl: `${origin}/icp4d-api`,
    faults,
    requests,
    uploads,
    now: () => clock.now(),
    advance: async (ms) => clock.advance(ms),
    revokeTokens: () => {
      accounts.revokeTokens();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
