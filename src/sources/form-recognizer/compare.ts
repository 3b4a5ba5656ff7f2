/**
 * Proves a resource equal to an instant: that for each model and classifier something stands that is the same training (`equivalence.ts`), and that
 * the data sets hold the same files. What a model was trained from is knowledge about the past, kept here alone: there is nothing to compare it with.
 */
import type { Version } from "../../model/version.ts";
import type { CompareEvent, CompareRequest, Difference, SourceContext } from "../source.ts";
import { requireCollection, type OpenContainer } from "./capture/capture.ts";
import { openContainer } from "./data/container.ts";
import { nameOf } from "./capture/memory.ts";
import { DataComparison } from "./compare-data.ts";
import { equivalence } from "./equivalence.ts";
import { modelKey, parseKey, type ModelRef } from "./keys.ts";
import { kindsOf } from "./restore/present-models.ts";
import type { FormResource } from "./resource.ts";
import type { ListedModel } from "./service/face.ts";

/** Models read at once. */
const READS_AT_ONCE = 8;

export async function* compareResource(
  resource: FormResource,
  request: CompareRequest,
  context: SourceContext,
  open: OpenContainer = openContainer,
): AsyncGenerator<CompareEvent> {
  requireCollection(request.target);
  const present = await listedModels(resource, context.signal);
  await using data = new DataComparison(resource, request, context, open);
  yield* new Comparison(resource, request, context, present, data).events();
}

/** By `kind/id`, without what the service is still making. */
async function listedModels(
  { service }: FormResource,
  signal: AbortSignal,
): Promise<Map<string, ListedModel>> {
  const present = new Map<string, ListedModel>();
  for await (const page of service.list(kindsOf(service), signal)) {
    for (const model of page) if (model.status !== "creating") present.set(nameOf(model), model);
  }
  return present;
}

class Comparison {
  readonly #resource: FormResource;
  readonly #request: CompareRequest;
  readonly #context: SourceContext;
  readonly #present: ReadonlyMap<string, ListedModel>;
  readonly #data: DataComparison;
  /** Of the present ones, those that stand for a kept one. */
  readonly #matched = new Set<string>();
  #items = 0;

  constructor(
    resource: FormResource,
    request: CompareRequest,
    context: SourceContext,
    present: ReadonlyMap<string, ListedModel>,
    data: DataComparison,
  ) {
    this.#resource = resource;
    this.#request = request;
    this.#context = context;
    this.#present = present;
    this.#data = data;
  }

  async *events(): AsyncGenerator<CompareEvent> {
    for await (const versions of this.#request.reader.versions()) {
      for (let from = 0; from < versions.length; from += READS_AT_ONCE) {
        this.#context.signal.throwIfAborted();
        const batch = versions.slice(from, from + READS_AT_ONCE);
        const found = await Promise.all(batch.map((version) => this.#item(version)));
        yield* asEvents(found.filter((difference) => difference !== undefined));
      }
      this.#context.progress?.({ phase: "compare", done: this.#items, bytes: 0 });
    }
    if (this.#request.whole) {
      yield* asEvents(this.#extra());
      for await (const difference of this.#data.extra()) yield { kind: "difference", difference };
    }
    yield { kind: "end", items: this.#items, parts: this.#items, blobs: 0 };
  }

  async #item(version: Version): Promise<Difference | undefined> {
    const parsed = parseKey(version.key);
    if (parsed?.what !== "model" && parsed?.what !== "data") return undefined;
    this.#items++;
    return parsed.what === "data"
      ? await this.#data.file(parsed, version)
      : await this.#model(parsed, version);
  }

  async #model(parsed: ModelRef, { key, kind, parts: [raw] }: Version): Promise<Difference | undefined> {
    const standing = this.#standing(parsed);
    if (standing !== undefined) this.#matched.add(nameOf(standing));
    if (kind !== "live" || raw === undefined) {
      return standing && { key, difference: "extra", detail: "it was deleted at the instant" };
    }
    const body = JSON.parse(raw.toString("utf8")) as Readonly<Record<string, unknown>>;
    const details = standing && (await this.#resource.service.details(standing, this.#context.signal));
    if (standing === undefined || details === undefined) {
      // What failed to be trained is kept as a fact; nothing has to stand for it.
      if (isInvalid(body)) return undefined;
      const what = parsed.kind === "models" ? "model" : "classifier";
      return { key, difference: "missing", detail: `no ${what} stands for it` };
    }
    const kept = { kind: parsed.kind, id: parsed.id, body };
    const { differences, retrained } = equivalence(kept, details, (ref) => this.#standing(ref)?.id);
    if (differences.length === 0) return undefined;
    const detail = differences.join("; ");
    return retrained
      ? {
          key,
          difference: "state",
          detail: `${details.composed ? "composed again" : "retrained"}: ${detail}`,
        }
      : { key, difference: "body", detail };
  }

  /** What was made for it by a restore, or else what has its id. */
  #standing({ kind, id }: ModelRef): ListedModel | undefined {
    const made = this.#request.ids?.get(kind, id);
    const mapped = made === undefined ? undefined : this.#present.get(`${kind}/${made}`);
    return mapped ?? this.#present.get(`${kind}/${id}`);
  }

  *#extra(): Generator<Difference> {
    for (const [name, model] of this.#present) {
      if (this.#matched.has(name)) continue;
      yield { key: modelKey(model), difference: "extra", detail: "the instant does not have it" };
    }
  }
}

function* asEvents(differences: Iterable<Difference>): Generator<CompareEvent> {
  for (const difference of differences) yield { kind: "difference", difference };
}

function isInvalid(body: Readonly<Record<string, unknown>>): boolean {
  const info = body["modelInfo"] as { readonly status?: unknown } | undefined;
  return info?.status === "invalid";
}
