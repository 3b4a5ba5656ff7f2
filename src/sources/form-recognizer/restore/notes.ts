/**
 * What a restore writes down before it goes on, in the id map of the target: which model stands for which kept one, which was made for it, and
 * which making was begun. By these a restore that was cut off goes on with the same training, and a repeated one trains nothing again.
 */
import type { Millis } from "../../../model/clock.ts";
import type { IdMap, RestoreOutcome } from "../../source.ts";
import type { ModelKind, ModelRef } from "../keys.ts";
import type { ListedModel } from "../service/face.ts";
import { COPY_GROUP, copyOf } from "./copy-notes.ts";
import type { KeptModel } from "./kept-model.ts";

/** A training or composition that the service was, or was about to be, asked for. */
export interface BegunNote {
  /** Id in the target; empty while a service that chooses ids has not told it. */
  readonly id: string;
  /** When it was asked for, ms UTC. */
  readonly at: Millis;
  /** Where to ask; empty while no answer has come. */
  readonly operation: string;
  /** Models of the target that came to be shortly before: none of them is it. */
  readonly before: readonly string[];
}

/** What was made for one state of a kept model. */
export interface MadeNote {
  readonly id: string;
  /** The version key of what was made. */
  readonly version: string;
}

/** How far the service's clock may be behind ours, ms. */
export const CLOCK_SKEW_MS: Millis = 300_000;

const BEGUN_GROUP = "begun";
const MADE_GROUP = "made";

/** The groups of the id map that tell of models. */
const MODEL_GROUPS: readonly ModelKind[] = ["models", "classifiers"];

export class Notes {
  readonly #ids: IdMap | undefined;

  constructor(ids: IdMap | undefined) {
    this.#ids = ids;
  }

  /** The id that stands for a kept one, where that is another. */
  mapped({ kind, id }: ModelRef): string | undefined {
    return this.#ids?.get(kind, id);
  }

  /** Whether some restore of this timeline has brought the model there, or may have: it was cut off before it could tell. */
  isOurs({ kind, id, created }: ListedModel): boolean {
    return this.#mappings().some(({ group, kept, target }) => {
      if (group === kind) return target === id;
      if (group === COPY_GROUP) return copyOf(kind, kept) === id;
      if (group !== BEGUN_GROUP || target === "" || !kept.startsWith(`${kind}/`)) return false;
      const note = JSON.parse(target) as BegunNote;
      return note.id === "" ? isSince(note, { id, created }) : note.id === id;
    });
  }

  /** Whether the id was given to a kept model. */
  isGiven({ kind, id }: ModelRef): boolean {
    return this.#mappings().some(({ group, target }) => group === kind && target === id);
  }

  /** Every id of the target that stands for a kept model or classifier. */
  standing(): ReadonlySet<string> {
    const models = this.#mappings().filter(({ group }) => MODEL_GROUPS.some((one) => one === group));
    return new Set(models.map(({ group, target }) => `${group}/${target}`));
  }

  async map({ kind, id }: ModelRef, target: string): Promise<void> {
    if ((this.mapped({ kind, id }) ?? id) !== target) await this.#ids?.set(kind, id, target);
  }

  begun(kept: KeptModel): BegunNote | undefined {
    return this.#read(BEGUN_GROUP, kept) as BegunNote | undefined;
  }

  async begin(kept: KeptModel, note: BegunNote): Promise<void> {
    await this.#ids?.set(BEGUN_GROUP, nameOf(kept), JSON.stringify(note));
  }

  /** What was begun came to nothing. */
  async forget(kept: KeptModel): Promise<void> {
    if (this.begun(kept) !== undefined) await this.#ids?.set(BEGUN_GROUP, nameOf(kept), "");
  }

  made(kept: KeptModel): MadeNote | undefined {
    return this.#read(MADE_GROUP, kept) as MadeNote | undefined;
  }

  /** In this order: after a cut between any two, a repeat finds what was begun. */
  async finish(kept: KeptModel, made: MadeNote): Promise<void> {
    await this.#ids?.set(MADE_GROUP, nameOf(kept), JSON.stringify(made));
    await this.#ids?.set(kept.ref.kind, kept.ref.id, made.id);
    await this.forget(kept);
  }

  #mappings(): ReturnType<IdMap["all"]> {
    return this.#ids?.all() ?? [];
  }

  #read(group: string, kept: KeptModel): unknown {
    const text = this.#ids?.get(group, nameOf(kept)) ?? "";
    return text === "" ? undefined : JSON.parse(text);
  }
}

/** Whether a model came to be after it was asked for, as far as the service's clock can be trusted. */
export function isSince(note: BegunNote, { id, created }: Pick<ListedModel, "id" | "created">): boolean {
  return Date.parse(created) >= note.at - CLOCK_SKEW_MS && !note.before.includes(id);
}

/** One state of a kept model: another one is made anew. */
function nameOf({ ref, versionKey }: KeptModel): string {
  return `${ref.kind}/${versionKey}`;
}

/** The member of an outcome that tells which model stands for a kept one. */
export function mappedTo({ kind, id }: ModelRef, target: string): Required<Pick<RestoreOutcome, "mapped">> {
  return { mapped: { group: kind, kept: id, target } };
}
