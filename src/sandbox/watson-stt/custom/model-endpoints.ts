/**
 * The calls that language and acoustic models have in common: create, list, look, delete, reset.
 */
import type { Exchange } from "../../watson/exchange.ts";
import type { Route } from "../../watson/routes.ts";
import { route } from "../../watson/routes.ts";
import { knownBaseModel } from "../base-models.ts";
import { createModel } from "./create-model.ts";
import type { CustomModels } from "./custom-models.ts";
import type { ModelKind } from "./model.ts";
import { modelObject } from "./model-object.ts";
import { queryWarning } from "./queries.ts";

const OK = 200;

export function modelEndpoints(
  models: CustomModels,
  kind: ModelKind,
  path: "/v1/customizations" | "/v1/acoustic_customizations",
): Route[] {
  const list = (exchange: Exchange): void => {
    const language = exchange.query.get("language");
    const warnings = queryWarning(exchange, ["language"]);
    const found = models
      .list(exchange.instance, kind)
      .filter(({ base }) => language === null || knownBaseModel(base)?.language === language);
    exchange.json(OK, {
      customizations: found.map((model) => ({
        ...modelObject(model),
        ...(warnings === undefined ? {} : { warnings }),
      })),
    });
  };
  return [
    route("POST", path, async (exchange) => createModel(exchange, models, kind)),
    route("GET", path, list),
    route("GET", `${path}/{id}`, (exchange, { id }) => {
      const warnings = queryWarning(exchange, []);
      const model = models.open(exchange.instance, kind, id);
      exchange.json(OK, { ...modelObject(model), ...(warnings === undefined ? {} : { warnings }) });
    }),
    route("DELETE", `${path}/{id}`, (exchange, { id }) => {
      models.remove(models.openFree(exchange.instance, kind, id));
      exchange.json(OK, {});
    }),
    route("POST", `${path}/{id}/reset`, (exchange, { id }) => {
      models.reset(models.openFree(exchange.instance, kind, id));
      exchange.json(OK, {});
    }),
  ];
}
