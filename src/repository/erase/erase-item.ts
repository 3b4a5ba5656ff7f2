/**
 * Erasing one item from the whole history of a task: every segment that holds it and every pack with blobs that only it
 * refers to is written again without it, one commit puts the new files in the place of the old ones, and the old ones are
 * deleted right after it. Nothing has changed before that commit; after it no reader finds the item any more.
 *
 * The commit also voids every run that is under way, because such a run may have seen the item: it is done again.
 */
import type { Clock } from "../../model/clock.ts";
import { HoldfastError, isHoldfastError } from "../../model/errors.ts";
import { keyText, type ItemKey } from "../../model/key.ts";
import type { TaskName } from "../../model/task.ts";
import type { PackInfo } from "../blobs/pack.ts";
import { newTimedId } from "../ids.ts";
import type { CondemnedObject, Erasure, FileDigest } from "../manifest.ts";
import { packPath, segmentPath } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { taskFingerprints } from "../segment/fingerprint.ts";
import type { SegmentInfo } from "../segment/segment.ts";
import {
  commitManifest,
  newestGeneration,
  readNewestManifest,
  type NextManifest,
  type StoredManifest,
} from "../task-store.ts";
import { itemHash } from "./certificate.ts";
import { finishErasures } from "./finish-erasures.ts";
import { manifestWithout, type Replacements } from "./manifest-without.ts";
import { planErasure, type ErasurePlan } from "./plan-erasure.ts";
import { rewritePack } from "./rewrite-pack.ts";
import { rewriteSegment } from "./rewrite-segment.ts";

/** Other writers may be faster this often before the erasure gives up. */
const ATTEMPTS = 20;

export interface EraseOptions {
  readonly key: ItemKey;
  readonly reason: string;
  readonly clock: Clock;
  /** Tell only. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Called for each file that was written again. */
  readonly progress?: (done: { readonly files: number; readonly bytes: number }) => void;
}

/** In a dry run what would be done: `generation` is 0 and no file has anything in its place. */
export interface EraseOutcome {
  readonly erasure: Erasure;
  /** Bytes of the files that held it, and how many blobs go. */
  readonly bytes: number;
  readonly blobs: number;
  /** False: files wait for somebody who works from an older generation; cleanup, or another erasure, finishes it. */
  readonly complete: boolean;
}

/**
 * Errors: `item-held`, `item-not-kept`, `source-unknown` for a task without a timeline, `no-read-right`, `task-busy`,
 * `object-*` when a file that holds the item does not read: nothing has changed then; `storage-*`.
 */
export async function eraseItem(
  repository: Repository,
  task: TaskName,
  options: EraseOptions,
): Promise<EraseOutcome> {
  return new ItemErasure(repository, task, options).execute();
}

/** Where the manifest needs a file: what it is to the plan. */
interface OldFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string | null;
}

class ItemErasure {
  readonly #repository: Repository;
  readonly #task: TaskName;
  readonly #options: EraseOptions;
  readonly #id: string;
  /** What was written, by what it replaces: an attempt that lost against another writer is not for nothing. */
  readonly #segments = new Map<string, SegmentInfo | null>();
  readonly #packs = new Map<string, { readonly without: string; readonly into: readonly PackInfo[] }>();
  #files = 0;
  #bytes = 0;

  constructor(repository: Repository, task: TaskName, options: EraseOptions) {
    this.#repository = repository;
    this.#task = task;
    this.#options = options;
    this.#id = newTimedId(options.clock.now());
  }

  async execute(): Promise<EraseOutcome> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      this.#options.signal.throwIfAborted();
      const outcome = await this.#attempt();
      if (outcome === undefined) continue;
      if (this.#options.dryRun) return outcome;
      const { clock, signal } = this.#options;
      const waiting = await finishErasures(this.#repository, this.#task, { clock, signal });
      return { ...outcome, complete: !waiting.some(({ id }) => id === outcome.erasure.id) };
    }
    throw new HoldfastError(
      "task-busy",
      `Other writers kept committing to ${this.#task}: nothing was erased.`,
      {
        task: this.#task,
      },
    );
  }

