/**
 * A task's timeline, read from the repository alone.
 */
import type { Millis } from "../model/clock.ts";
import { HoldfastError, isHoldfastError } from "../model/errors.ts";
import { resolveInstant } from "../model/instant.ts";
import type { ItemKey } from "../model/key.ts";
import type { TaskName } from "../model/task.ts";
import type { Version } from "../model/version.ts";
import type { HeldInstant, Manifest, TimelineEntry } from "../repository/manifest.ts";
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
  /** The entry's instant, or the one under which a hold keeps the version beside it. */
  readonly instant: Millis;
  readonly version: Version;
}

/** An instant at which versions are kept: an entry's own, or one that it holds for some items. */
export interface KeptPoint {
  readonly to: Millis;
  readonly entry: TimelineEntry;
  /** Null for the entry's own. */
  readonly held: HeldInstant | null;
}

export class Timeline {
  readonly repository: Repository;
  readonly task: TaskName;
  readonly stored: StoredManifest;
  readonly blobs: BlobReader;
  /** Told of each item that a read leaves out because its version was damaged and given up. */
  onLost: (lost: LostItem) => void = () => {};
  readonly #groups = new Map<TimelineEntry | HeldInstant, readonly (SegmentGroup | LostMarks)[]>();

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
   * The kept instant that `text` means (see model/instant.ts). Instants that a restore kept for its own undo, and those at which only
   * uploads were captured, are found by their time; `latest~2` does not count them. `latest` is what is newest but for an undo's.
   */
  resolve(text: string, now: Millis): Millis {
    const own = this.manifest.entries.filter((entry) => !entry.beforeRestore);
    const counted = own
      .filter((entry) => entry.captures !== true || entry === own.at(-1))
      .map(({ to }) => to);
    return resolveInstant(text, { all: this.instants, counted }, now);
  }

  /**
   * The state at a kept instant. At one that is only held it is exact for the items that are held at it; others are as at
   * the kept instant before. Errors: `instant-unknown`.
   */
  at(instant: Millis): View {
    const { entries } = this.manifest;
    const own = entries.find((entry) => entry.to === instant);
    const newest = own ?? entries.find((entry) => entry.held.some(({ to }) => to === instant));
    if (newest === undefined) {
      throw new HoldfastError("instant-unknown", `No instant ${new Date(instant).toISOString()} is kept.`, {
        task: this.task,
      });
    }
    const { epoch } = newest;
    // Whatever an entry holds of earlier instants, its own versions are newer.
    const points = own === undefined ? this.points : entries.map(ownPoint);
    const known = points.filter(({ to, entry }) => to <= instant && entry.epoch === epoch);
    return new View(
      instant,
      epoch,
      known.flatMap((point) => this.#groupsAt(point)),
      (lost) => this.onLost(lost),
    );
  }

  /** Every instant at which any version is kept, oldest first. */
  get points(): KeptPoint[] {
    return this.manifest.entries
      .flatMap((entry) => [...entry.held.map((held) => ({ to: held.to, entry, held })), ownPoint(entry)])
      .sort((a, b) => a.to - b.to);
  }

  /** Those of the instants that are only held at which a version of the item itself is kept; oldest first. */
  async heldInstantsOf(key: ItemKey, signal?: AbortSignal): Promise<Millis[]> {
    const held = this.points.filter((point) => point.held !== null);
    const found: Millis[] = [];
    for await (const { instant } of this.#versionsAt(held, key, signal)) found.push(instant);
    return found;
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

  /** Every kept version of an item, newest first, all epochs; one that several entries repeat once, at the oldest of them. */
  async *history(key: ItemKey, signal?: AbortSignal): AsyncGenerator<KeptVersion> {
    /** Not told yet: an older instant may have the same version. */
    let last: KeptVersion | undefined;
    for await (const kept of this.#versionsAt(this.points.toReversed(), key, signal)) {
      if (last !== undefined && !isRepeated(last, kept)) yield last;
      last = kept;
    }
    if (last !== undefined) yield last;
  }

  /** The entry whose instant this is. */
  entryAt(instant: Millis): TimelineEntry | undefined {
    return this.manifest.entries.find((entry) => entry.to === instant);
  }

  /** The item's versions at those of the points that have one, in their order. */
  async *#versionsAt(
    points: readonly KeptPoint[],
    key: ItemKey,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<KeptVersion> {
    for (let start = 0; start < points.length; start += HISTORY_PARALLELISM) {
      const some = points.slice(start, start + HISTORY_PARALLELISM);
      const found = await Promise.all(some.map(async (point) => this.#keptAt(point, key, signal)));
      for (const [index, version] of found.entries()) {
        const { entry, to } = some[index] as KeptPoint;
        if (version !== undefined) yield { entry, instant: to, version };
      }
    }
  }

  /** The version of an item that is kept under an instant; one that is lost is told and left out. */
  async #keptAt(point: KeptPoint, key: ItemKey, signal?: AbortSignal): Promise<Version | undefined> {
    try {
      return await new View(point.to, point.entry.epoch, this.#groupsAt(point)).get(key, signal);
    } catch (error) {
      if (!isHoldfastError(error, "version-lost")) throw error;
      this.onLost({ key, instant: point.to });
      return undefined;
    }
  }

  #groupsAt({ entry, held }: KeptPoint): readonly (SegmentGroup | LostMarks)[] {
    if (held === null) return this.groupsOf(entry);
    const known = this.#groups.get(held);
    const groups = known ?? this.#openGroups(held.to, [held.segments], lostAt(entry, held.to));
    if (known === undefined) this.#groups.set(held, groups);
    return groups;
  }

  /** The entry's groups, and above them the marks of what it lost. */
  private groupsOf(entry: TimelineEntry): readonly (SegmentGroup | LostMarks)[] {
    let groups = this.#groups.get(entry);
    if (groups === undefined) {
      groups = this.#openGroups(entry.to, entry.groups, lostAt(entry, undefined));
      this.#groups.set(entry, groups);
    }
    return groups;
  }

  #openGroups(
    instant: Millis,
    groups: TimelineEntry["groups"],
    lost: TimelineEntry["lost"],
  ): readonly (SegmentGroup | LostMarks)[] {
    const segments = groups.map((group) => new SegmentGroup(this.repository, this.task, group));
    return lost.length === 0
      ? segments
      : [...segments, new LostMarks(this.repository, this.task, instant, lost)];
  }
}

function ownPoint(entry: TimelineEntry): KeptPoint {
  return { to: entry.to, entry, held: null };
}

/** What an entry lost of the versions under one of its held instants; undefined: under its own. */
function lostAt({ lost }: TimelineEntry, instant: Millis | undefined): TimelineEntry["lost"] {
  return lost.filter(({ held }) => held === instant);
}

/** Whether an older entry has the very same version: the newer one only repeats it. */
function isRepeated({ entry, version }: KeptVersion, older: KeptVersion): boolean {
  const { run, at } = version.observation;
  const { observation, fingerprint } = older.version;
  const sameSight = entry.epoch === older.entry.epoch && run === observation.run && at === observation.at;
  return sameSight && version.fingerprint.equals(fingerprint);
}
