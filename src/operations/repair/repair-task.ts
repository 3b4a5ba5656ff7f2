/**
 * Repairing one task: what the check finds damaged is brought back from wherever it still is. Everything new is written and
 * read back before one commit puts it in place, so a repair that is cut off has changed nothing.
 */
import type { TaskName } from "../../model/task.ts";
import { checkTask, type CheckedTask } from "../../repository/check/check-task.ts";
import type { CheckFinding } from "../../repository/check/finding.ts";
import type { NeededPack, NeededSegment } from "../../repository/check/needed-files.ts";
import { ReadHistory } from "../../repository/check/read-history.ts";
import { takeLease } from "../../repository/leases.ts";
import type { Manifest } from "../../repository/manifest.ts";
import { packPath, segmentPath } from "../../repository/paths.ts";
import { copyFile, hasBytes } from "../../repository/repair/copy-object.ts";
import type { Repository } from "../../repository/repository.ts";
import { amendManifest, readNewestManifest } from "../../repository/task-store.ts";
import { isHoldfastError } from "../../model/errors.ts";
import { donorsFor } from "../../timeline/repair/donors.ts";
import { PackPlan, usersOfPacks, type CopyOfTask } from "../../timeline/repair/pack-plan.ts";
import { SegmentPlan, type PlanContext } from "../../timeline/repair/segment-plan.ts";
import { writeRepaired } from "../../timeline/repair/segment-write.ts";
import { swapped, type PackSwap, type SegmentSwap } from "../../timeline/repair/swap.ts";
import { CheckSession } from "../check/session.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import type { RepairedObject } from "../reports.ts";
import type { Workspace } from "../workspace.ts";
import { fetchFromSource, removeTemporary, type Fetched } from "./live-source.ts";
import { damagesOf, repairedRow, unrepairedRow, type Damage } from "./objects.ts";
import { NO_COPY, repairChain, type Checked, type RepositoryCopy } from "./repair-chain.ts";
import { repairSmallObjects } from "./repair-small-objects.ts";
import { packRow, segmentRow, type RowOptions } from "./rows.ts";

export interface TaskRepairOptions extends RowOptions {
  /** Read every byte of the task; else only what looks damaged or was found damaged by an earlier check. */
  readonly readData: boolean;
  readonly copy: RepositoryCopy | undefined;
  readonly fromSource: boolean;
  readonly acceptLoss: boolean;
  readonly apply: boolean;
}

/** Errors: `no-read-right`, `task-busy`, `storage-*`; nothing that stood has changed then. */
export async function repairTask(
  workspace: Workspace,
  task: TaskName,
  options: TaskRepairOptions,
  hooks: Hooks,
): Promise<RepairedObject[]> {
  return new TaskRepair(workspace, task, options, hooks).run();
}

class TaskRepair {
  readonly #workspace: Workspace;
  readonly #repository: Repository;
  readonly #task: TaskName;
  readonly #options: TaskRepairOptions;
  readonly #hooks: Hooks;
  readonly #signal: AbortSignal;
  readonly #rows: RepairedObject[] = [];
  /** Files that were read back to the last byte after they were written. */
  readonly #proven: string[] = [];

  constructor(workspace: Workspace, task: TaskName, options: TaskRepairOptions, hooks: Hooks) {
    this.#workspace = workspace;
    this.#repository = workspace.repository;
    this.#task = task;
    this.#options = options;
    this.#hooks = hooks;
    this.#signal = signalOf(hooks);
  }

  async run(): Promise<RepairedObject[]> {
    let found = await this.#check();
    const { clock } = this.#workspace;
    const chain = await repairChain(this.#repository, this.#task, found, this.#options, clock, this.#signal);
    this.#rows.push(...chain.rows);
    // A manifest that is back may name files that nobody looked at.
    if (chain.changed) found = await this.#check();
    const damages = damagesOf(found.findings.filter(({ severity }) => severity !== "note"));
    this.#rows.push(
      ...(await repairSmallObjects(
        this.#repository,
        this.#task,
        damages,
        found,
        this.#options,
        this.#signal,
      )),
    );
    const { newest, highest } = found.checked.chain;
    const whole = newest !== undefined && newest.manifest.generation === highest;
    const files = found.checked.files.filter(({ path }) => damages.has(path));
    if (whole) await this.#repairFiles(newest.manifest, files, damages);
    else for (const { path } of files) this.#leave(damages, path, "Bring the newest manifest back first.");
    await this.#rememberProven(found.checked);
    return this.#rows;
  }

