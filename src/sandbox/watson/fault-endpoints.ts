/**
 * `/_sandbox/faults`: the switches for faults over HTTP. No service has them; they need no credentials.
 */
import { methodNotAllowed, noSuchRoute } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Fault, Faults } from "./faults.ts";

export const SWITCH_PATH = "/_sandbox/";

const FAULTS = "/_sandbox/faults";

/** GET lists, POST adds, DELETE removes all of them, or `/_sandbox/faults/{number}`. */
export async function faultSwitch(exchange: Exchange, path: string, faults: Faults): Promise<void> {
  const number = path.startsWith(`${FAULTS}/`) ? Number(path.slice(FAULTS.length + 1)) : undefined;
  if (number === undefined && path !== FAULTS) throw noSuchRoute();
  if (exchange.method === "DELETE") {
    if (number === undefined) faults.clear();
    else if (!faults.remove(number)) throw noSuchRoute();
    exchange.empty(204);
  } else if (exchange.method === "GET" && number === undefined) {
    exchange.json(200, { faults: faults.list() });
  } else if (exchange.method === "POST" && number === undefined) {
    const added = faults.add((await exchange.object()) as unknown as Fault);
    exchange.json(201, { number: added });
  } else {
    throw methodNotAllowed(number === undefined ? ["GET", "POST", "DELETE"] : ["DELETE"]);
  }
}
