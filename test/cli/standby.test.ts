import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../src/model/errors.ts";
import type { RoutingTable, StandbyRunRow, StandbyStatusRow } from "../../src/operations/reports.ts";
import { CONFIG, configured, holdfast, jsonLines, yields, type Scene } from "./harness.ts";

const ROW: StandbyRunRow = {
  standby: "dr",
  task: "backup-1",
  source: "prod",
  collection: "language-models",
  target: "lab",
  state: "applied",
  instant: "2026-11-20T02:00:00Z",
  created: 3,
  changed: 1,
  deleted: 0,
  failed: 0,
  failures: [],
  durationMs: 1_500,
};
const MISSING: StandbyRunRow = {
  ...ROW,
  state: "incomplete",
  failed: 1,
  failures: [
    { key: "models/Claims [1]/corpora/q2", action: "failed", reason: "not recoverable: no original" },
  ],
};
const STATUS: StandbyStatusRow = {
  standby: "dr",
  source: "prod",
  collection: "language-models",
  target: "lab",
  instant: "2026-11-20T02:00:00Z",
  newest: "2026-11-20T02:00:00Z",
  behind: 0,
  lagMs: 36_000_000,
  failed: 0,
};

function withStandby(operations: Scene["operations"]): Scene {
  const scene = configured(operations);
  writeFileSync(
    join(scene.cwd as string, "holdfast.yaml"),
    `${CONFIG}standbys:\n  dr: { source: prod, target: lab }\n`,
  );
  return scene;
}

describe("standby add", () => {
  it("enters the standby into the configuration file", async () => {
    const scene = configured({});
    const added = await holdfast(["standby", "add", "dr", "--source", "prod", "--target", "lab"], scene);
    expect([added.exit, added.stderr]).toEqual([0, expect.stringContaining("standby run dr --dry-run")]);
    const text = readFileSync(join(scene.cwd as string, "holdfast.yaml"), "utf8");
    expect(text).toMatch(/standbys:\s+dr:\s+source: prod\s+target: lab/);
    const again = await holdfast(["standby", "add", "dr", "--source", "prod", "--target", "lab"], scene);
    expect([again.exit, again.stderr]).toEqual([2, expect.stringContaining('"dr" is already in')]);
  });

  it("refuses a source that is not configured, or is its own standby, and changes nothing", async () => {
    const scene = configured({});
    const unknown = await holdfast(["standby", "add", "dr", "--source", "prod", "--target", "x"], scene);
    expect([unknown.exit, unknown.stderr]).toEqual([20, expect.stringContaining("prod, lab")]);
    const own = await holdfast(["standby", "add", "dr", "--source", "prod", "--target", "prod"], scene);
    expect([own.exit, own.stderr]).toEqual([2, expect.stringContaining("its own standby")]);
    expect(readFileSync(join(scene.cwd as string, "holdfast.yaml"), "utf8")).toBe(CONFIG);
  });
});

describe("standby run", () => {
  it("reaches the second instance only, and says what was brought to it", async () => {
    const asked: unknown[] = [];
    const { exit, stdout, opened } = await holdfast(
      ["standby", "run", "dr", "--verify"],
      withStandby({
        runStandbys: async function* (_workspace, request) {
          asked.push(request);
          yield ROW;
        },
      }),
    );
    expect(asked).toEqual([
      { standbys: [{ name: "dr", source: "prod", target: "lab" }], names: ["dr"], apply: true, verify: true },
    ]);
    expect(stdout).toBe(
      "dr: language-models of prod in lab: brought to 2026-11-20T02:00:00Z: 3 created, 1 changed, 0 deleted, in 1.5 s\n",
    );
    expect(exit).toBe(0);
    const auth = opened[0]?.sources.map(({ name, options }) => [name, options.auth.kind]);
    expect(auth).toEqual([
      ["prod", "none"],
      ["lab", "none"],
    ]);
  });

  it("names what is missing, and ends with 3", async () => {
    const scene = withStandby({ runStandbys: yields(MISSING) });
    const { exit, stdout } = await holdfast(["standby", "run"], scene);
    expect(exit).toBe(3);
    expect(stdout).toContain("1 item MISSING");
    expect(stdout).toContain("models/Claims [1]/corpora/q2 (not recoverable: no original)");
    const json = await holdfast(["standby", "run", "--json"], scene);
    expect(jsonLines(json.stdout)).toEqual([MISSING]);
  });

  it("ends with the error's own status when nothing could be done", async () => {
    const error = { code: "source-unauthorized", message: "lab refused the credentials" };
    const failed: StandbyRunRow = { ...ROW, state: "failed", instant: null, error };
    const only = await holdfast(["standby", "run"], withStandby({ runStandbys: yields(failed) }));
    expect([only.exit, only.stdout]).toEqual([31, expect.stringContaining("lab refused the credentials")]);
    const both = await holdfast(["standby", "run"], withStandby({ runStandbys: yields(failed, ROW) }));
    expect(both.exit).toBe(3);
  });
});

