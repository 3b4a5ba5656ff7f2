/**
 * What the steps of one restore share.
 */
import { isHoldfastError } from "../../../model/errors.ts";
import type { ItemKey } from "../../../model/key.ts";
import { refusalOf } from "../../http/answer-failure.ts";
import { modelKey, parseKey } from "../../watson/keys.ts";
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
 * all may. `otherNames`: names under which the items' model may have been seen first, which its keys are made of.
 */
export async function mayOverwrite(
  request: RestoreRequest,
  items: readonly PresentItem<unknown>[],
  otherNames: readonly string[] = [],
): Promise<boolean[]> {
  const { kept } = request;
  if (kept === undefined || items.length === 0) return items.map(() => true);
  const may = await kept(items.map(({ version }) => ({ key: version.key, state: version.state })));
  for (const name of otherNames) {
    if (!may.includes(false)) break;
    const states = items.map(({ key, version }) => ({ key: underName(key, name), state: version.state }));
    for (const [at, isKept] of (await kept(states)).entries()) may[at] ||= isKept;
  }
  return may;
}

function underName(key: ItemKey, name: string): ItemKey {
  const parsed = parseKey(key);
  if (parsed?.kind !== "model" && parsed?.kind !== "resource") return key;
  const below = key.subarray(modelKey(parsed).length);
  return Buffer.concat([modelKey({ id: parsed.id, name }), below]);
}

export function unstable(key: ItemKey): RestoreOutcome {
  return { key, action: "unstable", reason: "it changed while it was being restored" };
}
