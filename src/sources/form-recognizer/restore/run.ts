/**
 * What the steps of one restore share, and how they tell what became of an item.
 */
import type { Clock } from "../../../model/clock.ts";
import { isHoldfastError } from "../../../model/errors.ts";
import type { ItemKey } from "../../../model/key.ts";
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import type { ContainerConfig } from "../config.ts";
import type { CopyRun } from "../copy/copy-run.ts";
import type { Container } from "../data/face.ts";
import type { FormResource } from "../resource.ts";
import type { Lender } from "./lender.ts";
import type { Notes } from "./notes.ts";
import type { PresentModels } from "./present-models.ts";
import type { RestoreSettings } from "./settings.ts";
import type { TrainingUploads } from "./training-uploads.ts";

export interface FormRestore {
  readonly resource: FormResource;
  readonly request: RestoreRequest;
  readonly settings: RestoreSettings;
  readonly context: SourceContext;
  readonly present: PresentModels;
  readonly notes: Notes;
  readonly uploads: TrainingUploads;
  /** Where copies may be fetched from. */
  readonly lender: Lender | undefined;
  readonly copies: CopyRun | undefined;
  readonly open: OpenContainer;
  /** Nobody reads the outcomes any more. */
  readonly stop: () => void;
  /** For what must not be done for two models at once. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/** How a container is reached. */
export type OpenContainer = (config: ContainerConfig, clock: Clock) => Container;

export function same(key: ItemKey): RestoreOutcome {
  return { key, action: "same" };
}

export function failed(key: ItemKey, reason: string): RestoreOutcome {
  return { key, action: "failed", reason };
}

export function unstable(key: ItemKey): RestoreOutcome {
  return { key, action: "unstable", reason: "it has changed since its present state was kept" };
}

/** Why the service, or the kept data, refuse this one item; undefined for what concerns all of them. */
export function refusedBecause(error: unknown): string | undefined {
  const isRefusal = isHoldfastError(
    error,
    "target-refused",
    "source-protocol",
    "source-not-found",
    "source-forbidden",
    "object-missing",
    "object-damaged",
  );
  return isRefusal ? error.message : undefined;
}
