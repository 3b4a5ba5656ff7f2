/**
 * Proves an instance equal to an instant: names, languages, descriptions, every word, translation and part of speech by code point; prompts by
 * text, state and speaker. Ids, owners and times are not compared: the service chooses them.
 */
import type { CompareEvent, CompareRequest, Difference, SourceContext } from "../source.ts";
import { canonicalBytes } from "../../model/json/canonical.ts";
import { resourceKey, speakerKey } from "../watson/keys.ts";
import { groupByModel, type GroupedResource, type ModelGroup } from "../watson/model-groups.ts";
import { requireCollection } from "./capture.ts";
import { descriptionOf, modelItem, parseModel, parsePrompt, parseWord, type TtsModel } from "./elements.ts";
import type { RawModel, TtsService } from "./service.ts";
import { Target } from "./target.ts";

const NOTHING: RawModel = { words: [], prompts: [] };

/** Kept keys asked of the reader at once. */
const CONTAINS_KEYS = 1_000;

export async function* compareTts(
  service: TtsService,
  request: CompareRequest,
  context: SourceContext,
): AsyncGenerator<CompareEvent> {
  requireCollection(request.target);
  const target = await Target.read(service, request.ids, context.signal);
  yield* new TtsComparison(service, request, context, target).events();
}

class TtsComparison {
  readonly #service: TtsService;
  readonly #request: CompareRequest;
  readonly #context: SourceContext;
  readonly #target: Target;
  readonly #models = new Set<string>();
  readonly #speakers = new Set<string>();
  #items = 0;

  constructor(service: TtsService, request: CompareRequest, context: SourceContext, target: Target) {
    this.#service = service;
    this.#request = request;
    this.#context = context;
    this.#target = target;
  }

