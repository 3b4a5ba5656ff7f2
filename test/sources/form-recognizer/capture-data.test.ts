import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock, type Clock } from "../../../src/model/clock.ts";
import { HoldfastError } from "../../../src/model/errors.ts";
import { keyOf, sortableKey } from "../../../src/model/key.ts";
import { openContainer } from "../../../src/sources/form-recognizer/data/container.ts";
import type { BlobEntry, BlobProperties, Container } from "../../../src/sources/form-recognizer/data/face.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "../../rigs/azurite.ts";
import { BreakingWire, HASTY, KeptData, type Fault } from "./data-rig.ts";
import { trainingSet } from "./training-set.ts";

let azurite: Azurite;
let wire: BreakingWire;
let place: AzuriteContainer;
let container: Container;
let kept: KeptData;
let number = 0;

beforeAll(async () => {
  azurite = await startAzurite();
  wire = await new BreakingWire(azurite.url).listen();
});
afterAll(async () => {
  await wire[Symbol.asyncDispose]();
  await azurite.close();
});
beforeEach(async () => {
  place = await azurite.container(`set-${++number}`);
  container = openContainer({ ...place.keyConfig(), url: wire.through(place.url) }, systemClock, {
    retry: HASTY,
  });
  wire.reset();
  kept = new KeptData();
});

function set(more: { prefix?: string } = {}) {
  return { name: "invoices", ...place.keyConfig(), ...more };
}

function dataKeys(names: readonly string[]): string[] {
  return names.map((name) => `data/invoices/${name}`).toSorted();
}

/** Names of the files whose content was asked for. */
function filesRead(): string[] {
  const before = new URL(place.url).pathname;
  return wire.requests
    .filter((line) => line.startsWith("GET ") && line !== `GET ${before}`)
    .map((line) => line.slice(`GET ${before}/`.length));
}

