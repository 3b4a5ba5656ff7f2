/**
 * A call of one of the versions 2022-08-31, 2023-07-31 and 2024-11-30: which version it is, what that version sees, and where its links lead.
 */
import type { Millis } from "../../../model/clock.ts";
import type { FormExchange } from "../exchange.ts";
import type { Resource } from "../resources.ts";
import type { FormRoute } from "../routes.ts";
import { formRoute } from "../routes.ts";
import type { FormState } from "../state.ts";
import type { StoredModel } from "../stored.ts";
import { notSupportedApiVersion, parameterMissing } from "./errors.ts";

/** In the order in which they appeared. */
const V3_VERSIONS = ["2022-08-31", "2023-07-31", "2024-11-30"] as const;
export type V3Version = (typeof V3_VERSIONS)[number];

/** The path in front of the calls, and the versions that are served below it. */
const BASES: Readonly<Record<string, readonly V3Version[]>> = {
  formrecognizer: ["2022-08-31", "2023-07-31"],
  documentintelligence: ["2024-11-30"],
};

export interface V3Call {
  readonly state: FormState;
  readonly exchange: FormExchange;
  readonly resource: Resource;
  readonly version: V3Version;
  /** The stand-in's time. */
  readonly now: Millis;
  /** Absolute URL of a path below the base, such as `documentModels/a`, with this call's version. */
  link(path: string, query?: Readonly<Record<string, string>>): string;
}

type V3Handler = (call: V3Call, params: Readonly<Record<string, string>>) => void | Promise<void>;

export function isAtLeast(version: string, minimum: V3Version): boolean {
  return rank(version) >= V3_VERSIONS.indexOf(minimum);
}

/** A version lists what was made with itself and with earlier ones since 2022-08-31. Only what is ready is shown to anybody. */
export function isVisible(model: StoredModel | undefined, version: V3Version): model is StoredModel {
  return model?.status === "ready" && rank(model.apiVersion) >= 0 && rank(model.apiVersion) <= rank(version);
}

/** Made with 2022-08-31 or later. */
export function isV3Model({ apiVersion }: StoredModel): boolean {
  return rank(apiVersion) >= 0;
}

/** The calls of a path such as `documentModels/{id}` below both bases, since the version that first had it. */
export function v3Route(
  state: FormState,
  [method, path, since]: readonly [method: string, path: string, since: V3Version],
  handler: V3Handler,
  alsoFor?: (exchange: FormExchange, id: string) => boolean,
): readonly FormRoute[] {
  return Object.entries(BASES).map(([base, versions]) =>
    formRoute(
      method,
      `/${base}/${path}`,
      (exchange, params) => handler(callOf(state, exchange, { base, versions, since }), params),
      alsoFor === undefined
        ? undefined
        : (exchange, params: Readonly<Record<string, string>>) => alsoFor(exchange, params["id"] ?? ""),
    ),
  );
}

function callOf(
  state: FormState,
  exchange: FormExchange,
  place: { readonly base: string; readonly versions: readonly V3Version[]; readonly since: V3Version },
): V3Call {
  const wanted = exchange.query.get("api-version");
  if (wanted === null) throw parameterMissing("api-version");
  const version = place.versions.find((known) => known === wanted);
  if (version === undefined) throw notSupportedApiVersion(place.versions[0] ?? place.since);
  if (!isAtLeast(version, place.since)) throw notSupportedApiVersion(place.since);
  return {
    state,
    exchange,
    resource: exchange.resource,
    version,
    now: state.clock.now(),
    link: (path, query = {}) => {
      const parameters = new URLSearchParams({ "api-version": version, ...query });
      return `${exchange.origin}/${place.base}/${path}?${parameters.toString()}`;
    },
  };
}

/** -1 for versions before 2022-08-31 and unknown ones. */
function rank(version: string): number {
  return (V3_VERSIONS as readonly string[]).indexOf(version);
}
