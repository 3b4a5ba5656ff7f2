/**
 * A service in memory that a source kind for tests is connected to: collections of items with a feed of changes by
 * sequence, tombstones, purges that leave no trace, re-creation under the same name, and feeds that rewind. It also
 * remembers, for each capture that came to its end, what a faithful timeline must answer from then on: the oracle.
 */
import { createHash } from "node:crypto";

/** An item's content apart from its body. */
export interface FakeBlob {
  readonly name: string;
  readonly content: Buffer;
}

export interface FakeItem {
  readonly key: string;
  readonly kind: "live" | "deleted";
  /** Pins the content: two states of one revision are the same. */
  readonly revision: string;
  readonly body: Buffer;
  readonly blobs: readonly FakeBlob[];
  /** Its place in the feed. */
  readonly sequence: number;
  /** When the service acknowledged the change, ms UTC. */
  readonly at: number;
}

/** What one key must read as: an item, or `purged` where a run noticed that it is gone without a tombstone. */
export type Believed = FakeItem | "purged";

/** By key; a key that is absent was never kept. */
export type Snapshot = ReadonlyMap<string, Believed>;

export class FakeCollection {
  /** Another incarnation of the same name has another. */
  readonly identity: string;
  readonly items = new Map<string, FakeItem>();
  #sequence = 0;
  #rewindTo: number | undefined;

  constructor(identity: string) {
    this.identity = identity;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** Writes a new revision of an item. */
  edit(key: string, kind: FakeItem["kind"], body: string, blobs: readonly FakeBlob[], at: number): void {
    const generation = Number(this.items.get(key)?.revision.split("-")[0] ?? 0) + 1;
    const hash = createHash("sha256").update(`${kind}\n${body}\n`);
    for (const { name, content } of blobs) hash.update(`${name}\n`).update(content);
    const revision = `${generation}-${hash.digest("hex").slice(0, 12)}`;
    this.put({ key, kind, revision, body: Buffer.from(body), blobs, at });
  }

  /** Puts exactly this state, as a replication does. */
  put(item: Omit<FakeItem, "sequence">): void {
    this.#sequence += 1;
    this.items.set(item.key, { ...item, sequence: this.#sequence });
  }

  /** Forgets an item; the feed does not tell. */
  purge(key: string): void {
    this.items.delete(key);
  }

  /** The next reader of the feed is given everything after `sequence` once more. */
  rewind(sequence: number): void {
    this.#rewindTo = sequence;
  }

  /** Where a reader who has got to `sequence` is really put by the service. */
  resumeAt(sequence: number): number {
    const since = Math.min(sequence, this.#rewindTo ?? sequence);
    this.#rewindTo = undefined;
    return since;
  }

  /** Items changed after `sequence`, in order of the feed. */
  changes(sequence: number): FakeItem[] {
    return [...this.items.values()]
      .filter((item) => item.sequence > sequence)
      .sort((a, b) => a.sequence - b.sequence);
  }
}

export class FakeService {
  readonly collections = new Map<string, FakeCollection>();
  /** By the number that the capture put into its cursor. */
  readonly captures = new Map<number, Snapshot>();
  #created = 0;

  /** Makes a collection, or makes it anew under its old name. */
  create(name: string): FakeCollection {
    this.#created += 1;
    const collection = new FakeCollection(`incarnation-${this.#created}`);
    this.collections.set(name, collection);
    return collection;
  }

  /** Records what a capture has seen; its number. */
  recordCapture(snapshot: Snapshot): number {
    const number = this.captures.size + 1;
    this.captures.set(number, snapshot);
    return number;
  }
}

export function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