describe("the capture of a data set", () => {
  it("keeps every file with its properties and content", async () => {
    const files = trainingSet();
    await place.putAll(files);
    const { items, memory } = await kept.capture(set(), container);
    expect(Object.keys(items).toSorted()).toEqual(dataKeys(files.map(({ name }) => name)));
    expect(memory?.files).toBe(files.length);
    for (const { name, content, type } of files) {
      expect(kept.content(`data/invoices/${name}`)).toEqual(content);
      const version = kept.versions.get(sortableKey(keyOf(`data/invoices/${name}`)));
      const properties = JSON.parse(String(version?.parts[0])) as BlobProperties;
      expect(properties).toMatchObject({ set: "invoices", length: content.length, contentType: type });
      expect(version?.blobs[0]).toMatchObject({ part: 0, name });
    }
    expect(kept.warnings).toEqual([]);
  });

  it("costs one list when nothing has changed, also with a key that may not read", async () => {
    await place.putAll(trainingSet({ documents: 3 }));
    await kept.capture(set(), container);
    for (const mayRead of [true, false]) {
      kept.mayRead = mayRead;
      wire.reset();
      expect((await kept.capture(set(), container)).items).toEqual({});
      expect(wire.requests).toHaveLength(1);
    }
  });

  it("reads only the one file that has changed", async () => {
    await place.putAll(trainingSet({ documents: 3 }));
    await kept.capture(set(), container);
    await place.put("invoice-03.pdf", "another scan", "application/pdf");
    wire.reset();
    expect((await kept.capture(set(), container)).items).toEqual({ "data/invoices/invoice-03.pdf": "live" });
    expect(filesRead()).toEqual(["invoice-03.pdf"]);
    expect(String(kept.content("data/invoices/invoice-03.pdf"))).toBe("another scan");
  });

  it("reads nothing when a content came back that was kept before", async () => {
    await place.put("a.pdf", "x");
    await kept.capture(set(), container);
    kept.versions.clear();
    wire.reset();
    expect((await kept.capture(set(), container)).items).toEqual({ "data/invoices/a.pdf": "live" });
    expect(filesRead()).toEqual([]);
  });

  it("tells a file that was removed once, and one that came back", async () => {
    await place.putAll(trainingSet({ documents: 3 }));
    await kept.capture(set(), container);
    await place.remove("invoice-02.pdf");
    expect((await kept.capture(set(), container)).items).toEqual({
      "data/invoices/invoice-02.pdf": "deleted",
    });
    expect((await kept.capture(set(), container)).items).toEqual({});
    await place.put("invoice-02.pdf", "back");
    expect((await kept.capture(set(), container)).items).toEqual({ "data/invoices/invoice-02.pdf": "live" });
  });

  it("keeps to the prefix, and what is outside a new one does not belong to the set any more", async () => {
    await place.put("2025/a.pdf", "x");
    await place.put("2026/b.pdf", "x");
    expect((await kept.capture(set({ prefix: "2025/" }), container)).items).toEqual({
      "data/invoices/2025/a.pdf": "live",
    });
    expect((await kept.capture(set({ prefix: "2026/" }), container)).items).toEqual({
      "data/invoices/2025/a.pdf": "deleted",
      "data/invoices/2026/b.pdf": "live",
    });
  });

  it("takes no file for deleted because the service sorts rare characters in another order", async () => {
    // Azurite sorts by UTF-16 units: the emoji before U+FFFD; keys sort by bytes: after it.
    for (const name of ["\uFFFD.pdf", "😀.pdf", "a.pdf", "a/b.pdf", "a b.pdf"]) await place.put(name, name);
    await kept.capture(set(), container);
    await place.remove("a.pdf");
    expect((await kept.capture(set(), container)).items).toEqual({ "data/invoices/a.pdf": "deleted" });
  });

  it("with a key that may not read warns that deletions cannot be seen, but not in the first run", async () => {
    kept.mayRead = false;
    await place.putAll(trainingSet({ documents: 3 }));
    await kept.capture(set(), container);
    expect(kept.warnings).toEqual([]);
    await place.remove("invoice-01.pdf");
    expect((await kept.capture(set(), container)).items).toEqual({});
    expect(kept.warnings).toEqual([expect.stringContaining("may not read")]);
  });

  it("warns of an empty set, and tells what is gone", async () => {
    await place.put("a.pdf", "x");
    await kept.capture(set(), container);
    await place.remove("a.pdf");
    expect((await kept.capture(set(), container)).items).toEqual({ "data/invoices/a.pdf": "deleted" });
    expect(kept.warnings).toEqual([expect.stringContaining("is empty")]);
  });

  it("remembers since when the set has been as it is", async () => {
    let now = 1000;
    const context = { ...kept.context, clock: { now: () => now } satisfies Clock };
    await place.put("a.pdf", "x");
    const first = (await kept.capture(set(), container, undefined, context)).memory;
    now = 2000;
    const second = (await kept.capture(set(), container, first, context)).memory;
    expect(first).toMatchObject({ since: 1000, until: 1000 });
    expect(second).toMatchObject({ since: 1000, until: 2000 });
    await place.put("a.pdf", "y");
    now = 3000;
    const third = (await kept.capture(set(), container, second, context)).memory;
    expect(third).toMatchObject({ since: 3000, until: 3000 });
    expect(third?.generation).not.toBe(first?.generation);
  });
});

/** A container of which one call is another. */
function altered(more: Partial<Container>): Container {
  return {
    url: container.url,
    list: (prefix, signal) => container.list(prefix, signal),
    find: async (name, signal) => await container.find(name, signal),
    read: (entry, signal) => container.read(entry, signal),
    write: async (name, content, signal) => await container.write(name, content, signal),
    remove: async (name, signal) => await container.remove(name, signal),
    readableUrl: () => container.readableUrl(),
    [Symbol.asyncDispose]: async () => {},
    ...more,
  };
}

/** Something happens to a file just before it is read, so many times. */
function changing(name: string, times: number, change: (time: number) => Promise<void>): Container {
  let done = 0;
  return altered({
    async *read(entry: BlobEntry, signal: AbortSignal) {
      if (entry.name === name && done < times) await change(++done);
      yield* container.read(entry, signal);
    },
  });
}

