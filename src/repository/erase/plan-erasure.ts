/**
 * What erasing an item would do, without doing any of it.
 */
import { HoldfastError } from "../../model/errors.ts";
import { formatInstant } from "../../model/instant.ts";
import { keyText, type ItemKey } from "../../model/key.ts";
import type { Millis } from "../../model/clock.ts";
import { openPack } from "../blobs/pack-reader.ts";
import type { PackInfo } from "../blobs/pack.ts";
import { openHolds } from "../holds.ts";
import { ifIntact } from "../intact.ts";
import type { Erasure, Hold, Manifest } from "../manifest.ts";
import type { Repository } from "../repository.ts";
import type { ObjectStat } from "../storage/storage.ts";
import type { StoredManifest } from "../task-store.ts";
import { findItem, type FoundItem, type Holder } from "./find-item.ts";
import { inParallel } from "./in-parallel.ts";
import { listLooseFiles, loosePack } from "./loose-files.ts";
import { ownBlobs } from "./own-blobs.ts";

export interface ErasurePlan extends FoundItem {
  readonly base: StoredManifest;
  readonly versions: Erasure["versions"];
  /** Ids of blobs that go with the item. */
  readonly blobs: ReadonlySet<string>;
  /** Packs of the manifest that hold one of them, and packs that it does not name. */
  readonly packs: readonly PackInfo[];
  readonly loosePacks: readonly ObjectStat[];
}

/** Undefined when there is nothing of the item. Errors: `item-held`, `no-read-right`, `object-*`, `storage-*`. */
export async function planErasure(
  repository: Repository,
  base: StoredManifest,
  key: ItemKey,
  signal: AbortSignal,
): Promise<ErasurePlan | undefined> {
  const { manifest } = base;
  refuseHeldItem(repository, manifest, key);
  const loose = await listLooseFiles(repository, manifest, signal);
  const found = await findItem(repository, manifest, key, loose, signal);
  if (found.holders.length === 0 && found.loose.length === 0) return undefined;
  refuseHeldInstant(manifest, key, found.holders);
  const blobs = await ownBlobs(repository, manifest, key, found.holders, signal);
  const packs = await packsHolding(repository, manifest, blobs, signal);
  const unread = [...found.unread];
  const loosePacks = await loosePacksHolding(repository, manifest, loose.packs, blobs, unread, signal);
  return { ...found, unread, base, versions: versionsOf(manifest, found.holders), blobs, packs, loosePacks };
}

function refuseHeldItem({ keyring }: Repository, { task, holds }: Manifest, key: ItemKey): void {
  const hold = openHolds(keyring, task, holds).coverOf(key);
  if (hold !== undefined) throw held(task, key, hold, hold.kind === "item" ? "it" : "its prefix");
}

/** A held instant stays as it was, with every item that it has. */
function refuseHeldInstant(manifest: Manifest, key: ItemKey, holders: readonly Holder[]): void {
  const holding = new Set(holders.map(({ segment }) => segment.id));
  for (const hold of manifest.holds) {
    const at = manifest.entries.find(({ to }) => to === hold.instant);
    const shows = manifest.entries.some(
      ({ epoch, to, groups }) =>
        at !== undefined &&
        epoch === at.epoch &&
        to <= at.to &&
        groups.flat().some(({ id }) => holding.has(id)),
    );
    if (shows) throw held(manifest.task, key, hold, `the instant ${formatInstant(hold.instant as Millis)}`);
  }
}

function held(task: Manifest["task"], key: ItemKey, { id, reason }: Hold, what: string): HoldfastError {
  const item = keyText(key);
  const why = reason === "" ? "without a reason" : `"${reason}"`;
  const message = `"${item}" was not erased: the hold ${id} keeps ${what} (${why}).`;
  return new HoldfastError("item-held", message, { task, item });
}

/** Each version once, whatever has copied it, with the instants of all that kept it. */
function versionsOf({ entries, retired }: Manifest, holders: readonly Holder[]): Erasure["versions"] {
  const kept = new Map<string, Set<Millis>>();
  const note = (segment: string, instant: Millis): void => {
    const instants = kept.get(segment) ?? new Set();
    kept.set(segment, instants.add(instant));
  };
  for (const entry of [...entries, ...retired.map((one) => one.entry)]) {
    for (const { id } of entry.groups.flat()) note(id, entry.to);
    for (const { to, segments } of entry.held) for (const { id } of segments) note(id, to);
  }
  const versions = new Map<string, { readonly observedAt: Millis; readonly instants: Set<Millis> }>();
  for (const { segment, version } of holders) {
    const { run, at, sequence } = version.observation;
    const name = `${run} ${at} ${sequence}`;
    const seen = versions.get(name) ?? { observedAt: at, instants: new Set() };
    for (const instant of kept.get(segment.id) ?? []) seen.instants.add(instant);
    versions.set(name, seen);
  }
  return [...versions.values()]
    .map(({ observedAt, instants }) => ({ observedAt, instants: [...instants].sort((a, b) => a - b) }))
    .sort((a, b) => a.observedAt - b.observedAt);
}

async function packsHolding(
  repository: Repository,
  { task, packs }: Manifest,
  blobs: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<PackInfo[]> {
  if (blobs.size === 0) return [];
  const found = await inParallel(packs, async (pack) =>
    (await hasOne(repository, task, pack, blobs, signal)) ? [pack] : [],
  );
  return found.flat();
}

async function loosePacksHolding(
  repository: Repository,
  { task }: Manifest,
  packs: readonly ObjectStat[],
  blobs: ReadonlySet<string>,
  unread: string[],
  signal: AbortSignal,
): Promise<ObjectStat[]> {
  if (blobs.size === 0) return [];
  const found = await inParallel(packs, async (file) => {
    const info = await ifIntact(loosePack(repository, file, signal));
    const has = info && (await ifIntact(hasOne(repository, task, info, blobs, signal)));
    if (has === undefined) unread.push(file.path);
    return has === true ? [file] : [];
  });
  return found.flat();
}

async function hasOne(
  repository: Repository,
  task: Manifest["task"],
  pack: PackInfo,
  blobs: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<boolean> {
  const reader = await openPack(repository, task, pack, signal);
  for (const blob of blobs) if (reader.has(blob)) return true;
  return false;
}
