import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SlotInfo } from "../../src/repository/sealing/slots.ts";
import { emptyFolder, holdfast, jsonLines, type Scene } from "./harness.ts";

const SLOT: SlotInfo = {
  slot: "00aa",
  label: "",
  right: "read",
  kind: "passphrase",
  created: "2026-11-21T12:00:00Z",
};

/** A repository that is made nowhere, and what it was made with. */
function makesRepositories() {
  const made: unknown[] = [];
  const operations: Scene["operations"] = {
    initRepositoryAt: async (place, request) => {
      made.push({ ...place, ...request });
      return { repository: "ab".repeat(16), location: `folder ${place.folder}`, slots: [SLOT] };
    },
  };
  return { made, operations };
}

function configIn(cwd: string): string {
  return readFileSync(join(cwd, "holdfast.yaml"), "utf8");
}

describe("init", () => {
  it("asks for the passphrase twice on a terminal and enters the folder into a new file", async () => {
    const cwd = emptyFolder();
    const { made, operations } = makesRepositories();
    const { exit, stdout, asked } = await holdfast(["init", "repo"], {
      cwd,
      operations,
      terminal: true,
      answers: ["one", "one"],
    });
    expect([exit, asked.length]).toEqual([0, 2]);
    expect(made).toMatchObject([{ folder: join(cwd, "repo"), passphrase: "one", recipients: [] }]);
    expect(stdout).toContain(`Made a repository in folder ${join(cwd, "repo")}.\n`);
    expect(configIn(cwd)).toContain(`folder: ${join(cwd, "repo")}`);
    expect(configIn(cwd)).not.toContain("one");
  });

  it("makes nothing when the two differ, or one is empty", async () => {
    for (const answers of [["one", "two"], [""]]) {
      const { made, operations } = makesRepositories();
      const { exit } = await holdfast(["init", "repo"], { operations, terminal: true, answers });
      expect([exit, made]).toEqual([2, []]);
    }
  });

  it("takes the passphrase by reference and enters the reference", async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, "pw"), "MARKED-SECRET\n");
    const { made, operations } = makesRepositories();
    const { exit } = await holdfast(["init", "repo", "--passphrase", "file:pw"], { cwd, operations });
    expect(exit).toBe(0);
    expect(made).toMatchObject([{ passphrase: "MARKED-SECRET" }]);
    expect(configIn(cwd)).toContain(`passphrase: file:${join(cwd, "pw")}`);
    expect(configIn(cwd)).not.toContain("MARKED-SECRET");
  });

  it("needs no passphrase with a recipient, and a key in any case", async () => {
    const { made, operations } = makesRepositories();
    const recipients = ["init", "repo", "--recipient", "age1a", "--recipient", "age1b"];
    expect((await holdfast(recipients, { operations })).exit).toBe(0);
    expect(made).toMatchObject([{ recipients: ["age1a", "age1b"] }]);
    expect((await holdfast(["init", "repo"], { operations })).exit).toBe(2);
    expect(made).toHaveLength(1);
  });

  it("leaves a file alone that names the repository already, and with --no-config-file any", async () => {
    const cwd = emptyFolder();
    const text = "repository: { folder: ./repo, passphrase: env:P } # ours\n";
    writeFileSync(join(cwd, "holdfast.yaml"), text);
    const { made, operations } = makesRepositories();
    expect((await holdfast(["init"], { cwd, operations, env: { P: "x" } })).exit).toBe(0);
    expect(made).toMatchObject([{ folder: join(cwd, "repo"), passphrase: "x" }]);
    const elsewhere = ["init", "/other", "--no-config-file"];
    const { stdout } = await holdfast([...elsewhere, "--json"], { cwd, operations, env: { P: "x" } });
    expect(jsonLines(stdout)).toMatchObject([{ location: "folder /other", config: null }]);
    expect(configIn(cwd)).toBe(text);
  });
});

