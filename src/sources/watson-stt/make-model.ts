/**
 * Making a custom model once. The service chooses the id and takes two models of one name, so a broken connection leaves open whether a
 * model came to be. Before a model is asked for, that is noted durably, with the ids of those of its name that exist already; whoever comes
 * back after a cut finds the new one by name, base model and time, and takes it over.
 */
import { isHoldfastError } from "../../model/errors.ts";
import type { Clock, Millis } from "../../model/clock.ts";
import { backoffDelay, pause, type RetryPolicy } from "../http/backoff.ts";
import type { IdMap } from "../source.ts";
import type { CustomModel } from "./custom-model.ts";

/** The group under which models are mapped. */
export const MODEL_GROUP = "model";

/** The group of models that were asked for and not yet found. */
const BEGUN_GROUP = "model-begun";

/** How far the service's clock may be behind ours, ms; an older model of the same name is excluded by its id all the same. */
const CLOCK_SKEW_MS = 300_000;

/** Whether the making of some model was cut off. */
export function isBeingMade(ids: IdMap | undefined): boolean {
  return (ids?.all() ?? []).some(({ group, target }) => group === BEGUN_GROUP && target !== "");
}

/** What is said of a model when it is made; it can never be changed. */
export interface ModelCreation {
  readonly name: string;
  readonly base_model_name: string;
  /** Language models only. */
  readonly dialect?: string;
  readonly description?: string;
}

interface MakerCalls {
  models(): Promise<readonly CustomModel[]>;
  /** Sent once. Errors: `source-unreachable` when it is open whether and which model was made. */
  create(creation: ModelCreation): Promise<string>;
}

interface Begun {
  /** When it was asked for, ms UTC. */
  readonly at: Millis;
  readonly name: string;
  readonly base: string;
  /** Models of that name that were there before. */
  readonly before: readonly string[];
}

export interface MakerParts {
  readonly calls: MakerCalls;
  readonly ids: IdMap | undefined;
  readonly clock: Clock;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
}

export class ModelMaker {
  readonly #parts: MakerParts;
  /** One at a time: two models of one name must not be taken for each other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: MakerParts) {
    this.#parts = parts;
  }

  /** Takes over what an interrupted restore made and could not note. */
  async settle(existing: readonly CustomModel[]): Promise<void> {
    for (const { group, kept } of this.#parts.ids?.all() ?? []) {
      const begun = group === BEGUN_GROUP ? this.#begun(kept) : undefined;
      const made = begun && this.#match(begun, existing);
      if (made !== undefined) await this.#done(kept, made);
    }
  }

  /** The id of the model that stands for `kept`. Errors: as the calls. */
  async make(kept: string, creation: ModelCreation): Promise<string> {
    const made = this.#turn.then(async () => await this.#make(kept, creation));
    this.#turn = made.catch(() => undefined);
    return await made;
  }

  async #make(kept: string, creation: ModelCreation): Promise<string> {
    const { calls, ids, clock, retry, signal } = this.#parts;
    const { name, base_model_name: base } = creation;
    const same = (await calls.models()).filter((model) => model.name === name && model.baseModel === base);
    const begun: Begun = { at: clock.now(), name, base, before: same.map(({ id }) => id) };
    await ids?.set(BEGUN_GROUP, kept, JSON.stringify(begun));
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#done(kept, await calls.create(creation));
      } catch (error) {
        if (!isHoldfastError(error, "source-unreachable")) throw error;
        const made = this.#match(begun, await calls.models());
        if (made !== undefined) return await this.#done(kept, made);
        if (attempt >= retry.attempts) throw error;
        await pause(backoffDelay(retry, attempt, error.context.retryAfterMs), signal);
      }
    }
  }

  async #done(kept: string, made: string): Promise<string> {
    await this.#parts.ids?.set(MODEL_GROUP, kept, made);
    await this.#parts.ids?.set(BEGUN_GROUP, kept, "");
    return made;
  }

  #begun(kept: string): Begun | undefined {
    const note = this.#parts.ids?.get(BEGUN_GROUP, kept) ?? "";
    return note === "" ? undefined : (JSON.parse(note) as Begun);
  }

  #match({ at, name, base, before }: Begun, existing: readonly CustomModel[]): string | undefined {
    const taken = new Set([...before, ...(this.#parts.ids?.all() ?? []).map(({ target }) => target)]);
    return existing.find(
      (model) =>
        model.name === name &&
        model.baseModel === base &&
        !taken.has(model.id) &&
        Date.parse(model.created) >= at - CLOCK_SKEW_MS,
    )?.id;
  }
}
