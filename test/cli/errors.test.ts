import { describe, expect, it } from "vitest";
import { exitOfCode, exitOfRuns, EXIT_TITLES } from "../../src/cli/exit-codes.ts";
import { ERROR_CODES } from "../../src/model/error-codes.ts";
import { HoldfastError } from "../../src/model/errors.ts";
import type { RunReport } from "../../src/operations/reports.ts";
import { holdfast, jsonLines } from "./harness.ts";

const ENV = { HOLDFAST_PASSPHRASE: "p", HOLDFAST_REPOSITORY: "/repo" };

function failing(error: Error, words: readonly string[] = []) {
  return holdfast(["tasks", ...words], {
    env: ENV,
    operations: {
      listTasks: async () => {
        throw error;
      },
    },
  });
}

describe("an error", () => {
  it("says what happened, what it means, what was lost, what to do, and its code", async () => {
    const { exit, stdout, stderr } = await failing(
      new HoldfastError("storage-full", "Could not write segment 5."),
    );
    expect(exit).toBe(22);
    expect(stdout).toBe("");
    expect(stderr.split("\n").map((line) => line.slice(0, 11).trimEnd())).toEqual([
      "holdfast: C",
      "  meaning",
      "  lost",
      "",
      "  next",
      "  code",
      "",
    ]);
    expect(stderr).toContain("holdfast: Could not write segment 5.\n");
    expect(stderr).toContain("storage-full (exit 22); more: holdfast explain storage-full");
  });

  it("is one line of JSON with --json, with everything a program needs to decide", async () => {
    const context = { path: "/backup", retryAfterMs: 500 };
    const { exit, stderr } = await failing(new HoldfastError("source-throttled", "Slow down.", context), [
      "--json",
    ]);
    expect(exit).toBe(30);
    const { meaning, lost, next } = ERROR_CODES["source-throttled"];
    expect(jsonLines(stderr)).toEqual([
      {
        error: {
          code: "source-throttled",
          message: "Slow down.",
          meaning,
          lost,
          next,
          class: "retryable",
          exit: 30,
          context,
        },
      },
    ]);
  });

  it("shows its stack and causes with --verbose only", async () => {
    const error = new HoldfastError("internal", "Broken.", {}, new Error("the cause of it"));
    expect((await failing(error)).stderr).not.toMatch(/ {4}at |the cause of it/);
    expect((await failing(error, ["--verbose"])).stderr).toMatch(
      / {4}at [\s\S]*caused by:\nError: the cause of it/,
    );
  });

  it("that is not ours is internal, exit 1", async () => {
    const { exit, stderr } = await failing(new TypeError("x is not a function"));
    expect(exit).toBe(1);
    expect(stderr).toContain("holdfast: Unexpected: x is not a function\n");
  });

  it("cannot put control characters on the terminal", async () => {
    const { stderr } = await failing(new HoldfastError("source-protocol", "It said \u001b[2J."));
    expect(stderr).not.toContain("\u001b");
    expect(stderr).toContain("It said \\u001b[2J.");
  });

  it("after a signal is interrupted, exit 130, whatever the operation threw", async () => {
    const controller = new AbortController();
    controller.abort(new HoldfastError("interrupted", "The command was stopped by SIGTERM."));
    const { exit, stderr } = await holdfast(["tasks"], {
      env: ENV,
      signal: controller.signal,
      operations: { listTasks: () => Promise.reject(new Error("socket closed")) },
    });
    expect(exit).toBe(130);
    expect(stderr).toContain("The command was stopped by SIGTERM.");
  });
});

describe("a mistake on the command line", () => {
  it.each([
    [["bakup"], "Unknown command 'bakup' (Did you mean backup?)", "holdfast --help"],
    [["source", "tets"], "Unknown command 'tets' (Did you mean test?)", "holdfast source --help"],
    [["ls"], "Missing required argument 'task'", "holdfast ls --help"],
    [["ls", "a", "b"], "Too many arguments", "holdfast ls --help"],
    [["ls", "a", "--prefx", "b"], "Unknown option '--prefx' (Did you mean --prefix?)", "holdfast ls --help"],
    [
      ["restore", "t", "--mode", "x"],
      "Allowed choices are replica, content, exact.",
      "holdfast restore --help",
    ],
    [["runs", "--limit", "none"], "It must be a whole number from 1.", "holdfast runs --help"],
    [["sandbox", "--port", "70000"], "It must be a port number, 0 to 65535.", "holdfast sandbox --help"],
    [[], "Which command? There are init, source", "holdfast --help"],
    [
      ["source"],
      "Which command of source? There are add, list, test, discover, remove.",
      "holdfast source --help",
    ],
    [["completion", "tcsh"], 'There is no completion for "tcsh"', "holdfast completion --help"],
    [["explain", "wrong-kye"], "did you mean wrong-key?", "holdfast explain --help"],
    [
      ["cat", "t", "i", "--at", "latest", "--rev", "1-a"],
      "--at and --rev both name a version",
      "holdfast cat --help",
    ],
  ])("%j is exit 2, two lines, and names the help", async (words, message, help) => {
    const { exit, stdout, stderr } = await holdfast(words);
    expect(exit).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
    expect(stderr).toContain(`see      ${help}\n`);
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
  });

  it("is JSON when --json stands anywhere", async () => {
    const { exit, stderr } = await holdfast(["ls", "--json"]);
    expect(exit).toBe(2);
    expect(jsonLines(stderr)).toMatchObject([{ error: { code: "usage" } }]);
  });
});

function run(code?: string): RunReport {
  const error = code === undefined ? {} : { error: { code, message: "" } };
  return { state: code === undefined ? "committed" : "failed", ...error } as RunReport;
}

describe("the exit status", () => {
  it("has a published meaning for every error code", () => {
    for (const { exit } of Object.values(ERROR_CODES)) expect(EXIT_TITLES[exit]).toBeDefined();
  });

  it("keeps restic's numbers, and ours begin at 20", () => {
    const restics = new Set([0, 1, 2, 3, 10, 11, 12, 130]);
    for (const exit of Object.keys(EXIT_TITLES).map(Number))
      expect(restics.has(exit) || (exit >= 20 && exit < 130)).toBe(true);
  });

  it("of a backup is 0 when all is kept, 3 when only a part, else the first error's", () => {
    expect(exitOfRuns([])).toBe(0);
    expect(exitOfRuns([run(), run()])).toBe(0);
    expect(exitOfRuns([run(), run("source-unreachable")])).toBe(3);
    expect(exitOfRuns([run("storage-full"), run("source-unreachable")])).toBe(22);
    expect(exitOfRuns([{ ...run(), state: "interrupted" }])).toBe(1);
    expect(exitOfCode("a-code-from-the-future")).toBe(1);
  });
});

describe("help", () => {
  it("is a result: on stdout, exit 0, for the program and every command", async () => {
    for (const words of [
      ["--help"],
      ["help"],
      ["help", "restore"],
      ["source", "add", "--help"],
      ["ls", "-h"],
    ]) {
      const { exit, stdout, stderr } = await holdfast(words);
      expect([words, exit, stderr]).toEqual([words, 0, ""]);
      expect(stdout).toMatch(/^Usage: holdfast/);
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(140);
    }
  });

  it("names the version", async () => {
    expect((await holdfast(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
