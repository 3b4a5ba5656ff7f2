import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/catalog/config/document.ts";
import { loadConfig } from "../../../src/catalog/config/effective.ts";
import { gatewaySettings } from "../../../src/catalog/config/gateway-options.ts";
import { parseListen } from "../../../src/catalog/config/gateway-schema.ts";
import { sourceSettings } from "../../../src/catalog/config/workspace-options.ts";

const AUTHS = `sources:
  none: { kind: watson-tts, url: http://t }
  iam: { kind: watson-stt, url: https://s/instances/1, auth: { type: iam, apiKey: env:KEY, tokenUrl: https://iam } }
  apikey: { kind: watson-stt, url: https://s, auth: { type: apikey, apiKey: env:KEY } }
  bearer: { kind: watson-tts, url: https://t, auth: { type: bearer, token: env:KEY } }
  cp4d: { kind: watson-stt, url: https://s, ca: ca.pem, auth: { type: cp4d, authUrl: https://zen, username: u, password: env:KEY } }
  cp4dkey: { kind: watson-stt, url: https://s, auth: { type: cp4d, authUrl: https://zen, username: u, apiKey: env:KEY } }
  tuned:
    kind: watson-stt
    url: https://s
    collections: [jobs]
    poll: 5s
    patience: 96h
    fullReadEvery: 12h
    insecureTls: true
    parallelism: 3
    requestsPerSecond: 8
`;

function configured(text: string, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-watson-config-"));
  writeFileSync(join(folder, "holdfast.yaml"), text);
  writeFileSync(join(folder, "ca.pem"), "-----BEGIN CERTIFICATE-----\n");
  return loadConfig({ flags: {}, env: { KEY: "k", ...env }, cwd: folder, home: "/nowhere" });
}

