/**
 * What to do about a copy that was refused or has failed: again with a new authorisation, otherwise, or not at all; and how it is said to people.
 */
import type { Millis } from "../../../model/clock.ts";
import { HoldfastError } from "../../../model/errors.ts";
import type { ModelDetails } from "../service/face.ts";
import { copyFailure, explainedText } from "../service/explain.ts";
import { shortRegion } from "../service/target-place.ts";
import { choosesIds, isDeniedAccess, isPassing, type CopyRun } from "./copy-run.ts";

export interface Refusal {
  readonly state: "failed";
  /** For people. */
  readonly reason: string;
  /** A new authorisation may help. */
  readonly again: boolean;
  /** Every other copy of the pair would fail in the same way. */
  readonly stop?: HoldfastError;
  /** The service copies the parts of this model, not the model. */
  readonly partsOnly?: boolean;
}

export function failed(reason: string, more: Partial<Refusal> = {}): Refusal {
  return { state: "failed", reason, again: false, ...more };
}

/** The service refused a request: nothing was begun. `expires`: of the authorisation that was used, if one was. */
export function refusedRequest(
  run: CopyRun,
  model: Pick<ModelDetails, "composed">,
  error: HoldfastError,
  expires: Millis = Number.POSITIVE_INFINITY,
): Refusal {
  const { status, code } = error.context;
  if (isDeniedAccess(error) || error.code === "config-invalid") return failed(error.message, { stop: error });
  if (isPassing(error)) return failed(error.message);
  if (code === "ModelNotReady") {
    return failed(
      `It is not ready in ${run.pair.source.name} any more: run again when its training has ended.`,
    );
  }
  if (status === 400 && run.context.clock.now() >= expires) return failed(error.message, { again: true });
  return failed(error.message, isMadeOfParts(run, model) ? { partsOnly: true } : {});
}

/** A copy that had been accepted has failed: its authorisation is used up. May note that the next ones need the consent that was given. */
export function failedCopy(
  run: CopyRun,
  model: ModelDetails,
  error: { readonly code: string; readonly message: string },
): Refusal {
  const { target, settings } = run.pair;
  const said = `${target.name}: ${error.code}: ${error.message}${explainedText(error)}`;
  switch (copyFailure(error.code, error.message)) {
    case "resource": {
      return failed(said, { stop: new HoldfastError("config-invalid", said, { item: model.id }) });
    }
    case "metadata": {
      const wrong = wrongPlace(run);
      if (wrong === undefined) return failed(said, { again: true });
      return failed(wrong, { stop: new HoldfastError("config-invalid", wrong, { item: model.id }) });
    }
    case "downgrade": {
      if (settings.allowDowngrade) {
        run.learnt.degrade = true;
        return failed(said, { again: true });
      }
      const consent = `${said} The consent is the standby's setting allowDowngrade.`;
      return failed(consent, { stop: new HoldfastError("restore-unsafe", consent, { item: model.id }) });
    }
    case "claims":
    case "other":
      return failed(said, isMadeOfParts(run, model) ? { partsOnly: true } : { again: true });
  }
}

/** v2.x copies composed models whole; later versions may want them composed again. */
function isMadeOfParts(run: CopyRun, model: Pick<ModelDetails, "composed">): boolean {
  return model.composed && !choosesIds(run.pair.target);
}

/** Where the target says that it runs is the only thing that its configuration can be checked against. */
function wrongPlace({ pair: { target } }: CopyRun): string | undefined {
  const told = target.service.region ?? regionOfEndpoint(target.service.endpoint);
  if (told === undefined || target.region === undefined) return undefined;
  const short = shortRegion(told);
  if (short === target.region) return undefined;
  return `The service did not find the authorisation, because ${target.name} runs in ${short} and is configured with the region ${target.region}. Nothing was lost: correct \`region\`, then run again.`;
}

/** The older kind of endpoint names the region. */
function regionOfEndpoint(endpoint: string): string | undefined {
  return /^https?:\/\/([a-z0-9]+)\.api\.cognitive\./i.exec(endpoint)?.[1];
}
