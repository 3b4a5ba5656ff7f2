/**
 * Repairing one pack: which blobs it held or versions say it holds, and who else has them. A blob's id is the keyed digest of
 * its bytes, so whatever place gives bytes under that id gives the right ones.
 */
import { formatInstant } from "../../model/instant.ts";
import { HoldfastError, isHoldfastError } from "../../model/errors.ts";
import { keyText } from "../../model/key.ts";
import type { Version } from "../../model/version.ts";
import { openPack, type PackReader } from "../../repository/blobs/pack-reader.ts";
import { verifyPack } from "../../repository/blobs/pack-verify.ts";
import { PackWriter } from "../../repository/blobs/pack-writer.ts";
import type { PackInfo } from "../../repository/blobs/pack.ts";
import { neededSegments, type NeededPack } from "../../repository/check/needed-files.ts";
import type { Manifest } from "../../repository/manifest.ts";
import type { Repository } from "../../repository/repository.ts";
import { salvage } from "./salvage.ts";
import { LEFT, type PlanContext } from "./segment-plan.ts";

/** Blobs that are copied bear no alias: segments have it. */
const NO_ALIAS = "0".repeat(32);

/** Versions that refer to a blob. */
export interface BlobUsers {
  readonly items: Set<string>;
  readonly instants: Set<string>;
  readonly versions: Pick<Version, "key" | "fingerprint">[];
}

export interface CopyOfTask {
  readonly repository: Repository;
  readonly label: string;
  /** The copy's own newest manifest of the task. */
  readonly manifest: Manifest;
}

/** Who refers to blobs of these packs, or of packs that are gone; by blob id. Errors: `no-read-right`, `storage-*`. */
export async function usersOfPacks(
  { repository, manifest, signal }: PlanContext,
  damaged: readonly PackInfo[],
): Promise<Map<string, BlobUsers>> {
  const sound = new Set(manifest.packs.map(({ id }) => id));
  for (const { id } of damaged) sound.delete(id);
  const users = new Map<string, BlobUsers>();
  for (const { info, uses } of neededSegments(manifest)) {
    if (info.counts.blobRefs === 0) continue;
    for await (const part of salvage(repository, manifest.task, info, {}, signal)) {
      if (part.kind === "gap") continue;
      for (const version of part.versions) {
        for (const { blob, pack } of version.blobs) {
          if (sound.has(pack)) continue;
          const known = users.get(blob) ?? { items: new Set(), instants: new Set(), versions: [] };
          users.set(blob, known);
          known.items.add(keyText(version.key));
          for (const { instant } of uses) known.instants.add(formatInstant(instant));
          const { key, fingerprint } = version;
          known.versions.push({ key: Buffer.from(key), fingerprint: Buffer.from(fingerprint) });
        }
      }
    }
  }
  return users;
}

export class PackPlan {
  readonly file: NeededPack;
  /** Blobs that nobody has. */
  readonly missing = new Set<string>();
  /** Where blobs come from, and how many. */
  readonly sources = new Map<string, number>();
  readonly #places = new Map<string, PackReader>();
  readonly #task: Manifest["task"];

  private constructor(task: Manifest["task"], file: NeededPack) {
    this.#task = task;
    this.file = file;
  }

  /**
   * Reads every blob back from the places that may have it. `damaged`: packs that are not to be trusted as places for
   * others. Errors: `no-read-right`, `storage-*`.
   */
  static async make(
    { repository, manifest, signal }: PlanContext,
    file: NeededPack,
    damaged: readonly PackInfo[],
    users: ReadonlyMap<string, BlobUsers>,
    copy: CopyOfTask | undefined,
  ): Promise<PackPlan> {
    const { task } = manifest;
    const plan = new PackPlan(task, file);
    const open = async (from: Repository, info: PackInfo): Promise<PackReader | undefined> =>
      unlessDamaged(async () => openPack(from, task, info, signal));
    const own = await open(repository, file.info);
    const copied = copy === undefined ? undefined : await open(copy.repository, file.info);
    const table = own ?? copied;
    const held = table === undefined ? [] : [...table.blobs()].map(({ blob }) => blob);
    // Without its table a pack holds what versions look for in it and no sound pack has.
    for (const blob of table === undefined ? users.keys() : held) plan.missing.add(blob);
    await plan.#take(own, LEFT, true, signal);
    const others = manifest.packs.filter(({ id }) => !damaged.some((pack) => pack.id === id));
    for (const info of others)
      await plan.#takeFrom(() => open(repository, info), "other packs", false, signal);
    if (copy === undefined) return plan;
    await plan.#take(copied, copy.label, true, signal);
    for (const info of copy.manifest.packs)
      await plan.#takeFrom(() => open(copy.repository, info), copy.label, true, signal);
    return plan;
  }

  /** States that a blob was stored anew elsewhere; false when it was not missing. */
  accept(blob: string, label: string): boolean {
    if (!this.missing.delete(blob)) return false;
    this.sources.set(label, (this.sources.get(label) ?? 0) + 1);
    return true;
  }

  /** Writes the packs that take its place, read back to the last byte; none when nothing is left to be written. */
  async write(repository: Repository, signal: AbortSignal): Promise<PackInfo[]> {
    await using writer = new PackWriter(repository, this.#task, signal);
    for (const [blob, reader] of this.#places) {
      const stored = await writer.add(reader.stream(blob, signal), "identity", NO_ALIAS);
      if (stored.blob !== blob) {
        const message = `The blob ${blob} came out as ${stored.blob} when it was copied.`;
        throw new HoldfastError("object-damaged", message, { task: this.#task, path: this.file.path });
      }
    }
    const packs = await writer.finish();
    for (const info of packs) {
      const { storage, keyring } = repository;
      for await (const { message } of verifyPack(
        storage,
        keyring,
        this.#task,
        info,
        { readData: true },
        signal,
      ))
        throw new HoldfastError("object-damaged", message, { task: this.#task });
    }
    return packs;
  }

  async #takeFrom(
    open: () => Promise<PackReader | undefined>,
    label: string,
    copies: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.missing.size > 0) await this.#take(await open(), label, copies, signal);
  }

  /** `copies`: whether the blobs must be copied; else they are found where they are. */
  async #take(
    reader: PackReader | undefined,
    label: string,
    copies: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    if (reader === undefined) return;
    for (const blob of this.missing) {
      if (!reader.has(blob) || !(await reads(reader, blob, signal))) continue;
      if (copies) this.#places.set(blob, reader);
      this.accept(blob, label);
    }
  }
}

async function reads(reader: PackReader, blob: string, signal: AbortSignal): Promise<boolean> {
  const whole = await unlessDamaged(async () => {
    let bytes = 0;
    for await (const piece of reader.stream(blob, signal)) bytes += piece.length;
    return bytes >= 0;
  });
  return whole === true;
}

async function unlessDamaged<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isHoldfastError(error, "object-damaged", "object-missing")) return undefined;
    throw error;
  }
}
