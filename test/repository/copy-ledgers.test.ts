import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../src/model/errors.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { checkSmallObjects } from "../../src/repository/check/small-objects.ts";
import {
  openCopyLedger,
  type CopyLedgerOptions,
  type StoredCopyLedger,
} from "../../src/repository/copy-ledgers.ts";
import { copyLedgersOf } from "../../src/repository/paths.ts";
import { openSealedAt } from "../../src/repository/sealed-places.ts";
import type { CopyStep } from "../../src/sources/live-copies.ts";
import { collect } from "../e2e/house.ts";
import { failCall, faultyStorage, loseAnswer, type FaultyStorage } from "../faults/storage-faults.ts";
import { simulatedRepository } from "../simulation/sim-house.ts";

const signal = new AbortController().signal;

type Ledger = StoredCopyLedger<CopyStep>;

interface House {
  readonly repository: Repository & { readonly storage: FaultyStorage };
  readonly damaged: string[];
  readonly open: (more?: Partial<CopyLedgerOptions>) => Promise<Ledger>;
  /** Numbers of the objects there are. */
  readonly ordinals: () => Promise<number[]>;
  readonly path: (ordinal: number) => Promise<string>;
  readonly damage: (ordinal: number) => Promise<void>;
}

function house(): House {
  const plain = simulatedRepository(1);
  const repository = { ...plain, storage: faultyStorage(plain.storage) };
  const task = repository.keyring.taskName("prod", "form-recognizer", "resource");
  const damaged: string[] = [];
  const listed = async () =>
    (await collect(plain.storage.list(copyLedgersOf(task), {}))).map(({ path }) => path);
  const path = async (ordinal: number): Promise<string> => {
    const found = (await listed()).find((one) => Number(one.split("/").at(-1)) === ordinal);
    if (found === undefined) throw new Error(`there is no object ${ordinal}`);
    return found;
  };
  return {
    repository,
    damaged,
    open: async (more = {}) =>
      openCopyLedger<CopyStep>({
        repository,
        task,
        standby: "dr",
        writable: true,
        damaged: (one) => damaged.push(one),
        signal,
        ...more,
      }),
    ordinals: async () => (await listed()).map((one) => Number(one.split("/").at(-1))),
    path,
    damage: async (ordinal) => {
      const place = await path(ordinal);
      const bytes = await plain.storage.read(place);
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
      await plain.storage.remove(place);
      await plain.storage.create(place, bytes);
    },
  };
}

const step = (target: string, state: CopyStep["state"] = "authorised", more: Partial<CopyStep> = {}) => ({
  key: "models/invoices",
  version: "v1",
  target,
  state,
  at: 1_000,
  ...more,
});

/** `target state` of each copy. */
const told = (ledger: Ledger): string[] => ledger.steps().map(({ target, state }) => `${target} ${state}`);

function fence(): never {
  throw new HoldfastError("task-busy", "Another run has taken over.");
}

describe("copy ledgers", () => {
  it("tell the newest step of each copy, in the order in which copies were first recorded", async () => {
    const { open } = house();
    const ledger = await open();
    await ledger.record(step("a"));
    await ledger.record(step("b", "authorised", { key: "models/receipts" }));
    await ledger.record(step("a", "submitted", { operation: "op-1" }));
    await ledger.record(step("a", "verified", { level: "metadata", expires: 5, renamed: { a: "b" } }));
    const again = await open();
    expect(told(again)).toEqual(["a verified", "b authorised"]);
    expect(again.steps()[0]).toEqual(
      step("a", "verified", { level: "metadata", expires: 5, renamed: { a: "b" } }),
    );
  });

  it("take copies of two states of one item, or under two ids, for two", async () => {
    const { open } = house();
    const ledger = await open();
    await ledger.record(step("a", "verified"));
    await ledger.record(step("a", "verified", { version: "v2" }));
    await ledger.record(step("c", "failed"));
    expect((await open()).steps()).toHaveLength(3);
  });

  it("are apart for each standby, and tell no names in the listing", async () => {
    const { open, path } = house();
    await (await open()).record(step("invoices-copy"));
    expect((await open({ standby: "other" })).steps()).toEqual([]);
    expect(await path(1)).not.toMatch(/dr|invoices|verified/);
  });

  it("take nothing in a preview", async () => {
    const { open, ordinals } = house();
    await expect((await open({ writable: false })).record(step("a"))).rejects.toMatchObject({
      code: "internal",
    });
    expect(await ordinals()).toEqual([]);
  });

  it("take nothing once the right to write is lost", async () => {
    const { open, ordinals } = house();
    await expect((await open({ fence })).record(step("a"))).rejects.toMatchObject({ code: "task-busy" });
    expect(await ordinals()).toEqual([]);
  });
});

