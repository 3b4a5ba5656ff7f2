/**
 * The server below every stand-in that speaks HTTP, with or without TLS.
 */
import type { RequestListener, Server } from "node:http";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";

/** How long an idle connection stays open, ms. */
const KEEP_ALIVE_MS = 30_000;

/** PEM texts. */
export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
}

/** A server that is not listening yet. */
export function httpServer(listener: RequestListener, tls: TlsIdentity | undefined): Server {
  const options = { keepAliveTimeout: KEEP_ALIVE_MS };
  const server =
    tls === undefined ? createServer(options, listener) : createTlsServer({ ...options, ...tls }, listener);
  // Gigabytes take their time.
  server.requestTimeout = 0;
  return server;
}
