/**
 * Two resources as a pair, and whether they can be one.
 */
import { HoldfastError } from "../../../model/errors.ts";
import type { CopyLedger } from "../../live-copies.ts";
import type { FormResource } from "../resource.ts";
import { targetPlace } from "../service/target-place.ts";
import type { CopySettings, CopySide, Pair } from "./face.ts";
import { resourceMark } from "./lineage.ts";

/** Time between two looks at a copy, ms: the service's guide asks for no less than a second, and a copy takes ten to thirty. */
const DEFAULT_POLL_MS = 2_000;

/** Longest wait for one copy, ms: fifteen minutes. */
const DEFAULT_PATIENCE_MS = 900_000;

export function copySide({ service, config }: FormResource): CopySide {
  return {
    name: service.endpoint,
    service,
    ...(config.resourceId === undefined ? {} : { resourceId: config.resourceId }),
    ...(config.region === undefined ? {} : { region: config.region }),
    pollMs: config.pollMs ?? DEFAULT_POLL_MS,
    patienceMs: config.patienceMs ?? DEFAULT_PATIENCE_MS,
  };
}

/** Errors: `usage` when the two do not fit together, `config-invalid` when the target lacks what v2.x must be told. */
export function pairOf(
  source: FormResource,
  target: FormResource,
  ledger: CopyLedger,
  settings: CopySettings,
): Pair {
  if (resourceMark(source.service) === resourceMark(target.service)) {
    throw new HoldfastError(
      "usage",
      `${source.service.endpoint} cannot be the standby of itself: what the resource loses is lost with it.`,
    );
  }
  if (source.service.apiVersion !== target.service.apiVersion) {
    throw new HoldfastError(
      "usage",
      `A standby speaks its source's version of the API: ${source.service.endpoint} is configured with ${source.service.apiVersion}, ${target.service.endpoint} with ${target.service.apiVersion}.`,
    );
  }
  if (target.service.traits.choosesIds) targetPlace(target.config, target.service.endpoint);
  return { source: copySide(source), target: copySide(target), ledger, settings };
}