  async #check(): Promise<Checked> {
    const session = new CheckSession(this.#workspace, this.#hooks, { remember: false, window: 0 });
    const findings: CheckFinding[] = [];
    const check = checkTask(
      this.#repository,
      this.#task,
      session.options(this.#task, this.#options.readData),
    );
    let step = await check.next();
    for (; step.done !== true; step = await check.next()) findings.push(step.value);
    return { findings, checked: step.value };
  }

  async #repairFiles(
    manifest: Manifest,
    files: CheckedTask["files"],
    damages: ReadonlyMap<string, Damage>,
  ): Promise<void> {
    if (files.length === 0) return;
    const { apply } = this.#options;
    const { clock } = this.#workspace;
    // What serves as a donor stays while it is read.
    await using _lease = apply
      ? await takeLease(this.#repository, this.#task, manifest.generation, clock)
      : undefined;
    const segments: NeededSegment[] = [];
    const packs: NeededPack[] = [];
    for (const file of files) {
      if (await this.#copyWhole(file, damages)) continue;
      if (file.kind === "pack") packs.push(file);
      else if (file.restore === null) segments.push(file);
      else this.#leave(damages, file.path, NO_COPY);
    }
    if (segments.length + packs.length > 0) await this.#rebuild(manifest, segments, packs, damages);
  }

  /** Puts the copy's very bytes in the place of a file that is gone, or that nothing but its own name leads to. */
  async #copyWhole(
    file: CheckedTask["files"][number],
    damages: ReadonlyMap<string, Damage>,
  ): Promise<boolean> {
    const { copy, apply } = this.#options;
    const { path, bytes } = file;
    if (copy === undefined) return false;
    const isThere = (await this.#repository.storage.stat(path, this.#signal)) !== undefined;
    // A damaged file that a manifest names is replaced by another one: the damaged one may still be needed until then.
    const named = file.kind === "pack" || file.restore === null;
    if (isThere && named) return false;
    const wanted = { path, bytes, sha256: file.info.sha256 };
    const copied = apply
      ? await copyFile(this.#repository, copy.repository, wanted, isThere, this.#signal)
      : await hasBytes(copy.repository, wanted, this.#signal);
    if (!copied) return false;
    if (apply) this.#proven.push(path);
    this.#rows.push(
      repairedRow(damages.get(path) as Damage, [{ place: copy.label, count: contentOf(file) }]),
    );
    return true;
  }

  async #rebuild(
    manifest: Manifest,
    segments: readonly NeededSegment[],
    packs: readonly NeededPack[],
    damages: ReadonlyMap<string, Damage>,
  ): Promise<void> {
    const { copy, fromSource, apply } = this.#options;
    const context: PlanContext = { repository: this.#repository, manifest, copy, signal: this.#signal };
    const copied = await this.#copyOfTask();
    const plans: SegmentPlan[] = [];
    for (const file of segments) {
      const plan = await SegmentPlan.make(context, file);
      for (const donor of donorsFor(this.#repository, manifest, file, copied)) {
        if (plan.needs.missing === 0) break;
        await plan.offer(donor);
      }
      plans.push(plan);
    }
    const infos = packs.map(({ info }) => info);
    const users = infos.length === 0 ? new Map() : await usersOfPacks(context, infos);
    const packPlans: PackPlan[] = [];
    for (const file of packs) packPlans.push(await PackPlan.make(context, file, infos, users, copied));

    const missing = plans.some((plan) => plan.missing > 0) || packPlans.some((plan) => plan.missing.size > 0);
    let fetched: Fetched = { packs: [], temporary: [] };
    if (fromSource && missing) {
      const request = { manifest, segments: plans, packs: packPlans, users, apply };
      fetched = await fetchFromSource(this.#workspace, request, this.#hooks);
    }
    try {
      await this.#write(plans, packPlans, users, fetched, damages);
    } finally {
      await removeTemporary(this.#workspace, manifest, fetched);
    }
  }

  async #write(
    plans: readonly SegmentPlan[],
    packPlans: readonly PackPlan[],
    users: Parameters<typeof packRow>[1],
    fetched: Fetched,
    damages: ReadonlyMap<string, Damage>,
  ): Promise<void> {
    const { apply, acceptLoss } = this.#options;
    const segments: SegmentSwap[] = [];
    const packs: PackSwap[] = [];
    const rows: RepairedObject[] = [];
    for (const plan of plans) {
      const act = plan.missing === 0 || acceptLoss;
      let path: string | null = null;
      if (act && apply) {
        const replacement = await writeRepaired(this.#repository, plan, this.#signal);
        path = replacement && segmentPath(this.#task, replacement.id);
        const unknown = plan.missing - plan.needs.missing;
        const lost = plan.missing === 0 ? null : { keyHashes: plan.missingHashes, unknown };
        segments.push({ damaged: plan.file.info, replacement, lost });
      }
      rows.push(segmentRow(damages.get(plan.file.path) as Damage, plan, path, this.#options));
    }
    for (const plan of packPlans) {
      const act = plan.missing.size === 0 || acceptLoss;
      let path: string | null = null;
      if (act && apply) {
        const replacements = await plan.write(this.#repository, this.#signal);
        const [first] = replacements;
        path = first === undefined ? null : packPath(this.#task, first.id);
        packs.push({ damaged: plan.file.info, replacements });
      }
      rows.push(packRow(damages.get(plan.file.path) as Damage, users, plan, path, this.#options));
    }
    if (segments.length + packs.length > 0) {
      const swaps = { segments, packs, newPacks: fetched.packs };
      await amendManifest(
        this.#repository,
        this.#task,
        async ({ manifest }) =>
          swapped(this.#repository, manifest, swaps, this.#workspace.clock.now(), this.#signal),
        this.#signal,
      );
      const written = segments.flatMap(({ replacement }) => replacement ?? []);
      const packed = packs.flatMap(({ replacements }) => replacements);
      this.#proven.push(...written.map(({ id }) => segmentPath(this.#task, id)));
      this.#proven.push(...packed.map(({ id }) => packPath(this.#task, id)));
    }
    this.#rows.push(...rows);
  }

  async #copyOfTask(): Promise<CopyOfTask | undefined> {
    const { copy } = this.#options;
    if (copy === undefined) return undefined;
    try {
      const stored = await readNewestManifest(copy.repository, this.#task, this.#signal);
      return stored && { ...copy, manifest: stored.manifest };
    } catch (error) {
      if (!isHoldfastError(error, "object-damaged", "object-missing", "chain-broken")) throw error;
      this.#hooks.warn?.(`${copy.label} is damaged too: ${error.message}`);
      return undefined;
    }
  }

  /** What was proven on the way needs no reading back by the next check. */
  async #rememberProven({ files }: CheckedTask): Promise<void> {
    const stored =
      this.#proven.length > 0 && (await readNewestManifest(this.#repository, this.#task, this.#signal));
    if (!stored) return;
    const at = this.#workspace.clock.now();
    const history = await ReadHistory.recall(this.#repository, this.#task, this.#signal);
    for (const path of this.#proven) history.note(path, { at, sound: true });
    const needed = new Set([...files.map(({ path }) => path), ...this.#proven]);
    const { manifest, digest } = stored;
    await history.remember(needed, { generation: manifest.generation, digest }, at, this.#signal);
  }

  #leave(damages: ReadonlyMap<string, Damage>, path: string, next: string): void {
    const damage = damages.get(path);
    if (damage !== undefined) this.#rows.push(unrepairedRow(damage, next));
  }
}

/** Versions or blobs in a file. */
function contentOf(file: CheckedTask["files"][number]): number {
  if (file.kind === "pack") return file.info.blobs;
  const { live, deleted, purged } = file.info.counts;
  return live + deleted + purged;
}
