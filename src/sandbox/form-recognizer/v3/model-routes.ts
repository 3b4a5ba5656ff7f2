/**
 * Models and classifiers of 2022-08-31 and later: listed, read and deleted. Reserved ids and what is being built are shown to nobody.
 */
import type { FormExchange } from "../exchange.ts";
import { pageOf } from "../paging.ts";
import type { FormRoute } from "../routes.ts";
import type { FormState } from "../state.ts";
import type { StoredModel } from "../stored.ts";
import type { V3Call } from "./call.ts";
import { isVisible, v3Route } from "./call.ts";
import { modelReadOnly, unknownModel } from "./errors.ts";
import { isPrebuilt } from "./ids.ts";
import { classifierDetails, modelDetails, modelSummary } from "./model-views.ts";
import { prebuiltModels } from "./prebuilt-models.ts";

export function modelRoutes(state: FormState): readonly FormRoute[] {
  return [
    ...v3Route(state, ["GET", "documentModels", "2022-08-31"], (call) => {
      const own = call.state.models.list(call.resource.name, "models");
      const all = [...prebuiltModels(call.resource.name), ...own];
      const view = (model: StoredModel): unknown => modelSummary(model, call.version);
      sendPage(call, "documentModels", visibleIn(call, all), (model) => model.id, view);
    }),
    ...v3Route(
      state,
      ["GET", "documentModels/{id}", "2022-08-31"],
      (call, { id = "" }) => {
        call.exchange.json(200, modelDetails(findVisible(call, "models", id), call.version));
      },
      (exchange, id) => isAskedBySource(state, exchange, id),
    ),
    ...v3Route(state, ["DELETE", "documentModels/{id}", "2022-08-31"], (call, { id = "" }) => {
      if (isPrebuilt(id)) throw modelReadOnly();
      remove(call, "models", id);
    }),
    ...v3Route(state, ["GET", "documentClassifiers", "2023-07-31"], (call) => {
      const own = call.state.models.list(call.resource.name, "classifiers");
      const view = (model: StoredModel): unknown => classifierDetails(model, call.version);
      sendPage(call, "documentClassifiers", visibleIn(call, own), (model) => model.id, view);
    }),
    ...v3Route(
      state,
      ["GET", "documentClassifiers/{id}", "2023-07-31"],
      (call, { id = "" }) => {
        call.exchange.json(200, classifierDetails(findVisible(call, "classifiers", id), call.version));
      },
      (exchange, id) => isAskedBySource(state, exchange, id),
    ),
    ...v3Route(state, ["DELETE", "documentClassifiers/{id}", "2023-07-31"], (call, { id = "" }) => {
      remove(call, "classifiers", id);
    }),
  ];
}

/** Throws 404 for what this version does not see. */
export function findVisible(call: V3Call, kind: StoredModel["kind"], id: string): StoredModel {
  const { state, resource, version } = call;
  const prebuilt =
    kind === "models" && isPrebuilt(id)
      ? prebuiltModels(resource.name).find((model) => model.id === id)
      : undefined;
  const found = prebuilt ?? state.models.find(resource.name, kind, id);
  if (!isVisible(found, version)) throw unknownModel();
  return found;
}

/** Answers with one page of a list. */
export function sendPage<Item>(
  call: V3Call,
  path: string,
  items: readonly Item[],
  idOf: (item: Item) => string,
  view: (item: Item) => unknown,
): void {
  const { modes } = call.state;
  const page = pageOf(items, idOf, call.exchange.query.get("nextLink"), modes);
  const next = page.token === undefined ? undefined : call.link(path, { nextLink: page.token });
  call.exchange.json(200, {
    value: page.items.map(view),
    ...(next === undefined && modes.finalNextLink === "absent" ? {} : { nextLink: next ?? "" }),
  });
}

/** In ascending order of ids. */
function visibleIn({ version }: V3Call, models: readonly StoredModel[]): readonly StoredModel[] {
  return models
    .filter((model) => isVisible(model, version))
    .sort((left, right) => (left.id < right.id ? -1 : 1));
}

function remove(call: V3Call, kind: StoredModel["kind"], id: string): void {
  const model = findVisible(call, kind, id);
  call.state.models.remove(model.resource, kind, model.id);
  call.exchange.empty(204);
}

/**
 * Pollers of the vendor's SDK read the copy from the target with the source's key, which the service refuses. `lenientFinalGet` lets the key
 * of a resource pass that has copied something there.
 */
function isAskedBySource(
  { modes, resources, operations }: FormState,
  exchange: FormExchange,
  id: string,
): boolean {
  const key = exchange.header("ocp-apim-subscription-key");
  if (!modes.lenientFinalGet || key === undefined) return false;
  const source = resources.ownerOfKey(key);
  if (source === undefined) return false;
  const address = exchange.origin + exchange.path;
  return operations
    .list(source.name)
    .some(
      ({ kind, targetId, resourceLocation }) =>
        kind.endsWith("CopyTo") && targetId === id && resourceLocation?.split("?")[0] === address,
    );
}
