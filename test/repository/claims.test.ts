import { describe, expect, it, vi } from "vitest";
import { CLAIM_MS, takeClaim, type Claim, type ClaimHolder } from "../../src/repository/claims.ts";
import { claimsOf } from "../../src/repository/paths.ts";
import { collect, TestClock } from "../e2e/house.ts";
import { failCall, faultyStorage } from "../faults/storage-faults.ts";
import { simulatedRepository } from "../simulation/sim-house.ts";

const HERE: ClaimHolder = { host: "ops-1", process: 11, space: "s" };
const THERE: ClaimHolder = { host: "ops-2", process: 22, space: "s" };

function house() {
  const plain = simulatedRepository(1);
  const repository = { ...plain, storage: faultyStorage(plain.storage) };
  const task = repository.keyring.taskName("prod", "form-recognizer", "resource");
  const clock = new TestClock();
  const warnings: string[] = [];
  const gone = new Set<string>();
  return {
    repository,
    clock,
    warnings,
    gone,
    take: async (holder = HERE, standby = "dr"): Promise<Claim> =>
      takeClaim({
        repository,
        task,
        standby,
        holder,
        isGone: ({ host }) => gone.has(host),
        clock,
        warn: (text) => warnings.push(text),
        signal: new AbortController().signal,
      }),
    paths: async () => (await collect(plain.storage.list(claimsOf(task), {}))).map(({ path }) => path),
  };
}

describe("claims", () => {
  it("keep a second run away, and tell it who works and since when", async () => {
    const { take, clock } = house();
    await using _first = await take();
    clock.advance(60_000);
    await expect(take(THERE)).rejects.toMatchObject({
      code: "task-busy",
      message: expect.stringMatching(
        /Process 11 on ops-1 .*since 2026-01-01T02:00:00Z.*ends at 2026-01-01T02:10:00Z/,
      ),
    });
  });

  it("are free again when they are given back", async () => {
    const { take } = house();
    await (await take())[Symbol.asyncDispose]();
    await using second = await take(THERE);
    second.assertHeld();
  });

  it("of different standbys have nothing to do with each other", async () => {
    const { take } = house();
    await using _one = await take(HERE, "dr");
    await using two = await take(THERE, "far");
    two.assertHeld();
  });

  it("are taken over when whoever had one is gone, at once if that can be seen", async () => {
    const { take, gone } = house();
    await take(THERE);
    gone.add("ops-2");
    await using second = await take(HERE);
    second.assertHeld();
  });

  it("run out when nothing is heard, and the run that paused so long then knows that it must stop", async () => {
    const { take, clock } = house();
    const first = await take(THERE);
    clock.advance(CLAIM_MS + 1);
    await using second = await take(HERE);
    second.assertHeld();
    expect(() => first.assertHeld()).toThrowError(expect.objectContaining({ code: "task-busy" }));
    // What the first one does at its end leaves the second one's claim alone.
    await first[Symbol.asyncDispose]();
    await expect(take(THERE)).rejects.toMatchObject({ code: "task-busy" });
  });

  it("go to one of two that want the same at once", async () => {
    const { take } = house();
    const taken = await Promise.allSettled([take(HERE), take(THERE)]);
    expect(taken.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("leave one object, however many runs there were, and no names in the listing", async () => {
    const { take, paths } = house();
    for (let run = 0; run < 3; run++) await (await take())[Symbol.asyncDispose]();
    expect(await paths()).toHaveLength(1);
    expect((await paths()).join()).not.toMatch(/ops|dr/);
  });

  it("work where the key may not delete", async () => {
    const { take, repository, paths } = house();
    repository.storage.faults = [failCall({ call: "remove", nth: 0, times: 100 }, "storage-permission")];
    for (let run = 0; run < 2; run++) await (await take())[Symbol.asyncDispose]();
    expect(await paths()).toHaveLength(4);
    await using last = await take(THERE);
    last.assertHeld();
  });

  it("that do not read keep nobody from working, and are told of", async () => {
    const { take, repository, paths, warnings } = house();
    await take();
    const [path = ""] = await paths();
    await repository.storage.remove(path);
    await repository.storage.create(path, Buffer.from("something else"));
    await using claim = await take(THERE);
    claim.assertHeld();
    expect(warnings).toEqual([expect.stringContaining(path)]);
  });
});

describe("a claim of long work", () => {
  it("is renewed while the work goes on, so that nobody takes it over", async () => {
    vi.useFakeTimers();
    try {
      const { take, clock, paths } = house();
      const claim = await take();
      for (let minutes = 0; minutes < 60; minutes++) {
        clock.advance(60_000);
        await vi.advanceTimersByTimeAsync(60_000);
        claim.assertHeld();
      }
      await expect(take(THERE)).rejects.toMatchObject({
        message: expect.stringContaining("since 2026-01-01T02:00:00Z"),
      });
      expect(await paths()).toHaveLength(1);
      await claim[Symbol.asyncDispose]();
      await using second = await take(THERE);
      second.assertHeld();
    } finally {
      vi.useRealTimers();
    }
  });

  it("is lost when another run has taken over meanwhile", async () => {
    vi.useFakeTimers();
    try {
      const { take, gone } = house();
      const claim = await take(THERE);
      // The machine slept: another one could not see it working.
      gone.add("ops-2");
      await using _second = await take(HERE);
      await vi.advanceTimersByTimeAsync(4 * 60_000);
      expect(() => claim.assertHeld()).toThrowError(expect.objectContaining({ code: "task-busy" }));
    } finally {
      vi.useRealTimers();
    }
  });
});
