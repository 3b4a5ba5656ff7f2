/**
 * One capture of an instance's custom models: one listing, then one read for each model that the listing says has changed or that was not
 * read for a day. It hands over everything it finds or throws.
 */
import { HoldfastError, isHoldfastError } from "../../model/errors.ts";
import { keyOf } from "../../model/key.ts";
import type { CapturedVersion } from "../../model/version.ts";
import type { CaptureEvent, CaptureRequest, SourceContext } from "../source.ts";
import { captureKey, modelKey, type Named } from "../watson/keys.ts";
import { amongKeys, goneVersion, missingUnder, newsOf } from "../news.ts";
import { Listing } from "../watson/listing.ts";
import { COLLECTION, modelItem, parseModel, resourceItems, speakerItem } from "./elements.ts";
import { isNotOffered, type TtsService } from "./service.ts";

export function requireCollection(collection: string): void {
  if (collection === COLLECTION) return;
  throw new HoldfastError(
    "source-not-found",
    `Text to Speech has no collection "${collection}": its only one is ${COLLECTION}.`,
  );
}

export async function* captureTts(
  service: TtsService,
  request: CaptureRequest,
  context: SourceContext,
): AsyncGenerator<CaptureEvent> {
  requireCollection(request.collection);
  const listing = await Listing.recall(request, context.clock, service.client.config.fullReadEveryMs);
  yield { kind: "start", run: listing.run, identity: "" };
  yield* new TtsCapture(service, request, context, listing).events();
}

class TtsCapture {
  readonly #service: TtsService;
  readonly #request: CaptureRequest;
  readonly #context: SourceContext;
  readonly #listing: Listing;
  #done = 0;
  #bytes = 0;
  #deletionsUnseen = false;

  constructor(service: TtsService, request: CaptureRequest, context: SourceContext, listing: Listing) {
    this.#service = service;
    this.#request = request;
    this.#context = context;
    this.#listing = listing;
  }

  async *events(): AsyncGenerator<CaptureEvent> {
    const { clock, signal } = this.#context;
    const completeAsOf = clock.now();
    const elements = await this.#service.models(signal);
    const present = new Set<string>();
    for (const element of elements) {
      const model = parseModel(element);
      const named = this.#listing.named(model.customization_id, model.name);
      const stamp = model.last_modified ?? "";
      if (
        this.#listing.isFresh(named.id, stamp, clock.now()) ||
        (yield* this.#model(named, element, stamp))
      ) {
        present.add(named.id);
      }
      this.#tell(elements.length);
    }
    yield* this.#speakers();
    for (const named of this.#listing.gone(present)) {
      yield* this.#goneModel(named);
      this.#listing.forget(named.id);
    }
    if (this.#deletionsUnseen) {
      this.#context.warn?.(
        "This key may not read what is kept, so deletions of single words, prompts and speakers are not seen; deleted models are.",
      );
    }
    yield {
      kind: "end",
      cursor: this.#listing.end(),
      completeAsOf,
      through: Math.max(completeAsOf, clock.now()),
    };
  }

  /** Whether the model was still there. */
  async *#model(named: Named, element: Buffer, stamp: string): AsyncGenerator<CaptureEvent, boolean> {
    const { clock, signal } = this.#context;
    const readAt = clock.now();
    let versions: CapturedVersion[];
    try {
      const raw = await this.#service.model(named.id, signal);
      versions = resourceItems(named, raw).map(({ version }) => version);
    } catch (error) {
      if (isHoldfastError(error, "source-not-found")) return false;
      throw error;
    }
    yield* this.#hand([modelItem(named, element).version, ...versions]);
    yield* this.#missing(`${modelKey(named).toString("utf8")}/`, versions);
    this.#listing.remember(named, stamp, readAt);
    yield { kind: "checkpoint", cursor: this.#listing.checkpoint() };
    return true;
  }

  /** The listing of speakers is small and tells no time, so it is always read. */
  async *#speakers(): AsyncGenerator<CaptureEvent> {
    let elements: Buffer[];
    try {
      elements = await this.#service.speakers(this.#context.signal);
    } catch (error) {
      // Withdrawn on IBM Cloud step by step: what is kept of speakers stays as it is.
      if (!isNotOffered(error)) throw error;
      this.#context.warn?.(
        `Speaker models are not listed any more, so they are left as they were kept: ${error.message}`,
      );
      return;
    }
    const versions = elements.map((element) => speakerItem(element).version);
    yield* this.#hand(versions);
    yield* this.#missing("speakers/", versions);
  }

  async *#goneModel(named: Named): AsyncGenerator<CaptureEvent> {
    yield* this.#hand([goneVersion(modelKey(named))]);
    yield* this.#missing(`${modelKey(named).toString("utf8")}/`, []);
    yield* this.#missing(captureKey(named.id, "").toString("utf8"), []);
  }

  async *#missing(prefix: string, seen: readonly CapturedVersion[]): AsyncGenerator<CaptureEvent> {
    const missing = missingUnder(this.#request.engine, keyOf(prefix), amongKeys(seen));
    if (missing === undefined) this.#deletionsUnseen ||= this.#listing.run === "delta";
    else yield* this.#hand(missing);
  }

  async *#hand(
    versions: Iterable<CapturedVersion> | AsyncIterable<CapturedVersion>,
  ): AsyncGenerator<CaptureEvent> {
    for await (const news of newsOf(this.#request.engine, versions)) {
      for (const { parts } of news) for (const part of parts) this.#bytes += part.length;
      this.#context.signal.throwIfAborted();
      yield { kind: "versions", versions: news, sequence: "" };
    }
  }

  #tell(total: number): void {
    this.#done++;
    this.#context.progress?.({ phase: "models", done: this.#done, total, bytes: this.#bytes });
  }
}
