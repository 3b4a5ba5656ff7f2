/**
 * Planning the repair of one segment: what it held, what of it still opens, and who else has the rest.
 *
 * Nothing is written here. A version of another place is accepted only when its key's hash and its fingerprint are those
 * that the segment's own table names; a copy of the segment itself needs no such proof, because its blocks open under this
 * segment's key alone.
 */
import { isHoldfastError } from "../../model/errors.ts";
import { compareKeys, keyText, sortableKey, type ItemKey } from "../../model/key.ts";
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import type { NeededSegment } from "../../repository/check/needed-files.ts";
import type { Manifest } from "../../repository/manifest.ts";
import type { Repository } from "../../repository/repository.ts";
import { taskFingerprints } from "../../repository/segment/fingerprint.ts";
import { KEY_ENTRY_BYTES } from "../../repository/segment/key-table.ts";
import { openPages } from "../../repository/segment/segment-pages.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";
import { hashText } from "../lost.ts";
import { readKeyTable } from "./key-table.ts";
import { VersionNeeds } from "./needs.ts";
import { tableFromRetired } from "./retired-inputs.ts";
import { keyAfter, overlaps, rangeOfSegment, salvage, type Gap } from "./salvage.ts";

/** Hashes looked up in a table at a time. */
const LOOKUP_BATCH = 4_096;

/** A segment that may have some of the versions. */
export interface Donor {
  /** What it is, for people. */
  readonly label: string;
  readonly repository: Repository;
  readonly info: SegmentInfo;
}

export interface PlanContext {
  readonly repository: Repository;
  readonly manifest: Manifest;
  /** A second copy of the repository. */
  readonly copy: { readonly repository: Repository; readonly label: string } | undefined;
  readonly signal: AbortSignal;
}

/** Versions that no place has. */
export interface LostRange {
  /** The item, where something tells its name; else null, and one of `versions` between the two keys. */
  readonly key: string | null;
  readonly from: string;
  /** Inclusive. */
  readonly to: string;
  readonly versions: number;
}

interface OpenGap extends Gap {
  recovered: number;
}

/** The damaged file itself as a place where something was found. */
export const LEFT = "what is left of it";

export class SegmentPlan {
  readonly file: NeededSegment;
  readonly task: TaskName;
  readonly needs: VersionNeeds;
  /** Versions that the segment held. */
  readonly total: number;
  readonly gaps: OpenGap[] = [];
  /** Where versions come from, and how many. */
  readonly sources = new Map<string, number>();
  /** Copies of the segment itself: every version of theirs in a gap is one that was lost. */
  readonly copies: Donor[] = [];
  /** Others that have some of the versions. */
  readonly donors: Donor[] = [];
  readonly #context: PlanContext;
  /** Keys of items whose versions are missing, by hash. */
  readonly #names = new Map<string, ItemKey>();
  /** Versions that were found though the table does not name them: it is not whole. */
  #beside = 0;

  private constructor(context: PlanContext, file: NeededSegment, table: Buffer) {
    const { live, deleted, purged } = file.info.counts;
    this.#context = context;
    this.file = file;
    this.task = context.manifest.task;
    this.total = live + deleted + purged;
    this.needs = new VersionNeeds(table, taskFingerprints(context.repository.keyring, this.task));
  }

  /** Looks at the file itself and at its copy. Errors: `no-read-right`, `storage-*`. */
  static async make(context: PlanContext, file: NeededSegment): Promise<SegmentPlan> {
    const { repository, manifest, copy, signal } = context;
    const { task } = manifest;
    const places = copy === undefined ? [repository] : [repository, copy.repository];
    let table = await readKeyTable(places, task, file.info, signal);
    const { live, deleted, purged } = file.info.counts;
    if (table.length / KEY_ENTRY_BYTES !== live + deleted + purged)
      table = (await tableFromRetired(repository, manifest, file, signal)) ?? table;
    const plan = new SegmentPlan(context, file, table);
    for await (const part of salvage(repository, task, file.info, {}, signal)) {
      if (part.kind === "gap") plan.gaps.push({ ...part.gap, recovered: 0 });
      else for (const version of part.versions) plan.#take(version, LEFT);
    }
    if (copy !== undefined && plan.missing > 0)
      await plan.#takeCopy({ label: copy.label, repository: copy.repository, info: file.info });
    return plan;
  }

  /** Versions that were found nowhere so far. */
  get missing(): number {
    return this.needs.missing + this.#unknown;
  }

  get found(): number {
    return this.total - this.missing;
  }

  /** Whether some of what is missing is not even known by its hash. */
  get hasUnknown(): boolean {
    return this.#unknown > 0;
  }

  /** Hashes of the keys whose versions are missing, as far as they are known. */
  get missingHashes(): string[] {
    return [...this.needs.missingHashes()].map(hashText);
  }

