/**
 * Lost versions in a scan. What lies below a mark is replaced by stand-ins, so that newer versions go before them as they
 * would have gone before the lost version itself; the stand-ins that come out at the top are the items that are lost.
 */
import type { Millis } from "../model/clock.ts";
import type { Version } from "../model/version.ts";
import type { LostItem, LostMarks } from "./lost.ts";
import type { SortedVersions } from "./merge.ts";

export class LostInScan {
  /** Whether every item is scanned: only then is an item that nobody names known to be lost. */
  readonly #whole: boolean;
  readonly #standIns = new WeakMap<Version, Millis>();
  readonly #marks: LostMarks[] = [];

  constructor(whole: boolean) {
    this.#whole = whole;
  }

  get none(): boolean {
    return this.#marks.length === 0;
  }

  /** The versions, with a stand-in for each that `marks` hide. */
  mark(versions: SortedVersions, marks: LostMarks): AsyncGenerator<readonly Version[]> {
    this.#marks.push(marks);
    return this.#withStandIns(versions, marks);
  }

  async *#withStandIns(versions: SortedVersions, marks: LostMarks): AsyncGenerator<readonly Version[]> {
    for await (const batch of versions) {
      yield batch.map((version) => {
        if (!marks.has(version.key)) return version;
        const standIn = { ...version };
        this.#standIns.set(standIn, marks.instant);
        return standIn;
      });
    }
  }

  /** Takes the stand-ins out and tells what is lost. */
  async *leaveOut(
    versions: SortedVersions,
    onLost: (lost: LostItem) => void,
  ): AsyncGenerator<readonly Version[]> {
    /** Hashes of lost items that no item was found for yet. */
    const first = this.#marks[0] as LostMarks;
    const nameless = new Map(this.#marks.flatMap((marks) => [...marks.hashes].map((hash) => [hash, marks])));
    for await (const batch of versions) {
      const left = batch.filter((version) => {
        if (nameless.size > 0) nameless.delete(first.hashOf(version.key));
        const instant = this.#standIns.get(version);
        if (instant !== undefined) onLost({ key: version.key, instant });
        return instant === undefined;
      });
      if (left.length > 0) yield left;
    }
    if (!this.#whole) return;
    for (const { instant } of nameless.values()) onLost({ key: undefined, instant });
  }
}
