/**
 * Which models of the source are to be copied, and in which order: parts before what is composed of them, what expires first before the rest, and
 * neural models, which take longest, last of those that stand alone.
 */
import type { ModelDetails } from "../service/face.ts";
import type { ListedModel } from "../service/face.ts";
import type { CopyRun } from "./copy-run.ts";
import type { Stock } from "./stock.ts";
import { expiryOf } from "./verify.ts";

export interface PlannedCopy {
  readonly model: ListedModel;
  /** The id that it should have in the target. */
  readonly wanted: string;
  readonly composed: boolean;
  readonly neural: boolean;
}

export function plannedCopy(model: ModelDetails, wanted: string): PlannedCopy {
  const { raw: _raw, body: _body, ...listed } = model;
  return { model: listed, wanted, composed: model.composed, neural: model.buildMode === "neural" };
}

export function inOrder(copies: readonly PlannedCopy[]): readonly PlannedCopy[] {
  return [...copies].sort(
    (a, b) => rank(a) - rank(b) || expiry(a) - expiry(b) || (a.model.id < b.model.id ? -1 : 1),
  );
}

function rank({ model, composed, neural }: PlannedCopy): number {
  if (composed) return 3;
  if (neural) return 2;
  return model.kind === "classifiers" ? 0 : 1;
}

/** What never expires comes after everything that does. Not infinite: two of them are compared by difference. */
function expiry({ model }: PlannedCopy): number {
  return expiryOf(model) ?? Number.MAX_SAFE_INTEGER;
}

/** Models that the service does not copy: still being trained, or without a result. */
export function reportNotReady({ context, pair }: CopyRun, source: Stock): void {
  for (const [status, why] of [
    ["creating", "are still being trained, or are places for copies that have not come"],
    ["invalid", "came out of their training invalid"],
  ] as const) {
    const models = [...source.all()].filter((model) => model.status === status);
    if (models.length === 0) continue;
    const names = models.slice(0, SHOWN).map(({ id }) => id);
    context.warn?.(
      `${models.length} models of ${pair.source.name} ${why}, and cannot be copied: ${names.join(", ")}${models.length > SHOWN ? ", …" : ""}.`,
    );
  }
}

/** Names in one message. */
const SHOWN = 5;
