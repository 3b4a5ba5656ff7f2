/**
 * The calls of callbacks: register and unregister. There is none that lists them.
 */
import type { Route } from "../../watson/routes.ts";
import { route } from "../../watson/routes.ts";
import type { Registrations } from "./registrations.ts";

const OK = 200;
const CREATED = 201;

export function callbackEndpoints(registrations: Registrations): Route[] {
  return [
    route("POST", "/v1/register_callback", async (exchange) => {
      const { query, instance, customerId } = exchange;
      const secret = query.get("user_secret") ?? "";
      const answer = await registrations.register({
        instance,
        url: query.get("callback_url") ?? undefined,
        secret: secret === "" ? undefined : secret,
        customer: customerId,
      });
      exchange.json(answer.status === "created" ? CREATED : OK, answer);
    }),
    route("POST", "/v1/unregister_callback", (exchange) => {
      registrations.unregister(exchange.instance, exchange.query.get("callback_url") ?? undefined);
      exchange.json(OK, {});
    }),
  ];
}
