import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isHoldfastError } from "../../../../src/model/errors.ts";
import { CouchClient } from "../../../../src/sources/couchdb/client.ts";
import { leafState } from "../../../../src/sources/couchdb/items.ts";
import type { Cursor } from "../../../../src/sources/source.ts";
import { doc, hash, openPlace, rev, signal, type Place } from "../harness.ts";
import { capture, MemoryEngine, names } from "./engine.ts";

let place: Place;
let count = 0;

beforeAll(async () => {
  place = await openPlace({}, 8);
});

afterEach(() => {
  place.server.faults.clear();
  place.server.limits.set({});
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

async function filled(docs: readonly string[]) {
  count++;
  return await place.fill(`faults-${count}`, docs);
}

/** Ten documents of every sort: first and later generations, conflict, tombstone, attachment. */
function mixture(): string[] {
  return [
    ...Array.from({ length: 5 }, (_, at) => doc(`first${at}`, ["1"], `"n":${at}`)),
    doc("edited", ["2", "1"]),
    doc("torn", ["a2", "a1"]),
    doc("torn", ["b1"]),
    doc("gone", ["2", "1"], "", true),
    doc("with", ["1"], '"_attachments":{"a":{"content_type":"text/plain","data":"aGVsbG8="}}'),
  ];
}

const MIXTURE = [
  "edited live",
  "first0 live",
  "first1 live",
  "first2 live",
  "first3 live",
  "first4 live",
  "gone deleted",
  "torn live",
  "with live",
];

describe.each(["feed", "bulk"] as const)("a baseline by the %s path", (readPath) => {
  const config = { readPath };

  it("survives a connection that is cut at any request and at any place of the answer", async () => {
    const database = await filled(mixture());
    place.server.requests.reset();
    await capture(place.client, database.name, new MemoryEngine(), { config });
    const requests = place.server.requests.count();
    expect(requests).toBeGreaterThan(5);
    for (let after = 0; after < requests; after++) {
      for (const bytes of [0, 60]) {
        place.server.faults.clear();
        place.server.faults.add({ kind: "cut", bytes, after, times: 1, match: { db: database.name } });
        const engine = new MemoryEngine();
        await capture(place.client, database.name, engine, { config });
        expect({ after, bytes, kept: engine.documents() }).toEqual({ after, bytes, kept: MIXTURE });
        expect(engine.item("with")?.blobs).toHaveLength(1);
      }
    }
  });

  it("survives an answer of 429, 503 or 500 at any request", async () => {
    const database = await filled(mixture());
    for (const status of [429, 503, 500]) {
      for (let after = 0; after < 8; after++) {
        place.server.faults.clear();
        place.server.faults.add({
          kind: "status",
          status,
          error: status === 500 ? "internal_server_error" : "busy",
          after,
          times: 2,
          ...(status === 429 ? { retryAfter: 0 } : {}),
          match: { db: database.name },
        });
        const engine = new MemoryEngine();
        await capture(place.client, database.name, engine, { config });
        expect({ after, status, kept: engine.documents() }).toEqual({ after, status, kept: MIXTURE });
      }
    }
  });

  it("continues from any of its checkpoints after it was stopped", async () => {
    const database = await filled(mixture());
    for (let stopAfter = 1; stopAfter < 6; stopAfter++) {
      const engine = new MemoryEngine();
      let resume: Cursor | undefined;
      let events = 0;
      const stopped = capture(place.client, database.name, engine, {
        config,
        each: (event) => {
          if (event.kind === "checkpoint") resume = JSON.parse(JSON.stringify(event.cursor)) as Cursor;
          if (++events === stopAfter) throw new Error("stopped");
        },
      });
      await expect(stopped).rejects.toThrow("stopped");
      const again = await capture(place.client, database.name, engine, { config, resume });
      expect(again.run).toBe("baseline");
      expect(engine.documents()).toEqual(MIXTURE);
    }
  });

  it("ends at once when it is aborted", async () => {
    const database = await filled(mixture());
    place.server.faults.add({ kind: "hang", match: { path: "/_changes" } });
    const abort = new AbortController();
    const running = capture(place.client, database.name, new MemoryEngine(), {
      config,
      signal: abort.signal,
    });
    setTimeout(() => abort.abort(new Error("enough")), 50);
    await expect(running).rejects.toThrow("enough");
  });
});

describe("failures inside a _bulk_get answer", () => {
  it("that pass are asked for again and nothing is dropped", async () => {
    const database = await filled(mixture());
    place.server.faults.add({ kind: "bulk-get-error", every: 2, times: 2 });
    const engine = new MemoryEngine();
    await capture(place.client, database.name, engine, { config: { readPath: "bulk" } });
    expect(engine.documents()).toEqual(MIXTURE);
  });

  it("that stay fail the run and name the documents", async () => {
    const database = await filled(mixture());
    place.server.faults.add({ kind: "bulk-get-error", id: "edited" });
    const running = capture(place.client, database.name, new MemoryEngine());
    await expect(running).rejects.toSatisfy(
      (error) => isHoldfastError(error, "capture-incomplete") && error.message.includes('"edited"'),
    );
  });
});

/** Does something to the database between the feed and the reading of what it named. */
class Meddling extends CouchClient {
  meddle: (() => Promise<void>) | undefined;

  override async exchange<T>(...args: Parameters<CouchClient["exchange"]>): Promise<T> {
    const { meddle } = this;
    if (args[0].path.endsWith("/_bulk_get") && meddle !== undefined) {
      this.meddle = undefined;
      await meddle();
    }
    return (await super.exchange(...args)) as T;
  }
}

async function meddling(meddle: () => Promise<void>): Promise<Meddling> {
  const client = new Meddling({
    url: place.server.url,
    auth: { kind: "basic", username: "admin", password: "admin" },
    retry: { baseDelayMs: 1, maxDelayMs: 2 },
  });
  client.meddle = meddle;
  return client;
}

describe("a document whose revision has gone since the feed named it", () => {
  it("is kept as the feed names it next", async () => {
    const database = await filled([doc("a", ["1"]), doc("b", ["1"])]);
    await using client = await meddling(async () => {
      await database.purge(new Map([["a", [rev(["1"])]]]), signal);
      await database.bulkDocs([Buffer.from(doc("a", ["other"], '"n":2'))], { newEdits: false }, signal);
    });
    const engine = new MemoryEngine();
    await capture(client, database.name, engine, { config: { readPath: "bulk" } });
    expect(engine.item("a")?.revision).toBe(`1-${hash("other")}`);
    expect(engine.documents()).toEqual(["a live", "b live"]);
  });

  it("is purged when the service has no trace of it", async () => {
    const database = await filled([doc("a", ["1"]), doc("b", ["1"])]);
    const engine = new MemoryEngine();
    const { cursor } = await capture(place.client, database.name, engine);
    await database.bulkDocs([Buffer.from(doc("a", ["2", "1"]))], { newEdits: false }, signal);
    await using client = await meddling(async () => {
      await database.purge(new Map([["a", [rev(["2", "1"])]]]), signal);
    });
    await capture(client, database.name, engine, { cursor });
    expect(engine.documents()).toEqual(["a purged", "b live"]);
  });

  it("made again under our hands stops the run", async () => {
    const database = await filled([doc("a", ["1"]), doc("b", ["1"])]);
    await using client = await meddling(async () => {
      await database.remove(signal);
      await new Promise((resolve) => {
        setTimeout(resolve, 1100); // The creation time has seconds only.
      });
      await database.create({}, signal);
    });
    const running = capture(client, database.name, new MemoryEngine(), { config: { readPath: "bulk" } });
    await expect(running).rejects.toSatisfy((error) => isHoldfastError(error, "capture-incomplete"));
  });
});

describe("large and odd databases", () => {
  it("with a document of a thousand leaves are read", async () => {
    const leaves = Array.from({ length: 1_000 }, (_, at) => doc("many", [`l${at}`], `"n":${at}`));
    const database = await filled([...leaves, doc("one", ["1"])]);
    const engine = new MemoryEngine();
    await capture(place.client, database.name, engine);
    const version = engine.item("many");
    expect(version?.parts).toHaveLength(1_000);
    expect(version?.state.equals(leafState(leaves.map((_, at) => `1-${hash(`l${at}`)}`)))).toBe(true);
  });

  it("without _bulk_get are read one document at a time", async () => {
    const database = await filled(mixture());
    place.server.faults.add({
      kind: "status",
      status: 404,
      error: "not_found",
      match: { path: "/_bulk_get" },
    });
    const engine = new MemoryEngine();
    const { versions } = await capture(place.client, database.name, engine, { config: { readPath: "bulk" } });
    expect(engine.documents()).toEqual(MIXTURE);
    expect(engine.item("torn")?.parts).toHaveLength(2);
    expect(names(versions)).toContain("torn");
  });

  it("throttled to a few requests per second are read whole", async () => {
    const database = await filled(mixture());
    place.server.limits.set({ reads: 15, queries: 5 });
    const engine = new MemoryEngine();
    await capture(place.client, database.name, engine, { config: { readPath: "bulk" } });
    expect(engine.documents()).toEqual(MIXTURE);
  });
});
