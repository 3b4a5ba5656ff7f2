import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyOf } from "../../../src/model/key.ts";
import { readCertificates } from "../../../src/repository/erase/certificate.ts";
import { eraseItem, type EraseOutcome } from "../../../src/repository/erase/erase-item.ts";
import { finishErasures } from "../../../src/repository/erase/finish-erasures.ts";
import { newHold } from "../../../src/repository/holds.ts";
import { takeLease } from "../../../src/repository/leases.ts";
import type { TimelineEntry } from "../../../src/repository/manifest.ts";
import { entryId, fateOf } from "../../../src/repository/open-runs.ts";
import type { Repository } from "../../../src/repository/repository.ts";
import { readCheckpoint } from "../../../src/repository/run-records.ts";
import type { SegmentInfo } from "../../../src/repository/segment/segment.ts";
import { StateIndex } from "../../../src/repository/state-index.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import {
  amendManifest,
  commitManifest,
  generations,
  readNewestManifest,
  type StoredManifest,
} from "../../../src/repository/task-store.ts";
import { segmentsNewestFirst } from "../../../src/repository/manifest.ts";
import { failCall, loseAnswer, sweepCalls } from "../../faults/storage-faults.ts";
import { gather } from "../segment/rig.ts";
import {
  Builder,
  CLOCK,
  everything,
  NOW,
  repositoryOn,
  SIGNAL,
  TASK,
  traces,
  withoutItem,
  type DayOfItems,
} from "./rig.ts";

const ITEM = "person:42";

function erase(repository: Repository, item = ITEM, dryRun = false): Promise<EraseOutcome> {
  const options = { reason: "request 7", clock: CLOCK, dryRun, signal: SIGNAL };
  return eraseItem(repository, TASK, { key: keyOf(item), ...options });
}

async function newest(repository: Repository): Promise<StoredManifest> {
  return (await readNewestManifest(repository, TASK)) as StoredManifest;
}

/** A life with everything in it; the item is in all of its places, and first or last in several. */
async function fullHouse(storage: Storage = memoryStorage()): Promise<Builder> {
  const builder = new Builder(repositoryOn(storage));
  const others: DayOfItems = { "a:1": { blobs: ["shared with a:1", "only of a:1"] }, "z:1": {} };
  builder.entries.push(await builder.entry({ ...others, [ITEM]: { blobs: ["shared with a:1"] } }, true));
  await builder.commit();
  builder.entries.push(await builder.entry({ [ITEM]: { blobs: ["portrait of 42", "voice of 42"] } }));
  await builder.commit();
  // A second epoch: the collection was made again.
  builder.entries.push(await builder.entry({ ...others, [ITEM]: {} }, true));
  const day = await builder.entry({ "b:2": {}, [ITEM]: { blobs: ["portrait of 42"] } });
  const next = await builder.entry({ [ITEM]: {}, "y:1": {} });
  // Gathered, with what a hold on another item keeps of the instant before; both inputs can be brought back.
  const gathered: TimelineEntry = {
    ...builder.entryOf([...day.groups, ...next.groups], day.from),
    runs: 2,
    held: [{ to: day.to, segments: [(await builder.segment({ "b:2": {}, [ITEM]: {} })) as SegmentInfo] }],
  };
  for (const entry of [day, next]) {
    builder.retired.push({ entry, retiredAt: builder.instant, into: gathered.id, generation: 3 });
  }
  builder.entries.push(gathered);
  await builder.commit();
  await builder.undoRecord("11".repeat(16), [ITEM, "a:1"]);
  await builder.undoRecord("22".repeat(16), ["a:1"]);
  await builder.openRun({ "c:1": {}, [ITEM]: { blobs: ["portrait of 42"] } });
  return builder;
}

