/**
 * The calls of v2.0 and v2.1: models listed, read, deleted, trained and composed here, copied next door.
 */
import { v2CopyRoutes } from "../copying/v2-copy-routes.ts";
import { modelNotFound } from "../errors.ts";
import type { FormExchange } from "../exchange.ts";
import { pageOf } from "../paging.ts";
import type { FormRoute } from "../routes.ts";
import { formRoute } from "../routes.ts";
import type { FormState } from "../state.ts";
import { wireTime } from "../state.ts";
import type { StoredModel } from "../stored.ts";
import { acceptComposition } from "./compose.ts";
import { acceptTraining } from "./train.ts";
import type { V2Version } from "./views.ts";
import { errorCodeOf, isOfV2, modelDetails, modelInfo } from "./views.ts";

const VERSIONS: readonly V2Version[] = ["v2.0", "v2.1"];

export function v2Routes(state: FormState): readonly FormRoute[] {
  return VERSIONS.flatMap((version) => routesOf(state, version));
}

function routesOf(state: FormState, version: V2Version): readonly FormRoute[] {
  const models = `/formrecognizer/${version}/custom/models` as const;
  const location = ({ origin }: FormExchange, id: string): string =>
    `${origin}/formrecognizer/${state.modes.linkVersion ?? version}/custom/models/${id}`;
  return [
    formRoute("GET", models, (exchange) => {
      list(exchange, state, version);
    }),
    formRoute("POST", models, async (exchange) => {
      const id = await acceptTraining(exchange, state, version);
      exchange.empty(201, { Location: location(exchange, id) });
    }),
    ...(version === "v2.1"
      ? [
          formRoute("POST", `${models}/compose`, async (exchange) => {
            const id = await acceptComposition(exchange, state);
            exchange.empty(201, { Location: location(exchange, id) });
          }),
        ]
      : []),
    ...v2CopyRoutes(state, version),
    formRoute("GET", `${models}/{id}`, (exchange, { id }) => {
      const model = findModel(state, exchange, id);
      const code = errorCodeOf(model);
      exchange.json(
        200,
        modelDetails(model, version, exchange.query.get("includeKeys") === "true"),
        code === undefined ? {} : { "x-ms-cs-error-code": code },
      );
    }),
    formRoute("DELETE", `${models}/{id}`, (exchange, { id }) => {
      const model = findModel(state, exchange, id);
      state.models.remove(model.resource, "models", model.id);
      exchange.empty(204);
    }),
  ];
}

/** Throws 404 for an id that v2.x does not know. */
function findModel(state: FormState, { resource }: FormExchange, id: string): StoredModel {
  const model = state.models.find(resource.name, "models", id.toLowerCase());
  if (model === undefined || !isOfV2(model)) throw modelNotFound(id);
  return model;
}

function list(exchange: FormExchange, state: FormState, version: V2Version): void {
  const { query, resource, origin } = exchange;
  const models = state.models.list(resource.name, "models").filter(isOfV2);
  const token = query.get("nextLink");
  // A link is followed with `&op=full` by some clients: the link alone decides.
  if (token === null && query.get("op") === "summary") {
    const updated = models.map(({ modified }) => modified).sort();
    const lastUpdatedDateTime = updated.at(-1) ?? wireTime(state.clock.now());
    exchange.json(200, { summary: { count: models.length, limit: resource.limit, lastUpdatedDateTime } });
    return;
  }
  const page = pageOf(models, ({ id }) => id, token, state.modes);
  const base = `${origin}/formrecognizer/${state.modes.linkVersion ?? version}/custom/models`;
  exchange.json(200, {
    modelList: page.items.map((model) => modelInfo(model, version)),
    nextLink: page.token === undefined ? "" : `${base}?nextLink=${page.token}`,
  });
}
