/**
 * A task's timeline, read from the repository alone.
 */
import type { Millis } from "../model/clock.ts";
import { HoldfastError, isHoldfastError } from "../model/errors.ts";
import { resolveInstant } from "../model/instant.ts";
import type { ItemKey } from "../model/key.ts";
import type { TaskName } from "../model/task.ts";
import type { Version } from "../model/version.ts";
import type { Manifest, TimelineEntry } from "../repository/manifest.ts";
import type { Repository } from "../repository/repository.ts";
import type { StoredManifest } from "../repository/task-store.ts";
import { BlobReader } from "./blob-reader.ts";
import { SegmentGroup } from "./group.ts";
import { LostMarks, type LostItem } from "./lost.ts";
import { View } from "./view.ts";

/** Entries searched at a time for an item's history: enough to hide the latency of an object store. */
const HISTORY_PARALLELISM = 16;

/** One kept version and the entry that keeps it. */
export interface KeptVersion {
  readonly entry: TimelineEntry;
  readonly version: Version;
}

export class Timeline {
  readonly repository: Repository;
  readonly task: TaskName;
  readonly stored: StoredManifest;
  readonly blobs: BlobReader;
  /** Told of each item that a read leaves out because its version was damaged and given up. */
  onLost: (lost: LostItem) => void = () => {};
  readonly #groups = new Map<TimelineEntry, readonly (SegmentGroup | LostMarks)[]>();

  constructor(repository: Repository, task: TaskName, stored: StoredManifest) {
    this.repository = repository;
    this.task = task;
    this.stored = stored;
    this.blobs = new BlobReader(repository, task, stored.manifest.packs);
  }

  get manifest(): Manifest {
    return this.stored.manifest;
  }

  /** All kept instants, oldest first, of every epoch. */
  get instants(): Millis[] {
    return this.manifest.entries.map((entry) => entry.to);
  }

  /**
   * The kept instant that `text` means (see model/instant.ts). Instants that a restore kept for its own undo are found by
   * their time; `latest` and `latest~2` do not count them.
   */
  resolve(text: string, now: Millis): Millis {
    const counted = this.manifest.entries.filter((entry) => !entry.beforeRestore).map((entry) => entry.to);
    return resolveInstant(text, { all: this.instants, counted }, now);
  }

  /** The state at a kept instant. Errors: `instant-unknown`. */
  at(instant: Millis): View {
    const last = this.manifest.entries.findIndex((entry) => entry.to === instant);
    const newest = this.manifest.entries[last];
    if (newest === undefined) {
      throw new HoldfastError("instant-unknown", `No instant ${new Date(instant).toISOString()} is kept.`, {
        task: this.task,
      });
    }
    const entries = this.manifest.entries.slice(0, last + 1).filter((entry) => entry.epoch === newest.epoch);
    return new View(
      instant,
      newest.epoch,
      entries.flatMap((entry) => this.groupsOf(entry)),
      (lost) => this.onLost(lost),
    );
  }

  /** What the entries after `from` up to `to` hold, newest of each item; both of one epoch. */
  between(from: Millis, to: Millis): View {
    const entries = this.manifest.entries.filter((entry) => entry.to > from && entry.to <= to);
    return new View(
      to,
      entries[0]?.epoch ?? 0,
      entries.flatMap((entry) => this.groupsOf(entry)),
      (lost) => this.onLost(lost),
    );
  }

  /** Every kept version of an item, newest first, all epochs. */
  async *history(key: ItemKey, signal?: AbortSignal): AsyncGenerator<KeptVersion> {
    const entries = this.manifest.entries.toReversed();
    for (let start = 0; start < entries.length; start += HISTORY_PARALLELISM) {
      const found = await Promise.all(
        entries.slice(start, start + HISTORY_PARALLELISM).map(async (entry) => {
          const version = await this.#keptBy(entry, key, signal);
          return version && { entry, version };
        }),
      );
      for (const kept of found) if (kept) yield kept;
    }
  }

  /** The entry whose instant this is. */
  entryAt(instant: Millis): TimelineEntry | undefined {
    return this.manifest.entries.find((entry) => entry.to === instant);
  }

  /** The entry's version of an item; one that is lost is told and left out. */
  async #keptBy(entry: TimelineEntry, key: ItemKey, signal?: AbortSignal): Promise<Version | undefined> {
    try {
      return await new View(entry.to, entry.epoch, this.groupsOf(entry)).get(key, signal);
    } catch (error) {
      if (!isHoldfastError(error, "version-lost")) throw error;
      this.onLost({ key, instant: entry.to });
      return undefined;
    }
  }

  /** The entry's groups, and above them the marks of what it lost. */
  private groupsOf(entry: TimelineEntry): readonly (SegmentGroup | LostMarks)[] {
    let groups = this.#groups.get(entry);
    if (groups === undefined) {
      const segments = entry.groups.map((group) => new SegmentGroup(this.repository, this.task, group));
      const lost = entry.lost.filter(({ held }) => held === undefined);
      const marks = lost.length === 0 ? [] : [new LostMarks(this.repository, this.task, entry.to, lost)];
      groups = [...segments, ...marks];
      this.#groups.set(entry, groups);
    }
    return groups;
  }
}
