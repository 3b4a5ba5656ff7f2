import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../src/model/errors.ts";
import { check } from "../../src/operations/check.ts";
import { compare } from "../../src/operations/compare.ts";
import { diffInstants } from "../../src/operations/diff.ts";
import { restore } from "../../src/operations/restore.ts";
import { undoRestore } from "../../src/operations/undo.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import { backUp, collect, openHouse, type House } from "../e2e/house.ts";
import { faultyStorage, type FaultyStorage } from "../faults/storage-faults.ts";

const TASK = "prod/orders";

/** Two instants of a small database. */
async function furnished(): Promise<House & { readonly storage: FaultyStorage }> {
  const storage = faultyStorage(memoryStorage());
  const house = await openHouse({ storage });
  await house.couch.json("PUT", "orders");
  await house.couch.json("PUT", "orders/a", { n: 1 });
  await backUp(house, "orders");
  house.clock.advance(60_000);
  await house.couch.json("PUT", "orders/b", { n: 2 });
  return { ...house, storage, [Symbol.asyncDispose]: async () => house[Symbol.asyncDispose]() };
}

/** What became of leases while the work went on, and whether everything else that it read came in between. */
async function leasesOf(storage: FaultyStorage, work: () => Promise<unknown>): Promise<string[]> {
  const first = storage.calls.length;
  await work();
  return storage.calls
    .slice(first)
    .filter(({ call, path }) => path.includes("/leases/") && (call === "create" || call === "remove"))
    .map(({ call }) => call);
}

describe("what takes long", () => {
  it("works under a lease of the newest generation and gives it back", async () => {
    await using house = await furnished();
    const { workspace, storage } = house;
    const works: readonly (() => Promise<unknown>)[] = [
      async () => backUp(house, "orders"),
      async () => restore(workspace, { task: TASK, scope: {}, target: { collection: "copy" }, apply: true }),
      async () => compare(workspace, { task: TASK }),
      async () => collect(diffInstants(workspace, { task: TASK, a: "latest~1" })),
      async () => check(workspace, { readData: true }),
    ];
    for (const work of works) {
      expect(await leasesOf(storage, work)).toEqual(["create", "remove"]);
    }
    // The backup that a restore in place makes first has one of its own.
    const inPlace = {
      task: TASK,
      at: "latest~1",
      scope: {},
      target: { inPlace: true },
      apply: true,
    } as const;
    await house.couch.json("PUT", "orders/c", { n: 3 });
    let undo: string | null = null;
    const restoring = async (): Promise<void> => {
      ({ undo } = await restore(workspace, { ...inPlace, newerItems: "delete" }));
    };
    expect(await leasesOf(storage, restoring)).toEqual(["create", "create", "remove", "remove"]);
    expect(undo).not.toBeNull();
    const undoing = async (): Promise<unknown> => undoRestore(workspace, { task: TASK, restore: undo ?? "" });
    expect((await leasesOf(storage, undoing)).sort()).toEqual(["create", "create", "remove", "remove"]);
  });

  it("takes its lease before it reads the manifest that it works from", async () => {
    await using house = await furnished();
    const first = house.storage.calls.length;
    await compare(house.workspace, { task: TASK });
    const calls = house.storage.calls.slice(first).map(({ call, path }) => `${call} ${path}`);
    const lease = calls.findIndex((text) => text.startsWith("create") && text.includes("/leases/"));
    expect(lease).toBeGreaterThanOrEqual(0);
    expect(
      calls.findIndex((text) => text.startsWith("read") && text.includes("/manifests/")),
    ).toBeGreaterThan(lease);
  });

  it("gives its lease back when it fails", async () => {
    await using house = await furnished();
    const failing = async (): Promise<unknown> =>
      restore(house.workspace, { task: TASK, at: "1999-01-01", scope: {}, target: {}, apply: true }).catch(
        () => {},
      );
    expect(await leasesOf(house.storage, failing)).toEqual(["create", "remove"]);
  });

  it.each(["storage-permission", "storage-full"] as const)(
    "restores all the same when the storage answers %s, and says what that means",
    async (code) => {
      await using house = await furnished();
      house.storage.faults = [
        {
          name: "no leases",
          strikes: ({ call, path }) => call === "create" && path.includes("/leases/"),
          effect: { kind: "fail", when: "before", error: () => new HoldfastError(code, "Refused.") },
        },
      ];
      const warnings: string[] = [];
      const report = await restore(
        house.workspace,
        { task: TASK, scope: {}, target: { collection: "copy" }, apply: true },
        { warn: (text) => warnings.push(text) },
      );
      expect(report).toMatchObject({ applied: true, failures: [] });
      expect(warnings).toMatchObject([expect.stringContaining("No lease could be written")]);
    },
  );

  it("needs no lease of a task that has nothing yet", async () => {
    await using house = await openHouse({ storage: faultyStorage(memoryStorage()) });
    await house.couch.json("PUT", "fresh");
    const storage = house.repository.storage as FaultyStorage;
    expect(await leasesOf(storage, async () => backUp(house, "fresh"))).toEqual([]);
    await using workspace = new Workspace(house.repository, [], house.clock);
    await expect(compare(workspace, { task: `backup-${"0".repeat(32)}` })).rejects.toMatchObject({
      code: "source-unknown",
    });
  });
});
