/**
 * Rolling one task's timeline up as its policy says: plan, make, prove, commit, one entry at a time. Safe to repeat, to cut
 * off anywhere and to race: what was made is used only while its inputs and the holds are what they were.
 */
import type { Clock, Millis } from "../../model/clock.ts";
import { HoldfastError, isHoldfastError } from "../../model/errors.ts";
import type { Level } from "../../model/level.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { TaskName } from "../../model/task.ts";
import { openHolds } from "../../repository/holds.ts";
import { takeLease } from "../../repository/leases.ts";
import { manifestSegments, type Manifest, type TimelineEntry } from "../../repository/manifest.ts";
import type { Repository } from "../../repository/repository.ts";
import { commitManifest, readNewestManifest, type StoredManifest } from "../../repository/task-store.ts";
import { planRetention, type Drop, type RetentionPlan } from "../retention/plan.ts";
import { idOf, makeEntry, type MadeEntry } from "./make-entry.ts";
import { makingsOf, type Making } from "./making.ts";
import { removeWritten } from "./merge-groups.ts";
import { pinnedInstants } from "./pins.ts";
import { swapIn } from "./swap.ts";
import type { SegmentLimits } from "./write-group.ts";

export interface RollupOptions {
  readonly policy: Pick<Policy, "keep" | "timezone" | "rollupMode" | "dropTombstones">;
  readonly clock: Clock;
  /** Plan only. */
  readonly dryRun: boolean;
  /** Merge every entry whose inputs' segments are only gathered so far. */
  readonly compact?: boolean;
  readonly signal: AbortSignal;
  readonly progress?: (done: { readonly versions: number; readonly bytes: number }) => void;
  /** Where segments are cut; the default is what bounds memory. */
  readonly limits?: SegmentLimits;
}

/** One entry of the timeline after a rollup that was made from others. */
export interface RolledUp {
  readonly id: string;
  readonly level: Level;
  readonly from: Millis | null;
  readonly to: Millis;
  /** `gathered`: its inputs' segments under one entry. `merged`: written anew, one version for each item. */
  readonly how: "gathered" | "merged";
  /** Instants of its inputs, oldest first. */
  readonly inputs: readonly Millis[];
  readonly readBytes: number;
  readonly writtenBytes: number;
}

export interface RollupOutcome {
  /** The first generation that has it; null when nothing was to be done or for a dry run. */
  readonly generation: number | null;
  readonly rolledUp: readonly RolledUp[];
  /** Instants that are not kept any more. */
  readonly drops: readonly Drop[];
  /** Why nothing was done though something was due: `frozen` until a person acknowledges an anomaly. */
  readonly refused: "frozen" | null;
}

/** Others may change the timeline this often under a rollup before it gives up. */
const ATTEMPTS = 20;

const NOTHING: RollupOutcome = { generation: null, rolledUp: [], drops: [], refused: null };

/** Errors: `no-read-right`, `task-busy`, `rollup-unproven`, `object-*`, `storage-*`; what was committed before stays, and is whole. */
export async function rollupTask(
  repository: Repository,
  task: TaskName,
  options: RollupOptions,
): Promise<RollupOutcome> {
  if (repository.keyring.right !== "read") {
    throw new HoldfastError("no-read-right", `Rolling up ${task} needs a key with the read right.`, { task });
  }
  return new TaskRollup(repository, task, options).execute();
}

class TaskRollup {
  readonly #repository: Repository;
  readonly #task: TaskName;
  readonly #options: RollupOptions;
  readonly #rolledUp: RolledUp[] = [];
  readonly #drops: Drop[] = [];
  #generation: number | null = null;

  constructor(repository: Repository, task: TaskName, options: RollupOptions) {
    this.#repository = repository;
    this.#task = task;
    this.#options = options;
  }

