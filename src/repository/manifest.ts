/**
 * The manifest: the sealed list that says which segments and packs make up a task's timeline.
 *
 * A task has a chain of manifests, one for each generation from 1. Creating generation n + 1 is the one commit point;
 * each names the digest of its predecessor, so a removed or rolled-back generation is noticed.
 */
import type { Millis } from "../model/clock.ts";
import type { Level } from "../model/level.ts";
import type { TaskName } from "../model/task.ts";
import type { PackInfo } from "./blobs/pack.ts";
import { packPath, segmentPath } from "./paths.ts";
import type { WrappedKey } from "./sealing/keyring.ts";
import type { SegmentInfo } from "./segment/segment.ts";

export const MANIFEST_FORMAT = 1;

/** What the entry's versions add up to. */
export interface EntryCounts {
  readonly live: number;
  readonly deleted: number;
  readonly purged: number;
  readonly bodyBytes: number;
  readonly storedBytes: number;
}

/** A baseline or delta. Versions lie in `groups`; where two groups hold the same key, the later group's version counts. */
export interface TimelineEntry {
  /** 32 hex digits: the run that made it. */
  readonly id: string;
  /** From 1; a re-created collection starts a new one. */
  readonly epoch: number;
  /** The source's identity of this incarnation. */
  readonly identity: string;
  readonly level: Level;
  /** Exclusive; null for a baseline. */
  readonly from: Millis | null;
  /** The instant; whole seconds, strictly increasing inside a task. */
  readonly to: Millis;
  /** Every change acknowledged before this is included. */
  readonly completeAsOf: Millis;
  readonly startedAt: Millis;
  /**
   * Made by a restore in place, to keep what it was about to overwrite. Such an instant is named by its time only:
   * `latest~2` does not count it, so a restore means the same when it is repeated.
   */
  readonly beforeRestore: boolean;
  /**
   * Holds nothing but captures (sources/watson/captures.ts), which no run of the source itself reads: such a run and one of the source
   * may follow each other in any order. Absent for all other entries, and for what rollups merge.
   */
  readonly captures?: true;
  /** Why a baseline was made though the timeline had one; empty otherwise. */
  readonly reason: string;
  /** Each group is a list of segments with disjoint, ascending key ranges. */
  readonly groups: readonly (readonly SegmentInfo[])[];
  readonly counts: EntryCounts;
  /** How many runs went into it: more than one after a rollup. */
  readonly runs: number;
  /** What the run changed against the timeline before it; null where that was not counted (baselines, rollups). */
  readonly change: EntryChange | null;
  /** Why the run was marked; empty for an ordinary one. Rollups carry marks on. */
  readonly anomalies: readonly Anomaly[];
  /** Versions of held items at instants that rollups have merged away, oldest instant first. */
  readonly held: readonly HeldInstant[];
  /** Versions that were damaged, could not be recovered and were given up by a person. */
  readonly lost: readonly LostVersions[];
}

/** Items by what became of them; `items`: how many the service says it has, deletions included, null where it does not say. */
export interface EntryChange {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly items: number | null;
}

export interface Anomaly {
  readonly kind: "mass-deletion" | "mass-rewrite" | "sudden-growth" | "entropy-jump" | "feed-shrank";
  /** One sentence with the figures. */
  readonly message: string;
  readonly observed: number;
  readonly threshold: number;
  /** Absent until a person has looked at it. */
  readonly acknowledged?: Acknowledgement;
}

/** What a person said about a mark. */
export interface Acknowledgement {
  readonly at: Millis;
  readonly reason: string;
  /** It was ordinary work: the run counts as good, and as one of those with which later runs are compared. */
  readonly expected: boolean;
}

/** Figures of one run, for the anomaly guard: rollups merge the run's own entry away. */
export interface RunFigures {
  readonly to: Millis;
  readonly baseline: boolean;
  /** Items by what became of them. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** As `EntryChange.items`. */
  readonly items: number | null;
  /** Live items, and bytes of their bodies and blobs, that the timeline held after the run: counted on from its baseline. */
  readonly live: number;
  readonly heldBytes: number;
  /** Body bytes of its versions before compression, what they became in segments, and bytes of its packs. */
  readonly bodyBytes: number;
  readonly segmentBytes: number;
  readonly packBytes: number;
  /** Share of its items that the collection had lost without the run being told of their removal. */
  readonly shrunk: number;
  /** Whether it was marked and not acknowledged as expected. */
  readonly marked: boolean;
}

