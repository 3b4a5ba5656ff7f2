/**
 * Reading what is left of a segment: every block that still opens, and where the gaps are. Nothing is guessed: a block is
 * given whole or not at all.
 */
import { isHoldfastError } from "../../model/errors.ts";
import { compareKeys, type ItemKey } from "../../model/key.ts";
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import type { Repository } from "../../repository/repository.ts";
import type { BlockEntry } from "../../repository/segment/block-index.ts";
import { segmentBounds } from "../../repository/segment/bounds.ts";
import { damaged } from "../../repository/segment/damage.ts";
import { openSegmentFile, type SegmentFile } from "../../repository/segment/segment-file.ts";
import type { KeyRange } from "../../repository/segment/segment-scan.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";

/** A part of a segment that cannot be read. */
export interface Gap {
  /** Inclusive. */
  readonly from: ItemKey;
  /** Exclusive. */
  readonly before: ItemKey;
  /** How many versions lay there; undefined where the index is gone too. */
  readonly versions: number | undefined;
}

export type Salvaged =
  | { readonly kind: "versions"; readonly versions: readonly Version[] }
  | { readonly kind: "gap"; readonly gap: Gap };

/** The smallest key after this one. */
export function keyAfter(key: ItemKey): ItemKey {
  return Buffer.concat([key, Buffer.alloc(1)]);
}

/** All keys that a segment can hold, as its manifest says. Errors: `no-read-right`, `object-damaged`. */
export function rangeOfSegment(repository: Repository, task: TaskName, info: SegmentInfo): Gap {
  const { first, last } = segmentBounds(repository.keyring, task, info);
  const { live, deleted, purged } = info.counts;
  return { from: first, before: keyAfter(last), versions: live + deleted + purged };
}

/** In order of key, gaps where they lie; all within `range`. Errors: `no-read-right`, `storage-*`. */
export async function* salvage(
  repository: Repository,
  task: TaskName,
  info: SegmentInfo,
  range: KeyRange,
  signal: AbortSignal,
): AsyncGenerator<Salvaged> {
  const whole = rangeOfSegment(repository, task, info);
  let file: SegmentFile;
  try {
    const key = repository.keyring.openFileKey(task, info.id, info.wrapped);
    file = await openSegmentFile(repository.storage, task, info, key, signal);
  } catch (error) {
    yield* gapIn(whole, range, error);
    return;
  }
  for (let page = 0; page < file.indexPageCount; page++) {
    const pageEnd = file.indexPages[page + 1]?.firstKey ?? whole.before;
    let entries: readonly BlockEntry[];
    try {
      entries = await file.indexPage(page, signal);
    } catch (error) {
      const from = file.indexPages[page]?.firstKey ?? whole.from;
      yield* gapIn({ from, before: pageEnd, versions: undefined }, range, error);
      continue;
    }
    for (const [index, entry] of entries.entries()) {
      signal.throwIfAborted();
      const before = entries[index + 1]?.firstKey ?? pageEnd;
      if (!overlaps({ from: entry.firstKey, before }, range)) continue;
      try {
        const versions = within(await readBlock(file, entry, before, signal), range);
        if (versions.length > 0) yield { kind: "versions", versions };
      } catch (error) {
        yield* gapIn({ from: entry.firstKey, before, versions: entry.records }, range, error);
      }
    }
  }
}

/** The versions of a block, which lie where the index says. */
async function readBlock(
  file: SegmentFile,
  entry: BlockEntry,
  before: ItemKey,
  signal: AbortSignal,
): Promise<readonly Version[]> {
  const versions = file.versionsOf(entry, await file.readBlock(entry, signal));
  let bound = entry.firstKey;
  for (const [index, { key }] of versions.entries()) {
    const order = compareKeys(key, bound);
    if (index === 0 ? order !== 0 : order <= 0)
      throw damaged(file.path, `block ${entry.ordinal} is not in order of key`);
    bound = key;
  }
  if (compareKeys(bound, before) >= 0)
    throw damaged(file.path, `block ${entry.ordinal} holds keys of the block after it`);
  return versions;
}

/** The gap that damage leaves; what is no damage is thrown on. */
function* gapIn(gap: Gap, range: KeyRange, error: unknown): Generator<Salvaged> {
  if (!isHoldfastError(error, "object-damaged", "object-missing", "repository-newer")) throw error;
  if (overlaps(gap, range)) yield { kind: "gap", gap };
}

export function overlaps(part: Pick<Gap, "from" | "before">, { from, before }: KeyRange): boolean {
  if (before !== undefined && compareKeys(part.from, before) >= 0) return false;
  return from === undefined || compareKeys(part.before, from) > 0;
}

function within(versions: readonly Version[], { from, before }: KeyRange): readonly Version[] {
  return versions.filter(
    ({ key }) =>
      (from === undefined || compareKeys(key, from) >= 0) &&
      (before === undefined || compareKeys(key, before) < 0),
  );
}
