/**
 * The capture of a data set: every file as it is now, and deletions of files that are no longer there. A deletion is only ever told after the
 * list was read to its end and the file was asked for by name: an outage removes nothing.
 */
import { keyText } from "../../../model/key.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { CaptureEngine, SourceContext } from "../../source.ts";
import type { DataSetConfig } from "../config.ts";
import { dataKey } from "../keys.ts";
import { readVersion, stateOf } from "./blob-version.ts";
import { concernsWholeContainer, isContainerFailure } from "./container-failure.ts";
import type { BlobEntry, Container, DataSetMemory } from "./face.ts";
import { Generation } from "./generation.ts";
import { KeptFiles } from "./kept-files.ts";
import { readVersions } from "./read-versions.ts";

/**
 * The whole of one data set: versions of every file that the timeline does not have in this state, and tombstones. `before`: what the last run
 * remembered. Never throws because of the container: what cannot be read stays as it is kept, and the operator is warned. Returns `before`
 * when the set could not be read to its end.
 */
export async function* captureDataSet(
  set: DataSetConfig,
  container: Container,
  engine: CaptureEngine,
  context: SourceContext,
  before?: DataSetMemory,
): AsyncGenerator<readonly CapturedVersion[], DataSetMemory | undefined> {
  const capture = new DataSetCapture(set, container, engine, context);
  try {
    yield* capture.run();
    return capture.memory(before);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isContainerFailure(error)) throw error;
    context.warn?.(
      `The data set ${set.name} could not be captured whole: ${error.message}. What is kept of it stays as it is; nothing counts as deleted. ` +
        `Until this is mended, changes of the training data are not kept.`,
    );
    return before;
  } finally {
    await capture.close();
  }
}

class DataSetCapture {
  readonly #set: DataSetConfig;
  readonly #container: Container;
  readonly #engine: CaptureEngine;
  readonly #context: SourceContext;
  readonly #prefix: string;
  readonly #kept: KeptFiles | undefined;
  readonly #generation = new Generation();
  readonly #startedAt: number;
  /** Of this set the timeline has something already. */
  #wasKept = false;
  #done = 0;
  #bytes = 0;

  constructor(set: DataSetConfig, container: Container, engine: CaptureEngine, context: SourceContext) {
    this.#set = set;
    this.#container = container;
    this.#engine = engine;
    this.#context = context;
    this.#prefix = set.prefix ?? "";
    this.#startedAt = context.clock.now();
    const keys = dataKey(set.name, "");
    const kept = engine.keptKeys(keys);
    this.#kept =
      kept &&
      new KeptFiles(
        engine,
        kept,
        async (key, signal) => await this.#isThere(keyText(key.subarray(keys.length)), signal),
        context.signal,
      );
  }

  async *run(): AsyncGenerator<readonly CapturedVersion[]> {
    const { signal, warn } = this.#context;
    for await (const entries of this.#container.list(this.#prefix, signal)) {
      for (const entry of entries) {
        this.#generation.add(entry);
        if (this.#kept !== undefined) yield* this.#kept.pass(dataKey(this.#set.name, entry.name));
      }
      yield* this.#news(entries);
    }
    if (this.#generation.files === 0) {
      warn?.(
        `The data set ${this.#set.name} is empty: there is no file below "${this.#prefix}" in ${this.#container.url}. ` +
          "Whatever is kept of it can still be restored. Check that this is the right container.",
      );
    }
    if (this.#kept !== undefined) yield* this.#kept.end();
    else if (this.#wasKept) {
      warn?.(
        `This key may not read what is kept, so files that were removed from the data set ${this.#set.name} are not marked as gone.`,
      );
    }
  }

  /** Of what was read to its end now. `before`: of the same state of the set it tells since when it has been so. */
  memory(before: DataSetMemory | undefined): DataSetMemory {
    const generation = this.#generation.digest();
    const { files } = this.#generation;
    const isSame = before?.generation === generation;
    // Between the two lists it was in this state: after the end of the first and before the begin of the last.
    const since = isSame ? before.since : this.#context.clock.now();
    return { generation, files, since, until: this.#startedAt };
  }

  async close(): Promise<void> {
    await this.#kept?.close();
  }

  /** Versions of those that the timeline has not in this state. */
  async *#news(entries: readonly BlobEntry[]): AsyncGenerator<readonly CapturedVersion[]> {
    const { name: set } = this.#set;
    const known = await this.#engine.known(
      entries.map((entry) => ({ key: dataKey(set, entry.name), state: stateOf(set, entry) })),
    );
    this.#wasKept ||= known.includes(true);
    const news = entries.filter((_, at) => known[at] !== true);
    yield* readVersions(news, this.#read, this.#context.signal);
  }

  /** Undefined for a file that cannot be had now; the operator has been told then. */
  readonly #read = async (entry: BlobEntry, signal: AbortSignal): Promise<CapturedVersion | undefined> => {
    const { name: set } = this.#set;
    const origin = { set, container: this.#container };
    try {
      const read = await readVersion(
        dataKey(set, entry.name),
        entry,
        origin,
        this.#engine,
        this.#context,
        signal,
      );
      this.#bytes += read?.entry.length ?? 0;
      this.#context.progress?.({ phase: `training data ${set}`, done: ++this.#done, bytes: this.#bytes });
      return read?.version;
    } catch (error) {
      signal.throwIfAborted();
      if (!isContainerFailure(error) || concernsWholeContainer(error)) throw error;
      this.#context.warn?.(
        `A file of the data set ${set} was not kept in its present state: ${error.message}. What was kept of it before stays.`,
        entry.name,
      );
      return undefined;
    }
  };

  /** Asked of a kept file that the list does not show. Outside the configured prefix nothing belongs to the set. */
  async #isThere(name: string, signal: AbortSignal): Promise<boolean> {
    if (!name.startsWith(this.#prefix)) return false;
    return (await this.#container.find(name, signal)) !== undefined;
  }
}
