/**
 * Whether a copy has arrived and is what it should be, asked of the target with the target's own credentials: the service's word at the source is
 * no proof.
 */
import { equivalence, type StandIn } from "../equivalence.ts";
import type { CopyStep } from "../../live-copies.ts";
import type { ListedModel, ModelDetails } from "../service/face.ts";
import { choosesIds, type CopyRun } from "./copy-run.ts";
import { targetOfStep, UNHEARD } from "./journal.ts";
import { isMarkedCopy } from "./lineage.ts";

/** A copy that is ready. */
export interface Arrived {
  readonly details: ModelDetails;
  readonly level: "exists" | "metadata";
  /** What differs from the original, for people. */
  readonly differences: readonly string[];
  /** It is the result of another training than the original's. */
  readonly retrained: boolean;
  readonly renamed: Readonly<Record<string, string>>;
}

/** `foreign`: a model of somebody else has the id. */
export async function lookForCopy(
  run: CopyRun,
  model: ModelDetails,
  step: CopyStep,
  standIn?: StandIn,
): Promise<Arrived | "absent" | "foreign"> {
  const details = await run.pair.target.service.details(targetOfStep(step), run.context.signal);
  if (details === undefined || details.status !== "ready") return "absent";
  if (!isOurs(run, step, model, details)) return "foreign";
  return compareCopy(model, details, standIn) ?? "absent";
}

export function compareCopy(
  model: ModelDetails,
  details: ModelDetails,
  standIn?: StandIn,
): Arrived | undefined {
  const { level, differences, retrained, renamed } = equivalence(model, details, standIn);
  return level === "none" ? undefined : { details, level, differences, retrained, renamed };
}

/** An id that the service chose for us, or an operation that we began, or the marks that we set. */
function isOurs(run: CopyRun, step: CopyStep, model: ListedModel, copy: ListedModel): boolean {
  if (choosesIds(run.pair.target)) return true;
  if (step.state !== "authorised" && step.operation !== undefined && step.operation !== UNHEARD) return true;
  return isMarkedCopy(copy, run.pair.source.service, model);
}

/** When a model expires, ms UTC. */
export function expiryOf({ expires }: Pick<ListedModel, "expires">): number | undefined {
  const at = expires === undefined ? Number.NaN : Date.parse(expires);
  return Number.isNaN(at) ? undefined : at;
}

/** What a verified step says of the copy. */
export function verifiedStep({ details, level, renamed }: Arrived): Partial<CopyStep> {
  const expires = expiryOf(details);
  return {
    state: "verified",
    level,
    ...(expires === undefined ? {} : { expires }),
    ...(Object.keys(renamed).length === 0 ? {} : { renamed }),
  };
}
