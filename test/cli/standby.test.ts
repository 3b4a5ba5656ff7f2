import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { StandbyRunRow, StandbyStatusRow } from "../../src/operations/reports.ts";
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
