import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { couchEnvironment, couchExportDefaults } from "../../../src/catalog/config/couch-environment.ts";
import { loadConfig, type EffectiveConfig } from "../../../src/catalog/config/effective.ts";
import { sourceSettings } from "../../../src/catalog/config/workspace-options.ts";

const SECRET = "p@ss/w:rd %";
const URL_WITH_SECRET = `https://some%40user:${encodeURIComponent(SECRET)}@host.example:8443/base/`;

async function configured(env: Record<string, string>, file?: string): Promise<EffectiveConfig> {
  const cwd = mkdtempSync(join(tmpdir(), "holdfast-couch-"));
  if (file !== undefined) writeFileSync(join(cwd, "holdfast.yaml"), file);
  return loadConfig({ flags: {}, env, cwd, home: "/nowhere" });
}

describe("COUCH_URL", () => {
  it("makes a source named couch without any file: its credentials log in, the database is couchbackup's default", async () => {
    const config = await configured({ COUCH_URL: URL_WITH_SECRET });
    const [source] = await sourceSettings(config, { reach: "all" });
    expect(source).toMatchObject({
      name: "couch",
      collections: ["test"],
      options: {
        kind: "couchdb",
        url: "https://host.example:8443/base",
        auth: { kind: "session", username: "some@user", password: SECRET },
      },
    });
  });

  it("without credentials asks for none, and without the variable there is no source", async () => {
    const [source] = await sourceSettings(await configured({ COUCH_URL: "http://localhost:5984" }), {
      reach: "all",
    });
    expect(source?.options).toMatchObject({ url: "http://localhost:5984", auth: { kind: "none" } });
    expect((await configured({ COUCH_DATABASE: "orders" })).sources.size).toBe(0);
    expect((await configured({ COUCH_URL: "" })).sources.size).toBe(0);
  });

  it("never shows the password: every setting names its variable and nothing more", async () => {
    const config = await configured({
      COUCH_URL: URL_WITH_SECRET,
      COUCH_DATABASE: "orders",
      COUCH_PARALLELISM: "7",
      COUCH_REQUEST_TIMEOUT: "30000",
      COUCH_ATTACHMENTS: "false",
    });
    const shown = config.settings.map(({ name, value, origin }) => [
      name,
      value,
      `${origin.kind} ${origin.place}`,
    ]);
    expect(shown).toEqual([
      ["sources.couch.kind", "couchdb", "environment COUCH_URL"],
      ["sources.couch.url", "https://host.example:8443/base", "environment COUCH_URL"],
      ["sources.couch.auth.type", "session", "environment COUCH_URL"],
      ["sources.couch.auth.username", "some@user", "environment COUCH_URL"],
      ["sources.couch.auth.password", "env:COUCH_URL_PASSWORD", "environment COUCH_URL"],
      ["sources.couch.databases", ["orders"], "environment COUCH_DATABASE"],
      ["sources.couch.include.attachments", false, "environment COUCH_ATTACHMENTS"],
      ["sources.couch.parallelism", 7, "environment COUCH_PARALLELISM"],
      ["sources.couch.requestTimeout", "30000ms", "environment COUCH_REQUEST_TIMEOUT"],
    ]);
    const [source] = await sourceSettings(config, { reach: "all" });
    expect(source?.options).toMatchObject({
      parallelism: 7,
      requestTimeoutMs: 30_000,
      include: { attachments: false },
    });
  });

  it("gives way to a source of that name in the configuration file", async () => {
    const file = "sources: { couch: { kind: couchdb, url: http://own } }\n";
    const config = await configured({ COUCH_URL: "http://other" }, file);
    expect(config.sources.get("couch")?.url).toBe("http://own");
    expect(config.settings.filter(({ value }) => value === "http://other")).toEqual([]);
  });

  it("stands beside the sources of the file", async () => {
    const file = "sources: { prod: { kind: couchdb, url: http://prod } }\n";
    const config = await configured({ COUCH_URL: "http://other" }, file);
    expect([...config.sources.keys()]).toEqual(["prod", "couch"]);
  });

  it.each([
    [{ COUCH_URL: "nonsense" }, /COUCH_URL: it is not an address/],
    [{ COUCH_URL: `ftp://u:${SECRET}@host` }, /COUCH_URL/],
    [{ COUCH_URL: "http://u:%E0%A4%A@host" }, /not percent-encoded/],
    [{ COUCH_URL: "http://u:hush@host/?q=1" }, /COUCH_URL/],
    [
      { COUCH_URL: "http://host", COUCH_PARALLELISM: "many" },
      /COUCH_PARALLELISM: "many" is not a whole number/,
    ],
    [{ COUCH_URL: "http://host", COUCH_REQUEST_TIMEOUT: "0" }, /COUCH_REQUEST_TIMEOUT/],
  ])("that cannot be used is told without quoting it: %j", async (env, message) => {
    const attempt = configured(env);
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toMatchObject({ code: "config-invalid" });
    await expect(attempt).rejects.not.toThrow(/hush|p@ss|nonsense/);
  });
});

it("an API key counts before credentials in the address, with its own token service", async () => {
  const env = { COUCH_URL: URL_WITH_SECRET, CLOUDANT_IAM_API_KEY: "key-1" };
  const [source] = await sourceSettings(await configured(env), { reach: "all" });
  expect(source?.options).toMatchObject({ auth: { kind: "iam", apiKey: "key-1" } });
  for (const address of ["https://iam.example", "https://iam.example/identity/token"]) {
    const config = await configured({ ...env, CLOUDANT_IAM_TOKEN_URL: address });
    const [own] = await sourceSettings(config, { reach: "all" });
    expect(own?.options.auth).toMatchObject({ tokenUrl: "https://iam.example/identity/token" });
    expect(JSON.stringify(config.settings)).not.toContain("key-1");
  }
});

it("tells export what couchbackup's variables say", () => {
  expect(couchExportDefaults({ COUCH_DATABASE: "x", COUCH_OUTPUT: "f" })).toBeUndefined();
  expect(couchExportDefaults({ COUCH_URL: "http://h" })).toEqual({
    task: "couch/test",
    output: undefined,
    lineDocuments: undefined,
    attachments: undefined,
  });
  const env = {
    COUCH_URL: "http://h",
    COUCH_DATABASE: "orders",
    COUCH_OUTPUT: "f.txt",
    COUCH_BUFFER_SIZE: "50",
  };
  expect(couchExportDefaults({ ...env, COUCH_ATTACHMENTS: "true" })).toEqual({
    task: "couch/orders",
    output: "f.txt",
    lineDocuments: 50,
    attachments: true,
  });
  expect(
    couchEnvironment({ ...env, COUCH_QUIET: "true", COUCH_LOG: "l", COUCH_MODE: "shallow" })?.entry,
  ).toEqual({
    kind: "couchdb",
    url: "http://h",
    databases: ["orders"],
  });
});
