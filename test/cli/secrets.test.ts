import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lazyOperations } from "../../src/cli/operations.ts";
import { HoldfastError } from "../../src/model/errors.ts";
import { documentedCommands, program } from "../../tools/reference/commands.ts";
import { emptyFolder, holdfast, type Scene } from "./harness.ts";

/** Secrets that would be found anywhere, each reaching the command line by another way. */
const MARKS = {
  HOLDFAST_PASSPHRASE: "MARK-passphrase",
  PASSWORD: "MARK-password",
  KEY: "MARK-apikey",
} as const;

const CONFIG = `repository: { folder: ./repo }
sources:
  basic: { kind: couchdb, url: http://127.0.0.1:1, auth: { type: basic, username: u, password: env:PASSWORD } }
  iam: { kind: couchdb, url: http://127.0.0.1:1, auth: { type: iam, apiKey: env:KEY } }
  file: { kind: couchdb, url: http://127.0.0.1:1, auth: { type: session, username: u, password: file:secret } }
  cmd: { kind: couchdb, url: http://127.0.0.1:1, auth: { type: session, username: u, password: "cmd:cat secret" } }
`;

function breaks(): never {
  throw new HoldfastError("source-unreachable", "The service did not answer.", {}, new Error("reset"));
}

/** Every operation but the two that must take the secrets. */
const BROKEN = Object.fromEntries(
  Object.keys(lazyOperations)
    .filter((name) => name !== "openWorkspace" && name !== "connect")
    .map((name) => [name, breaks]),
) as NonNullable<Scene["operations"]>;

function scene(): Scene {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, "holdfast.yaml"), CONFIG);
  writeFileSync(join(cwd, "secret"), "MARK-file\n");
  return {
    cwd,
    env: { ...MARKS, PATH: process.env["PATH"] ?? "" },
    operations: BROKEN,
  };
}

/** A command line for every command that takes arguments. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  "source add": ["new", "--url", "http://x", "--username", "u", "--password", "env:PASSWORD"],
  "source discover": ["basic"],
  "source remove": ["iam"],
  "key add": ["--new-passphrase", "env:KEY"],
  "key remove": ["00aa"],
  deltas: ["basic/a"],
  ls: ["basic/a"],
  log: ["basic/a", "item"],
  cat: ["basic/a", "item"],
  diff: ["basic/a", "item", "live"],
  restore: ["basic/a", "--all", "--yes"],
  undo: ["basic/a", "1", "--yes"],
  compare: ["iam/a"],
  completion: ["bash"],
};

describe("no secret", () => {
  const commands = documentedCommands(program()).map(({ name }) => name.replace("holdfast ", ""));

  it.each(commands)("is shown by %s, in text or JSON, failing and with stacks", async (name) => {
    for (const flags of [[], ["--json"], ["--verbose"], ["--json", "--verbose"]]) {
      const { stdout, stderr } = await holdfast(
        [...name.split(" "), ...(ARGUMENTS[name] ?? []), ...flags],
        scene(),
      );
      expect(stdout + stderr).not.toContain("MARK-");
    }
  });

  it("is shown when it was given where a reference belongs", async () => {
    for (const words of [
      ["tasks", "--passphrase", "MARK-literal"],
      ["tasks", "--identity", "AGE-SECRET-KEY-MARK-literal"],
      ["key", "add", "--new-passphrase", "MARK-literal"],
      ["source", "add", "x", "--url", "http://u:MARK-literal@x"],
      ["source", "add", "x", "--url", "http://x?token=MARK-literal"],
      ["source", "add", "x", "--url", "http://x", "--api-key", "MARK-literal"],
    ]) {
      for (const flags of [[], ["--json", "--verbose"]]) {
        const { exit, stdout, stderr } = await holdfast([...words, ...flags], scene());
        expect([words, exit]).toEqual([words, 2]);
        expect(stdout + stderr).not.toContain("MARK-");
      }
    }
  });

  it("reaches anything but the opening of the workspace", async () => {
    const { opened } = await holdfast(["backup"], scene());
    const given = JSON.stringify(opened);
    for (const mark of ["MARK-passphrase", "MARK-password", "MARK-apikey", "MARK-file"])
      expect(given).toContain(mark);
  });
});
