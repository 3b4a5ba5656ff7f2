import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig, type ConfigFlags, type Setting } from "../../../src/catalog/config/effective.ts";
import { workspaceOptions } from "../../../src/catalog/config/workspace-options.ts";
import type { HoldfastError } from "../../../src/model/errors.ts";

const FILE = `repository:
  folder: repo
  passphrase: file:pass
sources:
  prod:
    kind: couchdb
    url: https://prod.example
    auth: { type: basic, username: u, password: env:PROD }
    databases: [a]
    requestsPerSecond: 5
    requestTimeout: 2m
  lab: { kind: couchdb, url: "http://lab.example", auth: { type: iam, apiKey: file:key } }
`;

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-effective-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function load(cwd: string, env: Record<string, string> = {}, flags: ConfigFlags = {}) {
  return loadConfig({ flags, env, cwd, home: join(cwd, "home") });
}

function setting(settings: readonly Setting[], name: string): Setting | undefined {
  return settings.find((one) => one.name === name);
}

describe("the configuration file that counts", () => {
  const cwd = folderWith({
    "holdfast.yaml": "repository: { folder: /here }",
    "home/.config/holdfast/holdfast.yaml": "repository: { folder: /user }",
    "xdg/holdfast/holdfast.yaml": "repository: { folder: /xdg }",
    "variable.yaml": "repository: { folder: /variable }",
    "flag.yaml": "repository: { folder: /flag }",
    "elsewhere/home/.config/holdfast/holdfast.yaml": "repository: { folder: /user }",
    "elsewhere/xdg/holdfast/holdfast.yaml": "repository: { folder: /xdg }",
  });
  const elsewhere = join(cwd, "elsewhere");

  it.each([
    ["--config", cwd, { HOLDFAST_CONFIG: "variable.yaml" }, { config: "flag.yaml" }, "/flag"],
    ["HOLDFAST_CONFIG", cwd, { HOLDFAST_CONFIG: "variable.yaml" }, {}, "/variable"],
    ["the present folder", cwd, { XDG_CONFIG_HOME: join(cwd, "xdg") }, {}, "/here"],
    ["XDG_CONFIG_HOME", elsewhere, { XDG_CONFIG_HOME: join(elsewhere, "xdg") }, {}, "/xdg"],
    ["the home folder", elsewhere, {}, {}, "/user"],
  ])("is that of %s before those after it", async (_what, place, env, flags, folder) => {
    expect((await load(place, env, flags)).folder?.path).toBe(folder);
  });

  it("must exist when it was named, and need not otherwise", async () => {
    await expect(load(cwd, {}, { config: "none.yaml" })).rejects.toMatchObject({ code: "config-invalid" });
    await expect(load(cwd, { HOLDFAST_CONFIG: "none.yaml" })).rejects.toMatchObject({
      code: "config-invalid",
    });
    const nothing = await load(mkdtempSync(join(tmpdir(), "holdfast-none-")));
    expect(nothing.document).toBeUndefined();
    expect(nothing.settings).toEqual([]);
  });
});

