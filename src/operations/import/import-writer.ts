/**
 * Writing what a file holds as one run: contents into packs while the file is read, versions into segments once its revisions
 * are in order. Nothing of it is part of a timeline before the commit; what is not committed is removed.
 */
import type { Clock } from "../../model/clock.ts";
import type { TaskName } from "../../model/task.ts";
import type { CapturedVersion } from "../../model/version.ts";
import type { ImportedLeaf, StoreContent } from "../../exchange/imported.ts";
import type { PackInfo } from "../../repository/blobs/pack.ts";
import { PackWriter } from "../../repository/blobs/pack-writer.ts";
import type { ManifestSource } from "../../repository/manifest.ts";
import { packPath, segmentPath } from "../../repository/paths.ts";
import type { Repository } from "../../repository/repository.ts";
import { RunWriter, type RunOutput } from "../../repository/run-writer.ts";
import { taskFingerprints } from "../../repository/segment/fingerprint.ts";
import { StateIndex } from "../../repository/state-index.ts";
import { isDocumentKey } from "../../sources/couchdb/items.ts";
import { itemVersion, type ItemVersion } from "./item-version.ts";
import { LeafSorter } from "./leaf-sorter.ts";

/** Versions handed over at a time. */
const BATCH_VERSIONS = 256;

export interface ImportPlace {
  readonly repository: Repository;
  readonly task: TaskName;
  readonly run: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly memtableBytes?: number;
}

export class ImportWriter implements AsyncDisposable {
  documents = 0;
  deleted = 0;
  /** Leaf revisions of documents that were kept. */
  leaves = 0;
  readonly #place: ImportPlace;
  readonly #sorter: LeafSorter;
  readonly #packs: PackInfo[] = [];
  #packWriter: PackWriter | undefined;
  #contents = 0;
  #output: RunOutput | undefined;
  #handedOver = false;

  constructor(place: ImportPlace) {
    this.#place = place;
    this.#sorter = new LeafSorter(place, async () => this.#endPacks());
  }

  /** Takes the content of an attachment. Its name is of this import only: nobody vouches for what a file says of it. */
  readonly store: StoreContent = async (content, encoding) => {
    const { repository, task, run, signal } = this.#place;
    this.#packWriter ??= new PackWriter(repository, task, signal);
    this.#contents += 1;
    const alias = taskFingerprints(repository.keyring, task).alias(
      JSON.stringify(["imported", run, this.#contents]),
    );
    return this.#packWriter.add(content, encoding, alias);
  };

  async add(leaf: ImportedLeaf, at: number): Promise<void> {
    await this.#sorter.add(leaf, at);
  }

  /** Writes the versions of all items. May be committed when it returns. */
  async finish(source: ManifestSource, reason: string, startedAt: number): Promise<RunOutput> {
    const { repository, task, run, clock, signal } = this.#place;
    const writer = new RunWriter({
      repository,
      task,
      run,
      clock,
      signal,
      index: new StateIndex(repository, task, []),
      // No checkpoint is ever written: an import that was cut off begins anew.
      describe: () => ({
        run,
        source,
        base: null,
        after: null,
        startedAt,
        kind: "baseline",
        identity: "",
        reason,
      }),
    });
    try {
      await this.#write(writer);
      const output = await writer.finish();
      const storedBytes = this.#packs.reduce((sum, { bytes }) => sum + bytes, output.counts.storedBytes);
      this.#output = { ...output, packs: this.#packs, counts: { ...output.counts, storedBytes } };
      return this.#output;
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  /** A commit is about to be tried: from here on a manifest may name what was written, whatever becomes of the attempt. */
  handOver(): void {
    this.#handedOver = true;
  }

  async #write(writer: RunWriter): Promise<void> {
    let batch: CapturedVersion[] = [];
    let seen: ItemVersion["seen"] | undefined;
    const hand = async (): Promise<void> => {
      if (seen !== undefined && batch.length > 0) await writer.add(batch, seen.sequence, seen.at);
      batch = [];
    };
    for await (const item of this.#sorter.items()) {
      this.#place.signal.throwIfAborted();
      const made = itemVersion(item);
      const { version } = made;
      const differs = made.seen.at !== seen?.at || made.seen.sequence !== seen.sequence;
      if (differs || batch.length >= BATCH_VERSIONS) await hand();
      seen = made.seen;
      batch.push(version);
      if (!isDocumentKey(version.key)) continue;
      this.documents += 1;
      this.leaves += version.parts.length;
      if (version.kind === "deleted") this.deleted += 1;
    }
    await hand();
  }

  async #endPacks(): Promise<void> {
    const packs = this.#packWriter;
    this.#packWriter = undefined;
    this.#packs.push(...((await packs?.finish()) ?? []));
  }

  /** Removes what the sorting left, and, unless it was handed over, everything; best effort, since nothing names it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#packWriter?.abort().catch(() => {});
    await this.#sorter[Symbol.asyncDispose]();
    if (this.#handedOver) return;
    const { repository, task } = this.#place;
    const segments = this.#output?.groups.flat().map(({ id }) => segmentPath(task, id)) ?? [];
    for (const path of [...segments, ...this.#packs.map(({ id }) => packPath(task, id))]) {
      await repository.storage.remove(path).catch(() => {});
    }
  }
}