  /** Undefined when another writer was faster. */
  async #attempt(): Promise<EraseOutcome | undefined> {
    const { signal } = this.#options;
    const base = await readNewestManifest(this.#repository, this.#task, signal);
    if (base === undefined) {
      throw new HoldfastError("source-unknown", `Nothing has been kept for ${this.#task} yet.`, {
        task: this.#task,
      });
    }
    try {
      const plan = await planErasure(this.#repository, base, this.#options.key, signal);
      if (plan === undefined) return this.#begun(base);
      return await this.#carryOut(plan);
    } catch (error) {
      // No lease, which would hold up the deletion of the old files: what a cleanup has deleted meanwhile is not needed any more.
      const newer = await newestGeneration(this.#repository, this.#task, signal);
      if (isHoldfastError(error, "object-missing") && newer !== base.manifest.generation) return undefined;
      throw error;
    }
  }

  /** An erasure of the item that was cut off after its commit. Errors: `item-not-kept` when there is none. */
  #begun({ manifest }: StoredManifest): EraseOutcome {
    const { key } = this.#options;
    const item = itemHash(this.#repository.keyring, this.#task, key);
    const erasure = manifest.erasing.find((one) => one.item === item);
    if (erasure !== undefined) return { erasure, bytes: 0, blobs: 0, complete: false };
    throw new HoldfastError(
      "item-not-kept",
      `No version of "${keyText(key)}" is kept, so there is nothing to erase.`,
      {
        task: this.#task,
        item: keyText(key),
      },
    );
  }

  async #carryOut(plan: ErasurePlan): Promise<EraseOutcome | undefined> {
    const old = oldFiles(this.#task, plan);
    const bytes = old.reduce((sum, file) => sum + file.bytes, 0);
    const sizes = { bytes, blobs: plan.blobs.size, complete: false };
    if (this.#options.dryRun) return { erasure: this.#erasure(plan, old, 0), ...sizes };
    const replacements = await this.#write(plan);
    const generation = plan.base.manifest.generation + 1;
    const erasure = this.#erasure(plan, old, generation, replacements);
    const next = this.#next(plan, replacements, erasure, old);
    const { signal } = this.#options;
    const committed = await commitManifest(this.#repository, this.#task, plan.base, next, signal);
    return committed && { erasure, ...sizes };
  }

  async #write(plan: ErasurePlan): Promise<Replacements> {
    const { key, signal } = this.#options;
    const segments = new Map<string, SegmentInfo | null>();
    for (const { segment } of plan.holders) {
      let written = this.#segments.get(segment.id);
      if (written === undefined) {
        written = await rewriteSegment(this.#repository, this.#task, segment, key, signal);
        this.#segments.set(segment.id, written);
        this.#wrote(segment.bytes);
      }
      segments.set(segment.id, written);
    }
    const packs = new Map<string, readonly PackInfo[]>();
    const without = [...plan.blobs].sort().join();
    for (const pack of plan.packs) {
      let written = this.#packs.get(pack.id);
      if (written?.without !== without) {
        const into = await rewritePack(this.#repository, this.#task, pack, plan.blobs, signal);
        written = { without, into };
        this.#packs.set(pack.id, written);
        this.#wrote(pack.bytes);
      }
      packs.set(pack.id, written.into);
    }
    const { keyring } = this.#repository;
    const hash = taskFingerprints(keyring, this.#task).keyHash(key);
    return { segments, packs, keyHash: hash.toString(16).padStart(KEY_HASH_DIGITS, "0") };
  }

  #wrote(bytes: number): void {
    this.#files += 1;
    this.#bytes += bytes;
    this.#options.progress?.({ files: this.#files, bytes: this.#bytes });
  }

  #erasure(
    plan: ErasurePlan,
    old: readonly OldFile[],
    generation: number,
    replacements?: Replacements,
  ): Erasure {
    const { key, reason, clock } = this.#options;
    const into = filesInto(this.#task, replacements);
    return {
      id: this.#id,
      item: itemHash(this.#repository.keyring, this.#task, key),
      at: clock.now(),
      reason,
      generation,
      versions: plan.versions,
      files: old.map(({ path, sha256 }) => ({ old: { path, sha256 }, into: into.get(path) ?? [] })),
      restores: plan.restores,
      unread: plan.unread,
    };
  }

  #next(
    { base }: ErasurePlan,
    replacements: Replacements,
    erasure: Erasure,
    old: readonly OldFile[],
  ): NextManifest {
    const { manifest } = base;
    const { generation, at } = erasure;
    const paths = new Set(old.map(({ path }) => path));
    const condemned = old.map(({ path, bytes }): CondemnedObject => ({
      path,
      bytes,
      since: at,
      generation,
      why: "erased",
      deleting: true,
    }));
    return {
      ...manifest,
      ...manifestWithout(manifest, replacements),
      condemned: [...manifest.condemned.filter(({ path }) => !paths.has(path)), ...condemned],
      written: at,
      // Older generations hold the sealed bounds of segments, and one of those may be the item's key.
      chainFrom: generation,
      erased: manifest.erased + 1,
      erasing: [...manifest.erasing, erasure],
    };
  }
}

const KEY_HASH_DIGITS = 16;

/** Every file that is to go. */
function oldFiles(task: TaskName, { holders, packs, loose, loosePacks }: ErasurePlan): OldFile[] {
  return [
    ...holders.map(({ segment: { id, bytes, sha256 } }) => ({ path: segmentPath(task, id), bytes, sha256 })),
    ...packs.map(({ id, bytes, sha256 }) => ({ path: packPath(task, id), bytes, sha256 })),
    ...[...loose, ...loosePacks].map(({ path, size }) => ({ path, bytes: size, sha256: null })),
  ];
}

/** What was written, by the path of what it replaces. */
function filesInto(
  task: TaskName,
  written: Replacements | undefined,
): ReadonlyMap<string, readonly FileDigest[]> {
  const into = new Map<string, readonly FileDigest[]>();
  for (const [id, segment] of written?.segments ?? []) {
    const files = segment === null ? [] : [{ path: segmentPath(task, segment.id), sha256: segment.sha256 }];
    into.set(segmentPath(task, id), files);
  }
  for (const [id, packs] of written?.packs ?? []) {
    into.set(
      packPath(task, id),
      packs.map((pack) => ({ path: packPath(task, pack.id), sha256: pack.sha256 })),
    );
  }
  return into;
}
