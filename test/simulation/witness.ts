/**
 * Watches a task's storage: at every commit, by whomever and however they are interleaved, every kept instant must read
 * exactly as its run saw it, every held item at every instant since it is held, and every file must be there; and no
 * file may be removed that the newest manifest needs. What is broken is gathered: code under test may swallow an error.
 */
import { keyText } from "../../src/model/key.ts";
import type { TaskName } from "../../src/model/task.ts";
import type { Version } from "../../src/model/version.ts";
import { openHolds, type HeldSet } from "../../src/repository/holds.ts";
import {
  entrySegments,
  manifestPaths,
  manifestSegments,
  newestEntry,
  type Manifest,
} from "../../src/repository/manifest.ts";
import { generationIn, manifestPath, packPath, segmentPath } from "../../src/repository/paths.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { readManifest, readNewestManifest } from "../../src/repository/task-store.ts";
import { Chains } from "./chains.ts";
import type { Believed, FakeService, Snapshot } from "./fake-service.ts";
import type { StorageHook } from "./hooked-storage.ts";
import { KeptSegments } from "./kept-segments.ts";
import { brokenChain, condemnedThoughNeeded } from "./laws.ts";
import { SimHouse } from "./sim-house.ts";
import { isGone, VersionProof } from "./version-proof.ts";

const text = (instant: number): string => new Date(instant).toISOString();

/** What a hold on items promises: these instants, for these items. */
interface Promised {
  readonly instants: Set<number>;
  /** Items whose tombstones were forgotten before they were held. */
  readonly forgotten: Set<string>;
}

/** What an entry, or what is held of a merged one, adds under its instant. */
interface Point {
  readonly to: number;
  readonly epoch: number;
  readonly versions: ReadonlyMap<string, Version>;
}

/** An entry, with what tells its content from any other: segments never change. */
interface EntryPoint extends Point {
  readonly content: string;
}

export class Witness {
  readonly violations: string[] = [];
  /** What each instant must read as, for ever. */
  readonly snapshots: Map<number, Snapshot>;
  /** Tombstones may have been forgotten: then an item that was deleted may as well be absent. */
  forgetsTombstones = false;
  newest: Manifest | undefined;
  /** An item that is being erased: it may be there or not. */
  erasing: string | undefined;
  readonly #repository: Repository;
  readonly #task: TaskName;
  readonly #service: FakeService;
  readonly #segments: KeptSegments;
  readonly #proof: VersionProof;
  /** Paths of segments and packs that some manifest has needed. */
  readonly #named = new Set<string>();
  readonly #promised: Map<string, Promised>;
  readonly #chains = new Chains();
  /** Chains of entries whose last instant was found to read as it should. */
  readonly #sound = new Set<number>();

  /** `repository`: on the storage as it really is. `before`: what was seen of the same task in another place. */
  constructor(repository: Repository, task: TaskName, service: FakeService, before?: Witness) {
    this.#repository = repository;
    this.#task = task;
    this.#service = service;
    this.#proof = new VersionProof(repository, task, (what) => this.#broken(what));
    this.#segments = new KeptSegments(repository, task, before && before.#segments);
    this.snapshots = new Map(before?.snapshots);
    this.#promised = new Map();
    for (const [id, { instants, forgotten }] of before === undefined ? [] : before.#promised) {
      this.#promised.set(id, { instants: new Set(instants), forgotten: new Set(forgotten) });
    }
    this.forgetsTombstones = before?.forgetsTombstones ?? false;
  }

