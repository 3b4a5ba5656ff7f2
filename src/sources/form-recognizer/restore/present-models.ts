/**
 * What the target has: its models and classifiers as it lists them, and which of them may stand for which kept ones.
 */
import type { FormService, ListedModel } from "../service/face.ts";
import type { ModelKind, ModelRef } from "../keys.ts";
import type { Notes } from "./notes.ts";

export class PresentModels {
  readonly #models = new Map<string, ListedModel>();
  readonly #notes: Notes;
  /** Kept ones that are dealt with, by what stands for them: in a preview also what would. */
  readonly #settled = new Map<string, string>();

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  static async read(service: FormService, notes: Notes, signal: AbortSignal): Promise<PresentModels> {
    const present = new PresentModels(notes);
    for await (const models of service.list(kindsOf(service), signal)) {
      for (const model of models) present.add(model);
    }
    return present;
  }

  add(model: ListedModel): void {
    this.#models.set(refText(model), model);
  }

  remove(ref: ModelRef): void {
    this.#models.delete(refText(ref));
  }

  all(): Iterable<ListedModel> {
    return this.#models.values();
  }

  has(ref: ModelRef): boolean {
    return this.#models.has(refText(ref));
  }

  /** Those that may stand for a kept one, the likelier first: what was made for it, and what has its id. */
  candidates(ref: ModelRef): ListedModel[] {
    const ids = new Set([this.#notes.mapped(ref) ?? ref.id, ref.id]);
    return [...ids].flatMap((id) => this.#models.get(refText({ kind: ref.kind, id })) ?? []);
  }

  /** What the target has under this id stands for the kept one, and is as it should be. */
  settle(ref: ModelRef, id: string): void {
    this.#settled.set(refText(ref), id);
  }

  /** The id by which others refer to a kept one in the target; undefined for one that is not, or not yet, as it should be. */
  idFor(ref: ModelRef): string | undefined {
    return this.#settled.get(refText(ref));
  }
}

export function kindsOf(service: FormService): ModelKind[] {
  return service.traits.classifiers ? ["models", "classifiers"] : ["models"];
}

export function refText({ kind, id }: ModelRef): string {
  return `${kind}/${id}`;
}
