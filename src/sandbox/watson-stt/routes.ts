/**
 * All calls of the stand-in, and what is asked before each of them: the plan, and the lock that nobody holds.
 */
import { badRequest, missingParameter, notFound } from "../watson/errors.ts";
import type { Exchange } from "../watson/exchange.ts";
import type { Route } from "../watson/routes.ts";
import { route } from "../watson/routes.ts";
import { acousticTraining } from "./acoustic/training.ts";
import { audioResources } from "./acoustic/audio-resources.ts";
import { offeredBaseModel, offeredBaseModels, speechModel } from "./base-models.ts";
import type { CustomModels } from "./custom/custom-models.ts";
import { locked } from "./custom/custom-models.ts";
import { forgetCustomer } from "./custom/customer-data.ts";
import { modelEndpoints } from "./custom/model-endpoints.ts";
import type { SttJobs } from "./jobs/index.ts";
import { corpora } from "./language/corpora.ts";
import { grammars } from "./language/grammars.ts";
import { languageTraining } from "./language/training.ts";
import { words } from "./language/words.ts";
import type { SttModes } from "./state.ts";

const OK = 200;
const CUSTOMISATION = /^\/v1\/(acoustic_)?customizations/;
const LITE_PLAN =
  "This feature is not available for the IBM Cloud Lite plan. Please upgrade to a paid plan to activate this feature: https://cloud.ibm.com/catalog/services/speech-to-text";

export function sttRoutes(models: CustomModels, jobs: SttJobs): Route[] {
  const { modes } = models.state;
  return [
    route("GET", "/v1/models", (exchange) => {
      const offered = offeredBaseModels(modes.pgModels);
      exchange.json(OK, { models: offered.map((model) => speechModel(model, exchange.serviceUrl)) });
    }),
    route("GET", "/v1/models/{name}", (exchange, { name }) => {
      const model = offeredBaseModel(name, modes.pgModels);
      if (model === undefined) throw notFound(`Model '${name}' not found`);
      exchange.json(OK, speechModel(model, exchange.serviceUrl));
    }),
    ...modelEndpoints(models, "language", "/v1/customizations"),
    ...languageTraining(models),
    ...corpora(models),
    ...grammars(models),
    ...words(models),
    ...modelEndpoints(models, "acoustic", "/v1/acoustic_customizations"),
    ...acousticTraining(models),
    ...audioResources(models),
    route("DELETE", "/v1/user_data", (exchange) => {
      const customer = exchange.query.get("customer_id");
      if (customer === null) throw missingParameter("customer_id");
      if (/^$|[;=]/.test(customer)) throw badRequest("Invalid value for parameter 'customer_id'");
      forgetCustomer(models, exchange.instance, customer);
      jobs.forgetCustomer(exchange.instance, customer);
      exchange.json(OK, {});
    }),
    ...jobs.routes,
  ];
}

/** Throws what the modes of the stand-in make of a customisation request: 400 on the Lite plan, now and then 409. */
export function admission(modes: SttModes): (exchange: Exchange, asked: Route) => void {
  let seen = 0;
  return (exchange, { pattern }) => {
    if (!CUSTOMISATION.test(pattern)) return;
    if (modes.plan === "lite") throw badRequest(LITE_PLAN);
    const [, id] = exchange.address.segments;
    if (modes.conflictEvery === 0 || id === undefined) return;
    seen++;
    if (seen % modes.conflictEvery === 0) throw locked(id);
  };
}
