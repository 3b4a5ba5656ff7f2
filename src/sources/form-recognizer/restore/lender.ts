/**
 * A standby that models may be copied back from, and the copies that it is known to have.
 */
import { keyText } from "../../../model/key.ts";
import type { CopyStep } from "../../live-copies.ts";
import type { RestoreRequest } from "../../source.ts";
import { equivalence } from "../equivalence.ts";
import { resourceOf, type FormResource } from "../resource.ts";
import type { FormService, ModelDetails } from "../service/face.ts";
import type { KeptModel } from "./kept-model.ts";

/** A copy that is there: the present one of an item, an earlier one, or one of an item that is gone from the source. */
const THERE: readonly CopyStep["state"][] = ["verified", "superseded", "gone"];

export class Lender {
  readonly name: string;
  readonly resource: FormResource;
  readonly #copies = new Map<string, string[]>();
  #stopped: string | undefined;

  /** Errors: `usage`. */
  constructor({ name, source, ledger }: NonNullable<RestoreRequest["lender"]>) {
    this.name = name;
    this.resource = resourceOf(source);
    for (const { key, version, target, state } of ledger.steps()) {
      if (!THERE.includes(state)) continue;
      const copies = this.#copies.get(`${key}\n${version}`);
      if (copies === undefined) this.#copies.set(`${key}\n${version}`, [target]);
      else copies.push(target);
    }
  }

  /** Nothing more can be had from it, for a reason that holds for every model. */
  stop(reason: string): void {
    this.#stopped = reason;
  }

  /** Its copy of exactly this state, or why there is none. Reads only. */
  async find(
    kept: KeptModel,
    target: FormService,
    signal: AbortSignal,
  ): Promise<ModelDetails | { readonly missing: string }> {
    const { service } = this.resource;
    const { kind } = kept.ref;
    if (this.#stopped !== undefined) return { missing: this.#stopped };
    if (service.apiVersion !== target.apiVersion) {
      return {
        missing:
          `${this.name} is configured with API version ${service.apiVersion} and the target with ${target.apiVersion}: ` +
          "copies need one and the same",
      };
    }
    if (kind === "classifiers" && !service.traits.classifierCopies) {
      return { missing: `classifiers cannot be copied in API version ${target.apiVersion}` };
    }
    const copies = this.#copies.get(`${keyText(kept.key)}\n${kept.versionKey}`) ?? [];
    for (const id of copies.toReversed()) {
      const details = await service.details({ kind, id }, signal);
      if (details !== undefined && equivalence(kept.details, details).level === "metadata") return details;
    }
    const has = copies.length === 0 ? "has no copy of this state" : "does not have its copy any more";
    return { missing: `${this.name} ${has}` };
  }
}
