/**
 * One simulated installation: the service in memory, a repository in memory whose every commit and removal is watched,
 * a clock that only moves when told, and workspaces for as many actors as are wanted.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../../src/model/clock.ts";
import type { PolicySettings } from "../../src/model/policy/layers.ts";
import type { Policy } from "../../src/model/policy/policy.ts";
import type { TaskName } from "../../src/model/task.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { newDataKey } from "../../src/repository/sealing/data-key-file.ts";
import { keyringOf, keyringParts } from "../../src/repository/sealing/open-keyring.ts";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import { type FakeCollection, FakeService } from "./fake-service.ts";
import { connectTo, fakeSettings } from "./fake-source.ts";
import { hookedStorage, type StorageHook } from "./hooked-storage.ts";

export const SOURCE = "fake";
export const COLLECTION = "things";
export const TASK_TEXT = `${SOURCE}/${COLLECTION}`;

/** A repository in memory whose keys follow from the seed, but for those that decide nothing. */
export function simulatedRepository(seed: number): Repository {
  const secret = (name: string): Buffer => createHash("sha256").update(`${name} ${seed}`).digest();
  const id = secret("repository").toString("hex").slice(0, 32);
  const masters = { repository: id, write: secret("write"), read: secret("read") };
  const { dataKey } = newDataKey(masters, 1);
  return { id, storage: memoryStorage(), keyring: keyringOf(masters, new Map([[1, dataKey]])) };
}

/** Midnight is near, so that zones and their changes of offset tell. */
const BEGINNING = Date.UTC(2026, 0, 1, 2);

export interface ActorOptions {
  /** What its storage calls pass through. */
  readonly hook?: StorageHook;
  /** How far its clock is ahead, ms. */
  readonly skew?: number;
  /** Default `read`. */
  readonly right?: "read" | "write";
}

export class SimHouse {
  readonly service = new FakeService();
  /** Without hooks: as it really is. */
  readonly plain: Repository;
  readonly task: TaskName;
  time = BEGINNING;
  policy: PolicySettings = {};
  #names = 0;
  readonly #repositories: Readonly<Record<"read" | "write", Repository>>;

  /** `watch`: what every call of every actor passes through, next to the storage. */
  constructor(plain: Repository, watch: StorageHook = async (_call, _path, act) => await act()) {
    this.plain = plain;
    const storage = hookedStorage(plain.storage, watch);
    const { masters, dataKeys } = keyringParts(plain.keyring);
    const publicKeys = [...dataKeys].map(([number, { generation, publicKey }]) => {
      return [number, { generation, publicKey }] as const;
    });
    const { repository, write } = masters;
    const writing = keyringOf({ repository, write }, new Map(publicKeys));
    this.#repositories = { read: { ...plain, storage }, write: { ...plain, storage, keyring: writing } };
    this.task = plain.keyring.taskName(SOURCE, "fake", COLLECTION);
    this.service.create(COLLECTION);
  }

  clock(skew = 0): Clock {
    return { now: () => this.time + skew };
  }

  repository({ hook, right = "read" }: ActorOptions = {}): Repository {
    const repository = this.#repositories[right];
    return hook === undefined
      ? repository
      : { ...repository, storage: hookedStorage(repository.storage, hook) };
  }

  workspace(actor: ActorOptions = {}): Workspace {
    const layer = { settings: this.policy, origin: () => "simulation" };
    return new Workspace(
      this.repository(actor),
      [fakeSettings(SOURCE, [layer])],
      this.clock(actor.skew),
      connectTo(this.service),
    );
  }

  get effective(): Policy {
    return this.workspace().policyOf(SOURCE, COLLECTION).policy;
  }

  /** Of a collection that does not exist yet. */
  newName(): string {
    this.#names += 1;
    return `copy ${this.#names}`;
  }

  get collection(): FakeCollection {
    return this.service.collections.get(COLLECTION) as FakeCollection;
  }
}