/**
 * The newest versions of held items among those that a merged-away delta held, under its instant. Exact for held items:
 * the state of one at time t is its newest version among the entries and held instants up to t.
 */
export interface HeldInstant {
  readonly to: Millis;
  /** One group. */
  readonly segments: readonly SegmentInfo[];
}

/** Given up by a person: reading these versions fails instead of answering with an older one. */
export interface LostVersions {
  /** When it was decided. */
  readonly at: Millis;
  /** Hashes of the keys (16 hex digits each), as `Fingerprints.keyHash` makes them. */
  readonly keyHashes: readonly string[];
  readonly reason: string;
  /** The held instant whose versions these were; absent: the entry's own. */
  readonly held?: Millis;
  /** A segment of which not even the key hashes were left: any item in its bounds may be one of its versions. */
  readonly unknown?: Pick<SegmentInfo, "id" | "wrapped" | "bounds"> & { readonly versions: number };
}

/** An entry that a rollup replaced. It can be brought back until cleanup drops it. */
export interface RetiredEntry {
  readonly entry: TimelineEntry;
  readonly retiredAt: Millis;
  /** Id of the entry that replaced it. */
  readonly into: string;
  /** First generation in which the timeline did without it. */
  readonly generation: number;
}

/**
 * A file that is to be deleted. `deleting` is committed before the deletion: from then on no manifest may name the file,
 * so that a writer that slept through a cleanup can never commit what is no longer there.
 */
export interface CondemnedObject {
  /** Path in the repository. */
  readonly path: string;
  readonly bytes: number;
  readonly since: Millis;
  /** First generation in which nothing referred to it. */
  readonly generation: number;
  readonly why: "retired" | "unreferenced" | "erased" | "repaired";
  readonly deleting: boolean;
}

/** Keeps instants or items out of rollup's and cleanup's reach. */
export interface Hold {
  /** 32 hex digits. */
  readonly id: string;
  readonly kind: "instant" | "item" | "prefix";
  /** For `instant`: the instant that must stay. */
  readonly instant: Millis | null;
  /** For `item` and `prefix`: the key or the prefix, sealed for the read right (write-only holders learn no key). */
  readonly selector: SealedSelector | null;
  readonly reason: string;
  readonly since: Millis;
}

export interface SealedSelector {
  readonly wrapped: WrappedKey;
  readonly sealed: Buffer;
}

/** No rollup and no cleanup touches the timeline until a person acknowledges. */
export interface Freeze {
  readonly since: Millis;
  /** The run that was marked. */
  readonly run: string;
  /** Instant of the last run before it that was not marked; null when there is none. */
  readonly lastGood: Millis | null;
}

/** One item's removal from the whole history, as its commit says. No name: whoever may only write learns no key. */
export interface Erasure {
  /** 32 hex digits, time first. */
  readonly id: string;
  /** Keyed hash of the item's key, 64 hex digits. */
  readonly item: string;
  readonly at: Millis;
  readonly reason: string;
  /** The generation that does without the item. */
  readonly generation: number;
  /** Each version once, oldest first; `instants`: of the entries that kept it, retired ones and held instants included. */
  readonly versions: readonly { readonly observedAt: Millis; readonly instants: readonly Millis[] }[];
  /** Segments and packs that held it, and what was written in their place: nothing where they held nothing else. */
  readonly files: readonly {
    readonly old: FileDigest;
    readonly into: readonly FileDigest[];
  }[];
  /** Restores that had touched it: they cannot be undone any more. */
  readonly restores: readonly string[];
  /** Files of runs that were cut off which do not read: nobody knows whether they held it. Cleanup removes them. */
  readonly unread: readonly string[];
}

export interface FileDigest {
  /** Path in the repository. */
  readonly path: string;
  /** SHA-256 of the file, hex; null for what a run that was cut off had left and no manifest named. */
  readonly sha256: string | null;
}

export interface ManifestSource {
  readonly name: string;
  readonly kind: string;
  readonly collection: string;
}

