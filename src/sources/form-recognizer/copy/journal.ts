/**
 * The ledger of one pair as copying reads it: by item, and by name in the target. A step is on disk before it is seen here.
 */
import { keyText } from "../../../model/key.ts";
import type { CopyLedger, CopyStep } from "../../live-copies.ts";
import { modelKey, type ModelKind, type ModelRef } from "../keys.ts";

/** `operation` of a copy that was asked for without hearing the answer. A step without any was found, not made: it is never deleted. */
export const UNHEARD = "unheard";

/** What `operation` begins with when the copy was composed in the target and not copied. */
const COMPOSED = "compose:";

export class Journal {
  readonly #ledger: CopyLedger;
  /** By item, then by version and target, in the order in which they were first recorded. */
  readonly #steps = new Map<string, Map<string, CopyStep>>();
  /** `kind/target id` of everything that is or may be there. */
  readonly #targets = new Map<string, CopyStep>();

  constructor(ledger: CopyLedger) {
    this.#ledger = ledger;
    for (const step of ledger.steps()) this.#see(step);
  }

  /** The newest step of each copy of the item, in the order in which they were begun. */
  of(ref: ModelRef): readonly CopyStep[] {
    return [...(this.#steps.get(stepKey(ref))?.values() ?? [])];
  }

  /** The newest step of every copy. */
  all(): readonly CopyStep[] {
    return [...this.#steps.values()].flatMap((steps) => [...steps.values()]);
  }

  /** The step that last spoke of this id in the target; undefined also when the copy was removed. */
  naming(target: ModelRef): CopyStep | undefined {
    return this.#targets.get(`${target.kind}/${target.id}`);
  }

  async record(step: CopyStep): Promise<CopyStep> {
    await this.#ledger.record(step);
    this.#see(step);
    return step;
  }

  #see(step: CopyStep): void {
    const steps = this.#steps.get(step.key) ?? new Map<string, CopyStep>();
    this.#steps.set(step.key, steps);
    steps.set(JSON.stringify([step.version, step.target]), step);
    const { kind } = refOfStep(step);
    const target = `${kind}/${step.target}`;
    if (step.state !== "removed") this.#targets.set(target, step);
    else if (sameCopy(this.#targets.get(target), step)) this.#targets.delete(target);
  }
}

export function stepKey(ref: ModelRef): string {
  return keyText(modelKey(ref));
}

/** The item that a step is about. */
export function refOfStep({ key }: CopyStep): ModelRef {
  const cut = key.indexOf("/");
  return { kind: key.slice(0, cut) as ModelKind, id: key.slice(cut + 1) };
}

export function targetOfStep(step: CopyStep): ModelRef {
  return { kind: refOfStep(step).kind, id: step.target };
}

function sameCopy(one: CopyStep | undefined, other: CopyStep): boolean {
  return one?.key === other.key && one.version === other.version && one.target === other.target;
}

export function composedOperation(operation: string): string {
  return COMPOSED + operation;
}

/** The operation as the service named it, and whether it composes; undefined when it is not known. */
export function operationOf(step: CopyStep): { readonly id: string; readonly composes: boolean } | undefined {
  const { operation } = step;
  if (operation === undefined || operation === UNHEARD) return undefined;
  const composes = operation.startsWith(COMPOSED);
  return { id: composes ? operation.slice(COMPOSED.length) : operation, composes };
}
