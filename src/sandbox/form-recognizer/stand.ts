/**
 * All resources of one stand-in: their servers, what they hold together, and what happens to all of them at once.
 */
import type { DatabaseSync } from "node:sqlite";

import type { Millis } from "../../model/clock.ts";
import type { TlsIdentity } from "../http/http-server.ts";
import { RequestLog } from "../http/request-log.ts";
import { administer } from "./admin.ts";
import { Faults } from "./faults.ts";
import { formJobs, formRoutes } from "./parts.ts";
import { resourceFrom } from "./resources.ts";
import type { FormRoute } from "./routes.ts";
import { ResourceServer } from "./server.ts";
import type { FormState } from "./state.ts";
import type { ResourceOptions } from "./stored.ts";

const SECRET_HEADERS = new Set(["authorization", "ocp-apim-subscription-key", "cookie"]);

export class FormStand {
  readonly state: FormState;
  readonly faults = new Faults();
  readonly requests = newLog();
  readonly #sqlite: DatabaseSync;
  readonly #routes: readonly FormRoute[];
  readonly #network: { readonly host: string; readonly tls: TlsIdentity | undefined };
  readonly #servers = new Map<string, ResourceServer>();
  #closed = false;

  constructor(
    sqlite: DatabaseSync,
    state: FormState,
    network: { readonly host: string; readonly tls: TlsIdentity | undefined },
  ) {
    this.#sqlite = sqlite;
    this.state = state;
    this.#network = network;
    this.#routes = formRoutes(state);
    formJobs(state);
  }

  all(): readonly ResourceServer[] {
    return [...this.#servers.values()];
  }

  has(name: string): boolean {
    return this.#servers.has(name);
  }

  /** Throws for a name that is none. */
  server(name: string): ResourceServer {
    const found = this.#servers.get(name);
    if (found === undefined) throw new Error(`the stand-in has no resource ${name}`);
    return found;
  }

  /** Resolves when it listens. Rejects for a name that is in use, and if the port is taken. */
  async add(options: ResourceOptions): Promise<ResourceServer> {
    const { state, faults, requests } = this;
    const resource = resourceFrom(options);
    if (this.has(resource.name)) throw new Error(`the stand-in has a resource ${resource.name} already`);
    const parts = {
      ...this.#network,
      state,
      faults,
      requests,
      routes: this.#routes,
      admin: (exchange: Parameters<typeof administer>[0]) => administer(exchange, this),
    };
    const server = new ResourceServer(resource, newLog(), parts, options.port ?? 0);
    await server.start();
    this.#servers.set(resource.name, server);
    state.resources.add(resource);
    return server;
  }

  /** Sets a manual clock forward and resolves when what became due has happened. Rejects on the real clock. */
  async advance(ms: Millis): Promise<void> {
    const { clock, jobs } = this.state;
    const end = clock.now() + ms;
    // Jobs see the time at which they are due; what they begin is timed from there.
    for (let due = jobs.next(); due !== undefined && due <= end; due = jobs.next()) {
      await clock.advance(Math.max(0, due - clock.now()));
      await jobs.run(clock.now());
    }
    await clock.advance(end - clock.now());
  }

  /** Forgets everything but the resources themselves. */
  reset(): void {
    const { models, tickets, operations, jobs } = this.state;
    for (const store of [models, tickets, operations, jobs]) store.clear();
    this.faults.clear();
    for (const log of [this.requests, ...this.all().map(({ requests }) => requests)]) log.reset();
  }

  /** Ends open connections; may be called twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.state.clock.close();
    await Promise.all(this.all().map((server) => server.stop()));
    await this.state.jobs.idle();
    this.#sqlite.close();
  }
}

function newLog(): RequestLog {
  return new RequestLog({ headers: SECRET_HEADERS, query: null });
}
