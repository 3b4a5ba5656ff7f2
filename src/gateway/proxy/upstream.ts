/**
 * Connections to one instance: a pool that is kept alive, certificates, and requests with the raw path.
 */
import http from "node:http";
import https from "node:https";
import { rootCertificates, type ConnectionOptions } from "node:tls";
import type { InstanceOptions } from "../options.ts";

/** Unused connections are given up (ms) before servers usually do (node's own after 5 s): a cut one would cost an upload. */
const IDLE_MS = 4_000;
const MOST_IDLE = 64;
/** Longest wait for a connection, ms. */
const CONNECT_MS = 15_000;
/** Bytes of an answer's head; twice what node takes by default. */
export const HEAD_BYTES = 64 * 1024;

export class Upstream {
  /** Value of `Host`. */
  readonly host: string;
  readonly #target: URL;
  readonly #prefix: string;
  readonly #tls: ConnectionOptions;
  readonly #agent: http.Agent;

  constructor({ target, ca, insecureTls }: InstanceOptions) {
    this.#target = target;
    this.host = target.host;
    this.#prefix = target.pathname.replace(/\/+$/, "");
    this.#tls = {
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
      ...(insecureTls === true ? { rejectUnauthorized: false } : {}),
    };
    const pool = {
      keepAlive: true,
      maxFreeSockets: MOST_IDLE,
      scheduling: "lifo",
      timeout: IDLE_MS,
    } as const;
    this.#agent = target.protocol === "https:" ? new https.Agent(pool) : new http.Agent(pool);
  }

  /**
   * A request that has not begun to be sent. `path` and `query` go out as they are. `apart`: on a connection of its own, which is not
   * kept.
   */
  request(
    method: string,
    path: string,
    query: string | undefined,
    headers: readonly string[],
    apart = false,
  ): http.ClientRequest {
    const client = this.#target.protocol === "https:" ? https : http;
    const request = client.request({
      ...this.#tls,
      protocol: this.#target.protocol,
      hostname: this.#target.hostname.replace(/^\[|\]$/g, ""),
      ...(this.#target.port === "" ? {} : { port: this.#target.port }),
      method,
      path: `${this.#prefix}${path}${query === undefined ? "" : `?${query}`}` || "/",
      headers,
      agent: apart ? false : this.#agent,
      maxHeaderSize: HEAD_BYTES,
    });
    request.on("socket", (socket) => {
      // The pool's time limit is for unused connections; a request may take as long as the service needs.
      socket.setTimeout(0);
      if (!socket.connecting) return;
      const timer = setTimeout(() => {
        request.destroy(new Error("no connection in time"));
      }, CONNECT_MS);
      const done = (): void => clearTimeout(timer);
      socket.once("connect", done);
      socket.once("close", done);
    });
    return request;
  }

  close(): void {
    this.#agent.destroy();
  }
}
