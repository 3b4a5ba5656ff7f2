/**
 * `/_sandbox/faults`: the switches for faults over HTTP. No service has them; they need no credentials.
 */
import type { HttpExchange } from "./exchange.ts";

/** Where every stand-in has what no service has. */
export const SWITCH_PATH = "/_sandbox/";

const FAULTS = "/_sandbox/faults";

/** The faults of a stand-in, as far as the switches need them. */
export interface FaultSwitches<Fault> {
  add(fault: Fault): number;
  remove(number: number): boolean;
  clear(): void;
  list(): readonly unknown[];
}

/** GET lists, POST adds, DELETE removes all of them, or `/_sandbox/faults/{number}`. Refuses with 404 for another path. */
export async function faultSwitch<Fault>(
  exchange: HttpExchange,
  path: string,
  faults: FaultSwitches<Fault>,
): Promise<void> {
  const number = path.startsWith(`${FAULTS}/`) ? Number(path.slice(FAULTS.length + 1)) : undefined;
  const unknown = (): Error => exchange.refusal(404, `Nothing is switched at ${path}`);
  if (number === undefined && path !== FAULTS) throw unknown();
  if (exchange.method === "DELETE") {
    if (number === undefined) faults.clear();
    else if (!faults.remove(number)) throw unknown();
    exchange.empty(204);
  } else if (exchange.method === "GET" && number === undefined) {
    exchange.json(200, { faults: faults.list() });
  } else if (exchange.method === "POST" && number === undefined) {
    // What a fault of this stand-in may be is checked by its list.
    const added = faults.add((await exchange.object()) as Fault);
    exchange.json(201, { number: added });
  } else {
    const allowed = number === undefined ? "GET, POST, DELETE" : "DELETE";
    throw exchange.refusal(405, "Method Not Allowed", { Allow: allowed });
  }
}
