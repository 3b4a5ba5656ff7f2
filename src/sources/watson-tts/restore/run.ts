/**
 * What the steps of one restore share.
 */
import { isHoldfastError } from "../../../model/errors.ts";
import type { ItemKey } from "../../../model/key.ts";
import { refusalOf } from "../../http/answer-failure.ts";
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import type { PresentItem } from "../elements.ts";
import type { TtsService } from "../service.ts";
import type { Target } from "../target.ts";

export interface TtsRestore {
  readonly service: TtsService;
  readonly request: RestoreRequest;
  readonly context: SourceContext;
  readonly target: Target;
}

export function same(key: ItemKey): RestoreOutcome {
  return { key, action: "same" };
}

export function failed(key: ItemKey, reason: string): RestoreOutcome {
  return { key, action: "failed", reason };
}

/** The service's own words where it refused what was sent; undefined for every other failure. */
export function refusedBecause(error: unknown): string | undefined {
  if (!isHoldfastError(error, "source-protocol", "source-not-found", "source-forbidden")) return undefined;
  const refusal = refusalOf(error);
  // 401 speaks of the model, not of what was sent to it.
  if (refusal === undefined || refusal.status === 401) return undefined;
  return refusal.reason === "" ? `the service answered ${refusal.status}` : refusal.reason;
}

/**
 * Which of these present items may be overwritten or deleted: all whose state is kept, so that the restore can be undone. Without that wish
 * all may.
 */
export async function mayOverwrite(
  request: RestoreRequest,
  items: readonly PresentItem<unknown>[],
): Promise<boolean[]> {
  if (request.kept === undefined || items.length === 0) return items.map(() => true);
  return await request.kept(items.map(({ version }) => ({ key: version.key, state: version.state })));
}

export function unstable(key: ItemKey): RestoreOutcome {
  return { key, action: "unstable", reason: "it changed while it was being restored" };
}
