import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder, holdfast } from "./harness.ts";

/** What bash offers for a line, with `holdfast __complete` answering fixed names. */
async function offered(words: readonly string[]): Promise<string[]> {
  const folder = emptyFolder();
  const script = join(folder, "completion.bash");
  writeFileSync(script, (await holdfast(["completion", "bash"])).stdout);
  const answers = join(folder, "holdfast");
  writeFileSync(
    answers,
    '#!/bin/sh\n[ "$2" = tasks ] && echo "lab/orders lab/users"\n[ "$2" = sources ] && echo lab\n',
  );
  chmodSync(answers, 0o755);
  const run =
    'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _holdfast; echo "${COMPREPLY[*]}"';
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}` };
  const output = execFileSync("bash", ["-c", run, "bash", script, "holdfast", ...words], {
    env,
    encoding: "utf8",
  });
  return output.trim().split(" ").filter(Boolean);
}

describe("completion for bash", () => {
  it.each([
    [["re"], ["restore", "repository", "repair", "retention", "readiness"]],
    [
      ["source", ""],
      ["add", "list", "test", "discover", "remove"],
    ],
    [["source", "test", ""], ["lab"]],
    [
      ["log", ""],
      ["lab/orders", "lab/users"],
    ],
    [["log", "lab/orders", ""], []],
    [["--config", "file", "log", "lab/u"], ["lab/users"]],
    [
      ["backup", "lab/orders", ""],
      ["lab/orders", "lab/users"],
    ],
    [
      ["restore", "lab/orders", "--mode", ""],
      ["replica", "content", "exact"],
    ],
    [["restore", "lab/orders", "--at", "latest", "--delete"], ["--delete-newer"]],
    [
      ["key", "add", "--right", ""],
      ["read", "write"],
    ],
    [["explain", "wrong"], ["wrong-key"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
  ])("offers after %j what fits", async (words, expected) => {
    expect((await offered(words)).sort()).toEqual(expected.toSorted());
  });
});

describe("completion", () => {
  it("knows every command and option in each shell's script", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { exit, stdout } = await holdfast(["completion", shell]);
      expect(exit).toBe(0);
      for (const word of ["verify-storage", "replication-stopped", "in-place", "discover", "wrong-key"]) {
        expect(stdout).toContain(word);
      }
      expect(stdout).not.toContain("undefined");
    }
  });

  it("answers with names, without asking for a passphrase, and never with an error", async () => {
    const cwd = emptyFolder();
    writeFileSync(
      join(cwd, "holdfast.yaml"),
      "repository: { folder: /r }\nsources: { lab: { kind: couchdb, url: http://x } }\n",
    );
    expect(await holdfast(["__complete", "sources"], { cwd, terminal: true })).toMatchObject({
      exit: 0,
      stdout: "lab\n",
    });
    expect(await holdfast(["__complete", "tasks"], { cwd, terminal: true })).toMatchObject({
      exit: 0,
      asked: [],
    });
    writeFileSync(join(cwd, "holdfast.yaml"), "broken: [");
    expect(await holdfast(["__complete", "tasks"], { cwd })).toMatchObject({
      exit: 0,
      stdout: "",
      stderr: "",
    });
  });

  it("leaves the question for names out of the help", async () => {
    expect((await holdfast(["--help"])).stdout).not.toContain("__complete");
  });
});
