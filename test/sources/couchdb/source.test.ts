import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isHoldfastError } from "../../../src/model/errors.ts";
import { keyOf } from "../../../src/model/key.ts";
import { systemClock } from "../../../src/model/clock.ts";
import { CouchClient } from "../../../src/sources/couchdb/client.ts";
import type { CouchAuth } from "../../../src/sources/couchdb/config.ts";
import { matchesPattern } from "../../../src/sources/couchdb/discover.ts";
import { openCouchSource } from "../../../src/sources/couchdb/index.ts";
import { readMembers } from "../../../src/sources/couchdb/document-text.ts";
import { context, doc, openPlace, rev, signal, type Place } from "./harness.ts";

let place: Place;

beforeAll(async () => {
  place = await openPlace({
    sessionSeconds: 600,
    members: [{ name: "ann", password: "secret", roles: [] }],
    apiKeys: ["the-api-key"],
  });
  await place.fill("orders", [doc("a", ["1"]), doc("t", ["1"], "", true)]);
  await place.fill("orders-2025", []);
  await place.fill("a/b+c", []);
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

const admin: CouchAuth = { kind: "basic", username: "admin", password: "admin" };
const retry = { attempts: 2, baseDelayMs: 1, maxDelayMs: 2 };

function open(auth: CouchAuth = admin, url = place.server.url) {
  return openCouchSource({ url, auth, retry }, systemClock);
}

async function all<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of iterable) found.push(one);
  return found;
}

async function discover(patterns: readonly string[], auth: CouchAuth = admin): Promise<string[]> {
  await using source = open(auth);
  return (await all(source.discover(patterns, context))).map(({ collection }) => collection);
}

describe("discovery", () => {
  it("finds the databases that match, and system databases only when they are asked for", async () => {
    expect(await discover(["*"])).toEqual(["a/b+c", "orders", "orders-2025"]);
    expect(await discover(["orders-*", "a*c"])).toEqual(["a/b+c", "orders-2025"]);
    expect(await discover(["_*"])).toContain("_users");
    expect(await discover(["orders", "no-such"])).toEqual(["orders"]);
  });

  it("tells how much there is and which incarnation it is", async () => {
    await using source = open();
    const [orders] = await all(source.discover(["orders"], context));
    expect(orders).toMatchObject({ collection: "orders", items: 2 });
    expect(orders?.identity).toMatch(/^\d+$/);
  });

  it("pages through any number of databases", async () => {
    await using many = await openPlace();
    for (let at = 0; at < 1_205; at++) await many.database(`db${at}`).create({}, signal);
    await using source = open(admin, many.server.url);
    const found = await all(source.discover(["db*"], context));
    expect(new Set(found.map(({ collection }) => collection)).size).toBe(1_205);
    expect(found).toHaveLength(1_205);
  });

  it("reads patterns literally but for the star", () => {
    expect(matchesPattern("a.b", "a.b")).toBe(true);
    expect(matchesPattern("axb", "a.b")).toBe(false);
    expect(matchesPattern("a(b)$", "a(*)$")).toBe(true);
    expect(matchesPattern("_users", "*")).toBe(false);
  });
});

describe("the check of a source", () => {
  it("says who the account is and what it may do", async () => {
    await using source = open();
    const check = await source.test(context);
    expect(check).toMatchObject({ service: "couchdb", user: "admin" });
    expect(check.abilities.every(({ ok }) => ok)).toBe(true);
  });

  it("says why an account may not do something", async () => {
    await using source = open({ kind: "basic", username: "ann", password: "secret" });
    const check = await source.test(context);
    expect(check.user).toBe("ann");
    const refused = check.abilities.filter(({ ok }) => !ok);
    expect(refused.map(({ name }) => name)).toContain("make databases");
    for (const { detail } of refused) expect(detail.length).toBeGreaterThan(10);
  });

  it("fails with the code for wrong credentials, and never shows them", async () => {
    const wrong: CouchAuth[] = [
      { kind: "basic", username: "admin", password: "marked-secret" },
      { kind: "session", username: "admin", password: "marked-secret" },
      { kind: "iam", apiKey: "marked-secret", tokenUrl: `${place.server.url}/identity/token` },
    ];
    for (const auth of wrong) {
      await using source = open(auth);
      const error = await source.test(context).catch((thrown: unknown) => thrown);
      expect([auth.kind, isHoldfastError(error, "source-unauthorized")]).toEqual([auth.kind, true]);
      expect(String((error as Error).stack)).not.toContain("marked-secret");
    }
  });
});

describe("credentials", () => {
  it.each<CouchAuth>([
    { kind: "session", username: "admin", password: "admin" },
    { kind: "iam", apiKey: "the-api-key" },
  ])("of kind $kind are obtained once and used for many requests", async (auth) => {
    const complete = auth.kind === "iam" ? { ...auth, tokenUrl: `${place.server.url}/identity/token` } : auth;
    await using client = new CouchClient({ url: place.server.url, auth: complete, retry });
    place.server.requests.reset();
    await Promise.all(Array.from({ length: 10 }, () => client.database("orders").info(signal)));
    // Ten requests and one that obtained what all of them carry.
    expect(place.server.requests.count()).toBe(11);
  });

  it("are renewed before they run out, and once when the service has forgotten them", async () => {
    await using short = await openPlace({ sessionSeconds: 10 });
    await short.fill("d", []);
    let now = 1_000_000;
    const auth: CouchAuth = { kind: "session", username: "admin", password: "admin" };
    await using client = new CouchClient({ url: short.server.url, auth, retry }, { now: () => now });
    const logins = () => short.server.requests.count("POST", "_session");
    await client.database("d").info(signal);
    now += 7_900;
    await client.database("d").info(signal);
    expect(logins()).toBe(1);
    now += 200;
    await client.database("d").info(signal);
    expect(logins()).toBe(2);
    short.server.faults.add({ kind: "status", status: 401, times: 1, match: { db: "d" } });
    await client.database("d").info(signal);
    expect(logins()).toBe(3);
  });
});

describe("present items", () => {
  it("are given in the order of the keys, with all leaves, and undefined where there is none", async () => {
    await place.fill("present", [doc("b", ["x2", "x1"]), doc("b", ["y1"]), doc("gone", ["1"], "", true)]);
    await place.database("present").putLocal("mine", Buffer.from('{"n":1}'), signal);
    await using source = open();
    const keys = ["b", "none", "_security", "gone", "_settings", "_local/mine", "_local/none"].map(keyOf);
    const items = await source.readItems("present", keys, context);
    expect(items.map((item) => item?.kind)).toEqual([
      "live",
      undefined,
      "live",
      "deleted",
      "live",
      "live",
      undefined,
    ]);
    expect(items[0]?.parts.map((part) => readMembers(part).rev)).toEqual([rev(["x2", "x1"]), rev(["y1"])]);
    expect(items[5]?.parts[0]?.toString()).toContain('"n":1');
  });
});
