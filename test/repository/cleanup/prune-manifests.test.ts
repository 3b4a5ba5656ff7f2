import { beforeEach, describe, expect, it } from "vitest";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import { takeLease } from "../../../src/repository/leases.ts";
import { manifestPath, manifestsOf } from "../../../src/repository/paths.ts";
import { generations, readNewestManifest } from "../../../src/repository/task-store.ts";
import { failCall, faultyStorage } from "../../faults/storage-faults.ts";
import { gather, TASK } from "../segment/rig.ts";
import { TaskRig } from "./rig.ts";

let rig: TaskRig;

beforeEach(async () => {
  rig = new TaskRig();
  await rig.run({ a: "1" });
});

/** Commits an hour apart. */
async function commits(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    rig.now += DAY_MS / 24;
    await rig.amend((manifest) => manifest);
  }
}

async function listed(): Promise<number[]> {
  return gather(generations(rig.repository, TASK));
}

describe("old manifests", () => {
  it("go when they are older than the newest 64 and than a week, after a commit that says so", async () => {
    await commits(299);
    const storage = faultyStorage(rig.repository.storage);
    const { removed } = await rig.cleanup({}, storage);
    const { generation, chainFrom } = await rig.manifest();
    expect(generation).toBe(301);
    // 168 hours before the last commit.
    expect(chainFrom).toBe(300 - 168);
    expect(removed.manifests).toBe(chainFrom - 1);
    expect(await listed()).toEqual(
      Array.from({ length: 301 - chainFrom + 1 }, (_, index) => chainFrom + index),
    );
    const order = storage.calls.filter(({ call }) => call === "create" || call === "remove");
    expect(order[0]).toEqual({ call: "create", path: manifestPath(TASK, 301) });
    expect(order.slice(1).map(({ path }) => path)).toEqual(
      Array.from({ length: chainFrom - 1 }, (_, index) => manifestPath(TASK, index + 1)),
    );
    // Found with a handful of reads, not by reading all of them.
    expect(
      storage.calls.filter(({ call, path }) => call === "read" && path.startsWith(manifestsOf(TASK))).length,
    ).toBeLessThan(15);
  });

  it("stay as long as they are among the newest 64, however old", async () => {
    await commits(70);
    rig.now += 1_000 * DAY_MS;
    await rig.cleanup();
    expect(await listed()).toHaveLength(65);
    expect((await rig.manifest()).chainFrom).toBe(8);
  });

  it("stay as long as somebody works from them or an older one", async () => {
    await commits(99);
    rig.now += 100 * DAY_MS;
    const lease = await takeLease(rig.repository, TASK, 20, rig.clock);
    await rig.cleanup();
    expect((await rig.manifest()).chainFrom).toBe(20);
    await lease[Symbol.asyncDispose]();
    await rig.cleanup({ sweep: true });
    expect((await rig.manifest()).chainFrom).toBe(38);
  });

  it("are removed by the next cleanup when one was cut off in between", async () => {
    await commits(99);
    rig.now += 100 * DAY_MS;
    const storage = faultyStorage(rig.repository.storage, failCall({ call: "remove", nth: 5 }));
    await expect(rig.cleanup({}, storage)).rejects.toMatchObject({ code: "storage-failed" });
    expect((await listed())[0]).toBe(6);
    expect((await rig.newest()).manifest.generation).toBe(101);
    await rig.cleanup();
    expect((await listed())[0]).toBe((await rig.manifest()).chainFrom);
  });
});

describe("a chain of manifests", () => {
  beforeEach(async () => {
    await commits(99);
    rig.now += 100 * DAY_MS;
    await rig.cleanup();
  });

  it("is whole from the generation on that the newest manifest names, whatever is left before it", async () => {
    const { chainFrom } = await rig.manifest();
    await rig.repository.storage.create(manifestPath(TASK, chainFrom - 5), Buffer.from("left behind"));
    expect((await rig.newest()).manifest.generation).toBe(101);
  });

  it("is broken when its first generation, one in its middle, or its newest ones are gone", async () => {
    const { chainFrom } = await rig.manifest();
    for (const generation of [chainFrom, chainFrom + 10]) {
      const bytes = await rig.repository.storage.read(manifestPath(TASK, generation));
      await rig.repository.storage.remove(manifestPath(TASK, generation));
      await expect(readNewestManifest(rig.repository, TASK)).rejects.toMatchObject({
        code: "chain-broken",
        context: { path: manifestPath(TASK, generation) },
      });
      await rig.repository.storage.create(manifestPath(TASK, generation), bytes);
    }
    // Rolled back to before the cleanup: what that manifest needs of the chain is not there any more.
    await rig.repository.storage.remove(manifestPath(TASK, 101));
    await expect(readNewestManifest(rig.repository, TASK)).rejects.toMatchObject({ code: "chain-broken" });
  });
});
