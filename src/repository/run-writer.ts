/**
 * Writing what one run sees: versions into segments, blobs into packs, and checkpoints from which a run that was cut off
 * continues. Nothing that it writes is part of a timeline before a manifest names it.
 */
import type { Clock, Millis } from "../model/clock.ts";
import { compareKeys, type ItemKey } from "../model/key.ts";
import type { TaskName } from "../model/task.ts";
import type { BlobEncoding, CapturedVersion, Version } from "../model/version.ts";
import type { PackInfo, StoredBlob } from "./blobs/pack.ts";
import { PackWriter } from "./blobs/pack-writer.ts";
import { ChangeTally } from "./change-tally.ts";
import type { EntryChange, EntryCounts } from "./manifest.ts";
import { Memtable } from "./memtable.ts";
import type { Repository } from "./repository.ts";
import { writeCheckpoint, type Checkpoint, type RunCursor } from "./run-records.ts";
import { taskFingerprints, type Fingerprints } from "./segment/fingerprint.ts";
import type { SegmentInfo } from "./segment/segment.ts";
import { writeSegment } from "./segment/segment-writer.ts";
import { StateIndex } from "./state-index.ts";

/**
 * Body bytes gathered before a segment is cut. Two may be in memory at once (one filling, one being written), which keeps
 * a run inside 256 MiB; larger segments come from rollups, which stream.
 */
const MEMTABLE_BYTES = 12 << 20;
/** A run that is cut off repeats at most this much time of its work. */
const CHECKPOINT_INTERVAL_MS = 60_000;
/** Versions handed to the segment writer at a time. */
const BATCH_VERSIONS = 256;

export interface RunWriterOptions {
  readonly repository: Repository;
  readonly task: TaskName;
  readonly run: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Default `MEMTABLE_BYTES`. */
  readonly memtableBytes?: number;
  /** What the timeline, and this run's segments from before it was cut off, are recognised by. */
  readonly index: StateIndex;
  /** Where a run that was cut off had got to. */
  readonly resume?: Checkpoint;
  /** What a checkpoint needs beside what the writer knows. */
  readonly describe: () => Omit<Checkpoint, "groups" | "packs" | "counts" | "change" | "cursor" | "ordinal">;
}

/** What a finished run has written. */
export interface RunOutput {
  readonly groups: readonly (readonly SegmentInfo[])[];
  readonly packs: readonly PackInfo[];
  readonly counts: EntryCounts;
  readonly change: RunChange;
}

/** Items by what this run did to them, as far as the capture asked what was known of them. */
export type RunChange = Omit<EntryChange, "items">;

export class RunWriter {
  readonly #options: RunWriterOptions;
  readonly #marks: Fingerprints;
  readonly #groups: SegmentInfo[][];
  readonly #packs: PackInfo[];
  readonly #counts: { -readonly [K in keyof EntryCounts]: EntryCounts[K] };
  /** Blobs of versions that are not in a segment yet, by alias. */
  #freshBlobs = new Map<string, StoredBlob>();
  /** This run's own segments that refer to blobs. */
  readonly #blobIndex: StateIndex;
  readonly #changes: ChangeTally;
  #memtable = new Memtable();
  #packWriter: PackWriter | undefined;
  #lastKey: ItemKey | undefined;
  #cursor: RunCursor | undefined;
  #ordinal: number;
  #checkpointedAt: Millis;
  /** The write under way; rejects once, when it is awaited. */
  #writing: Promise<void> = Promise.resolve();

