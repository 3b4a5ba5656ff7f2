/**
 * The steps of copies that are fetched back, kept in the id map of the target: so that one that was cut off is gone on with.
 */
import type { ModelKind } from "../keys.ts";
import type { CopyLedger, CopyStep } from "../../live-copies.ts";
import type { IdMap } from "../../source.ts";

export const COPY_GROUP = "copy-back";

export class CopyNotes implements CopyLedger {
  readonly #ids: IdMap | undefined;

  constructor(ids: IdMap | undefined) {
    this.#ids = ids;
  }

  steps(): readonly CopyStep[] {
    return (this.#ids?.all() ?? []).flatMap(({ group, target }) =>
      group === COPY_GROUP ? [JSON.parse(target) as CopyStep] : [],
    );
  }

  async record(step: CopyStep): Promise<void> {
    const { key, version, target } = step;
    await this.#ids?.set(COPY_GROUP, JSON.stringify([target, key, version]), JSON.stringify(step));
  }
}

/** The copy's id in the target, of a note that is about this kind of thing. */
export function copyOf(kind: ModelKind, name: string): string | undefined {
  const [target, key] = JSON.parse(name) as [string, string];
  return key.startsWith(`${kind}/`) ? target : undefined;
}
