/**
 * Where a copy of v2.x goes: the target's resource id and region, which the person who configures it has to tell.
 */
import { HoldfastError } from "../../../model/errors.ts";
import type { FormConfig } from "../config.ts";

export interface TargetPlace {
  readonly resourceId: string;
  readonly region: string;
}

/** Longest resource id that the service takes, characters. */
const LONGEST_RESOURCE_ID = 1_024;
const RESOURCE_ID =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.CognitiveServices\/accounts\/[^/]+$/i;
const REGION = /^[a-z0-9]{1,24}$/;

/** Errors: `config-invalid`, naming what is missing or wrong. */
export function targetPlace(config: Pick<FormConfig, "resourceId" | "region">, shown: string): TargetPlace {
  const { resourceId, region } = config;
  if (resourceId === undefined || region === undefined) {
    const missing = resourceId === undefined ? "resourceId" : "region";
    throw new HoldfastError(
      "config-invalid",
      `the resource at ${shown} cannot be the target of copies with v2.x: its source lacks \`${missing}\` (Azure portal: the resource's JSON view)`,
    );
  }
  if (resourceId.length > LONGEST_RESOURCE_ID || !RESOURCE_ID.test(resourceId)) {
    throw new HoldfastError(
      "config-invalid",
      `the \`resourceId\` of the source at ${shown} must be /subscriptions/…/resourceGroups/…/providers/Microsoft.CognitiveServices/accounts/NAME`,
    );
  }
  if (!REGION.test(region)) {
    const short = shortRegion(region);
    throw new HoldfastError(
      "config-invalid",
      `the \`region\` of the source at ${shown} must be a short lower-case name such as westus2` +
        (REGION.test(short) ? `, perhaps ${short}` : ""),
    );
  }
  return { resourceId, region };
}

/** A region's display name as its short one, by the rule that holds for those known: `West US 2` is `westus2`. */
export function shortRegion(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, "");
}
