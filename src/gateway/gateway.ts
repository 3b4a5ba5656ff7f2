/**
 * The capture gateway: a reverse proxy in front of speech services that keeps, while it passes, what they never give back.
 */
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { systemClock } from "../model/clock.ts";
import { Keeper } from "./capture/keeping.ts";
import { Flusher } from "./flusher.ts";
import type { Gateway, GatewayAlarm, GatewayHealth, GatewayOptions } from "./options.ts";
import { Exchange } from "./proxy/exchange.ts";
import { newInstance, type Instance } from "./proxy/instance.ts";
import { answerError } from "./proxy/own-answers.ts";
import { checkedInstances, OWN_PREFIX, Routes, splitTarget } from "./proxy/routes.ts";
import { isWebSocket, refuseUpgrade, tunnel } from "./proxy/tunnel.ts";
import { HEAD_BYTES } from "./proxy/upstream.ts";
import { Spool } from "./spool/spool.ts";

/** Clients' unused connections stay open this long (ms): longer than load balancers (60 s) keep theirs to us. */
const CLIENT_KEEP_ALIVE_MS = 65_000;

/** Resolves when it listens. Errors: `config-invalid`, `wrong-key`, `task-busy`, `file-failed`. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const instances = checkedInstances(options.instances).map(newInstance);
  const running = new RunningGateway(options, instances);
  await running.open();
  return running;
}

class RunningGateway implements Gateway {
  url = "";
  readonly #options: GatewayOptions;
  readonly #instances: readonly Instance[];
  readonly #routes: Routes<Instance>;
  readonly #server: http.Server;
  readonly #tunnels = new Set<Duplex>();
  readonly #now: () => number;
  #spool: Spool | undefined;
  #flusher: Flusher | undefined;
  #keeper: Keeper | undefined;
  #closing: Promise<void> | undefined;
  #spoolAlarmed = false;

  constructor(options: GatewayOptions, instances: readonly Instance[]) {
    this.#options = options;
    this.#instances = instances;
    this.#routes = new Routes(instances);
    const { clock = systemClock } = options;
    this.#now = () => clock.now();
    const settings = {
      // An upload takes as long as it takes; only its head is waited for.
      requestTimeout: 0,
      keepAliveTimeout: CLIENT_KEEP_ALIVE_MS,
      maxHeaderSize: HEAD_BYTES,
      shouldUpgradeCallback: isWebSocket,
    };
    const { tls } = options.listen;
    this.#server =
      tls === undefined ? http.createServer(settings) : https.createServer({ ...settings, ...tls });
    this.#server.on("request", (request, response) => this.#handle(request, response, false));
    this.#server.on("checkContinue", (request, response) => this.#handle(request, response, true));
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async open(): Promise<void> {
    const { spool, commit, flush = {}, onUnreachable, clock = systemClock, listen } = this.#options;
    const alarm = (raised: Omit<GatewayAlarm, "at">): void => this.#alarm(raised);
    this.#spool = await Spool.open(spool, this.#now, {
      damaged: (file) =>
        alarm({ kind: "entry-damaged", message: `An entry of the spool cannot be read: ${file}.damaged.` }),
      failed: (failure) => this.#spoolFailed(failure),
      accepted: (source) => this.#flusher?.wake(source),
    });
    this.#flusher = new Flusher({
      spool: this.#spool,
      commit,
      flush,
      clock,
      alarm,
      committed: (source, entries) => {
        this.#spoolAlarmed = false;
        for (const instance of this.#instances) {
          if (instance.source === source) instance.counts.committed += entries;
        }
      },
    });
    const flusher = this.#flusher;
    this.#keeper = new Keeper({
      spool: this.#spool,
      onUnreachable,
      unreachable: (source) => flusher.unreachable(source),
      alarm,
      now: this.#now,
    });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once("error", reject);
        this.#server.listen(listen.port, listen.host, resolve);
      });
    } catch (error) {
      await this.#spool.close();
      throw error;
    }
    const { port } = this.#server.address() as AddressInfo;
    const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
    this.url = `${listen.tls === undefined ? "http" : "https"}://${host}:${port}`;
    flusher.start();
  }

  health(): GatewayHealth {
    const spool = this.#spool as Spool;
    const flusher = this.#flusher as Flusher;
    const instances = this.#instances.map(({ source, kind, prefix, counts }) => {
      const waiting = spool.waiting(source);
      const oldest = waiting[0]?.at;
      const lastCommit = flusher.lastCommit(source);
      return {
        source,
        kind,
        prefix,
        repository: flusher.unreachable(source) ? ("unreachable" as const) : ("reachable" as const),
        waiting: waiting.length,
        waitingBytes: spool.waitingBytes(source),
        ...(oldest === undefined ? {} : { oldestWaiting: oldest }),
        ...(lastCommit === undefined ? {} : { lastCommit }),
        counts: { ...counts },
      };
    });
    const bad =
      spool.failing ||
      spool.damaged > 0 ||
      !spool.hasRoom(0) ||
      instances.some(({ repository, counts }) => repository === "unreachable" || counts.incomplete > 0);
    return {
      status: bad ? "degraded" : "ok",
      spool: { bytes: spool.bytes, maxBytes: spool.maxBytes, failing: spool.failing },
      damaged: spool.damaged,
      instances,
    };
  }

  async flush(): Promise<void> {
    await this.#flusher?.flush();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const socket of this.#tunnels) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
    for (const { upstream } of this.#instances) upstream.close();
    await this.#flusher?.close();
    // What cannot be committed now has raised its alarm and waits for the next start.
    await this.#flusher?.flush().catch(() => {});
    await this.#flusher?.close();
    await this.#spool?.close();
  }

  #handle(request: http.IncomingMessage, response: http.ServerResponse, asked: boolean): void {
    const target = request.url ?? "/";
    if (splitTarget(target).path === `${OWN_PREFIX}/health`) {
      this.#answerHealth(request, response);
      return;
    }
    const route = this.#routes.find(target);
    if (route === undefined) answerError(request, response, 404, "No such instance behind this gateway.");
    else Exchange.run(request, response, route, this.#keeper as Keeper, asked);
  }

  #answerHealth(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (request.method !== "GET" && request.method !== "HEAD") {
      answerError(request, response, 405, "The gateway's health can only be read.");
      return;
    }
    const body = Buffer.from(`${JSON.stringify(this.health(), null, 2)}\n`);
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
    response.end(body);
  }

  #upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#tunnels.add(socket);
    socket.on("close", () => this.#tunnels.delete(socket));
    socket.on("error", () => socket.destroy());
    const route = this.#routes.find(request.url ?? "/");
    if (route === undefined) refuseUpgrade(socket, 404, "No such instance behind this gateway.");
    else if (!isWebSocket(request)) refuseUpgrade(socket, 400, "Only WebSockets may be asked for.");
    else tunnel(request, socket, head, route);
  }

  #spoolFailed(failure: Error): void {
    if (this.#spoolAlarmed) return;
    this.#spoolAlarmed = true;
    this.#alarm({
      kind: "spool-failed",
      message: `The spool takes no more captures: ${failure.message}.`,
    });
  }

  #alarm(raised: Omit<GatewayAlarm, "at">): void {
    this.#options.alarm({ ...raised, at: this.#now() });
  }
}
