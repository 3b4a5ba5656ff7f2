import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfig, readConfig } from "../../../src/catalog/config/document.ts";
import { isHoldfastError } from "../../../src/model/errors.ts";

const PATH = "/etc/holdfast.yaml";

/** What refusing the text said; undefined when it was accepted. Anything but `config-invalid` is thrown on. */
function refusal(text: string): string | undefined {
  try {
    parseConfig(text, PATH);
    return undefined;
  } catch (error) {
    if (isHoldfastError(error, "config-invalid")) return error.message;
    throw error;
  }
}

function problem(text: string): string {
  const message = refusal(text);
  if (message === undefined) throw new Error("the configuration was accepted");
  return message;
}

describe("the configuration file", () => {
  it("is accepted with every member that the schema knows", () => {
    const { value } = parseConfig(
      `repository: { folder: /backup/repo, passphrase: env:HOLDFAST_PASSPHRASE }
sources:
  prod:
    kind: couchdb
    url: https://acct.example/prefix
    auth: { type: session, username: u, password: file:/run/secrets/p }
    databases: ["*"]
    exclude: []
    include: { designDocs: true, deleted: false, attachments: true, security: true, localDocs: true }
    parallelism: 4
    requestsPerSecond: 50
    readsPerSecond: 100
    writesPerSecond: 50
    queriesPerSecond: 0.5
    headroom: 0.2
    requestTimeout: 90s
    compressRequests: true
  iam: { kind: couchdb, url: "https://b.example", auth: { type: iam, apiKey: env:KEY, tokenUrl: "https://iam.example/t" } }
  open: { kind: couchdb, url: "http://c.example", auth: none }
`,
      PATH,
    );
    expect(Object.keys(value.sources ?? {})).toEqual(["prod", "iam", "open"]);
  });

  it("may be empty, and a member without a value counts as absent", () => {
    expect(parseConfig("", PATH).value).toEqual({});
    expect(parseConfig("repository:\nsources:\n", PATH).value).toEqual({});
  });

  it.each([
    ["repositry: {}", "1:1: repositry: is not known; did you mean repository?"],
    ["repository:\n  foldr: /x", "2:3: repository.foldr: is not known; did you mean folder?"],
    [
      "repository:\n  colour: red",
      "2:3: repository.colour: is not known here; this mapping may have folder, passphrase, identity",
    ],
    ["repository: 5", "1:13: repository: must be a mapping, not a number"],
    ["repository:\n  folder: 17", "2:11: repository.folder: must be text, not a number; put it in quotes"],
    ["sources:\n  a b: {}", "2:3: sources.a b: a source's name is made of letters"],
    ["sources:\n  a:\n    kind: couchdb", "2:3: sources.a.url: is missing"],
    [
      "sources:\n  a: { kind: mysql, url: 'http://x' }",
      "2:14: sources.a.kind: must be one of couchdb, watson-tts, watson-stt",
    ],
    [
      "sources:\n  a:\n    kind: couchdb\n    url: http://x\n    auth: { type: bsic }",
      "5:19: sources.a.auth.type: must be one of none, basic, session, iam",
    ],
    [
      "sources:\n  a:\n    kind: couchdb\n    url: http://x\n    auth: { type: iam, apikey: env:K }",
      "sources.a.auth.apikey: is not known; did you mean apiKey?",
    ],
    [
      "sources:\n  a:\n    kind: couchdb\n    url: http://x\n    auth: { type: basic, username: u }",
      "sources.a.auth.password: is missing",
    ],
    [
      "sources:\n  a: { kind: couchdb, url: 'http://x', parallelism: 0 }",
      "sources.a.parallelism: must be at least 1",
    ],
    [
      "sources:\n  a: { kind: couchdb, url: 'http://x', parallelism: 1.5 }",
      "sources.a.parallelism: must be a whole number",
    ],
    [
      "sources:\n  a: { kind: couchdb, url: 'http://x', headroom: 2 }",
      "sources.a.headroom: must be at most 0.9",
    ],
    [
      "sources:\n  a: { kind: couchdb, url: 'http://x', databases: [] }",
      "sources.a.databases: must not be empty",
    ],
    [
      "sources:\n  a: { kind: couchdb, url: 'http://x', requestTimeout: 30 }",
      "must be text, not a number; put it in quotes",
    ],
    [
      "sources:\n  a: { kind: couchdb, url: 'http://x', requestTimeout: '30' }",
      "a duration is a number with a unit",
    ],
    ["sources:\n  a: { kind: couchdb, url: 'ftp://x' }", "an address begins with https:// or http://"],
    [
      "repository: { passphrase: env:A, identity: env:B }",
      "1:44: repository.identity: give a passphrase or an identity, not both",
    ],
    ["a: 1\na: 2", "2:1: this member stands here twice; remove one"],
    ["repository:\n\tfolder: /x", "2:1: a tab is not allowed here; indent with blanks"],
    ["repository: *nowhere", "an alias (*name) has no anchor (&name) before it"],
  ])("names the place and the mending of %j", (text, expected) => {
    expect(problem(text)).toContain(expected);
    expect(problem(text)).toMatch(/^\/etc\/holdfast\.yaml:\d+:\d+: /);
  });

  it("names every problem, in the order of the file", () => {
    const lines = problem("sources:\n  a: { kind: couchdb, url: 5 }\nrepository: { foldr: x }").split("\n");
    expect(lines.map((line) => line.split(":")[1])).toEqual(["2", "3"]);
  });

  it.each([
    ["a literal passphrase", "repository: { passphrase: MARKED-SECRET }"],
    [
      "a literal password",
      "sources: { a: { kind: couchdb, url: 'http://x', auth: { type: basic, username: u, password: MARKED-SECRET } } }",
    ],
    [
      "a literal API key",
      "sources: { a: { kind: couchdb, url: 'http://x', auth: { type: iam, apiKey: MARKED-SECRET } } }",
    ],
    ["credentials in an address", "sources: { a: { kind: couchdb, url: 'http://u:MARKED-SECRET@x' } }"],
    ["a token in an address", "sources: { a: { kind: couchdb, url: 'http://x/?key=MARKED-SECRET' } }"],
    ["a broken address", "sources: { a: { kind: couchdb, url: 'MARKED-SECRET' } }"],
    ["a passphrase that YAML takes for an alias", "repository: { passphrase: *MARKED-SECRET }"],
    ["a passphrase that YAML takes for a tag", "repository: { passphrase: !MARKED-SECRET x }"],
    ["a passphrase that YAML takes for a reserved sign", "repository:\n  passphrase: @MARKED-SECRET"],
    ["a passphrase with a broken quote", 'repository:\n  passphrase: "MARKED-SECRET\n'],
    ["a passphrase with a colon", "repository:\n  passphrase: MARKED-SECRET: x"],
    ["a passphrase as a list", "repository: { passphrase: [MARKED-SECRET] }"],
    ["a directive", "%MARKED-SECRET\n---\nrepository: {}"],
  ])("refuses %s without quoting it", (_what, text) => {
    expect(problem(text)).not.toContain("MARKED-SECRET");
  });

  it("tells the place of every member", () => {
    const document = parseConfig(
      "# first\nrepository:\n  folder: /x\nsources: { a: { kind: couchdb, url: http://x } }\n",
      PATH,
    );
    expect(document.placeOf(["repository", "folder"])).toEqual({ line: 3, column: 11 });
    expect(document.placeOf(["sources", "a", "url"])).toEqual({ line: 4, column: 37 });
    expect(document.placeOf(["repository", "identity"])).toEqual({ line: 2, column: 1 });
  });

  it("either is accepted or names a place inside itself, whatever stands in it", () => {
    assert(
      property(string({ unit: "binary-ascii", maxLength: 60 }), (text) => {
        const message = refusal(text) ?? `${PATH}:1:1: `;
        const line = Number(/^\/etc\/holdfast\.yaml:(\d+):\d+: /.exec(message)?.[1]);
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(text.split(/\r\n|\r|\n/).length + 1);
      }),
    );
  });

  it("that cannot be read says why", async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-config-"));
    await expect(readConfig(join(folder, "none.yaml"))).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining("it does not exist") as string,
    });
    await expect(readConfig(folder)).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining("it is a folder") as string,
    });
  });
});
