/**
 * The files of one training: each as it is now, and deletions of those that belonged to an earlier training of the same model.
 */
import { keyText, type ItemKey } from "../../../model/key.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { CaptureEngine, SourceContext } from "../../source.ts";
import { trainingFileKey } from "../keys.ts";
import type { ModelDetails } from "../service/face.ts";
import { readVersion, stateOf } from "./blob-version.ts";
import { concernsThisFileOnly } from "./container-failure.ts";
import { Evidence } from "./evidence.ts";
import type { BlobEntry, OpenDataSet } from "./face.ts";
import { Generation } from "./generation.ts";
import { KeptFiles } from "./kept-files.ts";
import { readVersions } from "./read-versions.ts";
import type { Selection } from "./selection.ts";
import { selectionOf, type TrainingSource } from "./training-source.ts";

interface OpenSource {
  readonly open: OpenDataSet;
  readonly selection: Selection;
}

export class TrainingFiles {
  readonly evidence: Evidence;
  readonly generation = new Generation();
  readonly #model: ModelDetails;
  readonly #engine: CaptureEngine;
  readonly #context: SourceContext;
  readonly #sources: OpenSource[] = [];

  constructor(model: ModelDetails, engine: CaptureEngine, context: SourceContext) {
    this.#model = model;
    this.#engine = engine;
    this.#context = context;
    this.evidence = new Evidence(model);
  }

  /** Errors: `source-*` and `version-lost` when not everything can be read; deletions come last. */
  async *versions(sources: readonly TrainingSource[]): AsyncGenerator<readonly CapturedVersion[]> {
    const { signal } = this.#context;
    const prefix = trainingFileKey(this.#model, "");
    const keys = this.#engine.keptKeys(prefix);
    const isThere = async (key: ItemKey, inner: AbortSignal): Promise<boolean> =>
      await this.#isThere(keyText(key.subarray(prefix.length)), inner);
    const kept = keys && new KeptFiles(this.#engine, keys, isThere, signal);
    try {
      for (const source of sources) {
        if (source.open === undefined) continue;
        const isLabelled = this.#model.buildMode === "labelled";
        this.#sources.push({
          open: source.open,
          selection: await selectionOf(source, source.open, isLabelled, signal),
        });
      }
      for (const source of this.#sources) yield* this.#source(source, kept);
      if (kept !== undefined) yield* kept.end();
    } finally {
      await kept?.close();
    }
  }

  async *#source(
    source: OpenSource,
    kept: KeptFiles | undefined,
  ): AsyncGenerator<readonly CapturedVersion[]> {
    const { open, selection } = source;
    const missing = new Set(selection.required);
    for await (const entries of open.container.list(selection.prefix, this.#context.signal)) {
      const chosen: BlobEntry[] = [];
      for (const entry of entries) {
        missing.delete(entry.name);
        if (selection.has(entry.name) && !(await this.#isTaken(entry.name, source))) chosen.push(entry);
      }
      for (const { name } of chosen) if (kept) yield* kept.pass(trainingFileKey(this.#model, name));
      yield* this.#news(chosen, open);
    }
    for (const name of missing) this.evidence.missing(name);
  }

  async *#news(entries: readonly BlobEntry[], open: OpenDataSet): AsyncGenerator<readonly CapturedVersion[]> {
    const known = await this.#engine.known(
      entries.map((entry) => ({
        key: trainingFileKey(this.#model, entry.name),
        state: stateOf(open.set.name, entry),
      })),
    );
    const news: BlobEntry[] = [];
    for (const [at, entry] of entries.entries()) {
      if (known[at] === true) this.#add(entry);
      else news.push(entry);
    }
    const read = async (entry: BlobEntry, signal: AbortSignal): Promise<CapturedVersion | undefined> =>
      await this.#read(entry, open, signal);
    yield* readVersions(news, read, this.#context.signal);
  }

  /** Undefined for a file that cannot be had; then that is part of the evidence. */
  async #read(
    entry: BlobEntry,
    open: OpenDataSet,
    signal: AbortSignal,
  ): Promise<CapturedVersion | undefined> {
    const key = trainingFileKey(this.#model, entry.name);
    const origin = { set: open.set.name, container: open.container };
    try {
      const read = await readVersion(key, entry, origin, this.#engine, this.#context, signal);
      if (read === undefined) this.evidence.missing(entry.name);
      else this.#add(read.entry);
      return read?.version;
    } catch (error) {
      // Anything else may be better with the next run: the model is not tied before.
      if (!concernsThisFileOnly(error)) throw error;
      this.evidence.unread(entry.name);
      return undefined;
    }
  }

  #add(entry: BlobEntry): void {
    this.generation.add(entry);
    this.evidence.found(entry);
  }

  /** Document types may share files; the keys of two containers' files may be one. */
  async #isTaken(name: string, source: OpenSource): Promise<boolean> {
    for (const { open: earlier, selection } of this.#sources.slice(0, this.#sources.indexOf(source))) {
      if (!selection.has(name)) continue;
      if (earlier.container.url === source.open.container.url) return true;
      if ((await earlier.container.find(name, this.#context.signal)) === undefined) continue;
      this.evidence.hidden(name);
      return true;
    }
    return false;
  }

  async #isThere(name: string, signal: AbortSignal): Promise<boolean> {
    for (const { open, selection } of this.#sources) {
      if (selection.has(name) && (await open.container.find(name, signal)) !== undefined) return true;
    }
    return false;
  }
}