export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly repository: string;
  readonly task: TaskName;
  readonly generation: number;
  /** SHA-256 of the predecessor's object, hex; null for generation 1. */
  readonly previous: string | null;
  readonly written: Millis;
  readonly source: ManifestSource;
  /** Oldest first. */
  readonly entries: readonly TimelineEntry[];
  readonly packs: readonly PackInfo[];
  /** The source's own memory at the newest entry. */
  readonly cursor: Readonly<Record<string, unknown>>;
  /** Runs since the source was last compared as a whole. */
  readonly runsSinceReconcile: number;
  /**
   * When the newest run began that read the source itself; null when there was none. Only in timelines to which captures were
   * committed: elsewhere the newest entry tells.
   */
  readonly lastBackup?: Millis | null;
  readonly holds: readonly Hold[];
  readonly freeze: Freeze | null;
  /** Oldest instant first. */
  readonly retired: readonly RetiredEntry[];
  readonly condemned: readonly CondemnedObject[];
  /** Generations before this one may have been removed by cleanup. */
  readonly chainFrom: number;
  /** When the task's folders were last searched for files that nothing names; null: never. */
  readonly sweptAt: Millis | null;
  /** Figures of runs, oldest first, bounded (see timeline/guard); empty in timelines that no run has added to since they are kept. */
  readonly recent: readonly RunFigures[];
  /** Erasures so far. A run that began before the newest of them is done again: it may have seen the erased item. */
  readonly erased: number;
  /** Erasures whose old files are not known to be gone yet, oldest first. */
  readonly erasing: readonly Erasure[];
}

/** A manifest as format 1 first wrote it: what rollups, holds and cleanup added may be absent. */
export type StoredShape = Omit<Manifest, keyof typeof NO_RETENTION | "entries"> &
  Partial<Pick<Manifest, keyof typeof NO_RETENTION>> & {
    readonly entries: readonly (Omit<TimelineEntry, keyof typeof ENTRY_DEFAULTS> &
      Partial<Pick<TimelineEntry, keyof typeof ENTRY_DEFAULTS>>)[];
  };

const ENTRY_DEFAULTS = { runs: 1, change: null, anomalies: [], held: [], lost: [] } as const;

/** The part of a manifest that rollups, holds and cleanup write, of a timeline that none of them has touched. */
export const NO_RETENTION = {
  holds: [],
  freeze: null,
  retired: [],
  condemned: [],
  chainFrom: 1,
  sweptAt: null,
  recent: [],
  erased: 0,
  erasing: [],
} as const satisfies Partial<Manifest>;

/** Fills in what a manifest written before rollups does not have. */
export function completeManifest(stored: StoredShape): Manifest {
  const entries = stored.entries.map((entry) => ({ ...ENTRY_DEFAULTS, ...entry }));
  return { ...NO_RETENTION, ...stored, entries };
}

/** All segments of an entry: its versions, newest group last, then what is held of earlier instants. */
export function entrySegments(entry: TimelineEntry): SegmentInfo[] {
  return [...entry.groups.flat(), ...entry.held.flatMap(({ segments }) => segments)];
}

/** Every segment that the manifest needs, retired entries included; each once. */
export function manifestSegments(manifest: Pick<Manifest, "entries" | "retired">): SegmentInfo[] {
  const all = [...manifest.entries, ...manifest.retired.map(({ entry }) => entry)].flatMap(entrySegments);
  return [...new Map(all.map((segment) => [segment.id, segment])).values()];
}

/** Paths of every file that the manifest needs. */
export function manifestPaths(
  manifest: Pick<Manifest, "entries" | "retired" | "packs" | "task">,
): Set<string> {
  const segments = manifestSegments(manifest).map(({ id }) => segmentPath(manifest.task, id));
  return new Set([...segments, ...manifest.packs.map(({ id }) => packPath(manifest.task, id))]);
}

/**
 * The newest epoch's segments, newest entry and group first: the order in which an item's newest version is looked for. What
 * lies below an entry that lost versions of unknown items is left out, because no item's state is known from there.
 */
export function segmentsNewestFirst(manifest: Manifest): SegmentInfo[] {
  const { epoch } = newestEntry(manifest);
  const entries = manifest.entries.filter((entry) => entry.epoch === epoch).toReversed();
  const end = entries.findIndex(({ lost }) =>
    lost.some(({ unknown, held }) => unknown !== undefined && held === undefined),
  );
  const known = end === -1 ? entries : entries.slice(0, end + 1);
  return known.flatMap((entry) => entry.groups.toReversed().flat());
}

/** The newest entry; a manifest always has one. */
export function newestEntry(manifest: Manifest): TimelineEntry {
  return manifest.entries[manifest.entries.length - 1] as TimelineEntry;
}
