/**
 * The suite that every source kind has to pass: the sentences of `src/sources/source.ts`, one test each.
 */
import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/model/clock.ts";
import { compareKeys, keyOf, sortableKey, type ItemKey } from "../../src/model/key.ts";
import type { CapturedVersion, Version } from "../../src/model/version.ts";
import type {
  CaptureEngine,
  CaptureEvent,
  CompareEvent,
  Cursor,
  IdMap,
  RestoreOutcome,
  RestoreRequest,
  Source,
  SourceContext,
  StoredBlob,
  VersionReader,
} from "../../src/sources/source.ts";

/** A kind's own hands on its service. */
export interface SourceFixture extends AsyncDisposable {
  readonly source: Source;
  /** A collection with at least ten items, one of them with a blob where the kind has blobs. */
  readonly collection: string;
  /** Changes one item, adds one, deletes one; their keys. */
  edit(): Promise<{ readonly changed: string; readonly added: string; readonly deleted: string }>;
  /** A name for a collection that does not exist yet. */
  newTarget(): string;
  /** Changes one item of a collection behind Holdfast's back. */
  tamper(collection: string): Promise<string>;
  /**
   * Where the collection of that name is, for kinds whose collections have fixed names: another target is another instance then. Default: at
   * `source`, under its name.
   */
  place?(target: string): TargetPlace;
}

export interface TargetPlace {
  readonly source: Source;
  readonly collection: string;
  readonly ids: IdMap;
  /** Whether the instance holds nothing. */
  isEmpty(): Promise<boolean>;
  /** For kinds whose items come back only from live copies; see `RestoreRequest`. */
  readonly lender?: NonNullable<RestoreRequest["lender"]>;
  readonly settings?: NonNullable<RestoreRequest["settings"]>;
}

const clock: Clock = { now: () => performance.timeOrigin + performance.now() };

function contextOf(signal: AbortSignal = new AbortController().signal): SourceContext {
  return { clock, signal };
}

/** An engine in memory: what a run may ask, and what was kept so far. */
class KeptInMemory {
  readonly versions = new Map<string, CapturedVersion>();
  readonly blobs = new Map<string, Buffer>();
  readonly #aliases = new Map<string, StoredBlob>();
  cursor: Cursor | undefined;

  engine(): CaptureEngine {
    return {
      known: async (states) =>
        states.map(({ key, state }) => this.versions.get(sortableKey(key))?.state.equals(state) ?? false),
      findBlob: async (alias) => this.#aliases.get(alias),
      storeBlob: async (alias, { encoding, content }) => {
        const pieces: Buffer[] = [];
        for await (const piece of content) pieces.push(Buffer.from(piece));
        const bytes = Buffer.concat(pieces);
        const blob = String(this.blobs.size + 1).padStart(64, "0");
        this.blobs.set(blob, bytes);
        const stored = {
          blob,
          pack: "0".repeat(32),
          length: bytes.length,
          encoding,
          sha256: "0".repeat(64),
          alias,
        };
        this.#aliases.set(alias, stored);
        return stored;
      },
      keptKeys: (prefix = Buffer.alloc(0)) =>
        batch(
          [...this.versions.values()]
            .filter(({ kind, key }) => kind !== "purged" && key.subarray(0, prefix.length).equals(prefix))
            .map(({ key }) => key),
        ),
    };
  }

  add(versions: readonly CapturedVersion[]): void {
    for (const version of versions) this.versions.set(sortableKey(version.key), version);
  }

  reader(): VersionReader {
    const present = [...this.versions.values()]
      .filter(({ kind }) => kind !== "purged")
      .sort((a, b) => compareKeys(a.key, b.key))
      .map(asStored);
    const find = (key: ItemKey): Version | undefined => present.find((version) => version.key.equals(key));
    const blobs = this.blobs;
    return {
      versions: () => batch(present),
      find: async (keys) => keys.map(find),
      within: (prefix) => batch(present.filter(({ key }) => key.subarray(0, prefix.length).equals(prefix))),
      contains: async (keys) => keys.map((key) => find(key) !== undefined),
      async *blob({ blob }) {
        yield blobs.get(blob) as Buffer;
      },
    };
  }
}

async function* batch<T>(all: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let start = 0; start < all.length; start += 4) yield all.slice(start, start + 4);
}

function asStored({ key, kind, revision, parts, blobs }: CapturedVersion): Version {
  const observation = { run: "", at: 0, sequence: "" };
  return { key, kind, revision, parts, blobs, observation, fingerprint: Buffer.alloc(8) };
}

/** What was done to each item, those that were the same already left out. */
function acted(outcomes: readonly RestoreOutcome[]): Record<string, string> {
  const others = outcomes.filter(({ action }) => action !== "same");
  return Object.fromEntries(others.map(({ key, action }) => [key.toString(), action]));
}

