import { expect, it } from "vitest";
import { HoldfastError } from "../../src/model/errors.ts";
import { backup } from "../../src/operations/backup.ts";
import type { SourceSettings } from "../../src/operations/connections.ts";
import { listDeltas } from "../../src/operations/deltas.ts";
import type { ServeEvent } from "../../src/operations/reports.ts";
import { listNextRuns } from "../../src/operations/schedule.ts";
import { serve, type ServeSettings } from "../../src/operations/serve.ts";
import type { JobMemories, JobMemory } from "../../src/schedule/job.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { manifestsOf } from "../../src/repository/paths.ts";
import type { Source } from "../../src/sources/source.ts";
import { startCouchDB, type CouchDBSandbox } from "../../src/sandbox/couchdb/index.ts";
import { collect, Couch, newRepository, sourceAt } from "../e2e/house.ts";
import { SimulatedTime } from "../schedule/simulated-time.ts";

const MINUTE = 60_000;

function settings(more: Partial<ServeSettings> = {}): ServeSettings {
  return {
    jitterMs: 0,
    windows: [],
    timezone: "UTC",
    parallel: 4,
    perSource: 2,
    lookEveryMs: 15 * MINUTE,
    check: { timeOfDay: "05:00", forMs: MINUTE },
    standbys: [],
    receivers: { webhooks: [], pings: [] },
    ...more,
  };
}

/** A server with its databases, in a time of its own. */
class Served implements AsyncDisposable {
  readonly time: SimulatedTime;
  readonly couch: Couch;
  readonly server: CouchDBSandbox;
  readonly workspace: Workspace;
  readonly events: ServeEvent[] = [];
  readonly memories: JobMemories & Map<string, JobMemory> = new Map<string, JobMemory>();
  readonly settings: ServeSettings;
  #stop = new AbortController();
  #served: Promise<void> = Promise.resolve();
  #planning = false;

  constructor(
    server: CouchDBSandbox,
    workspace: Workspace,
    time: SimulatedTime,
    more: Partial<ServeSettings>,
  ) {
    this.server = server;
    this.couch = new Couch(server.url);
    this.workspace = workspace;
    this.time = time;
    this.settings = settings(more);
  }

  start(): void {
    this.#stop = new AbortController();
    this.#planning = true;
    const time = {
      now: () => this.time.now(),
      sleepUntil: async (until: number, signal: AbortSignal) => {
        this.#planning = false;
        await this.time.sleepUntil(until, signal);
        this.#planning = true;
      },
    };
    const tell = (event: ServeEvent): void => void this.events.push(event);
    this.#served = serve(
      this.workspace,
      this.settings,
      this.memories,
      tell,
      { signal: this.#stop.signal },
      time,
    );
  }