describe("standby run of models that the service copies", () => {
  const FORMS = `
  forms: { kind: form-recognizer, url: "https://east.example", auth: { type: key, key: "env:KEY" } }
  forms-dr: { kind: form-recognizer, url: "https://west.example", auth: { type: key, key: "env:KEY" } }
standbys:
  dr: { source: forms, target: forms-dr, allowDowngrade: true, keepGoneDays: 90 }
`;

  function withForms(operations: Scene["operations"]): Scene {
    const scene = configured(operations);
    writeFileSync(join(scene.cwd as string, "holdfast.yaml"), `${CONFIG.trimEnd()}${FORMS}`);
    return { ...scene, env: { ...scene.env, KEY: "k-1" } };
  }

  it("reaches the source too, and hands the switches on", async () => {
    const asked: unknown[] = [];
    const { opened, exit, stderr } = await holdfast(
      ["standby", "run", "dr"],
      withForms({
        runStandbys: async function* (_workspace, request) {
          asked.push(request.standbys);
          yield { ...ROW, routes: { generation: 4, ready: 2, older: 0, missing: 1 } };
        },
      }),
    );
    expect([exit, stderr]).toEqual([0, ""]);
    expect(asked).toEqual([
      [{ name: "dr", source: "forms", target: "forms-dr", allowDowngrade: true, keepGoneDays: 90 }],
    ]);
    const keys = opened[0]?.sources.map(({ name, options }) => [name, "key" in options.auth]);
    expect(keys).toEqual(
      expect.arrayContaining([
        ["prod", false],
        ["forms", true],
        ["forms-dr", true],
      ]),
    );
  });

  it("says which routing table applies, and what it lacks", async () => {
    const row: StandbyRunRow = { ...ROW, routes: { generation: 4, ready: 2, older: 0, missing: 1 } };
    const { stdout } = await holdfast(["standby", "run"], withForms({ runStandbys: yields(row) }));
    expect(stdout).toContain("routing table, generation 4: 2 ready, 1 MISSING");
  });

  it("shows in the status what is routed and what expires, and ends with 3 once something has expired", async () => {
    const copies = {
      generation: 4,
      ready: 2,
      older: 0,
      missing: 0,
      expired: 0,
      expiring: 1,
      nextExpiry: "2027-01-02T00:00:00.000Z",
    };
    const rows = { standbyStatus: yields({ ...STATUS, copies }) };
    const soon = await holdfast(["standby", "status"], withForms(rows));
    expect([soon.exit, soon.stdout]).toEqual([0, expect.stringMatching(/1, first 2027-01-02/)]);
    const expired = { standbyStatus: yields({ ...STATUS, copies: { ...copies, expired: 2 } }) };
    const late = await holdfast(["standby", "status"], withForms(expired));
    expect([late.exit, late.stdout]).toEqual([3, expect.stringContaining("2 EXPIRED")]);
  });

  const TABLE: RoutingTable = {
    format: "holdfast-routing/1",
    standby: "dr",
    source: "forms",
    generation: 4,
    at: "2026-11-21T02:00:00.000Z",
    instant: "2026-11-21T01:00:00Z",
    target: { name: "forms-dr", endpoint: "https://west.example", region: "westus2" },
    routes: [
      {
        item: "models/invoices",
        collection: "resource",
        state: "ready",
        target: "invoices.0c1d2e3fa",
        level: "metadata",
        expires: "2027-05-01T00:00:00.000Z",
      },
    ],
    missing: [],
    sha256: "ab".repeat(32),
  };

  it("failover reaches the second instance only, hands the file on, and prints where everything is", async () => {
    const asked: unknown[] = [];
    const scene = withForms({
      failover: async (_workspace, request) => {
        asked.push(request);
        return TABLE;
      },
    });
    const { exit, stdout, stderr, opened } = await holdfast(
      ["standby", "failover", "dr", "--out", "routing.json", "--at", "latest~1"],
      scene,
    );
    expect(asked).toMatchObject([
      { name: "dr", at: "latest~1", out: join(scene.cwd as string, "routing.json") },
    ]);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/models\/invoices +ready +invoices\.0c1d2e3fa +metadata +2027-05-01/);
    expect(stdout).toContain("https://west.example");
    expect(stderr).toContain("routing.json");
    const { auth } = opened[0]?.sources.find(({ name }) => name === "forms")?.options ?? {};
    expect(JSON.stringify(auth)).not.toContain("k-1");
  });

  it("failover ends with 3, and says what helps, when something is missing or older", async () => {
    const missing = [
      { item: "models/orders", collection: "resource", detail: "no copy; restore --retrain builds it again" },
    ];
    const lacking = await holdfast(
      ["standby", "failover", "dr"],
      withForms({ failover: async () => ({ ...TABLE, missing }) }),
    );
    expect(lacking.exit).toBe(3);
    expect(lacking.stdout).toMatch(/models\/orders +MISSING/);
    expect(lacking.stdout).toContain("models/orders: no copy; restore --retrain builds it again");
    const routes = TABLE.routes.map((route) => ({ ...route, state: "older" as const }));
    const older = await holdfast(
      ["standby", "failover", "dr", "--json"],
      withForms({ failover: async () => ({ ...TABLE, routes }) }),
    );
    expect([older.exit, JSON.parse(older.stdout)]).toEqual([3, { ...TABLE, routes }]);
  });

  it("routes asks no service, and takes a generation", async () => {
    const asked: unknown[] = [];
    const { exit, stdout, opened } = await holdfast(
      ["standby", "routes", "dr", "--generation", "3", "--json"],
      withForms({
        publishedRoutes: async (_workspace, request) => {
          asked.push(request);
          return TABLE;
        },
      }),
    );
    expect([exit, JSON.parse(stdout)]).toEqual([0, TABLE]);
    expect(asked).toMatchObject([{ name: "dr", generation: 3 }]);
    expect(JSON.stringify(opened[0]?.sources)).not.toContain("k-1");
  });

  it("restore hands on --retrain and the standby that may be copied from, and reaches it", async () => {
    const asked: unknown[] = [];
    const scene = withForms({
      restore: async (_workspace, request) => {
        asked.push(request);
        throw new HoldfastError("usage", "enough seen");
      },
    });
    await holdfast(
      ["restore", "forms/resource", "--all", "--in-place", "--retrain", "--from-standby", "dr", "--dry-run"],
      scene,
    );
    expect(asked).toMatchObject([
      { settings: { retrain: true }, fromStandby: { name: "dr", source: "forms", target: "forms-dr" } },
    ]);
    const unknown = await holdfast(
      ["restore", "forms/resource", "--all", "--in-place", "--from-standby", "x", "--dry-run"],
      scene,
    );
    expect([unknown.exit, unknown.stderr]).toEqual([20, expect.stringContaining("configured: dr")]);
    const twice = await holdfast(
      [
        "restore",
        "forms/resource",
        "--all",
        "--in-place",
        "--retrain",
        "--setting",
        "retrain=false",
        "--dry-run",
      ],
      scene,
    );
    expect([twice.exit, twice.stderr]).toEqual([2, expect.stringContaining("set twice")]);
  });
});

describe("standby status", () => {
  it("shows how old the standby's state is and what it lacks", async () => {
    const well = await holdfast(["standby", "status"], withStandby({ standbyStatus: yields(STATUS) }));
    expect(well.exit).toBe(0);
    expect(well.stdout).toMatch(/dr +prod\/language-models +lab +2026-11-20T02:00:00Z +10 h 00 min +0 +0/);
    const never: StandbyStatusRow = { ...STATUS, instant: null, lagMs: null, behind: 4 };
    const behind = await holdfast(["standby", "status"], withStandby({ standbyStatus: yields(never) }));
    expect([behind.exit, behind.stdout]).toEqual([3, expect.stringMatching(/never run +- +4/)]);
  });

  it("says how to add one where none is configured", async () => {
    const { runStandbys } = (await import("../../src/cli/operations.ts")).lazyOperations;
    const scene = configured({ runStandbys });
    const { exit, stderr } = await holdfast(["standby", "run"], scene);
    expect([exit, stderr]).toEqual([20, expect.stringContaining("holdfast standby add")]);
  });
});
