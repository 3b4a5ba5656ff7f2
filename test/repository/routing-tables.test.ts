import { describe, expect, it } from "vitest";
import {
  routesAlike,
  sealRoutes,
  type RoutedItem,
  type RoutingTable,
} from "../../src/model/routing-table.ts";
import { checkSmallObjects } from "../../src/repository/check/small-objects.ts";
import { routingTablesOf } from "../../src/repository/paths.ts";
import { publishRoutingTable, readRoutingTable } from "../../src/repository/routing-tables.ts";
import { collect } from "../e2e/house.ts";
import { simulatedRepository } from "../simulation/sim-house.ts";

const signal = new AbortController().signal;

const ROUTE: RoutedItem = { item: "models/a", collection: "resource", state: "ready", target: "a-1" };

const table = (generation: number | null, routes: readonly RoutedItem[]): RoutingTable =>
  sealRoutes({
    standby: "dr",
    source: "east",
    generation,
    at: "2026-01-01T02:00:00.000Z",
    instant: "2026-01-01T01:00:00Z",
    target: { name: "west", endpoint: "https://west.example" },
    routes,
    missing: [],
  });

function house() {
  const repository = simulatedRepository(1);
  const task = repository.keyring.taskName("east", "form-recognizer", "resource");
  const place = { repository, task, standby: "dr", signal };
  return { repository, task, place };
}

describe("routing tables", () => {
  it("are numbered as they are published, and each is there for good", async () => {
    const { place } = house();
    expect(await readRoutingTable(place)).toBeUndefined();
    const first = await publishRoutingTable(place, (generation) => table(generation, []));
    await publishRoutingTable(place, (generation) => table(generation, [ROUTE]));
    expect(first.generation).toBe(1);
    expect(await readRoutingTable(place)).toEqual(table(2, [ROUTE]));
    expect(await readRoutingTable(place, 1)).toEqual(table(1, []));
    expect(await readRoutingTable(place, 3)).toBeUndefined();
    expect(await readRoutingTable({ ...place, standby: "other" })).toBeUndefined();
  });

  it("get different numbers when two runs publish at once", async () => {
    const { place } = house();
    const publish = async () => publishRoutingTable(place, (generation) => table(generation, [ROUTE]));
    const both = await Promise.all([publish(), publish()]);
    expect(new Set(both.map(({ generation }) => generation))).toEqual(new Set([1, 2]));
  });

  it("that do not read name the others there are, and check finds them", async () => {
    const { place, repository, task } = house();
    for (const routes of [[], [ROUTE]])
      await publishRoutingTable(place, (generation) => table(generation, routes));
    const paths = (await collect(repository.storage.list(routingTablesOf(task), {}))).map(({ path }) => path);
    const newest = paths.at(-1) ?? "";
    await repository.storage.remove(newest);
    await repository.storage.create(newest, Buffer.from("something else"));
    await expect(readRoutingTable(place)).rejects.toMatchObject({
      code: "object-damaged",
      message: expect.stringContaining("others kept: 1"),
    });
    expect(await readRoutingTable(place, 1)).toEqual(table(1, []));
    expect(await collect(checkSmallObjects(repository, task, signal))).toMatchObject([
      { path: newest, severity: "warning", code: "object-damaged" },
    ]);
  });
});

describe("a routing table's digest", () => {
  it("is the SHA-256 of its routes as canonical JSON", () => {
    // printf '%s' '[{"collection":"resource","item":"models/a","state":"ready","target":"a-1"}]' | sha256sum
    expect(table(1, [ROUTE]).sha256).toBe("fc20cb622f61e93987dd8522541fc0f3decabf72d37db4a7ecb85d3967d9a65f");
  });

  it("does not depend on the order of members, the generation or the time", () => {
    const { target, state, collection, item } = ROUTE;
    expect(table(7, [{ target, state, collection, item }]).sha256).toBe(table(1, [ROUTE]).sha256);
  });

  it("is another when anything that applications go by is another", () => {
    const base = table(1, [ROUTE]);
    for (const change of [{ target: "b" }, { renamed: { a: "b" } }, { state: "older" as const }])
      expect(routesAlike(base, table(1, [{ ...ROUTE, ...change }]))).toBe(false);
    expect(routesAlike(base, { ...base, target: { ...base.target, endpoint: "https://x" } })).toBe(false);
    expect(routesAlike(base, { ...base, missing: [{ item: "m", collection: "c", detail: "" }] })).toBe(false);
    expect(routesAlike(base, table(null, [ROUTE]))).toBe(true);
  });
});