  /** Whether this is one of the missing versions, or names one. Remembers the name. */
  wants(version: Pick<Version, "key" | "fingerprint">): boolean {
    if (!this.#inGap(version.key)) return false;
    if (this.needs.lacks(version)) return true;
    if (this.needs.missesItem(version.key)) this.name(version.key);
    return false;
  }

  /** Names of items that are missing, as far as they are known. */
  get named(): readonly ItemKey[] {
    return [...this.#names.values()];
  }

  /** States that an item of this name is or was there: it may be one whose version is missing. */
  name(key: ItemKey): void {
    if (this.needs.missesItem(key)) this.#names.set(sortableKey(key), key);
  }

  /** Takes what a segment has of the missing versions. Errors: `no-read-right`, `storage-*`. */
  async offer(donor: Donor): Promise<void> {
    if (this.needs.missing === 0 || !(await this.#mayHelp(donor))) return;
    let given = 0;
    for (const gap of this.gaps) {
      for await (const part of salvage(donor.repository, this.task, donor.info, gap, this.#context.signal)) {
        if (part.kind === "gap") continue;
        for (const version of part.versions) {
          if (this.wants(version)) {
            this.#take(version, donor.label);
            gap.recovered += 1;
            given += 1;
          }
        }
      }
    }
    if (given > 0) this.donors.push(donor);
  }

  /** Takes a version from elsewhere; false when it is not one that is missing. */
  accept(version: Version, label: string): boolean {
    if (!this.wants(version)) return false;
    this.#take(version, label);
    for (const gap of this.gaps)
      if (compareKeys(version.key, gap.from) >= 0 && compareKeys(version.key, gap.before) < 0)
        gap.recovered += 1;
    return true;
  }

  /** What is missing, as exactly as anything tells it; in order of key. */
  lost(): LostRange[] {
    const names = this.named.filter((key) => this.needs.missesItem(key)).sort(compareKeys);
    const lost: LostRange[] = names.map((key) => ({
      key: keyText(key),
      from: keyText(key),
      to: keyText(key),
      versions: 1,
    }));
    let nameless = this.missing - names.length;
    const ranges: LostRange[] = [];
    // Gaps whose number of versions is known first; one whose index is gone takes what is left.
    const bySize = this.gaps.toSorted((a, b) => (a.versions ?? Infinity) - (b.versions ?? Infinity));
    for (const gap of bySize) {
      const inGap = names.filter((key) => overlaps({ from: key, before: keyAfter(key) }, gap)).length;
      const left = gap.versions === undefined ? nameless : gap.versions - gap.recovered - inGap;
      const versions = Math.min(nameless, Math.max(0, left));
      if (versions === 0) continue;
      nameless -= versions;
      ranges.push({ key: null, from: keyText(gap.from), to: this.#lastOf(gap), versions });
    }
    return [...lost, ...ranges];
  }

  get #unknown(): number {
    return Math.max(0, this.total - this.needs.size - this.#beside);
  }

  #take(version: Version, label: string): void {
    if (!this.needs.find(version)) {
      // Found before, or not in what is left of the table.
      if (this.needs.has(version)) return;
      this.#beside += 1;
    }
    this.#names.delete(sortableKey(version.key));
    this.sources.set(label, (this.sources.get(label) ?? 0) + 1);
  }

  async #takeCopy(donor: Donor): Promise<void> {
    const before = this.found;
    for (const gap of this.gaps) {
      for await (const part of salvage(donor.repository, this.task, donor.info, gap, this.#context.signal)) {
        if (part.kind === "gap") continue;
        for (const version of part.versions) this.#take(version, donor.label);
        gap.recovered += part.versions.length;
      }
    }
    if (this.found > before) this.copies.push(donor);
  }

  #inGap(key: ItemKey): boolean {
    return this.gaps.some(({ from, before }) => compareKeys(key, from) >= 0 && compareKeys(key, before) < 0);
  }

  /** The last key that a gap may hold, for people. */
  #lastOf({ before }: Gap): string {
    const end = before.at(-1) === 0 ? before.subarray(0, -1) : before;
    return keyText(end);
  }

  /** Whether the donor's range reaches into a gap and its table has one of the missing hashes. */
  async #mayHelp({ repository, info }: Donor): Promise<boolean> {
    const range = rangeOfSegment(repository, this.task, info);
    if (!this.gaps.some((gap) => overlaps(range, gap))) return false;
    try {
      const { signal } = this.#context;
      const pages = await openPages(
        repository.storage,
        repository.keyring,
        this.task,
        info,
        undefined,
        signal,
      );
      for (let batch: bigint[] = [], hashes = this.needs.missingHashes(), done = false; !done; batch = []) {
        while (batch.length < LOOKUP_BATCH && !done) {
          const next = hashes.next();
          if (next.done === true) done = true;
          else batch.push(next.value);
        }
        const found = await pages.fingerprints(batch, signal);
        if (found.some((fingerprint) => fingerprint !== undefined)) return true;
      }
      return false;
    } catch (error) {
      // A donor whose tables are damaged may still have versions that open.
      if (isHoldfastError(error, "object-damaged")) return true;
      if (isHoldfastError(error, "object-missing")) return false;
      throw error;
    }
  }
}