/** One whole capture into `kept`; its events. */
async function capture(
  fixture: SourceFixture,
  kept: KeptInMemory,
  reconcile = false,
): Promise<CaptureEvent[]> {
  const events: CaptureEvent[] = [];
  const { source, collection } = fixture;
  const request = { collection, cursor: kept.cursor, resume: undefined, reconcile, engine: kept.engine() };
  for await (const event of source.capture(request, contextOf())) {
    events.push(event);
    if (event.kind === "versions") kept.add(event.versions);
    if (event.kind === "end") kept.cursor = event.cursor;
  }
  return events;
}

function versionsIn(events: readonly CaptureEvent[]): CapturedVersion[] {
  return events.flatMap((event) => (event.kind === "versions" ? event.versions : []));
}

function placeOf(
  fixture: SourceFixture,
  target: string,
): Omit<TargetPlace, "ids" | "isEmpty"> & Partial<TargetPlace> {
  return fixture.place?.(target) ?? { source: fixture.source, collection: target };
}

async function restoreInto(
  fixture: SourceFixture,
  kept: KeptInMemory,
  target: string,
  more: Partial<RestoreRequest> = {},
): Promise<RestoreOutcome[]> {
  const outcomes: RestoreOutcome[] = [];
  const { source, collection, ids, lender, settings } = placeOf(fixture, target);
  const request: RestoreRequest = {
    target: collection,
    mode: "replica",
    apply: true,
    reader: kept.reader(),
    whole: true,
    merge: false,
    newerItems: "keep",
    replicationStopped: false,
    ...(ids === undefined ? {} : { ids }),
    ...(lender === undefined ? {} : { lender }),
    ...(settings === undefined ? {} : { settings }),
    ...more,
  };
  for await (const outcome of source.restore(request, contextOf())) outcomes.push(outcome);
  return outcomes;
}

async function compareWith(
  fixture: SourceFixture,
  kept: KeptInMemory,
  target: string,
): Promise<CompareEvent[]> {
  const events: CompareEvent[] = [];
  const { source, collection, ids } = placeOf(fixture, target);
  const request = {
    target: collection,
    reader: kept.reader(),
    whole: true,
    ...(ids === undefined ? {} : { ids }),
  };
  for await (const event of source.compare(request, contextOf())) events.push(event);
  return events;
}

const actions = (outcomes: readonly RestoreOutcome[]): Set<string> =>
  new Set(outcomes.map(({ action }) => action));

