/**
 * The one decision about a cleanup: what follows a manifest, given what was found around it. Pure, so that it is taken anew
 * when another writer commits first, and a dry run takes the same one.
 */
import type { Millis } from "../../model/clock.ts";
import { DAY_MS } from "../../model/policy/policy.ts";
import {
  manifestPaths,
  manifestSegments,
  type CondemnedObject,
  type Manifest,
  type RetiredEntry,
} from "../manifest.ts";
import { packPath, segmentPath } from "../paths.ts";
import type { SweepFindings } from "./sweep.ts";

/**
 * Files that nothing names are left alone for this long at least: a run writes a checkpoint every minute, and a machine may
 * sleep over night.
 */
const UNNAMED_MS = DAY_MS;

export interface CleanupEvidence {
  readonly now: Millis;
  readonly cleanupAfter: Millis | null;
  /** Paths that undo records and open runs name. */
  readonly named: ReadonlySet<string>;
  /** Condemned files that are proven to be gone. */
  readonly gone: ReadonlySet<string>;
  /** Null: the folders were not searched. */
  readonly sweep: SweepFindings | null;
  /** The oldest generation that somebody works from. */
  readonly oldestLease: number | undefined;
  /** The first generation that has to stay. */
  readonly chainFrom: number;
}

export interface CleanupPlan {
  readonly next: Pick<Manifest, "retired" | "packs" | "condemned" | "chainFrom" | "sweptAt">;
  readonly changed: boolean;
  /** Instants that could be brought back until now. */
  readonly forgotten: readonly Millis[];
}

export function planCleanup(manifest: Manifest, evidence: CleanupEvidence): CleanupPlan {
  const { now, sweep } = evidence;
  const dropped = dueEntries(manifest, evidence);
  const retired = manifest.retired.filter((entry) => !dropped.has(entry));
  const idle = idlePacks(manifest, evidence);
  const packs = manifest.packs.filter(({ id }) => !idle.has(id));
  const needed = manifestPaths({ ...manifest, retired, packs });
  const isUnnamed = (path: string): boolean => !needed.has(path) && !evidence.named.has(path);
  const condemned = [
    ...manifest.condemned.flatMap((file) => reconsider(file, manifest, evidence, isUnnamed)),
    ...newlyCondemned(manifest, evidence, { dropped, idle, isUnnamed }),
  ];
  const chainFrom = Math.max(manifest.chainFrom, evidence.chainFrom);
  const sweptAt = sweep === null ? manifest.sweptAt : now;
  const changed =
    sweep !== null ||
    dropped.size > 0 ||
    condemned.length !== manifest.condemned.length ||
    condemned.some((file, index) => file !== manifest.condemned[index]);
  const next = { retired, packs, condemned, chainFrom, sweptAt };
  return { next, changed, forgotten: forgotten(manifest, retired, dropped) };
}

/** Retired entries whose time is over and that no hold keeps. */
function dueEntries(manifest: Manifest, { now, cleanupAfter }: CleanupEvidence): ReadonlySet<RetiredEntry> {
  if (cleanupAfter === null) return new Set();
  const held = heldEntries(manifest);
  return new Set(
    manifest.retired.filter((entry) => now >= entry.retiredAt + cleanupAfter && !held.has(entry)),
  );
}

/**
 * Retired entries of held instants. Such an instant is brought back by the chain of retired entries from the last kept instant
 * before it, so the entries that it continues are held with it.
 */
function heldEntries({ holds, entries, retired }: Manifest): ReadonlySet<RetiredEntry> {
  const kept = new Set(entries.map(({ to }) => to));
  const instants = new Set(holds.flatMap(({ instant }) => (instant === null ? [] : [instant])));
  const held = new Set<RetiredEntry>();
  // Newest first: whatever holds an entry comes after it.
  for (const one of retired.toSorted((a, b) => b.entry.to - a.entry.to)) {
    const { from, to } = one.entry;
    if (!instants.has(to) || kept.has(to)) continue;
    held.add(one);
    if (from !== null) instants.add(from);
  }
  return held;
}

/** Instants of dropped entries that nobody keeps and no retired entry could bring back any more. */
function forgotten(
  { entries }: Manifest,
  retired: readonly RetiredEntry[],
  dropped: ReadonlySet<RetiredEntry>,
): Millis[] {
  const left = new Set([...entries, ...retired.map(({ entry }) => entry)].map(({ to }) => to));
  const instants = new Set([...dropped].map(({ entry }) => entry.to).filter((to) => !left.has(to)));
  return [...instants].sort((a, b) => a - b);
}

/**
 * A pack is given up only in the very manifest in which no version refers to it, and while nobody works from an older one: a
 * run that does may find one of its blobs stored there and refer to it.
 */
function idlePacks(manifest: Manifest, { sweep, oldestLease }: CleanupEvidence): ReadonlySet<string> {
  const known = sweep !== null && sweep.generation === manifest.generation;
  const alone = oldestLease === undefined || oldestLease >= manifest.generation;
  return known && alone ? sweep.idlePacks : new Set();
}

/**
 * What becomes of a file that is condemned already. While somebody works from a generation before it was condemned it is not
 * marked: a rollup or an erasure may have written it days ago and commit it at last.
 */
function reconsider(
  file: CondemnedObject,
  manifest: Manifest,
  { now, cleanupAfter, gone, sweep, oldestLease }: CleanupEvidence,
  isUnnamed: (path: string) => boolean,
): CondemnedObject[] {
  if (gone.has(file.path)) return [];
  if (file.deleting) return [file];
  if (!isUnnamed(file.path)) return [];
  if (sweep === null || sweep.generation !== manifest.generation) return [file];
  // It went by other hands.
  if (!sweep.unnamed.has(file.path)) return [];
  const due = file.since + Math.max(cleanupAfter ?? UNNAMED_MS, UNNAMED_MS) <= now;
  const leased = oldestLease !== undefined && oldestLease < file.generation;
  return [due && !leased ? { ...file, deleting: true } : file];
}

function newlyCondemned(
  manifest: Manifest,
  { now, sweep }: CleanupEvidence,
  {
    dropped,
    idle,
    isUnnamed,
  }: {
    readonly dropped: ReadonlySet<RetiredEntry>;
    readonly idle: ReadonlySet<string>;
    readonly isUnnamed: (path: string) => boolean;
  },
): CondemnedObject[] {
  const { task } = manifest;
  const known = new Set(manifest.condemned.map(({ path }) => path));
  const added = new Map<string, CondemnedObject>();
  const condemn = (path: string, bytes: number, why: "retired" | "unreferenced"): void => {
    if (!isUnnamed(path) || known.has(path) || added.has(path)) return;
    const deleting = why === "retired";
    added.set(path, { path, bytes, since: now, generation: manifest.generation + 1, why, deleting });
  };
  const replaced = manifestSegments({ entries: [], retired: [...dropped] });
  for (const { id, bytes } of replaced) condemn(segmentPath(task, id), bytes, "retired");
  for (const { id, bytes } of manifest.packs) {
    if (idle.has(id)) condemn(packPath(task, id), bytes, "unreferenced");
  }
  for (const { path, size } of sweep?.unnamed.values() ?? []) condemn(path, size, "unreferenced");
  return [...added.values()];
}