  /** An item was erased: no instant, kept or not, has it any more. */
  forget(key: string): void {
    this.#sound.clear();
    for (const snapshot of [...this.snapshots.values(), ...this.#service.captures.values()]) {
      (snapshot as Map<string, Believed>).delete(key);
    }
  }

  /** Whether any file that the newest manifest needs holds the item. */
  async holds(key: string): Promise<boolean> {
    for (const segment of manifestSegments(this.newest ?? { entries: [], retired: [] })) {
      if ((await this.#segments.versions(segment, false)).has(key)) return true;
    }
    return false;
  }

  /** The same eyes on a copy of the repository. */
  async onCopy(repository: Repository): Promise<Witness> {
    const witness = new Witness(repository, this.#task, this.#service, this);
    witness.newest = (await readNewestManifest(repository, this.#task))?.manifest;
    witness.erasing = this.erasing;
    return witness;
  }

  /** What every call of every actor passes through. */
  readonly hook: StorageHook = async (call, path, act) => {
    if (call === "remove") await this.#removing(path);
    const answer = await act();
    const generation = call === "create" ? generationIn(path) : undefined;
    if (generation !== undefined && (answer as string) === "created") await this.#committed(generation);
    return answer;
  };

  get held(): HeldSet {
    return openHolds(this.#repository.keyring, this.#task, this.newest?.holds ?? []);
  }

  /** Looks at everything again, without a commit. */
  async lookAgain(): Promise<void> {
    if (this.newest !== undefined) await this.#look(this.newest, false);
  }

  async #committed(generation: number): Promise<void> {
    const previous = this.newest;
    // Where old generations were removed, a writer that slept for long may write one of them: it must notice, and nobody reads it.
    if (previous !== undefined && generation <= previous.generation) return;
    const { manifest } = await readManifest(this.#repository, this.#task, generation);
    this.newest = manifest;
    const entry = newestEntry(manifest);
    const byRun = previous === undefined || entry.to > newestEntry(previous).to;
    if (byRun) {
      const capture = this.#service.captures.get(manifest.cursor["capture"] as number);
      if (capture === undefined) this.#broken(`generation ${generation} comes from no capture`);
      this.snapshots.set(entry.to, capture ?? new Map());
    }
    if (previous !== undefined) this.#frozen(previous, manifest);
    await this.#look(manifest, byRun);
  }

  /** While a timeline is frozen, no instant goes. */
  #frozen(previous: Manifest, manifest: Manifest): void {
    if (previous.freeze === null) return;
    const kept = new Set(manifest.entries.map(({ to }) => to));
    for (const { to } of previous.entries) if (!kept.has(to)) this.#broken(`${text(to)} went though frozen`);
  }

  async #look(manifest: Manifest, byRun: boolean): Promise<void> {
    for (const path of manifestPaths(manifest)) this.#named.add(path);
    try {
      for (const broken of [...brokenChain(manifest), ...condemnedThoughNeeded(manifest)])
        this.#broken(broken);
      await this.#files(manifest);
      const known = manifest.entries.length - (byRun ? 1 : 0);
      const entries: EntryPoint[] = [];
      for (const [index, entry] of manifest.entries.entries()) {
        const versions = new Map<string, Version>();
        for (const segment of entry.groups.flat()) {
          for (const [key, version] of await this.#segments.versions(segment, index >= known)) {
            versions.set(key, version);
          }
        }
        const content = entrySegments(entry).map(({ id }) => id);
        entries.push({ to: entry.to, epoch: entry.epoch, versions, content: content.join() });
      }
      await this.#instants(manifest, entries);
      await this.#heldItems(manifest, entries);
    } catch (error) {
      this.#broken(error instanceof Error ? error.message : String(error));
    }
  }

  async #files(manifest: Manifest): Promise<void> {
    const segments = manifestSegments(manifest).map(
      ({ id, bytes }) => [segmentPath(this.#task, id), bytes] as const,
    );
    const packs = manifest.packs.map(({ id, bytes }) => [packPath(this.#task, id), bytes] as const);
    for (const [path, bytes] of [...segments, ...packs]) {
      const size = (await this.#repository.storage.stat(path))?.size;
      if (size !== bytes) this.#broken(`${path} has ${size ?? "no"} bytes and not ${bytes}`);
    }
  }

  async #instants(manifest: Manifest, entries: readonly EntryPoint[]): Promise<void> {
    let state = new Map<string, Version>();
    let epoch = 0;
    let chain = this.#chains.follow(0, manifest.packs.map(({ id }) => id).join());
    for (const { to, epoch: itsEpoch, versions, content } of entries) {
      const snapshot = this.snapshots.get(to);
      if (snapshot === undefined) {
        this.#broken(`${text(to)} is kept and no run ended then`);
        continue;
      }
      if (itsEpoch !== epoch) state = new Map();
      epoch = itsEpoch;
      for (const [key, version] of versions) state.set(key, version);
      chain = this.#chains.follow(chain, `${itsEpoch} ${to} ${content}`);
      if (this.#sound.has(chain)) continue;
      const before = this.violations.length;
      for (const key of new Set([...state.keys(), ...snapshot.keys()])) {
        if (key === this.erasing) continue;
        await this.#proof.same(
          manifest.packs,
          `${key} at ${text(to)}`,
          state.get(key),
          snapshot.get(key),
          this.forgetsTombstones,
        );
      }
      if (this.violations.length === before && this.erasing === undefined) this.#sound.add(chain);
    }
  }

  async #heldItems(manifest: Manifest, entries: readonly Point[]): Promise<void> {
    const { holds } = openHolds(this.#repository.keyring, this.#task, manifest.holds);
    const pinned = holds.flatMap(({ instant }) => instant ?? []);
    for (const instant of pinned) {
      if (!entries.some(({ to }) => to === instant)) this.#broken(`${text(instant)} is held and gone`);
    }
    const itemHolds = holds.filter(({ key }) => key !== null);
    if (itemHolds.length === 0) return this.#promised.clear();
    const points = [...entries];
    for (const entry of manifest.entries) {
      for (const { to, segments } of entry.held) {
        const versions = new Map<string, Version>();
        for (const segment of segments) {
          for (const [key, version] of await this.#segments.versions(segment, false))
            versions.set(key, version);
        }
        points.push({ to, epoch: entry.epoch, versions });
      }
    }
    points.sort((a, b) => a.to - b.to);
    for (const { id, kind, key } of itemHolds) {
      const name = keyText(key as Buffer);
      const isNew = !this.#promised.has(id);
      const promised = this.#promised.get(id) ?? { instants: new Set(), forgotten: new Set() };
      this.#promised.set(id, promised);
      for (const { to } of entries) promised.instants.add(to);
      for (const instant of promised.instants) {
        const snapshot = this.snapshots.get(instant) as Snapshot;
        for (const [item, believed] of snapshot) {
          if (kind === "item" ? item !== name : !item.startsWith(name)) continue;
          if (item === this.erasing) continue;
          const version = this.#heldState(manifest, points, instant, item);
          if (isNew && version === undefined && isGone(believed)) promised.forgotten.add(item);
          const where = `${item}, held, at ${text(instant)}`;
          await this.#proof.same(manifest.packs, where, version, believed, promised.forgotten.has(item));
        }
      }
    }
    const open = new Set(itemHolds.map(({ id }) => id));
    for (const id of this.#promised.keys()) if (!open.has(id)) this.#promised.delete(id);
  }

  /** The newest version among entries and held instants of the instant's epoch. */
  #heldState(
    manifest: Manifest,
    points: readonly Point[],
    instant: number,
    item: string,
  ): Version | undefined {
    // The entry that stands for the instant's time now says to which epoch it belongs.
    const epoch = manifest.entries.find(({ to }) => to >= instant)?.epoch;
    return points
      .findLast((point) => point.to <= instant && point.epoch === epoch && point.versions.has(item))
      ?.versions.get(item);
  }

  async #removing(path: string): Promise<void> {
    const manifest = this.newest;
    if (manifest === undefined || (await this.#repository.storage.stat(path)) === undefined) return;
    const generation = generationIn(path);
    if (generation !== undefined && generation >= manifest.chainFrom) {
      this.#broken(`${path} is removed; the chain begins at ${manifest.chainFrom}`);
    }
    if (path === manifestPath(this.#task, manifest.generation))
      this.#broken(`the newest manifest is removed`);
    // A writer may take back what it had written and no manifest ever named.
    if (!this.#named.has(path)) return;
    const condemned = manifest.condemned.find((object) => object.path === path);
    if (condemned?.deleting !== true) this.#broken(`${path} is removed and was not condemned to it`);
  }

  #broken(what: string): void {
    this.violations.push(what);
  }
}

/** A house with a witness in it. */
export function watchedHouse(repository: Repository): {
  readonly house: SimHouse;
  readonly witness: Witness;
} {
  const house: SimHouse = new SimHouse(
    repository,
    async (call, path, act) => await witness.hook(call, path, act),
  );
  const witness = new Witness(repository, house.task, house.service);
  return { house, witness };
}
