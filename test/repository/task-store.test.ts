import { beforeEach, describe, expect, it } from "vitest";
import { checkChain } from "../../src/repository/check/chain.ts";
import { initRepository } from "../../src/repository/init-repository.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { listTaskNames } from "../../src/repository/repository.ts";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import {
  commitManifest,
  readNewestManifest,
  type NextManifest,
  type StoredManifest,
} from "../../src/repository/task-store.ts";
import { encodeBuffers } from "../../src/repository/json-buffers.ts";
import { NO_RETENTION } from "../../src/repository/manifest.ts";
import { manifestPath } from "../../src/repository/paths.ts";
import { sealObject } from "../../src/repository/sealed-object.ts";
import type { TaskName } from "../../src/model/task.ts";

const TASK: TaskName = "backup-00112233445566778899aabbccddeeff";
const OTHER: TaskName = "backup-ffeeddccbbaa99887766554433221100";
const CHEAP = { memoryKiB: 1_024, passes: 1, parallelism: 1 };
const NEXT: NextManifest = {
  written: 1,
  source: { name: "prod", kind: "couchdb", collection: "orders" },
  entries: [],
  packs: [],
  cursor: { since: "1-abc" },
  runsSinceReconcile: 0,
  ...NO_RETENTION,
};

let repository: Repository;

beforeEach(async () => {
  const storage = memoryStorage();
  const slot = { kind: "passphrase", passphrase: "secret", label: "", right: "read", kdf: CHEAP } as const;
  const { file, keyring } = await initRepository(storage, { slots: [slot], clock: { now: () => 0 } });
  repository = { id: file.repository, storage, keyring };
});

async function commit(base: StoredManifest | undefined): Promise<StoredManifest> {
  return (await commitManifest(repository, TASK, base, NEXT)) as StoredManifest;
}

describe("a task's manifests", () => {
  it("are a chain in which each names its predecessor's digest", async () => {
    const first = await commit(undefined);
    const second = await commit(first);
    expect(first.manifest).toMatchObject({ generation: 1, previous: null });
    expect(second.manifest).toMatchObject({ generation: 2, previous: first.digest });
    expect(await readNewestManifest(repository, TASK)).toEqual(second);
  });

  it("have one winner when many writers commit the same generation", async () => {
    const base = await commit(undefined);
    const all = await Promise.all(
      Array.from({ length: 16 }, async () => commitManifest(repository, TASK, base, NEXT)),
    );
    const winners = all.filter((stored) => stored !== undefined);
    expect(winners).toHaveLength(1);
    expect(await readNewestManifest(repository, TASK)).toEqual(winners[0]);
  });

  it("are chain-broken when a generation in between is gone", async () => {
    await commit(await commit(await commit(undefined)));
    await repository.storage.remove(manifestPath(TASK, 2));
    await expect(readNewestManifest(repository, TASK)).rejects.toMatchObject({ code: "chain-broken" });
  });

  it("cannot be committed in the place of generations that a cleanup has removed", async () => {
    const first = await commit(undefined);
    const second = await commit(first);
    const third = (await commitManifest(repository, TASK, second, {
      ...NEXT,
      chainFrom: 3,
    })) as StoredManifest;
    await repository.storage.remove(manifestPath(TASK, 1));
    await repository.storage.remove(manifestPath(TASK, 2));
    for (const base of [undefined, first]) {
      expect(await commitManifest(repository, TASK, base, NEXT)).toBeUndefined();
      expect(await readNewestManifest(repository, TASK)).toEqual(third);
    }
    expect((await commit(third)).manifest.generation).toBe(4);
  });

  it("are no damage to a check where a writer that slept has made one anew before the chain", async () => {
    const second = await commit(await commit(undefined));
    const third = (await commitManifest(repository, TASK, second, {
      ...NEXT,
      chainFrom: 3,
    })) as StoredManifest;
    await commitManifest(repository, TASK, third, { ...NEXT, chainFrom: 3 });
    const { signal } = new AbortController();
    const chainFindings = async (): Promise<string[]> => {
      const runs = { commits: new Map() };
      const findings: string[] = [];
      for await (const { message } of checkChain(repository, TASK, runs, undefined, signal, () => {}))
        findings.push(message);
      return findings;
    };
    const remake = async (generation: number): Promise<void> => {
      const path = manifestPath(TASK, generation);
      await repository.storage.remove(path);
      const place = { purpose: "manifest", scope: [TASK, String(generation)] } as const;
      const manifest = {
        ...third.manifest,
        generation,
        chainFrom: generation,
        previous: null,
        written: 4_711,
      };
      await repository.storage.create(path, sealObject(repository.keyring, place, encodeBuffers(manifest)));
    };
    await remake(2);
    expect(await chainFindings()).toEqual([]);
    await remake(3);
    expect(await chainFindings()).toEqual([
      expect.stringContaining("Generation 4 names another predecessor"),
    ]);
  });

  it("do not open in another generation's or task's place", async () => {
    await commit(await commit(undefined));
    const bytes = await repository.storage.read(manifestPath(TASK, 1));
    for (const path of [manifestPath(TASK, 3), manifestPath(OTHER, 1)]) {
      await repository.storage.create(path, bytes);
      const task = path.includes(OTHER) ? OTHER : TASK;
      await expect(readNewestManifest(repository, task)).rejects.toMatchObject({ code: "object-damaged" });
    }
  });

  it("are never read wrong: every flipped byte is noticed", async () => {
    const stored = await commit(undefined);
    const path = manifestPath(TASK, 1);
    const bytes = await repository.storage.read(path);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] as number) ^ 0x10;
      await repository.storage.remove(path);
      await repository.storage.create(path, flipped);
      await expect(readNewestManifest(repository, TASK)).rejects.toMatchObject({ code: "object-damaged" });
    }
    await repository.storage.remove(path);
    await repository.storage.create(path, bytes);
    expect(await readNewestManifest(repository, TASK)).toEqual(stored);
  });

  it("are listed by task, each once", async () => {
    await commit(await commit(undefined));
    await commitManifest(repository, OTHER, undefined, NEXT);
    await repository.storage.create("tasks/not-a-task/x", Buffer.from("x"));
    const names: string[] = [];
    for await (const name of listTaskNames(repository)) names.push(name);
    expect(names).toEqual([TASK, OTHER]);
  });
});