  async *events(): AsyncGenerator<CompareEvent> {
    const { signal } = this.#context;
    for await (const group of groupByModel(this.#request.reader.versions())) {
      signal.throwIfAborted();
      if (group.kind === "model") yield* asEvents(this.#model(group));
      else if (group.parsed?.kind === "speaker") {
        const { id, name } = group.parsed;
        yield* asEvents(this.#speaker(id, name, group.version));
      }
      this.#context.progress?.({ phase: "compare", done: this.#items, bytes: 0 });
    }
    if (this.#request.whole) yield* asEvents(this.#extra());
    yield { kind: "end", items: this.#items, parts: this.#items, blobs: 0 };
  }

  async *#model(group: ModelGroup): AsyncGenerator<Difference> {
    const standing = this.#target.modelFor(group.named.id);
    const { version, key } = group;
    if (standing !== undefined) this.#models.add(standing.value.customization_id);
    if (version !== undefined) {
      this.#items++;
      if (version.kind === "deleted") {
        if (standing !== undefined)
          yield { key, difference: "extra", detail: "it was deleted at the instant" };
      } else if (standing === undefined)
        yield { key, difference: "missing", detail: "no model stands for it" };
      else yield* differencesOfModel(key, parseModel(version.parts[0] as Buffer), standing.value);
    }
    const raw =
      standing === undefined
        ? NOTHING
        : await this.#service.model(standing.value.customization_id, this.#context.signal);
    yield* this.#words(group, raw);
    yield* this.#prompts(group, raw);
  }

  async *#words(group: ModelGroup, raw: RawModel): AsyncGenerator<Difference> {
    const present = byName(raw.words, (element) => parseWord(element).word);
    for (const { of, version } of group.resources.words) {
      const now = takeFrom(present, of);
      yield* this.#resource({ of, version }, now, (kept, there) =>
        canonicalBytes(kept).equals(canonicalBytes(there)) ? undefined : wordDetail(kept, there),
      );
    }
    yield* this.#surplus(group, "words", [...present.keys()]);
  }

  async *#prompts(group: ModelGroup, raw: RawModel): AsyncGenerator<Difference> {
    const present = byName(raw.prompts, (element) => parsePrompt(element).prompt_id);
    for (const { of, version } of group.resources.prompts) {
      const now = takeFrom(present, of);
      const speaker = await this.#speakerOf(version.kind === "live" ? version.parts[0] : undefined);
      yield* this.#resource({ of, version }, now, (kept, there) => {
        const [was, is] = [parsePrompt(kept), parsePrompt(there)];
        if (was.prompt !== is.prompt) return "its text differs";
        if (was.status !== is.status) return `its status is ${is.status}, kept as ${was.status}`;
        return speaker === is.speaker_id ? undefined : "its speaker is another";
      });
    }
    yield* this.#surplus(group, "prompts", [...present.keys()]);
  }

  *#resource(
    { version }: GroupedResource,
    now: Buffer | undefined,
    differ: (kept: Buffer, there: Buffer) => string | undefined,
  ): Generator<Difference> {
    this.#items++;
    const { key } = version;
    if (version.kind === "deleted") {
      if (now !== undefined) yield { key, difference: "extra", detail: "it was deleted at the instant" };
      return;
    }
    if (now === undefined) {
      yield { key, difference: "missing", detail: "it is not in the target" };
      return;
    }
    const detail = differ(version.parts[0] as Buffer, now);
    if (detail !== undefined) yield { key, difference: "body", detail };
  }

  /** Where only some of a model's items were chosen, the others are no difference. */
  async *#surplus(
    group: ModelGroup,
    resource: "words" | "prompts",
    names: readonly string[],
  ): AsyncGenerator<Difference> {
    if (group.version === undefined) return;
    for (let from = 0; from < names.length; from += CONTAINS_KEYS) {
      const keys = names
        .slice(from, from + CONTAINS_KEYS)
        .map((name) => resourceKey(group.named, resource, name));
      const contained = await this.#request.reader.contains(keys);
      for (const [at, key] of keys.entries()) {
        if (contained[at] !== true)
          yield { key, difference: "extra", detail: "the instant does not have it" };
      }
    }
  }

  async *#speaker(
    id: string,
    name: string,
    { key, kind }: { readonly key: Buffer; readonly kind: string },
  ): AsyncGenerator<Difference> {
    this.#items++;
    const alive = kind === "live";
    const { signal } = this.#context;
    const standing = await this.#target.speakerFor(id, alive ? name : undefined, this.#service, signal);
    if (standing !== undefined) this.#speakers.add(standing.speaker_id);
    if (alive && standing === undefined)
      yield { key, difference: "missing", detail: "no speaker stands for it" };
    if (!alive && standing !== undefined)
      yield { key, difference: "extra", detail: "it was deleted at the instant" };
  }

  /** Which speaker of the target a kept prompt should have. */
  async #speakerOf(prompt: Buffer | undefined): Promise<string | undefined> {
    const kept = prompt === undefined ? undefined : parsePrompt(prompt).speaker_id;
    if (kept === undefined) return undefined;
    const standing = await this.#target.speakerFor(kept, undefined, this.#service, this.#context.signal);
    return standing?.speaker_id ?? kept;
  }

  async *#extra(): AsyncGenerator<Difference> {
    for (const [id, { value, element }] of this.#target.models) {
      if (this.#models.has(id)) continue;
      const { key } = modelItem({ id, name: value.name }, element);
      yield { key, difference: "extra", detail: "the instant does not have this model" };
    }
    for (const [id, { name }] of await this.#target.speakers(this.#service, this.#context.signal)) {
      if (this.#speakers.has(id)) continue;
      const key = speakerKey({ id, name });
      yield { key, difference: "extra", detail: "the instant does not have this speaker" };
    }
  }
}

async function* asEvents(differences: AsyncIterable<Difference>): AsyncGenerator<CompareEvent> {
  for await (const difference of differences) yield { kind: "difference", difference };
}

function byName(elements: readonly Buffer[], nameOf: (element: Buffer) => string): Map<string, Buffer> {
  return new Map(elements.map((element) => [nameOf(element), element]));
}

function takeFrom(present: Map<string, Buffer>, name: string): Buffer | undefined {
  const element = present.get(name);
  present.delete(name);
  return element;
}

function* differencesOfModel(key: Buffer, kept: TtsModel, there: TtsModel): Generator<Difference> {
  const parts = [
    kept.name === there.name ? undefined : `its name is "${there.name}", kept as "${kept.name}"`,
    kept.language === there.language
      ? undefined
      : `its language is ${there.language}, kept as ${kept.language}`,
    descriptionOf(kept) === descriptionOf(there) ? undefined : "its description differs",
  ].filter((part) => part !== undefined);
  if (parts.length > 0) yield { key, difference: "body", detail: parts.join("; ") };
}

/** Translations that look alike are told apart in words, because nobody would see it. */
function wordDetail(kept: Buffer, there: Buffer): string {
  const [was, is] = [parseWord(kept), parseWord(there)];
  if (was.translation === is.translation) return "its part of speech differs";
  if (was.translation.normalize("NFC") === is.translation.normalize("NFC")) {
    return "its translation differs only by Unicode normalisation";
  }
  return "its translation differs";
}