function problem(text: string): string {
  try {
    parseConfig(text, "/etc/holdfast.yaml");
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

describe("Watson sources in the configuration", () => {
  it("log in as the vendor's variants do, with secrets and certificates followed", async () => {
    const sources = await sourceSettings(await configured(AUTHS), { reach: "all" });
    const options = Object.fromEntries(sources.map(({ name, options: own }) => [name, own]));
    expect(options["none"]).toEqual({
      kind: "watson-tts",
      url: "http://t",
      auth: { kind: "none" },
      budget: {},
    });
    expect(options["iam"]?.auth).toEqual({ kind: "iam", apiKey: "k", tokenUrl: "https://iam" });
    expect(options["apikey"]?.auth).toEqual({ kind: "apikey", apiKey: "k" });
    expect(options["bearer"]?.auth).toEqual({ kind: "bearer", token: "k" });
    const cp4d = { kind: "cp4d", authUrl: "https://zen", username: "u" };
    expect(options["cp4d"]).toMatchObject({
      auth: { ...cp4d, password: "k" },
      ca: "-----BEGIN CERTIFICATE-----\n",
    });
    expect(options["cp4dkey"]?.auth).toEqual({ ...cp4d, apiKey: "k" });
    expect(options["tuned"]).toMatchObject({
      pollMs: 5_000,
      patienceMs: 345_600_000,
      fullReadEveryMs: 43_200_000,
      insecureTls: true,
      parallelism: 3,
      budget: { requests: 8 },
    });
  });

  it("protect every collection unless some are named", async () => {
    const sources = await sourceSettings(await configured(AUTHS), { reach: "none" });
    const collections = Object.fromEntries(sources.map((source) => [source.name, source.collections]));
    expect([collections["iam"], collections["tuned"]]).toEqual([["*"], ["jobs"]]);
  });

  it("are known without any secret or certificate to what only reads the repository", async () => {
    const config = await configured(AUTHS.replaceAll("ca.pem", "gone.pem"), { KEY: "" });
    const sources = await sourceSettings(config, { reach: "none" });
    expect(sources.every(({ options }) => options.auth.kind === "none")).toBe(true);
    await expect(
      sourceSettings(await configured(AUTHS.replaceAll("ca.pem", "gone.pem")), { reach: ["cp4d"] }),
    ).rejects.toMatchObject({ code: "config-invalid", message: expect.stringContaining("gone.pem") });
  });

  it("are never taken from the environment of the vendor's SDK", async () => {
    const env = {
      SPEECH_TO_TEXT_URL: "https://elsewhere",
      SPEECH_TO_TEXT_APIKEY: "x",
      TEXT_TO_SPEECH_URL: "https://else",
    };
    const config = await configured("repository: { folder: /r }\n", env);
    expect([...config.sources.keys()]).toEqual([]);
  });

  it.each([
    [
      "kind: watson-stt, url: 'http://s', databases: ['*']",
      "sources.a.databases: is not known here; this mapping may have kind, url",
    ],
    ["kind: watson-stt, url: 'http://s', pol: 5s", "sources.a.pol: is not known; did you mean poll?"],
    [
      "kind: watson-stt, url: 'http://s', collections: [voice-models]",
      "must be language-models or acoustic-models or jobs",
    ],
    [
      "kind: watson-tts, url: 'http://s', auth: basic",
      "must be none or a mapping with a type; write auth: { type: iam, … }",
    ],
    [
      "kind: watson-tts, url: 'http://s', auth: { type: basic, username: u }",
      "sources.a.auth.type: must be one of none, iam, apikey, bearer, cp4d",
    ],
    [
      "kind: watson-tts, url: 'http://s', auth: { type: iam, apiKey: SECRET }",
      "a secret is not written here",
    ],
    [
      "kind: watson-tts, url: 'http://s', auth: { type: cp4d, authUrl: 'http://z', username: u }",
      "give a password or an apiKey",
    ],
    ["url: 'http://s'", "sources.a.kind: is missing; it is one of couchdb, watson-tts, watson-stt"],
  ])("mistakes are named with their mending: { %s }", (members, expected) => {
    const text = problem(`sources:\n  a: { ${members} }`);
    expect(text).toContain(expected);
    expect(text).not.toContain("SECRET");
  });
});

describe("the gateway in the configuration", () => {
  const SOURCES = `sources:
  stt: { kind: watson-stt, url: https://s/instances/1, ca: ca.pem, auth: { type: iam, apiKey: env:ABSENT } }
  couch: { kind: couchdb, url: http://c }
`;

  it("serves sources' instances without following any of their secrets", async () => {
    const config = await configured(
      `${SOURCES}gateway: { listen: ":8787", spool: ./spool, flushEvery: 5s, instances: { /stt: stt, /: stt } }\n`,
    );
    const instance = {
      source: "stt",
      kind: "watson-stt",
      url: "https://s/instances/1",
      ca: "-----BEGIN CERTIFICATE-----\n",
    };
    expect(await gatewaySettings(config)).toEqual({
      listen: { host: "127.0.0.1", port: 8787 },
      spool: { folder: join(config.places.base, "spool") },
      onUnreachable: "refuse",
      flushMs: 5_000,
      instances: [
        { ...instance, prefix: "/stt" },
        { ...instance, prefix: "" },
      ],
    });
  });

  it("is refused for a source of which everything can be read back, an unknown one, and when it is missing", async () => {
    const gateway = (instances: string) =>
      `${SOURCES}gateway: { listen: "1", spool: s, instances: ${instances} }\n`;
    await expect(gatewaySettings(await configured(gateway("{ /a: couch }")))).rejects.toThrow(/kind couchdb/);
    await expect(gatewaySettings(await configured(gateway("{ /a: nobody }")))).rejects.toMatchObject({
      code: "source-unknown",
    });
    await expect(gatewaySettings(await configured(SOURCES))).rejects.toThrow(/gateway is missing/);
  });

  it.each([
    ["8787", { host: "127.0.0.1", port: 8787 }],
    ["0.0.0.0:80", { host: "0.0.0.0", port: 80 }],
    ["[::1]:8787", { host: "::1", port: 8787 }],
    ["host:99999", undefined],
    ["host", undefined],
  ])("listens at %s", (text, expected) => {
    expect(parseListen(text)).toEqual(expected);
  });
});
