/**
 * Checking a repository: the chain of manifests, that every segment and pack is there and whole, and on request that
 * every byte of them reads back as what it should be. Reads only.
 */
import { isHoldfastError, type HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import type { TaskName } from "../model/task.ts";
import { verifyPack } from "./blobs/pack-verify.ts";
import type { PackInfo } from "./blobs/pack.ts";
import { entrySegments, type Manifest, type TimelineEntry } from "./manifest.ts";
import { manifestPath, packPath, packsOf, segmentPath, segmentsOf } from "./paths.ts";
import type { Repository } from "./repository.ts";
import { listRunObjects, readCheckpoint, readRunRecord } from "./run-records.ts";
import type { SegmentInfo } from "./segment/segment.ts";
import { verifySegment } from "./segment/segment-verify.ts";
import { generations, readManifest, type StoredManifest } from "./task-store.ts";

/** Something found. Where the items concerned are known they are named, else described. */
export interface CheckFinding {
  readonly severity: "error" | "warning" | "note";
  /** `object-missing`, `object-damaged`, `chain-broken`, `unreferenced`. */
  readonly code: string;
  readonly task: TaskName;
  readonly path: string;
  readonly message: string;
  readonly runs: readonly string[];
  readonly instants: readonly string[];
  readonly items: readonly string[];
}

export interface CheckOptions {
  /** Read every byte of segments and packs; needs the read right. Else: that each file is there with its size and ends. */
  readonly readData: boolean;
  readonly signal: AbortSignal;
  /** Called for each file that was checked. */
  readonly checked: (kind: "manifest" | "segment" | "pack", bytesRead: number) => void;
}

/** Checks one task. Errors: `storage-*` when the storage itself fails; damage is yielded, not thrown. */
export async function* checkTask(
  repository: Repository,
  task: TaskName,
  options: CheckOptions,
): AsyncGenerator<CheckFinding> {
  const newest = yield* checkChain(repository, task, options);
  if (newest === undefined) return;
  yield* checkRunRecords(repository, task, newest, options);
  for (const entry of newest.manifest.entries) {
    for (const segment of entrySegments(entry))
      yield* checkSegment(repository, task, entry, segment, options);
  }
  for (const pack of newest.manifest.packs) yield* checkPack(repository, newest.manifest, pack, options);
  yield* findUnreferenced(repository, newest.manifest, options);
}

/** Every generation is there, opens, and names its predecessor's digest. The newest that reads, for what follows. */
async function* checkChain(
  repository: Repository,
  task: TaskName,
  options: CheckOptions,
): AsyncGenerator<CheckFinding, StoredManifest | undefined> {
  let previous: StoredManifest | undefined;
  let expected: number | undefined;
  for await (const generation of generations(repository, task, options.signal)) {
    const path = manifestPath(task, generation);
    for (let missing = expected ?? generation; missing < generation; missing++) {
      const message = `The manifest of generation ${missing} is missing.`;
      yield { ...blank(task, manifestPath(task, missing)), severity: "error", code: "chain-broken", message };
      previous = undefined;
    }
    expected = generation + 1;
    try {
      const stored = await readManifest(repository, task, generation, options.signal);
      options.checked("manifest", 0);
      if (previous !== undefined && stored.manifest.previous !== previous.digest) {
        const message = `Generation ${generation} names another predecessor than the one that is there.`;
        yield { ...blank(task, path), severity: "error", code: "chain-broken", message };
      }
      previous = stored;
    } catch (error) {
      yield damage(task, path, error);
      previous = undefined;
    }
  }
  return previous;
}

/** A record that speaks of a manifest which is not there: the timeline was rolled back. */
async function* checkRunRecords(
  repository: Repository,
  task: TaskName,
  newest: StoredManifest,
  options: CheckOptions,
): AsyncGenerator<CheckFinding> {
  for await (const { run, ended, checkpoints } of listRunObjects(repository, task, options.signal)) {
    try {
      if (!ended) {
        await readCheckpoint(repository, task, run, checkpoints);
        continue;
      }
      const record = await readRunRecord(repository, task, run);
      if (record.generation === null || record.generation <= newest.manifest.generation) continue;
      const path = manifestPath(task, record.generation);
      const message = `Run ${run} committed generation ${record.generation}, but the newest is ${newest.manifest.generation}: the timeline was rolled back.`;
      const instants = record.instant === null ? [] : [formatInstant(record.instant)];
      yield { ...blank(task, path), severity: "error", code: "chain-broken", message, runs: [run], instants };
    } catch (error) {
      yield { ...damage(task, `tasks/${task}/runs/${run}`, error), runs: [run] };
    }
  }
}

async function* checkSegment(
  repository: Repository,
  task: TaskName,
  entry: TimelineEntry,
  segment: SegmentInfo,
  options: CheckOptions,
): AsyncGenerator<CheckFinding> {
  const concerned = { runs: [entry.id], instants: [formatInstant(entry.to)] };
  try {
    const findings = verifySegment(
      repository.storage,
      repository.keyring,
      task,
      segment,
      { readData: options.readData },
      options.signal,
    );
    for await (const finding of findings) {
      yield {
        ...blank(task, segmentPath(task, segment.id)),
        ...concerned,
        severity: "error",
        code: finding.code,
        message: finding.message,
        items: finding.items,
      };
    }
  } catch (error) {
    const items = [
      `all ${segment.counts.live + segment.counts.deleted + segment.counts.purged} versions in the file`,
    ];
    yield { ...damage(task, segmentPath(task, segment.id), error), ...concerned, items };
  }
  options.checked("segment", options.readData ? segment.bytes : 0);
}

async function* checkPack(
  repository: Repository,
  manifest: Manifest,
  pack: PackInfo,
  options: CheckOptions,
): AsyncGenerator<CheckFinding> {
  const { task } = manifest;
  try {
    const findings = verifyPack(
      repository.storage,
      repository.keyring,
      task,
      pack,
      { readData: options.readData },
      options.signal,
    );
    for await (const finding of findings) {
      const path = packPath(task, pack.id);
      yield {
        ...blank(task, path),
        severity: "error",
        code: finding.code,
        message: finding.message,
        items: finding.items,
      };
    }
  } catch (error) {
    yield { ...damage(task, packPath(task, pack.id), error), items: [`all ${pack.blobs} blobs in the pack`] };
  }
  options.checked("pack", options.readData ? pack.bytes : 0);
}

/** Files that no manifest names: left by runs that were cut off. Harmless; they only take room. */
async function* findUnreferenced(
  repository: Repository,
  manifest: Manifest,
  options: CheckOptions,
): AsyncGenerator<CheckFinding> {
  const { task } = manifest;
  const known = new Set([
    ...manifest.entries.flatMap(entrySegments).map(({ id }) => segmentPath(task, id)),
    ...manifest.packs.map(({ id }) => packPath(task, id)),
  ]);
  for (const prefix of [segmentsOf(task), packsOf(task)]) {
    for await (const { path, size } of repository.storage.list(prefix, { signal: options.signal })) {
      if (known.has(path)) continue;
      const message = `No manifest names this file of ${size} bytes: a run that was cut off, is under way, or an undo record left it.`;
      yield { ...blank(task, path), severity: "note", code: "unreferenced", message };
    }
  }
}

function blank(task: TaskName, path: string) {
  return { task, path, runs: [], instants: [], items: [] } as const;
}

/** Damage as a finding; what is no damage is thrown on. */
function damage(task: TaskName, path: string, error: unknown): CheckFinding {
  if (!isHoldfastError(error, "object-damaged", "object-missing", "repository-newer")) throw error;
  const { code, message }: HoldfastError = error;
  return { ...blank(task, path), severity: "error", code, message };
}