describe("an effective value", () => {
  const cwd = folderWith({
    "holdfast.yaml": FILE,
    pass: "file secret\n",
    key: "api secret",
    other: "flag secret",
  });
  const path = join(cwd, "holdfast.yaml");

  it("is the flag's before the environment's before the file's, and says so", async () => {
    const file = await load(cwd);
    expect(setting(file.settings, "repository.folder")).toEqual({
      name: "repository.folder",
      value: join(cwd, "repo"),
      origin: { kind: "file", place: `${path}:2:11` },
    });
    const environment = await load(cwd, { HOLDFAST_REPOSITORY: "/env" });
    expect(setting(environment.settings, "repository.folder")).toMatchObject({
      value: "/env",
      origin: { kind: "environment", place: "HOLDFAST_REPOSITORY" },
    });
    const flag = await load(cwd, { HOLDFAST_REPOSITORY: "/env" }, { repository: "flagged" });
    expect(setting(flag.settings, "repository.folder")).toMatchObject({
      value: join(cwd, "flagged"),
      origin: { kind: "flag", place: "--repository" },
    });
    expect(setting(file.settings, "sources.prod.exclude")?.origin).toEqual({ kind: "default", place: "" });
    expect(setting(file.settings, "sources.prod.databases")?.origin.kind).toBe("file");
  });

  it("of the credential is one setting, whether passphrase or identity", async () => {
    expect((await load(cwd)).credential).toMatchObject({ kind: "passphrase", reference: "file:pass" });
    expect((await load(cwd, { HOLDFAST_IDENTITY: "file:id" })).credential).toMatchObject({
      kind: "identity",
      reference: `file:${join(cwd, "id")}`,
    });
    expect((await load(cwd, { HOLDFAST_PASSPHRASE: "x", HOLDFAST_IDENTITY: "y" })).credential).toMatchObject({
      kind: "passphrase",
      reference: "env:HOLDFAST_PASSPHRASE",
    });
    expect((await load(cwd, { HOLDFAST_PASSPHRASE: "x" }, { identity: "env:ID" })).credential).toMatchObject({
      kind: "identity",
      reference: "env:ID",
    });
    await expect(load(cwd, {}, { passphrase: "env:A", identity: "env:B" })).rejects.toMatchObject({
      code: "usage",
    });
  });

  it("never is a secret: a literal one on the command line is refused without being quoted", async () => {
    const refused = await load(cwd, {}, { passphrase: "MARKED-SECRET" }).catch(
      (error: HoldfastError) => error,
    );
    expect(refused).toMatchObject({ code: "usage" });
    expect((refused as HoldfastError).message).not.toContain("MARKED-SECRET");
    const shown = await load(cwd, {
      HOLDFAST_PASSPHRASE: "MARKED-SECRET",
      HOLDFAST_IDENTITY: "MARKED-SECRET",
    });
    expect(JSON.stringify(shown.settings)).not.toContain("MARKED-SECRET");
  });
});

describe("workspace options", () => {
  const cwd = folderWith({
    "holdfast.yaml": FILE,
    pass: "file secret\n",
    key: "api secret",
    other: "flag secret",
  });

  it("hold the followed secrets of the sources that are reached, and no others", async () => {
    const config = await load(cwd, { PROD: "prod secret" });
    const all = await workspaceOptions(config, { reach: "all" });
    expect(all.repository.folder).toBe(join(cwd, "repo"));
    expect(all.credential).toEqual({ kind: "passphrase", passphrase: "file secret" });
    expect(all.sources.map(({ options }) => options.auth)).toEqual([
      { kind: "basic", username: "u", password: "prod secret" },
      { kind: "iam", apiKey: "api secret" },
    ]);
    expect(all.sources[0]).toMatchObject({
      name: "prod",
      collections: ["a"],
      exclude: [],
      options: {
        kind: "couchdb",
        url: "https://prod.example",
        budget: { requests: 5 },
        requestTimeoutMs: 120_000,
      },
    });
    const lab = await workspaceOptions(config, { reach: ["lab"] });
    expect(lab.sources.map(({ options }) => options.auth.kind)).toEqual(["none", "iam"]);
  });

  it("for reading need none of the services' secrets", async () => {
    const { sources } = await workspaceOptions(await load(cwd), { reach: "none" });
    expect(sources.map(({ name, options }) => [name, options.auth])).toEqual([
      ["prod", { kind: "none" }],
      ["lab", { kind: "none" }],
    ]);
  });

  it("leave out a source without its secret where the caller can go on, and fail where it cannot", async () => {
    const config = await load(cwd);
    await expect(workspaceOptions(config, { reach: "all" })).rejects.toMatchObject({
      code: "secret-unavailable",
    });
    const missing: string[] = [];
    const { sources } = await workspaceOptions(config, {
      reach: "all",
      unavailable: (source) => missing.push(source),
    });
    expect(missing).toEqual(["prod"]);
    expect(sources.map(({ name }) => name)).toEqual(["lab"]);
  });

  it("need a repository, a credential and known names, and say which is missing", async () => {
    const empty = await load(mkdtempSync(join(tmpdir(), "holdfast-none-")));
    await expect(workspaceOptions(empty, { reach: "none" })).rejects.toThrow(/--repository/);
    const bare = await load(folderWith({ "holdfast.yaml": "repository: { folder: /x }" }));
    await expect(workspaceOptions(bare, { reach: "none" })).rejects.toMatchObject({
      code: "secret-unavailable",
    });
    const asked = await workspaceOptions(bare, { reach: "none", askPassphrase: async () => "typed" });
    expect(asked.credential).toEqual({ kind: "passphrase", passphrase: "typed" });
    await expect(workspaceOptions(await load(cwd), { reach: ["lib"] })).rejects.toThrow(
      /its sources are prod, lab/,
    );
  });
});
