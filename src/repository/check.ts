/**
 * Checking a repository: the chain of manifests, that every segment and pack is there and whole, and on request that
 * every byte of them reads back as what it should be. Reads only.
 */
import { isHoldfastError, type HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import { keyText } from "../model/key.ts";
import type { TaskName } from "../model/task.ts";
import type { Version } from "../model/version.ts";
import { verifyPack } from "./blobs/pack-verify.ts";
import type { PackInfo } from "./blobs/pack.ts";
import { entrySegments, type Manifest, type TimelineEntry } from "./manifest.ts";
import { manifestPath, packPath, packsOf, runRecordPath, runsOf, segmentPath, segmentsOf } from "./paths.ts";
import type { Repository } from "./repository.ts";
import { readCheckpoint, readRunRecord, type RunRecord } from "./run-records.ts";
import { openSegment } from "./segment/segment-reader.ts";
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
  /** Paths of segments that others than manifests name: undo records. */
  readonly known: ReadonlySet<string>;
  /** Called for each file that was checked. */
  readonly checked: (kind: "manifest" | "segment" | "pack", bytesRead: number) => void;
}

/** Checks one task. Errors: `storage-*` when the storage itself fails; damage is yielded, not thrown. */
export async function* checkTask(
  repository: Repository,
  task: TaskName,
  options: CheckOptions,
): AsyncGenerator<CheckFinding> {
  const runs = await checkRuns(repository, task, options);
  const chain = yield* checkChain(repository, task, runs, options);
  for (const finding of runs.damaged) {
    const entry = chain.newest?.manifest.entries.find(({ id }) => finding.runs.includes(id));
    yield { ...finding, instants: entry === undefined ? [] : [formatInstant(entry.to)] };
  }
  if (chain.newest === undefined) return;
  const { manifest } = chain.newest;
  for (const entry of manifest.entries) {
    if (!runs.ended.has(entry.id)) {
      const path = runRecordPath(task, entry.id);
      const message = `The record of run ${entry.id} is not there: the run was cut off right after its commit, or the record was removed. No version depends on it.`;
      yield { ...blank(task, path), severity: "note", code: "object-missing", message, runs: [entry.id] };
    }
    for (const segment of entrySegments(entry))
      yield* checkSegment(repository, task, entry, segment, options);
  }
  for (const pack of manifest.packs) yield* checkPack(repository, manifest, pack, options);
  // A newer manifest that does not read may well name what an older one does not.
  if (manifest.generation === chain.highest) yield* findUnreferenced(repository, manifest, options);
}

/** A blob as a finding names it; anything else is a description. */
const BLOB_ID = /^[0-9a-f]{64}$/;

/** What the run records say, to be held against the manifests. */
interface RunsFound {
  /** Runs that have a record, sound or not. */
  readonly ended: ReadonlySet<string>;
  readonly commits: ReadonlyMap<number, RunRecord>;
  readonly damaged: readonly CheckFinding[];
}

/** Every checkpoint and record opens in its place. */
async function checkRuns(
  repository: Repository,
  task: TaskName,
  { signal }: CheckOptions,
): Promise<RunsFound> {
  const damaged: CheckFinding[] = [];
  const ended = new Set<string>();
  const commits = new Map<number, RunRecord>();
  for await (const { path } of repository.storage.list(runsOf(task), { signal })) {
    const [run = "", name = ""] = path.slice(runsOf(task).length).split("/");
    try {
      if (path !== runRecordPath(task, run)) {
        await readCheckpoint(repository, task, run, Number(name));
        continue;
      }
      ended.add(run);
      const record = await readRunRecord(repository, task, run);
      if (record.generation !== null) commits.set(record.generation, record);
    } catch (error) {
      damaged.push({ ...damage(task, path, error), runs: [run] });
    }
  }
  return { ended, commits, damaged };
}

/**
 * Every generation from the first is there, opens, names its predecessor's digest, and is the one that its run's record
 * speaks of. `newest`: the newest that reads; `highest`: the newest that is there.
 */
