/**
 * An id map in memory.
 */
import type { IdMap } from "../../../src/sources/source.ts";

export class MemoryIds implements IdMap {
  readonly #mappings = new Map<
    string,
    { readonly group: string; readonly kept: string; readonly target: string }
  >();

  get(group: string, kept: string): string | undefined {
    return this.#mappings.get(`${group}\n${kept}`)?.target;
  }

  async set(group: string, kept: string, target: string): Promise<void> {
    this.#mappings.set(`${group}\n${kept}`, { group, kept, target });
  }

  all(): readonly { readonly group: string; readonly kept: string; readonly target: string }[] {
    return [...this.#mappings.values()];
  }
}
