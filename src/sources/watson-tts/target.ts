/**
 * The instance that is restored into or compared with: its models and speakers, and which of them stand for which kept ones.
 */
import type { IdMap } from "../source.ts";
import { parseModel, parseSpeaker, type TtsModel, type TtsSpeaker } from "./elements.ts";
import { isNotOffered, type TtsService } from "./service.ts";

export const MODEL_GROUP = "model";
export const SPEAKER_GROUP = "speaker";

/**
 * A model is filled under this name before it gets its own, so that nobody takes a half-filled one for whole. The kept id in it tells, after
 * any accident, what the model was going to be: it is found again instead of made again.
 */
export function temporaryName(kept: string): string {
  return `${TEMPORARY}${kept}`;
}

const TEMPORARY = "holdfast-restore-";

export function isTemporaryName(name: string): boolean {
  return name.startsWith(TEMPORARY);
}

export interface TargetModel {
  readonly value: TtsModel;
  readonly element: Buffer;
}

export class Target {
  readonly #models = new Map<string, TargetModel>();
  readonly #byTemporaryName = new Map<string, string>();
  readonly #ids: IdMap | undefined;
  #speakers: Map<string, TtsSpeaker> | undefined;
  #languages: ReadonlySet<string> | undefined;

  constructor(ids: IdMap | undefined) {
    this.#ids = ids;
  }

  static async read(service: TtsService, ids: IdMap | undefined, signal: AbortSignal): Promise<Target> {
    const target = new Target(ids);
    for (const element of await service.models(signal)) target.add(element);
    return target;
  }

  add(element: Buffer): void {
    const value = parseModel(element);
    this.#models.set(value.customization_id, { value, element });
    if (isTemporaryName(value.name)) this.#byTemporaryName.set(value.name, value.customization_id);
  }

  remove(id: string): void {
    const model = this.#models.get(id);
    if (model !== undefined) this.#byTemporaryName.delete(model.value.name);
    this.#models.delete(id);
  }

  get models(): ReadonlyMap<string, TargetModel> {
    return this.#models;
  }

  /** The model that stands for a kept one: itself, the one that was made for it, or one whose making was cut off. */
  modelFor(kept: string): TargetModel | undefined {
    const mapped = this.#ids?.get(MODEL_GROUP, kept);
    return (
      this.#models.get(kept) ??
      (mapped === undefined ? undefined : this.#models.get(mapped)) ??
      this.#models.get(this.#byTemporaryName.get(temporaryName(kept)) ?? "")
    );
  }

  /** Whether some restore of this timeline has made the model. */
  isOurs(id: string): boolean {
    const model = this.#models.get(id);
    if (model !== undefined && isTemporaryName(model.value.name)) return true;
    return (this.#ids?.all() ?? []).some(({ group, target }) => group === MODEL_GROUP && target === id);
  }

  /** Languages that some voice of the target speaks. */
  async languages(service: TtsService, signal: AbortSignal): Promise<ReadonlySet<string>> {
    return (this.#languages ??= await service.languages(signal));
  }

  /** None where the service does not list speakers any more. */
  async speakers(service: TtsService, signal: AbortSignal): Promise<ReadonlyMap<string, TtsSpeaker>> {
    if (this.#speakers === undefined) {
      const speakers = new Map<string, TtsSpeaker>();
      try {
        for (const element of await service.speakers(signal)) {
          const speaker = parseSpeaker(element);
          speakers.set(speaker.speaker_id, speaker);
        }
      } catch (error) {
        if (!isNotOffered(error)) throw error;
      }
      this.#speakers = speakers;
    }
    return this.#speakers;
  }

  addSpeaker(speaker: TtsSpeaker): void {
    this.#speakers?.set(speaker.speaker_id, speaker);
  }

  /** The speaker that stands for a kept one: itself, the one made for it, or one of the same name, which an instance has once. */
  async speakerFor(
    kept: string,
    name: string | undefined,
    service: TtsService,
    signal: AbortSignal,
  ): Promise<TtsSpeaker | undefined> {
    const speakers = await this.speakers(service, signal);
    return (
      speakers.get(kept) ??
      speakers.get(this.#ids?.get(SPEAKER_GROUP, kept) ?? "") ??
      (name === undefined ? undefined : [...speakers.values()].find((speaker) => speaker.name === name))
    );
  }
}