  constructor(options: RunWriterOptions) {
    this.#options = options;
    this.#marks = taskFingerprints(options.repository.keyring, options.task);
    this.#blobIndex = new StateIndex(options.repository, options.task, []);
    this.#groups = options.resume?.groups.map((group) => [...group]) ?? [];
    this.#packs = [...(options.resume?.packs ?? [])];
    this.#counts = {
      ...(options.resume?.counts ?? { live: 0, deleted: 0, purged: 0, bodyBytes: 0, storedBytes: 0 }),
    };
    this.#changes = new ChangeTally(options.resume?.change);
    this.#cursor = options.resume?.cursor;
    this.#ordinal = options.resume?.ordinal ?? 0;
    this.#checkpointedAt = options.clock.now();
  }

  get counts(): EntryCounts {
    return this.#counts;
  }

  /** Takes versions over. `sequence`, `at`: where in the source's order and when they were seen. */
  async add(versions: readonly CapturedVersion[], sequence: string, at: Millis): Promise<void> {
    const observation = { run: this.#options.run, at, sequence };
    for (const { state, ...captured } of versions) {
      this.#changes.count(captured);
      const fingerprint = this.#marks.fingerprint(captured.key, state);
      this.#memtable.add({ ...captured, observation, fingerprint });
    }
    if (this.#memtable.bytes >= (this.#options.memtableBytes ?? MEMTABLE_BYTES)) await this.#startWriting();
  }

  /** Everything added so far is complete up to `cursor`. */
  async checkpoint(cursor: RunCursor): Promise<void> {
    this.#cursor = cursor;
    if (
      this.#options.clock.now() - this.#checkpointedAt >= CHECKPOINT_INTERVAL_MS &&
      this.#memtable.size > 0
    ) {
      await this.#startWriting();
    }
  }

  /**
   * For each state: whether the timeline, or what this run had written before it was continued, ends in exactly it. What
   * this run adds is not searched: a repetition inside one run costs a version, never a wrong answer.
   */
  async known(states: readonly { readonly key: ItemKey; readonly state: Buffer }[]): Promise<boolean[]> {
    const found = await this.#options.index.compare(states);
    this.#changes.ask(states, found);
    return found.map((recognised) => recognised === "same");
  }

  /** Checkpoints this run has left, those before its continuation included. */
  get checkpoints(): number {
    return this.#ordinal;
  }

  async findBlob(alias: string): Promise<StoredBlob | undefined> {
    const digest = this.#marks.alias(alias);
    return (
      this.#freshBlobs.get(digest) ??
      (await this.#blobIndex.blob(digest)) ??
      (await this.#options.index.blob(digest))
    );
  }

  async storeBlob(
    alias: string,
    content: AsyncIterable<Buffer>,
    encoding: BlobEncoding,
  ): Promise<StoredBlob> {
    this.#packWriter ??= new PackWriter(this.#options.repository, this.#options.task, this.#options.signal);
    const digest = this.#marks.alias(alias);
    const stored = await this.#packWriter.add(content, encoding, digest);
    this.#freshBlobs.set(digest, stored);
    return stored;
  }

  /** Writes what is left. The run may be committed when this returns. */
  async finish(): Promise<RunOutput> {
    await this.#writing;
    await this.#write(this.#memtable, this.#takePackWriter());
    return { groups: this.#groups, packs: this.#packs, counts: this.#counts, change: this.#changes.counted };
  }

  /** Lets go of everything that is under way; what checkpoints name stays for the run's continuation. */
  async abort(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#takePackWriter()?.abort();
  }

  async #startWriting(): Promise<void> {
    await this.#writing;
    const memtable = this.#memtable;
    const packWriter = this.#takePackWriter();
    const cursor = this.#cursor;
    this.#memtable = new Memtable();
    this.#checkpointedAt = this.#options.clock.now();
    this.#writing = this.#write(memtable, packWriter).then(async () => this.#recordCheckpoint(cursor));
    // Awaited by the next call; until then a failure must not count as unhandled.
    this.#writing.catch(() => {});
  }

  #takePackWriter(): PackWriter | undefined {
    const packWriter = this.#packWriter;
    this.#packWriter = undefined;
    return packWriter;
  }

  /** Packs first: a segment never refers to a pack that is not durable. */
  async #write(memtable: Memtable, packWriter: PackWriter | undefined): Promise<void> {
    for (const pack of (await packWriter?.finish()) ?? []) {
      this.#packs.push(pack);
      this.#counts.storedBytes += pack.bytes;
    }
    if (memtable.size === 0) return;
    const versions = memtable.toSorted();
    const { repository, task, signal } = this.#options;
    const segment = await writeSegment({ ...repository, task }, batches(versions), signal);
    this.#place(segment, versions);
    if (segment.counts.blobRefs > 0) this.#blobIndex.prepend([segment]);
    for (const { blobs } of versions) for (const { alias } of blobs) this.#freshBlobs.delete(alias);
    this.#counts.live += segment.counts.live;
    this.#counts.deleted += segment.counts.deleted;
    this.#counts.purged += segment.counts.purged;
    this.#counts.bodyBytes += segment.counts.bodyBytes;
    this.#counts.storedBytes += segment.bytes;
  }

  /** Continues the newest group where the keys go on ascending, else opens a newer one. */
  #place(segment: SegmentInfo, versions: readonly Version[]): void {
    const first = versions[0] as Version;
    const group = this.#groups[this.#groups.length - 1];
    if (group !== undefined && this.#lastKey !== undefined && compareKeys(first.key, this.#lastKey) > 0) {
      group.push(segment);
    } else {
      this.#groups.push([segment]);
    }
    this.#lastKey = (versions[versions.length - 1] as Version).key;
  }

  async #recordCheckpoint(cursor: RunCursor | undefined): Promise<void> {
    if (cursor === undefined) return;
    this.#ordinal += 1;
    await writeCheckpoint(this.#options.repository, this.#options.task, {
      ...this.#options.describe(),
      ordinal: this.#ordinal,
      cursor,
      groups: this.#groups,
      packs: this.#packs,
      counts: { ...this.#counts },
      change: this.#changes.counted,
    });
  }
}

function* batches(versions: readonly Version[]): Generator<readonly Version[]> {
  for (let start = 0; start < versions.length; start += BATCH_VERSIONS) {
    yield versions.slice(start, start + BATCH_VERSIONS);
  }
}