  async passUntil(end: string): Promise<void> {
    const count = (name: string): number => this.events.filter(({ event }) => event === name).length;
    await this.time.passUntil(end, () => this.#planning || count("began") > count("ended"));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#served;
  }

  ended(job: string): ServeEvent[] {
    return this.events.filter((event) => event.event === "ended" && event.job === job);
  }

  async instants(collection: string): Promise<string[]> {
    const deltas = await listDeltas(this.workspace, { task: `prod/${collection}` });
    return deltas.map(({ to }) => to).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.workspace[Symbol.asyncDispose]();
    await this.server.close();
  }
}

/** A source whose list of collections breaks off. */
const breakingOff = (): Source =>
  ({
    async *discover() {
      yield { collection: "orders", identity: "" };
      throw new HoldfastError("source-unreachable", "prod does not answer any more.");
    },
    async [Symbol.asyncDispose]() {},
  }) as unknown as Source;

async function served(
  start: string,
  more: Partial<ServeSettings> = {},
  adapt: (source: SourceSettings) => SourceSettings = (source) => source,
): Promise<Served> {
  const time = new SimulatedTime(start);
  const server = await startCouchDB({ admin: { name: "admin", password: "admin" } });
  const source = adapt(sourceAt(server.url, ["*"], { security: false }));
  return new Served(server, new Workspace(await newRepository(), [source], time), time, more);
}

it("protects every database by itself, new ones too, and checks a slice each day", async () => {
  await using house = await served("2026-06-01T12:00:00Z");
  await house.couch.json("PUT", "orders");
  await house.couch.json("PUT", "orders/a", { day: 1 });
  house.start();
  await house.passUntil("2026-06-02T12:00:00Z");
  await house.couch.json("PUT", "people");
  await house.couch.json("PUT", "orders/b", { day: 2 });
  await house.passUntil("2026-06-04T12:00:00Z");
  await house.stop();
  expect(await house.instants("orders")).toEqual([
    "2026-06-01T12:00:00Z",
    "2026-06-02T02:00:00Z",
    "2026-06-03T02:00:00Z",
    "2026-06-04T02:00:00Z",
  ]);
  expect(await house.instants("people")).toEqual([
    "2026-06-02T12:15:00Z",
    "2026-06-03T02:00:00Z",
    "2026-06-04T02:00:00Z",
  ]);
  const checks = house.ended("check");
  expect(checks.map(({ at, ok }) => `${at.slice(0, 16)} ${ok}`)).toEqual([
    "2026-06-01T12:00 true",
    "2026-06-02T05:00 true",
    "2026-06-03T05:00 true",
    "2026-06-04T05:00 true",
  ]);
});

it("leaves out what somebody has run by hand meanwhile", async () => {
  await using house = await served("2026-06-01T12:00:00Z", { check: null });
  await house.couch.json("PUT", "orders");
  house.start();
  await house.passUntil("2026-06-02T01:50:00Z");
  await collect(backup(house.workspace, { select: ["prod/orders"] }));
  await house.passUntil("2026-06-03T03:00:00Z");
  await house.stop();
  expect(await house.instants("orders")).toEqual([
    "2026-06-01T12:00:00Z",
    "2026-06-02T01:50:00Z",
    "2026-06-03T02:00:00Z",
  ]);
});

it("says that a source cannot be reached, tries again, and catches up once when it is back", async () => {
  await using house = await served("2026-06-01T12:00:00Z", { check: null });
  await house.couch.json("PUT", "orders");
  house.start();
  await house.passUntil("2026-06-02T01:00:00Z");
  house.server.faults.add({ kind: "status", status: 503 });
  await house.passUntil("2026-06-02T09:00:00Z");
  const failures = house.events.filter(({ event, ok }) => event === "ended" && ok === false);
  expect(failures.length).toBeGreaterThan(3);
  expect(failures[0]).toMatchObject({ error: { code: "source-unreachable" } });
  house.server.faults.clear();
  await house.passUntil("2026-06-03T03:00:00Z");
  await house.stop();
  const instants = await house.instants("orders");
  expect(instants).toHaveLength(3);
  expect(instants[1]?.slice(0, 10)).toBe("2026-06-02");
  expect(instants[2]).toBe("2026-06-03T02:00:00Z");
});

it("tells of a task whose timeline is damaged, and protects the others", async () => {
  await using house = await served("2026-06-01T12:00:00Z", { check: null });
  for (const name of ["orders", "people"]) await house.couch.json("PUT", name);
  house.start();
  await house.passUntil("2026-06-01T13:00:00Z");
  const { storage, keyring } = house.workspace.repository;
  const task = keyring.taskName("prod", "couchdb", "orders");
  for await (const { path } of storage.list(manifestsOf(task), {})) {
    const whole = await storage.read(path);
    await storage.remove(path);
    await storage.create(path, whole.subarray(0, whole.length - 1));
  }
  await house.passUntil("2026-06-02T13:00:00Z");
  await house.stop();
  const orders = house.ended("backup prod/orders").slice(1);
  expect(orders.length).toBeGreaterThan(1);
  expect(orders.every(({ ok }) => ok === false)).toBe(true);
  expect(await house.instants("people")).toEqual(["2026-06-01T12:00:00Z", "2026-06-02T02:00:00Z"]);
});

it("names the collections of a source that could be listed when the list breaks off", async () => {
  const time = new SimulatedTime("2026-06-01T12:00:00Z");
  const warnings: string[] = [];
  const repository = await newRepository();
  await using workspace = new Workspace(
    repository,
    [sourceAt("http://127.0.0.1:1", ["*"])],
    time,
    breakingOff,
  );
  const memories = new Map<string, JobMemory>();
  const hooks = { warn: (text: string) => warnings.push(text) };
  const rows = await listNextRuns(
    workspace,
    settings({ check: null }),
    memories,
    { select: [], count: 1 },
    hooks,
  );
  expect(rows).toMatchObject([{ job: "backup prod/orders", why: "now" }]);
  expect(warnings).toEqual(["prod: not all collections could be listed: prod does not answer any more."]);
});

it("runs a daily task each day, also where its time of day lies outside the windows", async () => {
  const windows = [{ from: 22 * 60, to: 23 * 60 }];
  await using house = await served("2026-06-01T12:00:00Z", { check: null, windows });
  await house.couch.json("PUT", "orders");
  house.start();
  await house.passUntil("2026-06-04T12:00:00Z");
  await house.stop();
  expect(await house.instants("orders")).toEqual([
    "2026-06-01T22:00:00Z",
    "2026-06-02T22:00:00Z",
    "2026-06-03T22:00:00Z",
  ]);
});

it("shows beforehand exactly the times at which it will begin", async () => {
  await using house = await served("2026-06-01T12:00:00Z", { jitterMs: 30 * MINUTE });
  await house.couch.json("PUT", "orders");
  await house.couch.json("PUT", "people");
  house.start();
  await house.passUntil("2026-06-01T12:20:00Z");
  await house.stop();
  const told = await listNextRuns(house.workspace, house.settings, house.memories, { select: [], count: 7 });
  const before = house.events.length;
  house.start();
  await house.passUntil("2026-06-04T03:00:00Z");
  await house.stop();
  const began = house.events.slice(before).filter(({ event }) => event === "began");
  expect(told.map(({ at, job }) => `${at} ${job}`)).toEqual(
    began.map(({ at, job }) => `${at} ${job ?? ""}`).slice(0, 7),
  );
  const orders = await listNextRuns(house.workspace, house.settings, house.memories, {
    select: ["prod/orders"],
    count: 2,
  });
  expect(orders.map(({ job }) => job)).toEqual(["backup prod/orders", "backup prod/orders"]);
  await expect(
    listNextRuns(house.workspace, house.settings, house.memories, { select: ["nobody"], count: 2 }),
  ).rejects.toMatchObject({
    code: "source-unknown",
  });
});
