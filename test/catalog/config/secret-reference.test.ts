import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  isSecretReference,
  resolveSecret,
  type SecretReference,
} from "../../../src/catalog/config/secret-reference.ts";

const base = mkdtempSync(join(tmpdir(), "holdfast-secret-"));
const places = {
  env: { PATH: process.env["PATH"], PW: "from the environment", EMPTY: "" },
  home: base,
  base,
};
const follow = (reference: string) =>
  resolveSecret(reference as SecretReference, "the password of source prod", places);

writeFileSync(join(base, "pw"), "from a file\n");
writeFileSync(join(base, "crlf"), "from windows\r\n");
writeFileSync(join(base, "inner"), "two\nlines\n\n");
writeFileSync(join(base, "empty"), "\n");
writeFileSync(join(base, "huge"), "x".repeat(70_000));

describe("a reference to a secret", () => {
  it.each([
    ["env:PW", "from the environment"],
    ["file:pw", "from a file"],
    ["file:~/pw", "from a file"],
    [`file:${join(base, "pw")}`, "from a file"],
    ["file:crlf", "from windows"],
    ["file:inner", "two\nlines\n"],
    ["cmd:printf 'from a command\\n'", "from a command"],
    ['cmd:echo "$PW"', "from the environment"],
    ["cmd:cat pw", "from a file"],
  ])("%s is followed, without one line end", async (reference, secret) => {
    expect(await follow(reference)).toBe(secret);
  });

  it.each([
    ["env:NONE", "the environment variable NONE is not set"],
    ["env:EMPTY", "the environment variable EMPTY is not set"],
    ["file:none", `the file ${join(base, "none")} does not exist`],
    ["file:empty", "file:empty is empty"],
    ["file:huge", "is too large for a secret"],
    ["cmd:exit 7", 'the command "exit 7" ended with status 7'],
    ["cmd:true", "cmd:true is empty"],
    ["cmd:yes", 'the command "yes" printed too much for a secret'],
  ])("%s that leads nowhere is secret-unavailable and says why", async (reference, why) => {
    await expect(follow(reference)).rejects.toMatchObject({
      code: "secret-unavailable",
      message: expect.stringContaining(why) as string,
    });
    await expect(follow(reference)).rejects.toThrow(/^Could not read the password of source prod: /);
  });

  it("to a command never lets what the command printed into the error", async () => {
    await expect(follow("cmd:echo MARKED-SECRET; echo MARKED-SECRET >&2; exit 1 # x")).rejects.not.toThrow(
      /MARKED-SECRET(?!; echo)(?! >&2)/,
    );
  });

  it("is env with a variable's name, file with a path, or cmd with a command, and nothing else", () => {
    for (const text of ["env:A_1", "file:/x", "file:x y", "cmd:pass show a"])
      expect(isSecretReference(text)).toBe(true);
    for (const text of ["env:", "env:1A", "env:a-b", "file:", "cmd:", "hunter2", "ENV:A", "", "https://x"]) {
      expect(isSecretReference(text)).toBe(false);
    }
  });
});
