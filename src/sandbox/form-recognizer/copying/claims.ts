/**
 * What the bodies of copy requests of all versions must fulfil before anything is looked up, and the text of v2.x that says which member does
 * not.
 */
import { plainError } from "../errors.ts";
import type { FormError } from "../errors.ts";
import { REGIONS } from "../regions.ts";
import type { Resources } from "../resources.ts";

const RESOURCE_ID =
  /^\/subscriptions\/[^/]*\/resourceGroups\/[^/]*\/providers\/Microsoft\.CognitiveServices\/accounts\/[^/]*$/;
const MAX_RESOURCE_ID = 1024;
const REGION = /^[a-z0-9]{1,24}$/;

export function isResourceId(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_RESOURCE_ID && RESOURCE_ID.test(value);
}

/** The short name of a region of Azure, or of one that only this stand-in has. */
export function isRegion(value: unknown, resources: Resources): value is string {
  return (
    typeof value === "string" &&
    REGION.test(value) &&
    (Object.hasOwn(REGIONS, value) || resources.all().some(({ region }) => region === value))
  );
}

/** 400 of v2.x; the texts about resource id and region are the service's own. */
export function invalidCopyRequest(reason: string): FormError {
  return plainError(400, "1002", `Copy request is invalid. ${reason}`);
}
