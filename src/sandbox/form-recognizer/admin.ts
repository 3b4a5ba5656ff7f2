/**
 * What lies below `/_sandbox/` of every resource: faults, clock, journal, resources, modes and a fresh start, for a stand-in that runs in
 * another process. No service has it; it needs no credentials.
 */
import { faultSwitch } from "../http/fault-endpoints.ts";
import type { RequestLog } from "../http/request-log.ts";
import type { FormExchange } from "./exchange.ts";
import type { Faults } from "./faults.ts";
import type { Resource } from "./resources.ts";
import type { FormState } from "./state.ts";
import type { ResourceOptions } from "./stored.ts";

/** A resource as callers need to know it. */
export interface ResourceView {
  readonly name: string;
  /** Without a slash at the end. */
  readonly url: string;
  readonly keys: readonly [string, string];
  readonly region: string;
  readonly resourceId: string;
  /** False while it is killed. */
  readonly alive: boolean;
}

/** A resource's server, as far as the administration needs it. */
export interface AdministeredServer {
  readonly resource: Resource;
  readonly url: string;
  readonly alive: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The stand-in, as far as the administration needs it. */
export interface Administered {
  readonly state: FormState;
  readonly faults: Faults;
  readonly requests: RequestLog;
  all(): readonly AdministeredServer[];
  has(name: string): boolean;
  server(name: string): AdministeredServer;
  add(options: ResourceOptions): Promise<AdministeredServer>;
  advance(ms: number): Promise<void>;
  reset(): void;
}

export function resourceView({ resource, url, alive }: AdministeredServer): ResourceView {
  const { name, keys, region, resourceId } = resource;
  return { name, url, keys, region, resourceId, alive };
}

export async function administer(exchange: FormExchange, target: Administered): Promise<void> {
  const { method, path } = exchange;
  switch (`${method} ${path}`) {
    case "GET /_sandbox/resources":
      exchange.json(200, { resources: target.all().map(resourceView) });
      return;
    case "POST /_sandbox/resources":
      await addResource(exchange, target);
      return;
    case "POST /_sandbox/kill":
    case "POST /_sandbox/revive":
      await killOrRevive(exchange, target);
      return;
    case "GET /_sandbox/clock":
      exchange.json(200, { now: new Date(target.state.clock.now()).toISOString() });
      return;
    case "POST /_sandbox/clock":
      await advance(exchange, target);
      return;
    case "GET /_sandbox/modes":
      exchange.json(200, { ...target.state.modes, ...target.state.delays });
      return;
    case "PATCH /_sandbox/modes":
      await changeModes(exchange, target.state);
      return;
    case "POST /_sandbox/tokens":
      target.state.resources.addToken(String((await exchange.object())["token"]));
      exchange.empty(204);
      return;
    case "GET /_sandbox/requests":
      exchange.json(200, { counts: target.requests.all(), recent: target.requests.recent() });
      return;
    case "DELETE /_sandbox/requests":
      target.requests.reset();
      exchange.empty(204);
      return;
    case "POST /_sandbox/reset":
      target.reset();
      exchange.empty(204);
      return;
    default:
      await faultSwitch(exchange, path, target.faults);
  }
}

async function addResource(exchange: FormExchange, target: Administered): Promise<void> {
  const { name, region, ...rest } = await exchange.object();
  if (typeof name !== "string" || typeof region !== "string") {
    throw exchange.refusal(400, "a resource needs a name and a region");
  }
  if (target.has(name)) throw exchange.refusal(409, `there is a resource ${name} already`);
  exchange.json(201, resourceView(await target.add({ ...rest, name, region })));
}

async function killOrRevive(exchange: FormExchange, target: Administered): Promise<void> {
  const name = String((await exchange.object())["name"]);
  if (!target.has(name)) throw exchange.refusal(404, `There is no resource ${name}`);
  const server = target.server(name);
  // Whoever is to go answers before it goes; another one's death is complete with the answer.
  if (name === exchange.resource.name) exchange.empty(204);
  await (exchange.path.endsWith("kill") ? server.stop() : server.start());
  if (name !== exchange.resource.name) exchange.empty(204);
}

async function advance(exchange: FormExchange, target: Administered): Promise<void> {
  const ms = (await exchange.object())["advanceMs"];
  if (typeof ms !== "number" || !(ms >= 0)) throw exchange.refusal(400, "advanceMs must be a number of ms");
  try {
    await target.advance(ms);
  } catch (error) {
    throw exchange.refusal(400, error instanceof Error ? error.message : String(error));
  }
  exchange.json(200, { now: new Date(target.state.clock.now()).toISOString() });
}

/** Members that do not exist are refused: a misspelt switch would else do nothing. */
async function changeModes(exchange: FormExchange, { modes, delays }: FormState): Promise<void> {
  const wanted = await exchange.object();
  for (const name of Object.keys(wanted)) {
    if (!(name in modes) && !(name in delays)) throw exchange.refusal(400, `There is no mode ${name}`);
  }
  for (const [name, value] of Object.entries(wanted)) {
    Object.assign(name in modes ? modes : delays, { [name]: value ?? undefined });
  }
  exchange.json(200, { ...modes, ...delays });
}