describe("source", () => {
  it("add enters it, list shows it, remove takes it out", async () => {
    const cwd = emptyFolder();
    const words = [
      "source",
      "add",
      "prod",
      "--url",
      "https://x.example",
      "--api-key",
      "env:KEY",
      "--exclude",
      "t*",
    ];
    expect((await holdfast(words, { cwd })).exit).toBe(0);
    const { stdout } = await holdfast(["source", "list", "--json"], { cwd });
    expect(jsonLines(stdout)).toEqual([
      {
        name: "prod",
        kind: "couchdb",
        url: "https://x.example",
        auth: { type: "iam", apiKey: "env:KEY" },
        databases: ["*"],
        exclude: ["t*"],
      },
    ]);
    expect((await holdfast(["source", "add", "prod", "--url", "https://y.example"], { cwd })).exit).toBe(2);
    expect((await holdfast(["source", "remove", "prdo"], { cwd })).stderr).toContain("its sources are prod.");
    expect((await holdfast(["source", "remove", "prod"], { cwd })).exit).toBe(0);
    expect((await holdfast(["source", "list"], { cwd })).stderr).toContain("No source is configured");
  });

  it.each([
    [["--password", "MARKED-SECRET", "--username", "u"], "takes a reference"],
    [["--api-key", "MARKED-SECRET"], "takes a reference"],
    [["--username", "u"], "needs --password too"],
    [["--password", "env:P"], "needs --username too"],
    [["--auth", "iam", "--username", "u"], "--username does not go with the login type iam"],
    [
      ["--auth", "none", "--token-url", "https://t.example"],
      "--token-url does not go with the login type none",
    ],
  ])("add refuses %j, without quoting a secret, and writes nothing", async (words, message) => {
    const cwd = emptyFolder();
    const { exit, stdout, stderr } = await holdfast(["source", "add", "a", "--url", "http://x", ...words], {
      cwd,
    });
    expect([exit, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("MARKED-SECRET");
    expect(() => configIn(cwd)).toThrow(/ENOENT/);
  });

  it("test goes through all sources, one failing or not, and says 3 when only some answer", async () => {
    const cwd = emptyFolder();
    writeFileSync(
      join(cwd, "holdfast.yaml"),
      "repository: { folder: /r, passphrase: env:P }\nsources:\n  up: { kind: couchdb, url: http://a }\n  down: { kind: couchdb, url: http://b, auth: { type: iam, apiKey: env:NONE } }\n",
    );
    const scene: Scene = {
      cwd,
      env: { P: "p" },
      operations: {
        testSource: async () => ({
          service: "couchdb",
          version: "3.5.0",
          user: "backup",
          abilities: [
            { name: "list databases", ok: true, detail: "" },
            { name: "purge", ok: false, detail: "needs a server administrator" },
          ],
        }),
      },
    };
    const { exit, stdout } = await holdfast(["source", "test"], scene);
    expect(exit).toBe(3);
    expect(stdout.split("\n")).toEqual([
      "up  couchdb 3.5.0, as backup",
      "  yes  list databases",
      "  no   purge: needs a server administrator",
      "down  failed  Could not read the API key of source down: the environment variable NONE is not set. (secret-unavailable)",
      "",
    ]);
    expect((await holdfast(["source", "test", "down"], scene)).exit).toBe(20);
  });
});

describe("config", () => {
  it("show tells every value with its origin and no secret", async () => {
    const cwd = emptyFolder();
    writeFileSync(
      join(cwd, "holdfast.yaml"),
      "repository: { folder: /r }\nsources: { a: { kind: couchdb, url: http://a, exclude: [x, y] } }\n",
    );
    const env = { HOLDFAST_PASSPHRASE: "MARKED-SECRET" };
    const { exit, stdout, stderr } = await holdfast(["config", "show", "--origin"], { cwd, env });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^SETTING +VALUE +ORIGIN\nrepository\.folder +\/r +file .*holdfast\.yaml:1:23\n/);
    expect(stdout).toMatch(
      /repository\.passphrase +env:HOLDFAST_PASSPHRASE +environment HOLDFAST_PASSPHRASE\n/,
    );
    expect(stdout).toMatch(/sources\.a\.exclude +x, y +file/);
    expect(stdout).toMatch(/sources\.a\.include\.localDocs +false +default\n/);
    expect(stdout + stderr).not.toContain("MARKED-SECRET");
    const [first] = jsonLines((await holdfast(["config", "show", "--json"], { cwd, env })).stdout);
    expect(first).toMatchObject({ name: "repository.folder", value: "/r", origin: { kind: "file" } });
  });

  it("schema prints the published JSON schema", async () => {
    const { stdout } = await holdfast(["config", "schema"]);
    const published = readFileSync(
      join(import.meta.dirname, "../../docs/reference/config.schema.json"),
      "utf8",
    );
    expect(stdout).toBe(published);
  });
});