describe("compacting a copy ledger", () => {
  it("keeps what was told, and removes what the snapshot before the newest one told already", async () => {
    const { open, ordinals } = house();
    for (const target of ["a", "b", "c"]) {
      const ledger = await open();
      await ledger.record(step(target));
      await ledger.record(step(target, "verified"));
      await ledger.compact();
    }
    // Snapshots are 3, 6 and 9.
    expect(await ordinals()).toEqual([6, 7, 8, 9]);
    expect(told(await open())).toEqual(["a verified", "b verified", "c verified"]);
  });

  it("writes nothing when nothing was recorded since", async () => {
    const { open, ordinals } = house();
    const ledger = await open();
    await ledger.record(step("a"));
    await ledger.compact();
    await ledger.compact();
    await (await open()).compact();
    expect(await ordinals()).toEqual([1, 2]);
  });

  it("loses nothing where the key may not delete: older objects are then not read any more", async () => {
    const { open, repository, ordinals } = house();
    repository.storage.faults = [failCall({ call: "remove", nth: 0, times: 100 }, "storage-permission")];
    for (const target of ["a", "b", "c"]) {
      const ledger = await open();
      await ledger.record(step(target));
      await ledger.compact();
    }
    expect(await ordinals()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(told(await open())).toEqual(["a authorised", "b authorised", "c authorised"]);
  });

  it("finds the snapshot behind any number of steps", async () => {
    const { open } = house();
    const ledger = await open();
    await ledger.record(step("first"));
    await ledger.compact();
    for (let n = 0; n < 40; n++) await ledger.record(step(`copy-${n}`));
    expect((await open()).steps()).toHaveLength(41);
  });
});

describe("two writers of a copy ledger", () => {
  it("lose nothing of each other, and see what the other recorded", async () => {
    const { open } = house();
    const [one, two] = await Promise.all([open(), open()]);
    await Promise.all([
      one.record(step("a")),
      two.record(step("b")),
      one.record(step("c")),
      two.record(step("b", "verified")),
    ]);
    expect((await open()).steps()).toHaveLength(3);
    await one.record(step("d"));
    expect(told(one)).toContain("b verified");
  });

  it("have both in a snapshot that either makes", async () => {
    const { open } = house();
    const [one, two] = await Promise.all([open(), open()]);
    await two.record(step("b"));
    await one.record(step("a"));
    await two.record(step("b", "verified"));
    await one.compact();
    expect(told(await open()).sort()).toEqual(["a authorised", "b verified"]);
  });
});

describe("a damaged piece of a copy ledger", () => {
  it("is told of, and everything else is there", async () => {
    const { open, damage, damaged, path } = house();
    const ledger = await open();
    for (const target of ["a", "b", "c"]) await ledger.record(step(target));
    await damage(2);
    expect(told(await open())).toEqual(["a authorised", "c authorised"]);
    expect(damaged).toEqual([await path(2)]);
  });

  it("loses nothing when it is the snapshot: the one before and what came after are still there", async () => {
    const { open, damage, damaged, path } = house();
    for (const target of ["a", "b", "c"]) {
      const ledger = await open();
      await ledger.record(step(target));
      await ledger.compact();
    }
    await damage(6);
    expect(told(await open())).toEqual(["a authorised", "b authorised", "c authorised"]);
    expect(damaged).toEqual([await path(6)]);
  });

  it("is not told of when the snapshot tells what it told", async () => {
    const { open, damage, damaged } = house();
    const ledger = await open();
    await ledger.record(step("a"));
    await ledger.compact();
    await damage(1);
    expect(told(await open())).toEqual(["a authorised"]);
    expect(damaged).toEqual([]);
  });

  it("is told of when it is not there at all", async () => {
    const { open, repository, damaged, path } = house();
    const ledger = await open();
    for (const target of ["a", "b", "c"]) await ledger.record(step(target));
    const missing = await path(2);
    await repository.storage.remove(missing);
    await open();
    expect(damaged).toEqual([missing]);
  });

  it("is found by check, and whole ones open in their place", async () => {
    const { open, damage, path, repository } = house();
    const ledger = await open();
    await ledger.record(step("a"));
    await ledger.compact();
    expect(await openSealedAt(repository, await path(2))).toEqual({ steps: [step("a")], after: 0 });
    const task = repository.keyring.taskName("prod", "form-recognizer", "resource");
    expect(await collect(checkSmallObjects(repository, task, signal))).toEqual([]);
    await damage(1);
    expect(await collect(checkSmallObjects(repository, task, signal))).toMatchObject([
      { path: await path(1), severity: "warning", code: "object-damaged" },
    ]);
  });
});

/** What a run records; what it was told is durable. */
async function work(open: House["open"], durable: string[]): Promise<void> {
  const ledger = await open();
  for (const target of ["a", "b"]) {
    for (const state of ["authorised", "submitted", "verified"] as const) {
      await ledger.record(step(target, state));
      durable.push(`${target} ${state}`);
    }
  }
  await ledger.compact();
}

/** Every state that was recorded for a target, or a later one, is told. */
function expectKept(durable: readonly string[], ledger: Ledger): void {
  const order = ["authorised", "submitted", "verified"];
  const rank = (text: string): number => order.indexOf(text.split(" ")[1] ?? "");
  for (const one of durable) {
    const newest = told(ledger).find((text) => text.startsWith(one.slice(0, 2))) ?? "";
    expect(rank(newest)).toBeGreaterThanOrEqual(rank(one));
  }
}

describe("a fault at any storage call of a run", () => {
  it.each([
    ["fails before it is done", failCall],
    ["is done and its answer lost", loseAnswer],
  ] as const)("that %s loses no step that was recorded", async (_how, fault) => {
    const counting = house();
    await (await counting.open()).record(step("old", "verified"));
    const before = counting.repository.storage.calls.length;
    await work(counting.open, []);
    const calls = counting.repository.storage.calls.length - before;
    expect(calls).toBeGreaterThan(8);
    for (let at = 0; at < calls; at++) {
      const struck = house();
      await (await struck.open()).record(step("old", "verified"));
      const { storage } = struck.repository;
      storage.faults = [fault({ nth: storage.calls.length + at })];
      const durable = ["old verified"];
      await expect(work(struck.open, durable)).rejects.toMatchObject({ code: "storage-failed" });
      storage.faults = [];
      const ledger = await struck.open();
      expectKept(durable, ledger);
      // And the next run goes on as if nothing had been.
      await work(struck.open, []);
      expect(told(await struck.open())).toEqual(["old verified", "a verified", "b verified"]);
      expect(struck.damaged).toEqual([]);
    }
  });
});
