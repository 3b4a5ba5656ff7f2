/**
 * Versions that were damaged and given up by a person (`entry.lost`). A read whose answer would be such a version says so:
 * an older version is never given in its place.
 *
 * What an entry lists as lost are items whose version at the entry's own instant is gone. So the mark wins over whatever
 * else the entry holds of the item, and only a newer entry answers before it.
 */
import type { Millis } from "../model/clock.ts";
import { HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import { compareKeys, keyText, type ItemKey } from "../model/key.ts";
import type { TaskName } from "../model/task.ts";
import type { LostVersions, TimelineEntry } from "../repository/manifest.ts";
import type { Repository } from "../repository/repository.ts";
import { segmentBounds } from "../repository/segment/bounds.ts";
import { taskFingerprints, type Fingerprints } from "../repository/segment/fingerprint.ts";
import type { Bounds } from "../repository/segment/footer.ts";
import { openPages } from "../repository/segment/segment-pages.ts";

/** Hex digits of a key hash. */
const HASH_DIGITS = 16;

/** An item whose version at an instant is lost. */
export interface LostItem {
  /** Undefined where nothing that is left tells the name behind the hash. */
  readonly key: ItemKey | undefined;
  /** The instant at which its version was lost. */
  readonly instant: Millis;
}

/** The marks of one entry, or of one instant that is held beside it. */
export class LostMarks {
  readonly instant: Millis;
  readonly #task: TaskName;
  readonly #fingerprints: Fingerprints;
  readonly #hashes: ReadonlySet<string>;
  /** Bounds of what was lost without its key hashes: any item inside may be one of them. */
  readonly #unknown: readonly Bounds[];

  /** Errors: `no-read-right`, `object-damaged` where marks without hashes cannot be opened. */
  constructor(repository: Repository, task: TaskName, instant: Millis, lost: readonly LostVersions[]) {
    this.instant = instant;
    this.#task = task;
    this.#fingerprints = taskFingerprints(repository.keyring, task);
    this.#hashes = new Set(lost.flatMap(({ keyHashes }) => keyHashes));
    this.#unknown = lost.flatMap(({ unknown }) =>
      unknown === undefined ? [] : [segmentBounds(repository.keyring, task, unknown)],
    );
  }

  has(key: ItemKey): boolean {
    if (this.#hashes.size > 0 && this.#hashes.has(this.hashOf(key))) return true;
    return this.#unknown.some(
      ({ first, last }) => compareKeys(key, first) >= 0 && compareKeys(key, last) <= 0,
    );
  }

  hashOf(key: ItemKey): string {
    return hashText(this.#fingerprints.keyHash(key));
  }

  get hashes(): ReadonlySet<string> {
    return this.#hashes;
  }

  error(key: ItemKey): HoldfastError {
    const item = keyText(key);
    const message = `The version of "${item}" at ${formatInstant(this.instant)} is lost: it was damaged, could not be recovered and was given up.`;
    return new HoldfastError("version-lost", message, { task: this.#task, item });
  }
}

export function hashText(hash: bigint): string {
  return hash.toString(16).padStart(HASH_DIGITS, "0");
}

/**
 * The marks of an entry that is made of others, oldest first, whether gathered or merged: those of each that no newer one
 * answers for. Errors: `object-*`, `storage-*`.
 */
export async function carryLost(
  repository: Repository,
  task: TaskName,
  inputs: readonly TimelineEntry[],
  signal?: AbortSignal,
): Promise<LostVersions[]> {
  const carried: LostVersions[] = [];
  for (const [index, input] of inputs.entries()) {
    for (const lost of input.lost) {
      if (lost.held !== undefined) {
        carried.push(lost);
        continue;
      }
      const newer = inputs.slice(index + 1).flatMap(({ groups }) => groups.flat());
      const keyHashes = await hashesNotIn(repository, task, lost.keyHashes, newer, signal);
      if (keyHashes.length > 0 || lost.unknown !== undefined) carried.push({ ...lost, keyHashes });
    }
  }
  return carried;
}

/** Those of the hashes that none of the segments holds. Errors: `object-*`, `storage-*`. */
export async function hashesNotIn(
  repository: Repository,
  task: TaskName,
  keyHashes: readonly string[],
  segments: readonly TimelineEntry["groups"][number][number][],
  signal?: AbortSignal,
): Promise<string[]> {
  let left = [...new Set(keyHashes)].sort();
  for (const segment of segments) {
    if (left.length === 0) break;
    const pages = await openPages(repository.storage, repository.keyring, task, segment, undefined, signal);
    const found = await pages.fingerprints(
      left.map((hash) => BigInt(`0x${hash}`)),
      signal,
    );
    left = left.filter((_, at) => found[at] === undefined);
  }
  return left;
}
