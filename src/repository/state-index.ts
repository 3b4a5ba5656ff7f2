/**
 * What the newest version of each item is recognised by, without reading any version: fingerprints and blob aliases in
 * the pages that the write right opens.
 */
import type { ItemKey } from "../model/key.ts";
import type { TaskName } from "../model/task.ts";
import type { StoredBlob } from "./blobs/pack.ts";
import type { Repository } from "./repository.ts";
import { taskFingerprints, type Fingerprints } from "./segment/fingerprint.ts";
import { openPages, type SegmentPages } from "./segment/segment-pages.ts";
import type { SegmentInfo } from "./segment/segment.ts";

/** What the index knows of an item: its very state, another state, or nothing. */
export type Recognised = "same" | "other" | "unknown";

export class StateIndex {
  readonly #repository: Repository;
  readonly #task: TaskName;
  readonly #marks: Fingerprints;
  /** Newest first; of segments of one group, which share no key, in any order. */
  #segments: readonly SegmentInfo[];
  readonly #pages = new Map<string, Promise<SegmentPages>>();

  /** `segments`: newest first. */
  constructor(repository: Repository, task: TaskName, segments: readonly SegmentInfo[]) {
    this.#repository = repository;
    this.#task = task;
    this.#marks = taskFingerprints(repository.keyring, task);
    this.#segments = segments;
  }

  /** Segments written since: newer than all others. */
  prepend(segments: readonly SegmentInfo[]): void {
    this.#segments = [...segments, ...this.#segments];
  }

  /** For each state: whether the item's newest version was recognised by exactly this state. */
  async matches(states: readonly { readonly key: ItemKey; readonly state: Buffer }[]): Promise<boolean[]> {
    return (await this.compare(states)).map((found) => found === "same");
  }

  /** As `matches`, and tells an item in another state from one that was never kept. */
  async compare(states: readonly { readonly key: ItemKey; readonly state: Buffer }[]): Promise<Recognised[]> {
    const result: Recognised[] = states.map(() => "unknown");
    let open = states
      .map(({ key, state }, index) => ({ index, key, state, hash: this.#marks.keyHash(key) }))
      .sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
    for (const segment of this.#segments) {
      if (open.length === 0) break;
      const pages = await this.#open(segment);
      const found = await pages.fingerprints(open.map(({ hash }) => hash));
      open = open.filter(({ index, key, state }, position) => {
        const kept = found[position];
        if (kept === undefined) return true;
        result[index] = kept.equals(this.#marks.fingerprint(key, state)) ? "same" : "other";
        return false;
      });
    }
    return result;
  }

  /** The blob stored under this alias (see segment/fingerprint.ts). */
  async blob(alias: string): Promise<StoredBlob | undefined> {
    for (const segment of this.#segments) {
      if (segment.counts.blobRefs === 0) continue;
      const [found] = await (await this.#open(segment)).blobs([alias]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #open(segment: SegmentInfo): Promise<SegmentPages> {
    let pages = this.#pages.get(segment.id);
    if (pages === undefined) {
      pages = openPages(this.#repository.storage, this.#repository.keyring, this.#task, segment);
      this.#pages.set(segment.id, pages);
      pages.catch(() => this.#pages.delete(segment.id));
    }
    return pages;
  }
}
