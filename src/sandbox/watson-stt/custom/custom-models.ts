/**
 * The custom models of all instances and the one rule about their locks: while an operation runs on a model, nothing else is accepted for
 * it. An operation's end is worked out from the clock whenever somebody looks.
 */
import { transaction } from "../../http/storage.ts";
import { WatsonError, malformedGuid, unauthorized } from "../../watson/errors.ts";
import { isGuid } from "../../http/guid.ts";
import type { SttState } from "../state.ts";
import type { CustomModel, ModelKind, Operation, StoredWord } from "./model.ts";
import { ModelStore } from "./model-store.ts";
import { ResourceStore } from "./resource-store.ts";
import { WordStore } from "./word-store.ts";

const CONFLICT = 409;
const COMPLETE = 100;
const DAY_CHARACTERS = 10;

/** What the analysis of a grammar leaves to be said about the model. */
export interface ModelFault {
  readonly modelError?: string;
}

export class CustomModels {
  readonly state: SttState;
  readonly store: ModelStore;
  readonly resources: ResourceStore;
  readonly words: WordStore;
  #trainingFailures: string[] = [];

  constructor(state: SttState) {
    this.state = state;
    this.store = new ModelStore(state.sqlite);
    this.resources = new ResourceStore(state.sqlite);
    this.words = new WordStore(state.sqlite);
  }

  get now(): number {
    return this.state.clock.now();
  }

  /** As it is now. Throws 400 for an id that is no GUID, 401 for a model that is not this instance's. */
  open(instance: string, kind: ModelKind, id: string): CustomModel {
    if (!isGuid(id)) throw malformedGuid(id);
    const model = this.find(instance, kind, id);
    if (model === undefined) throw unauthorized(`Invalid customization_id '${id}' for user`);
    return model;
  }

  /** As {@link open}. Throws 409 as well while an operation runs. */
  openFree(instance: string, kind: ModelKind, id: string): CustomModel {
    const model = this.open(instance, kind, id);
    if (model.operation !== undefined) throw locked(model.id);
    return model;
  }

  find(instance: string, kind: ModelKind, id: string): CustomModel | undefined {
    const model = this.store.find(instance, kind, id);
    return model === undefined ? undefined : this.#settled(model);
  }

  list(instance: string, kind: ModelKind): CustomModel[] {
    return this.store.list(instance, kind).map((model) => this.#settled(model));
  }

  /** Two states of a model never share their time; the service promises no such thing. */
  touch(model: CustomModel, at = this.now): void {
    model.updated = Math.max(at, model.updated + 1);
  }

  /** Locks the model until the operation's end. */
  start(model: CustomModel, operation: Operation): void {
    model.operation = operation;
    this.touch(model);
    model.progress = 0;
    model.status =
      operation.kind === "training" ? "training" : operation.kind === "upgrade" ? "upgrading" : "pending";
    this.store.save(model);
  }

  /** The next training that is accepted ends in this error. */
  failTraining(error: string): void {
    this.#trainingFailures.push(error);
  }

  takeTrainingFailure(): string | undefined {
    return this.#trainingFailures.shift();
  }

  /** After a change that was made at once. */
  changed(model: CustomModel): void {
    model.modified = true;
    this.touch(model);
    this.#quiet(model);
    this.store.save(model);
  }

  putWord(model: CustomModel, word: StoredWord): void {
    if (word.unlisted === true) this.words.putUnlisted(model.id, word.word);
    else this.words.put(model.id, word);
  }

  /** Whether a training would find anything. */
  hasData(model: CustomModel): boolean {
    return (
      this.words.any(model.id) ||
      this.resources.list(model.id).some(({ valid, ends }) => valid && ends <= this.now)
    );
  }

  /** All data gone; what was created stays. */
  reset(model: CustomModel): void {
    this.#forgetData(model);
    Object.assign(model, {
      status: "pending",
      progress: 0,
      error: undefined,
      trained: false,
      modified: false,
      training: undefined,
    } satisfies Partial<CustomModel>);
    this.touch(model);
    this.store.save(model);
  }

  remove(model: CustomModel): void {
    this.#forgetData(model);
    this.store.remove(model.id);
  }

  /** Removes one resource and all that it brought, and leaves the model's state to the caller. */
  forgetResource(model: CustomModel, kind: "corpus" | "grammar" | "audio", name: string): void {
    const resource = this.resources.find(model.id, kind, name);
    if (resource === undefined) return;
    this.state.uploads.remove(resource.upload);
    this.resources.remove(model.id, kind, name);
    this.words.forgetResource(model.id, name);
    if (kind === "grammar") model.error = this.#grammarError(model);
  }

  #forgetData(model: CustomModel): void {
    transaction(this.state.sqlite, () => {
      for (const { kind, name } of this.resources.list(model.id)) this.forgetResource(model, kind, name);
      this.words.clear(model.id);
    });
  }

  /** Lets an operation that is over have its effect. */
  #settled(model: CustomModel): CustomModel {
    const { operation } = model;
    if (operation === undefined || operation.ends > this.now) return model;
    model.operation = undefined;
    this.touch(model, operation.ends);
    transaction(this.state.sqlite, () => {
      if (operation.kind === "training") this.#trained(model, operation.failure);
      else if (operation.kind === "upgrade") upgraded(model, operation.before);
      else {
        if (operation.kind === "words") {
          for (const word of operation.words) this.putWord(model, word);
        }
        model.modified = true;
        if (operation.kind === "analysis" && operation.of === "grammar") {
          model.error = this.#grammarError(model);
        }
        this.#quiet(model);
      }
      this.store.save(model);
    });
    return model;
  }

  #trained(model: CustomModel, failure: string | undefined): void {
    model.status = failure === undefined ? "available" : "failed";
    model.error = failure ?? this.#grammarError(model);
    if (failure !== undefined) return;
    model.progress = COMPLETE;
    model.trained = true;
    model.modified = false;
  }

  /** What status a model has that is left alone. */
  #quiet(model: CustomModel): void {
    model.progress = 0;
    model.status = this.hasData(model) ? "ready" : "pending";
  }

  #grammarError(model: CustomModel): string | undefined {
    const faults = this.resources
      .list(model.id, "grammar")
      .filter(({ ends }) => ends <= this.now)
      .map(({ facts }) => (facts as ModelFault).modelError);
    return faults.find((error) => error !== undefined);
  }
}

export function locked(id: string): WatsonError {
  return new WatsonError(CONFLICT, `Customization '${id}' is currently locked to process your last request.`);
}

function upgraded(model: CustomModel, before: CustomModel["status"]): void {
  const day = new Date(model.updated).toISOString().slice(0, DAY_CHARACTERS);
  model.status = before;
  model.progress = before === "available" ? COMPLETE : 0;
  model.versions = [...new Set([...model.versions, `${model.base}.v${day}`])];
}