/** As the full house, with one of each. */
async function smallHouse(): Promise<Builder> {
  const builder = new Builder(repositoryOn());
  builder.entries.push(
    await builder.entry(
      { [ITEM]: { blobs: ["portrait of 42", "shared"] }, "z:1": { blobs: ["shared"] } },
      true,
    ),
  );
  const day = await builder.entry({ [ITEM]: {} });
  builder.entries.push({ ...day, id: "f".repeat(32) });
  builder.retired.push({ entry: day, retiredAt: 0, into: "f".repeat(32), generation: 1 });
  await builder.commit();
  await builder.undoRecord("11".repeat(16), [ITEM]);
  await builder.openRun({ [ITEM]: {} });
  return builder;
}

const TEXTS = ["secret of person:42", "portrait of 42", "voice of 42"];

describe("erasing an item", () => {
  it("leaves no trace of it in any object, and every other item as it was at every instant", async () => {
    const { repository } = await fullHouse();
    const before = await everything(repository);
    expect(await traces(repository, ITEM, TEXTS)).not.toEqual([]);
    const { complete, erasure } = await erase(repository);
    expect(complete).toBe(true);
    expect(await traces(repository, ITEM, TEXTS)).toEqual([]);
    expect(await everything(repository)).toEqual(withoutItem(before, ITEM));
    expect(erasure.restores).toEqual(["11".repeat(16)]);
    const { manifest } = await newest(repository);
    expect(manifest).toMatchObject({ condemned: [], erasing: [], erased: 1 });
  });

  it("keeps content that another item has too, and takes away what only this one had", async () => {
    const { repository } = await fullHouse();
    const { blobs } = await erase(repository);
    expect(blobs).toBe(2);
    const state = await everything(repository);
    expect(Object.values(state)[0]).toEqual({
      "a:1": expect.stringContaining("|shared with a:1|only of a:1"),
      "z:1": expect.any(String),
    });
  });

  it("certifies what was removed and rewritten, without the item's name", async () => {
    const { repository } = await fullHouse();
    const { erasure } = await erase(repository);
    const [certificate, ...more] = await gather(readCertificates(repository, TASK, SIGNAL));
    expect(more).toEqual([]);
    expect(certificate).toEqual({ ...erasure, completedAt: NOW });
    expect(JSON.stringify(certificate)).not.toContain(ITEM);
    expect(certificate?.item).toMatch(/^[0-9a-f]{64}$/);
    // Five instants kept a version; the held one repeats an instant.
    expect(certificate?.versions.flatMap(({ instants }) => instants).length).toBeGreaterThanOrEqual(5);
    for (const { old, into } of certificate?.files ?? []) {
      expect(await repository.storage.stat(old.path)).toBeUndefined();
      for (const { path } of into) expect(await repository.storage.stat(path)).toBeDefined();
    }
    const { manifest } = await newest(repository);
    expect([certificate?.generation, manifest.chainFrom]).toEqual([
      manifest.generation - 1,
      certificate?.generation,
    ]);
    expect((await gather(generations(repository, TASK)))[0]).toBe(certificate?.generation);
  });

  it("says in a dry run what it would do, and changes nothing", async () => {
    const { repository } = await fullHouse();
    const before = await gather(repository.storage.list(""));
    const preview = await erase(repository, ITEM, true);
    expect(await gather(repository.storage.list(""))).toEqual(before);
    const done = await erase(repository);
    expect(preview.erasure.versions).toEqual(done.erasure.versions);
    expect(preview.erasure.files.map(({ old }) => old)).toEqual(done.erasure.files.map(({ old }) => old));
    expect([preview.blobs, preview.bytes]).toEqual([done.blobs, done.bytes]);
  });

  it("is refused for an item, a prefix and an instant that is held, naming the hold", async () => {
    const builder = await fullHouse();
    const { repository } = builder;
    const { keyring } = repository;
    const instant = builder.entries[0]?.to as number;
    const targets = [
      { kind: "item", key: keyOf(ITEM) },
      { kind: "prefix", key: keyOf("person:") },
      { kind: "instant", instant },
    ] as const;
    for (const target of targets) {
      const hold = newHold(keyring, TASK, target, "case 9", 0);
      await amendManifest(repository, TASK, ({ manifest }) => ({ ...manifest, holds: [hold] }));
      await expect(erase(repository)).rejects.toMatchObject({
        code: "item-held",
        message: expect.stringMatching(new RegExp(`${hold.id}.*case 9`)),
      });
    }
    const other = newHold(keyring, TASK, { kind: "item", key: keyOf("a:1") }, "", 0);
    await amendManifest(repository, TASK, ({ manifest }) => ({ ...manifest, holds: [other] }));
    expect((await erase(repository)).complete).toBe(true);
  });

  it("is told when there is nothing to erase", async () => {
    const { repository } = await fullHouse();
    await expect(erase(repository, "person:43")).rejects.toMatchObject({ code: "item-not-kept" });
    await erase(repository);
    await expect(erase(repository)).rejects.toMatchObject({ code: "item-not-kept" });
  });

  it("lets the next run keep the item anew when the service still has it", async () => {
    const { repository } = await fullHouse();
    const { manifest } = await newest(repository);
    const state = Buffer.from(`secret of ${ITEM} on day 5`);
    const ask = [
      { key: keyOf(ITEM), state },
      { key: keyOf("y:1"), state: Buffer.from("secret of y:1 on day 5") },
    ];
    const known = async (segments: readonly SegmentInfo[]) =>
      new StateIndex(repository, TASK, segments).compare(ask);
    expect(await known(segmentsNewestFirst(manifest))).toEqual(["same", "same"]);
    await erase(repository);
    expect(await known(segmentsNewestFirst((await newest(repository)).manifest))).toEqual([
      "unknown",
      "same",
    ]);
  });

  it("voids a run that is under way, which may have seen the item, and ends it", async () => {
    const builder = await fullHouse();
    const { repository } = builder;
    const run = await builder.openRun({ [ITEM]: {} });
    const before = await newest(repository);
    const checkpoint = await readCheckpoint(repository, TASK, run, 1);
    expect(fateOf(checkpoint, before)).toBe("continues");
    await erase(repository);
    const after = await newest(repository);
    expect(fateOf(checkpoint, after)).toBe("superseded");
    expect(entryId(after)).not.toBe(entryId(before));
    await expect(readCheckpoint(repository, TASK, run, 1)).rejects.toMatchObject({ code: "object-missing" });
  });

  it("refuses a writer that still wants the old files", async () => {
    const { repository } = await fullHouse();
    const old = await newest(repository);
    await erase(repository);
    await expect(
      commitManifest(repository, TASK, await newest(repository), old.manifest),
    ).rejects.toMatchObject({
      code: "object-missing",
    });
  });

  it("is decided again when others commit meanwhile", async () => {
    const builder = await fullHouse();
    let commits = 0;
    const { storage } = builder.repository;
    const racing: Storage = {
      ...bound(storage),
      create: async (path, content, signal) => {
        if (path.includes("/manifests/") && commits++ === 0) {
          builder.entries.push(await builder.entry({ [ITEM]: {}, "d:1": {} }));
          await builder.commit();
        }
        return storage.create(path, content, signal);
      },
    };
    const { complete } = await erase({ ...builder.repository, storage: racing });
    expect(complete).toBe(true);
    expect(await traces(builder.repository, ITEM, TEXTS)).toEqual([]);
    const { to } = builder.entries.at(-1) as TimelineEntry;
    expect((await everything(builder.repository))[String(to)]).toHaveProperty("d:1");
  });

  it("waits for whoever works from an older generation, and is finished later", async () => {
    const { repository } = await fullHouse();
    const lease = await takeLease(repository, TASK, (await newest(repository)).manifest.generation, CLOCK);
    const { complete, erasure } = await erase(repository);
    expect(complete).toBe(false);
    expect((await newest(repository)).manifest.erasing).toEqual([erasure]);
    expect(await gather(readCertificates(repository, TASK, SIGNAL))).toEqual([]);
    expect(Object.values(await everything(repository)).some((items) => ITEM in items)).toBe(false);
    expect(await finishErasures(repository, TASK, { clock: CLOCK, signal: SIGNAL })).toEqual([erasure]);
    await lease[Symbol.asyncDispose]();
    expect(await finishErasures(repository, TASK, { clock: CLOCK, signal: SIGNAL })).toEqual([]);
    expect(await traces(repository, ITEM, TEXTS)).toEqual([]);
  });

  it("leaves the state before or after it wherever it is cut off, and repeating it finishes it", async () => {
    const builder = await smallHouse();
    const before = await everything(builder.repository);
    const after = withoutItem(before, ITEM);
    for (const make of [failCall, loseAnswer]) {
      const calls = await sweepCalls({
        makeStorage: async () => copyOf(builder.repository.storage),
        fault: (nth) => make({ nth }),
        // Only what changes something can have happened and go unanswered.
        only: ({ call }) => make === failCall || call === "create" || call === "remove",
        run: async (storage) => {
          await erase(repositoryOn(storage));
        },
        check: async (storage, { error }) => {
          const repository = repositoryOn(storage);
          const state = await everything(repository);
          const erased = Object.values(state).every((items) => !(ITEM in items));
          expect(state).toEqual(erased ? after : before);
          if (error === undefined) expect(erased).toBe(true);
          const repeated = await erase(repository).catch((again: unknown) => again);
          // Nothing is left to be repeated where only the last answer was lost.
          if (repeated instanceof Error) expect(repeated).toMatchObject({ code: "item-not-kept" });
          expect(await everything(repository)).toEqual(after);
          expect(await traces(repository, ITEM, TEXTS)).toEqual([]);
          const certificates = await gather(readCertificates(repository, TASK, SIGNAL));
          expect(certificates.length).toBeGreaterThan(0);
        },
      });
      expect(calls).toBeGreaterThan(10);
    }
  }, 60_000);

  it("holds for any timeline: nothing of the item is left, nothing of others is changed", async () => {
    const name = fc.constantFrom("person:1", "person:2", "person:5", "person:8", "person:9");
    const item = fc.record({ blobs: fc.subarray(["shared", "second", "third"]) });
    const day = fc.record({
      items: fc.dictionary(name, item, { maxKeys: 5 }),
      how: fc.constantFrom("delta", "delta", "baseline", "gather", "retire"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(day, { minLength: 1, maxLength: 8 }), name, async (days, erased) => {
        const builder = new Builder(repositoryOn());
        for (const [index, { items, how }] of days.entries()) {
          const entry = await builder.entry(items, index === 0 || how === "baseline");
          const last = builder.entries.at(-1);
          if (how === "gather" && last !== undefined && last.epoch === entry.epoch) {
            builder.entries.pop();
            const both = builder.entryOf([...last.groups, ...entry.groups], last.from);
            for (const input of [last, entry]) {
              builder.retired.push({ entry: input, retiredAt: 0, into: both.id, generation: 1 });
            }
            builder.entries.push(both);
          } else builder.entries.push(entry);
          if (how === "retire") {
            builder.retired.push({
              entry: { ...entry, id: `${entry.id}r` },
              retiredAt: 0,
              into: entry.id,
              generation: 1,
            });
          }
          await builder.commit();
        }
        const { repository } = builder;
        const before = await everything(repository);
        const had = Object.values(before).some((items) => erased in items);
        const outcome = await erase(repository, erased).catch((error: { code: string }) => error.code);
        expect(typeof outcome === "string" ? outcome : outcome.complete).toBe(had ? true : "item-not-kept");
        expect(await everything(repository)).toEqual(withoutItem(before, erased));
        if (had) expect(await traces(repository, erased, [`secret of ${erased} `])).toEqual([]);
      }),
      { numRuns: 25 },
    );
  }, 30_000);
});

function bound(storage: Storage): Storage {
  return {
    capabilities: storage.capabilities,
    location: storage.location,
    create: storage.create.bind(storage),
    read: storage.read.bind(storage),
    stream: storage.stream.bind(storage),
    stat: storage.stat.bind(storage),
    list: storage.list.bind(storage),
    remove: storage.remove.bind(storage),
    close: storage.close.bind(storage),
  };
}

async function copyOf(storage: Storage): Promise<Storage> {
  const copy = memoryStorage();
  for await (const { path } of storage.list("")) await copy.create(path, await storage.read(path));
  return copy;
}