export function describeSource(name: string, makeFixture: () => Promise<SourceFixture>): void {
  const test = (title: string, run: (fixture: SourceFixture, kept: KeptInMemory) => Promise<void>): void => {
    it(title, async () => {
      await using fixture = await makeFixture();
      await run(fixture, new KeptInMemory());
    });
  };

  describe(`the source ${name}`, () => {
    test("discovers each collection that matches, once, and no other", async ({ source, collection }) => {
      const names = async (pattern: string): Promise<string[]> => {
        const found: string[] = [];
        for await (const one of source.discover([pattern, pattern], contextOf())) found.push(one.collection);
        return found;
      };
      expect((await names("*")).filter((one) => one === collection)).toEqual([collection]);
      expect(await names(collection)).toEqual([collection]);
      expect(await names("no-such-collection")).toEqual([]);
    });

    test("tells what the credentials may do, and changes nothing by it", async ({ source }) => {
      const check = await source.test(contextOf());
      expect(check.version).not.toBe("");
      expect(check.abilities.length).toBeGreaterThan(0);
    });

    test("starts a first capture with a baseline, and says so once and first; ends once and last", async (fixture, kept) => {
      const events = await capture(fixture, kept);
      expect(events[0]).toMatchObject({ kind: "start", run: "baseline" });
      expect(events.filter(({ kind }) => kind === "start")).toHaveLength(1);
      expect(events.filter(({ kind }) => kind === "end")).toHaveLength(1);
      const end = events.at(-1);
      expect(end?.kind).toBe("end");
      if (end?.kind === "end") expect(end.completeAsOf).toBeLessThanOrEqual(end.through);
      expect(versionsIn(events).length).toBeGreaterThanOrEqual(10);
    });

    test("has nothing to hand over when nothing has changed", async (fixture, kept) => {
      await capture(fixture, kept);
      const events = await capture(fixture, kept);
      expect(events[0]).toMatchObject({ kind: "start", run: "delta" });
      expect(versionsIn(events)).toEqual([]);
    });

    test("hands over exactly the items that changed, and deletions as such", async (fixture, kept) => {
      await capture(fixture, kept);
      const { changed, added, deleted } = await fixture.edit();
      const versions = versionsIn(await capture(fixture, kept));
      expect(versions.map(({ key }) => key.toString()).sort()).toEqual([changed, added, deleted].sort());
      expect(versions.find(({ key }) => key.toString() === deleted)?.kind).toBe("deleted");
      expect(versions.find(({ key }) => key.toString() === added)?.kind).toBe("live");
    });

    test("finds nothing more when everything is compared", async (fixture, kept) => {
      await capture(fixture, kept);
      expect(versionsIn(await capture(fixture, kept, true))).toEqual([]);
    });

    test("hands over everything though it is cut off after any event and continued", async (fixture, kept) => {
      await capture(fixture, kept);
      const whole = [...kept.versions.keys()].sort();
      for (let cut = 1; cut < 6; cut++) {
        const piecewise = new KeptInMemory();
        let resume: Cursor | undefined;
        let seen = 0;
        const { source, collection } = fixture;
        const first = {
          collection,
          cursor: undefined,
          resume: undefined,
          reconcile: false,
          engine: piecewise.engine(),
        };
        for await (const event of source.capture(first, contextOf())) {
          if (event.kind === "versions") piecewise.add(event.versions);
          if (event.kind === "checkpoint") resume = event.cursor;
          if (++seen === cut) break;
        }
        const second = { ...first, resume, engine: piecewise.engine() };
        for await (const event of source.capture(second, contextOf())) {
          if (event.kind === "versions") piecewise.add(event.versions);
        }
        expect([...piecewise.versions.keys()].sort(), `cut after ${cut}`).toEqual(whole);
      }
    });

    test("restores into a new collection what compares equal, and a second time writes nothing", async (fixture, kept) => {
      await capture(fixture, kept);
      const target = fixture.newTarget();
      // Settings that a new collection has by itself may be the same already.
      const done = (await restoreInto(fixture, kept, target)).filter(({ action }) => action !== "same");
      expect(actions(done)).toEqual(new Set(["create"]));
      expect(done.length).toBeGreaterThanOrEqual(10);
      expect(await compareWith(fixture, kept, target)).toEqual([expect.objectContaining({ kind: "end" })]);
      const again = await restoreInto(fixture, kept, target, { merge: true });
      expect(actions(again)).toEqual(new Set(["same"]));
    });

    test("previews without writing: the collection does not come to be", async (fixture, kept) => {
      await capture(fixture, kept);
      const target = fixture.newTarget();
      expect(actions(await restoreInto(fixture, kept, target, { apply: false }))).toEqual(
        new Set(["create"]),
      );
      const found: string[] = [];
      for await (const { collection } of fixture.source.discover([target], contextOf()))
        found.push(collection);
      expect(found).toEqual([]);
      expect((await fixture.place?.(target).isEmpty()) ?? true).toBe(true);
    });

    test("refuses a target that holds data unless told to merge", async (fixture, kept) => {
      await capture(fixture, kept);
      await expect(restoreInto(fixture, kept, fixture.collection)).rejects.toMatchObject({
        code: "target-not-empty",
      });
    });

    test("puts changed, deleted and added items back in place by forward edits", async (fixture, kept) => {
      await capture(fixture, kept);
      const { changed, added, deleted } = await fixture.edit();
      const inPlace = { mode: "content", newerItems: "delete" } as const;
      const planned = await restoreInto(fixture, kept, fixture.collection, { ...inPlace, apply: false });
      const done = await restoreInto(fixture, kept, fixture.collection, inPlace);
      expect(acted(done)).toEqual({ [changed]: "change", [added]: "delete", [deleted]: "create" });
      expect(acted(planned)).toEqual(acted(done));
      const again = await restoreInto(fixture, kept, fixture.collection, inPlace);
      expect(actions(again)).toEqual(new Set(["same"]));
    });

    test("finds what was tampered with by comparing, and names it", async (fixture, kept) => {
      await capture(fixture, kept);
      const target = fixture.newTarget();
      await restoreInto(fixture, kept, target);
      const tampered = await fixture.tamper(target);
      const events = await compareWith(fixture, kept, target);
      const named = events.flatMap((event) =>
        event.kind === "difference" ? [event.difference.key.toString()] : [],
      );
      expect(named).toEqual([tampered]);
    });

    test("reads items as they are now, in the order asked for", async (fixture, kept) => {
      await capture(fixture, kept);
      const { changed, deleted } = await fixture.edit();
      const keys = [keyOf("no such item"), keyOf(changed), keyOf(deleted)];
      const [none, now, gone] = await fixture.source.readItems(fixture.collection, keys, contextOf());
      expect(none).toBeUndefined();
      expect(now?.kind).toBe("live");
      expect(now?.state.equals(kept.versions.get(sortableKey(keyOf(changed)))?.state as Buffer)).toBe(false);
      expect(gone?.kind ?? "deleted").toBe("deleted");
    });

    test("says plainly that a collection is not there", async ({ source }) => {
      const engine = new KeptInMemory().engine();
      const request = {
        collection: "nowhere",
        cursor: undefined,
        resume: undefined,
        reconcile: false,
        engine,
      };
      const events = async (): Promise<void> => {
        for await (const _ of source.capture(request, contextOf()));
      };
      await expect(events()).rejects.toMatchObject({ code: "source-not-found" });
    });

    test("stops when it is told to", async ({ source, collection }) => {
      const stop = new AbortController();
      const engine = new KeptInMemory().engine();
      const request = { collection, cursor: undefined, resume: undefined, reconcile: false, engine };
      const events = async (): Promise<void> => {
        for await (const _ of source.capture(request, contextOf(stop.signal))) stop.abort();
      };
      await expect(events()).rejects.toThrow(/abort/i);
    });
  });
}
