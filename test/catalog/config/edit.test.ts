import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../src/catalog/config/document.ts";
import { editConfig } from "../../../src/catalog/config/edit.ts";

const COMMENTED = `# who to call: +49 30 1234
repository:
  folder: /backup/repo # the NAS
sources:
  # the shop
  prod:
    kind: couchdb
    url: https://prod.example   # Frankfurt
`;
const LAB = {
  kind: "couchdb",
  url: "http://lab.example",
  auth: { type: "basic", username: "u", password: "env:P" },
};

function file(text?: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "holdfast-edit-")), "holdfast.yaml");
  if (text !== undefined) writeFileSync(path, text, { mode: 0o640 });
  return path;
}

describe("an edit of the configuration file", () => {
  it("keeps comments, order, other members and the file's mode", async () => {
    const path = file(COMMENTED);
    await editConfig(path, await readConfig(path), [{ member: ["sources", "lab"], value: LAB }]);
    const text = readFileSync(path, "utf8");
    for (const comment of ["# who to call: +49 30 1234", "# the NAS", "# the shop", "# Frankfurt"]) {
      expect(text).toContain(comment);
    }
    expect(Object.keys((await readConfig(path)).value.sources ?? {})).toEqual(["prod", "lab"]);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(path, ".."))).toEqual(["holdfast.yaml"]);
  });

  it("adds what it removes later, and the file is as before", async () => {
    const path = file(COMMENTED);
    await editConfig(path, await readConfig(path), [{ member: ["sources", "lab"], value: LAB }]);
    await editConfig(path, await readConfig(path), [{ member: ["sources", "lab"], value: undefined }]);
    expect((await readConfig(path)).value.sources).toEqual({
      prod: { kind: "couchdb", url: "https://prod.example" },
    });
  });

  it.each([
    ["no file", undefined],
    ["an empty file", ""],
    ["a file of comments", "# nothing yet\n"],
    ["a member without a value", "sources:\n"],
    ["an empty mapping on one line", "sources: {}\n"],
  ])("makes the mappings that are missing in %s, one member on a line", async (_what, text) => {
    const path = file(text);
    await editConfig(path, text === undefined ? undefined : await readConfig(path), [
      { member: ["sources", "lab"], value: LAB },
    ]);
    expect((await readConfig(path)).value).toEqual({ sources: { lab: LAB } });
    expect(readFileSync(path, "utf8")).toMatch(/\n {2}lab:\n {4}kind: couchdb\n/);
  });

  it("makes a new file for its owner only", async () => {
    const path = file();
    await editConfig(path, undefined, [{ member: ["repository", "folder"], value: "/x" }]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("that would not fit the schema changes nothing and says what is wrong", async () => {
    const path = file(COMMENTED);
    const edit = editConfig(path, await readConfig(path), [
      { member: ["sources", "lab"], value: { ...LAB, auth: { type: "iam", apiKey: "MARKED-SECRET" } } },
    ]);
    await expect(edit).rejects.toMatchObject({ code: "usage" });
    await expect(edit).rejects.toThrow(/sources\.lab\.auth\.apiKey: a secret is not written here/);
    await expect(edit).rejects.not.toThrow(/MARKED-SECRET/);
    expect(readFileSync(path, "utf8")).toBe(COMMENTED);
  });

  it("goes through a symbolic link to the file that it names", async () => {
    const target = file(COMMENTED);
    const link = join(mkdtempSync(join(tmpdir(), "holdfast-link-")), "holdfast.yaml");
    symlinkSync(target, link);
    await editConfig(link, await readConfig(link), [{ member: ["repository", "folder"], value: "/new" }]);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, "utf8")).toContain("folder: /new");
  });
});