describe("a file that changes while it is read", () => {
  beforeEach(async () => {
    await place.put("a.pdf", "first");
    await place.put("b.pdf", "steady");
    await kept.capture(set(), container);
    await place.put("a.pdf", "second");
  });

  it("is read anew", async () => {
    const moving = changing("a.pdf", 1, async () => await place.put("a.pdf", "third"));
    await kept.capture(set(), moving);
    expect(String(kept.content("data/invoices/a.pdf"))).toBe("third");
    expect(kept.warnings).toEqual([]);
  });

  it("with every reading stays as it was kept, and the operator is told", async () => {
    const moving = changing("a.pdf", 9, async (time) => await place.put("a.pdf", `take ${time}`));
    await kept.capture(set(), moving);
    expect(String(kept.content("data/invoices/a.pdf"))).toBe("first");
    expect(kept.warnings).toEqual([expect.stringContaining('"a.pdf"')]);
    await kept.capture(set(), container);
    expect(String(kept.content("data/invoices/a.pdf"))).toBe("take 2");
  });

  it("by being removed is told as removed by the next run", async () => {
    const moving = changing("a.pdf", 1, async () => await place.remove("a.pdf"));
    expect((await kept.capture(set(), moving)).items).toEqual({});
    expect((await kept.capture(set(), container)).items).toEqual({ "data/invoices/a.pdf": "deleted" });
  });
});

describe("an outage", () => {
  it("deletes nothing when the list breaks off, and remembers what it remembered", async () => {
    await place.putAll(trainingSet({ documents: 3 }));
    const { memory } = await kept.capture(set(), container);
    await place.remove("invoice-01.pdf");
    const breaking = altered({
      async *list(prefix: string, signal: AbortSignal) {
        for await (const entries of container.list(prefix, signal)) {
          yield entries.slice(-3);
          throw new HoldfastError("source-unreachable", "could not list: it broke off");
        }
      },
    });
    const run = await kept.capture(set(), breaking, memory);
    expect(run.items).toEqual({});
    expect(run.memory).toBe(memory);
    expect(kept.warnings).toEqual([expect.stringContaining("nothing counts as deleted")]);
  });

  it("of the repository is not taken for one of the container", async () => {
    await place.put("a.pdf", "x");
    const engine = kept.engine();
    kept.engine = () => ({
      ...engine,
      storeBlob: () => Promise.reject(new HoldfastError("storage-full", "no room")),
    });
    await expect(kept.capture(set(), container)).rejects.toThrow("no room");
  });

  const forever: Fault[] = ["reset", "page", 401, 403, 404, 429, 500];
  const once: Fault[] = ["cut", "lost", "page", "empty", 403, 404, 503];
  it.each([...forever.map((kind) => [kind, true] as const), ...once.map((kind) => [kind, false] as const)])(
    "at any request (%s, for good: %s) loses nothing and takes nothing for deleted",
    async (kind, isForever) => {
      const truth: Record<string, string> = {};
      for (const name of ["changed", "removed", "steady 1", "steady 2"]) {
        await place.put(name, `${name}: before`);
        truth[`data/invoices/${name}`] = `${name}: before`;
      }
      await kept.capture(set(), container);
      const before = { ...truth };
      await place.put("changed", "changed: after");
      await place.put("new", "new: after");
      await place.remove("removed");
      truth["data/invoices/changed"] = "changed: after";
      truth["data/invoices/new"] = "new: after";
      delete truth["data/invoices/removed"];

      wire.reset();
      await kept.clone().capture(set(), container);
      const requests = wire.requests.length;
      expect(requests).toBe(4); // the list, two files, one look at the removed one
      for (let at = 1; at <= requests; at++) {
        const broken = kept.clone();
        wire.reset({ at, kind, forever: isForever });
        await broken.capture(set(), container);
        // Every file is as it was or as it is.
        for (const [key, content] of Object.entries(broken.contents())) {
          expect([before[key], truth[key]]).toContain(content);
        }
        for (const key of Object.keys(before)) {
          if (truth[key] !== undefined) expect(broken.live()).toContain(key);
        }
        if (!isDeepStrictEqual(broken.contents(), truth)) expect(broken.warnings).not.toEqual([]);
        wire.reset();
        await broken.capture(set(), container);
        expect(broken.contents()).toEqual(truth);
      }
    },
  );
});