  async execute(): Promise<RollupOutcome> {
    const { signal, dryRun } = this.#options;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const stored = await readNewestManifest(this.#repository, this.#task, signal);
      if (stored === undefined) return NOTHING;
      const { plan, makings } = this.#plan(stored.manifest);
      if (makings.length === 0) return this.#outcome(null);
      if (stored.manifest.freeze !== null) return this.#outcome("frozen");
      if (dryRun) {
        const rolledUp = makings.map((making) => foretold(this.#task, making));
        return { ...NOTHING, rolledUp, drops: plan.drops };
      }
      if (await this.#make(stored, plan, makings)) return this.#outcome(null);
    }
    throw new HoldfastError(
      "task-busy",
      `Other writers kept changing ${this.#task} while it was rolled up.`,
      {
        task: this.#task,
      },
    );
  }

  #plan(manifest: Manifest): { plan: RetentionPlan<TimelineEntry>; makings: Making[] } {
    const holds = openHolds(this.#repository.keyring, this.#task, manifest.holds);
    const plan = planRetention(manifest.entries, this.#options.policy, pinnedInstants(manifest, holds));
    return { plan, makings: makingsOf(plan.entries, this.#options.compact ?? false) };
  }

  /** False when others changed the timeline so that the plan must be made again. */
  async #make(
    stored: StoredManifest,
    plan: RetentionPlan<TimelineEntry>,
    makings: readonly Making[],
  ): Promise<boolean> {
    const { signal, clock, policy, progress, limits } = this.#options;
    const { generation, holds } = stored.manifest;
    await using _lease = await takeLease(this.#repository, this.#task, generation, clock);
    const common = { dropTombstones: policy.dropTombstones, progress, limits };
    const opened = openHolds(this.#repository.keyring, this.#task, holds);
    let current = stored;
    for (const making of makings) {
      signal.throwIfAborted();
      let made: MadeEntry;
      try {
        made = await makeEntry(this.#repository, this.#task, making, { ...common, holds: opened }, signal);
      } catch (error) {
        // An input may be gone because another rollup and a cleanup were faster; damage stays damage.
        if (isHoldfastError(error, "object-missing") && (await this.#hasChanged(current))) return false;
        throw error;
      }
      const committed = await this.#commit(current, made, holds);
      if (committed === undefined) {
        await this.#takeBack(made);
        return false;
      }
      current = committed;
      this.#note(made, plan, committed);
    }
    return true;
  }

  async #hasChanged(current: StoredManifest): Promise<boolean> {
    const newest = await readNewestManifest(this.#repository, this.#task, this.#options.signal);
    return newest?.digest !== current.digest;
  }

  /**
   * Removes what is of no use any more, rather than leave it to a cleanup: it repeats versions, which an erasure must find.
   * What the timeline names stays, however the commit ended.
   */
  async #takeBack({ written }: MadeEntry): Promise<void> {
    const newest = await readNewestManifest(this.#repository, this.#task, this.#options.signal);
    const named = new Set(newest && manifestSegments(newest.manifest).map(({ id }) => id));
    const unnamed = written.filter(({ id }) => !named.has(id));
    await removeWritten(this.#repository, this.#task, unnamed);
  }

  /** Undefined when the made entry does not fit the newest manifest, or a cleanup took what was written for it. */
  async #commit(
    base: StoredManifest,
    made: MadeEntry,
    holds: Manifest["holds"],
  ): Promise<StoredManifest | undefined> {
    const { signal, clock } = this.#options;
    let current: StoredManifest | undefined = base;
    for (let attempt = 1; attempt <= ATTEMPTS && current !== undefined; attempt++) {
      const next = swapIn(current.manifest, made, holds, clock.now());
      if (next === undefined) return undefined;
      try {
        const committed = await commitManifest(this.#repository, this.#task, current, next, signal);
        if (committed !== undefined) return committed;
      } catch (error) {
        if (isHoldfastError(error, "object-missing")) return undefined;
        throw error;
      }
      current = await readNewestManifest(this.#repository, this.#task, signal);
    }
    return undefined;
  }

  #note(made: MadeEntry, plan: RetentionPlan<TimelineEntry>, { manifest }: StoredManifest): void {
    this.#generation ??= manifest.generation;
    const { readBytes, writtenBytes, entry } = made;
    this.#rolledUp.push({ ...foretold(this.#task, made.making), readBytes, writtenBytes });
    const inputs = new Set(made.making.planned.inputs.map(({ to }) => to));
    this.#drops.push(...plan.drops.filter(({ instant }) => inputs.has(instant) && instant !== entry.to));
  }

  #outcome(refused: RollupOutcome["refused"]): RollupOutcome {
    return { generation: this.#generation, rolledUp: this.#rolledUp, drops: this.#drops, refused };
  }
}

function foretold(task: TaskName, making: Making): RolledUp {
  const { level, from, to, inputs } = making.planned;
  const instants = inputs.map((input) => input.to);
  const id = idOf(task, making);
  return { id, level, from, to, how: making.how, inputs: instants, readBytes: 0, writtenBytes: 0 };
}
