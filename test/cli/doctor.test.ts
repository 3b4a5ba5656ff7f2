import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../src/model/errors.ts";
import type { TaskSummary } from "../../src/operations/reports.ts";
import { emptyFolder, holdfast, jsonLines, type Scene } from "./harness.ts";

const WELL = { service: "couchdb", version: "3.5.0", user: "backup", abilities: [] };

function installation(
  operations: NonNullable<Scene["operations"]>,
  env: Record<string, string> = { P: "p", KEY: "k" },
): Scene {
  const cwd = emptyFolder();
  mkdirSync(join(cwd, "repo"));
  writeFileSync(
    join(cwd, "holdfast.yaml"),
    "repository: { folder: repo, passphrase: env:P }\nsources: { lab: { kind: couchdb, url: http://x, auth: { type: iam, apiKey: env:KEY } } }\n",
  );
  return { cwd, env, operations };
}

async function states(scene: Scene): Promise<{ exit: number; found: Record<string, string> }> {
  const { exit, stdout } = await holdfast(["doctor", "--json"], scene);
  return {
    exit,
    found: Object.fromEntries(jsonLines(stdout).map(({ check, state }) => [check, state])) as Record<
      string,
      string
    >,
  };
}

const task = (latest: string) => [{ latest } as TaskSummary];

describe("doctor", () => {
  it("says ok for everything that is well, and leaves nothing behind", async () => {
    const scene = installation({
      listTasks: async () => task("2026-11-21T02:00:00Z"),
      testSource: async () => WELL,
    });
    const { exit, found } = await states(scene);
    expect(exit).toBe(0);
    expect(Object.keys(found)).toEqual([
      "node",
      "configuration",
      "repository key",
      "secret of lab",
      "space",
      "writing",
      "repository",
      "clock",
      "source lab",
    ]);
    expect(new Set(Object.values({ ...found, space: "ok" }))).toEqual(new Set(["ok"]));
    expect(readdirSync(join(scene.cwd as string, "repo"))).toEqual([]);
  });

  it("says what is wrong with each part and what to do, and goes on with the others", async () => {
    const wrong = installation(
      {
        openWorkspace: () => Promise.reject(new HoldfastError("wrong-key", "No slot opens.")),
        testSource: async () => WELL,
      },
      { P: "p" },
    );
    const { exit, found } = await states(wrong);
    expect(exit).toBe(20);
    expect(found).toMatchObject({
      "repository key": "ok",
      "secret of lab": "problem",
      repository: "problem",
      "source lab": "warning",
    });
    const { stdout, stderr } = await holdfast(["doctor"], wrong);
    expect(stdout).toMatch(/^problem {2}repository {10}No slot opens\.\n {29}Give the right passphrase/m);
    expect(stderr).toMatch(/2 problems, \d warnings?\.\n$/);
  });

  it("notices a clock that is behind the newest instant", async () => {
    const ahead = installation({
      listTasks: async () => task("2026-11-22T02:00:00Z"),
      testSource: async () => WELL,
    });
    expect(await states(ahead)).toMatchObject({ exit: 1, found: { clock: "problem" } });
  });

  it("warns of what a source's account may not do, and shows a source that does not answer", async () => {
    const abilities = [{ name: "purge", ok: false, detail: "no" }];
    const limited = installation({
      listTasks: async () => [],
      testSource: async () => ({ ...WELL, abilities }),
    });
    expect(await states(limited)).toMatchObject({ exit: 0, found: { "source lab": "warning" } });
    const silent = installation({
      listTasks: async () => [],
      testSource: () => Promise.reject(new HoldfastError("source-unreachable", "It did not answer.")),
    });
    expect(await states(silent)).toMatchObject({ exit: 30, found: { "source lab": "problem" } });
  });

  it("works before there is any configuration, and with a broken one", async () => {
    const { exit, found } = await states({ operations: {} });
    expect(exit).toBe(1);
    expect(found).toMatchObject({
      configuration: "warning",
      "repository key": "problem",
      repository: "problem",
    });
    const cwd = emptyFolder();
    writeFileSync(join(cwd, "holdfast.yaml"), "repositry: {}\n");
    expect(await states({ cwd })).toEqual({ exit: 20, found: { node: "ok", configuration: "problem" } });
  });
});
