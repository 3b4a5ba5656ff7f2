/**
 * One resource: what all parts of the source work on.
 */
import type { Clock } from "../../model/clock.ts";
import { HoldfastError } from "../../model/errors.ts";
import type { Source } from "../source.ts";
import type { FormConfig } from "./config.ts";
import type { FormService } from "./service/face.ts";

export interface FormResource {
  readonly config: FormConfig;
  readonly service: FormService;
  readonly clock: Clock;
}

const RESOURCES = new WeakMap<Source, FormResource>();

export function registerResource(source: Source, resource: FormResource): void {
  RESOURCES.set(source, resource);
}

/** The other side of a copy. Errors: `usage` for a source of another kind. */
export function resourceOf(source: Source): FormResource {
  const resource = RESOURCES.get(source);
  if (resource === undefined) {
    throw new HoldfastError("usage", `A source of kind ${source.kind} cannot hold copies of models.`);
  }
  return resource;
}