async function* checkChain(
  repository: Repository,
  task: TaskName,
  { commits }: RunsFound,
  options: CheckOptions,
): AsyncGenerator<CheckFinding, { newest: StoredManifest | undefined; highest: number }> {
  let newest: StoredManifest | undefined;
  let highest = 0;
  /** The generation before, where it reads. */
  let previous: StoredManifest | undefined;
  for await (const generation of generations(repository, task, options.signal)) {
    const place = manifestPlace(task, generation, commits);
    for (let missing = highest + 1; missing < generation; missing++) {
      const message = `The manifest of generation ${missing} is missing.`;
      yield { ...manifestPlace(task, missing, commits), severity: "error", code: "chain-broken", message };
      previous = undefined;
    }
    highest = generation;
    try {
      const stored = await readManifest(repository, task, generation, options.signal);
      options.checked("manifest", 0);
      if (previous !== undefined && stored.manifest.previous !== previous.digest) {
        const message = `Generation ${generation} names another predecessor than the one that is there.`;
        yield { ...place, severity: "error", code: "chain-broken", message };
      }
      const { run, manifest: committed = stored.digest } = commits.get(generation) ?? {};
      if (committed !== stored.digest) {
        const message = `Generation ${generation} is not the manifest that run ${run} committed.`;
        yield { ...place, severity: "error", code: "chain-broken", message };
      }
      previous = stored;
      newest = stored;
    } catch (error) {
      const { severity, code, message } = damage(task, place.path, error);
      yield { ...place, severity, code, message };
      previous = undefined;
    }
  }
  for (const [generation, { run }] of commits) {
    if (generation <= highest) continue;
    const is = highest === 0 ? "there is none" : `the newest is ${highest}`;
    const message = `Run ${run} committed generation ${generation}, but ${is}: the timeline was rolled back.`;
    yield { ...manifestPlace(task, generation, commits), severity: "error", code: "chain-broken", message };
  }
  return { newest, highest };
}

/** The manifest, with the run and the instant that it committed where a run record tells. */
function manifestPlace(task: TaskName, generation: number, commits: RunsFound["commits"]) {
  const record = commits.get(generation);
  return {
    ...blank(task, manifestPath(task, generation)),
    runs: record === undefined ? [] : [record.run],
    instants: typeof record?.instant === "number" ? [formatInstant(record.instant)] : [],
  };
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
    const path = packPath(task, pack.id);
    for await (const { code, message, items } of findings) {
      const users = items.length === 0 ? noUsers : await usersOf(repository, manifest, pack, items, options);
      yield {
        ...blank(task, path),
        severity: "error",
        code,
        message,
        ...users,
        items: users.items.length > 0 ? users.items : items,
      };
    }
  } catch (error) {
    yield { ...damage(task, packPath(task, pack.id), error), items: [`all ${pack.blobs} blobs in the pack`] };
  }
  options.checked("pack", options.readData ? pack.bytes : 0);
}

const noUsers = { runs: [], instants: [], items: [] } as const;

/**
 * The items, and the runs and instants that keep them, whose versions refer to damaged blobs: those of `blobs`, or all of
 * the pack where `blobs` is a description. Nothing without the read right, and nothing from a segment that is damaged too.
 */
async function usersOf(
  repository: Repository,
  manifest: Manifest,
  pack: PackInfo,
  blobs: readonly string[],
  { signal }: CheckOptions,
): Promise<Pick<CheckFinding, "runs" | "instants" | "items">> {
  if (repository.keyring.right !== "read") return noUsers;
  const { task } = manifest;
  const runs = new Set<string>();
  const instants = new Set<string>();
  const items = new Set<string>();
  const whole = !blobs.every((blob) => BLOB_ID.test(blob));
  const concerned = (version: Version): boolean =>
    version.blobs.some((ref) => (whole ? ref.pack === pack.id : blobs.includes(ref.blob)));
  for (const entry of manifest.entries) {
    for (const segment of entrySegments(entry)) {
      if (segment.counts.blobRefs === 0) continue;
      try {
        const reader = await openSegment(repository.storage, repository.keyring, task, segment);
        for await (const versions of reader.scan({}, {}, signal)) {
          for (const version of versions.filter(concerned)) {
            runs.add(entry.id);
            instants.add(formatInstant(entry.to));
            items.add(keyText(version.key));
          }
        }
      } catch (error) {
        damage(task, segmentPath(task, segment.id), error);
      }
    }
  }
  return { runs: [...runs], instants: [...instants], items: [...items] };
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
    ...options.known,
  ]);
  for (const prefix of [segmentsOf(task), packsOf(task)]) {
    for await (const { path, size } of repository.storage.list(prefix, { signal: options.signal })) {
      if (known.has(path)) continue;
      const message = `No manifest names this file of ${size} bytes: a run that was cut off or is under way left it, or an undo record that is gone.`;
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
