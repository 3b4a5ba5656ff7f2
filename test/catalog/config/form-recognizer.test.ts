import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/catalog/config/document.ts";
import { loadConfig } from "../../../src/catalog/config/effective.ts";
import { gatewaySettings } from "../../../src/catalog/config/gateway-options.ts";
import { sourceSettings } from "../../../src/catalog/config/workspace-options.ts";

const ID = "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/Forms-West";

const SOURCES = `sources:
  plain: { kind: form-recognizer, url: "https://east.example", auth: { type: key, key: "env:KEY" } }
  bearer: { kind: form-recognizer, url: "https://east.example", auth: { type: bearer, token: "env:KEY" } }
  entra:
    kind: form-recognizer
    url: https://east.example
    auth: { type: entra, tenant: t, clientId: c, clientSecret: "env:KEY", authority: "https://login.example" }
  full:
    kind: form-recognizer
    url: https://west.example
    apiVersion: v2.1
    auth: { type: key, key: "env:KEY" }
    resourceId: ${ID}
    region: westus2
    ca: ca.pem
    poll: 5s
    patience: 30m
    requestsPerSecond: 4
    dataSets:
      - { name: invoices, url: "https://acct.blob.core.windows.net/train", sas: "env:SAS", prefix: inv/, models: ["Invoice*"] }
      - { name: orders, url: "https://acct.blob.core.windows.net/orders", accountName: acct, accountKey: "env:ACCOUNT" }
    retrainInto: { url: "https://other.blob.core.windows.net/again", sas: "env:SAS" }
`;

const SECRETS = { KEY: "resource-key", SAS: "sv=1&sig=s", ACCOUNT: "account-key" };

function configured(text: string, env: Record<string, string> = SECRETS) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-form-config-"));
  writeFileSync(join(folder, "holdfast.yaml"), text);
  writeFileSync(join(folder, "ca.pem"), "-----BEGIN CERTIFICATE-----\n");
  return loadConfig({ flags: {}, env, cwd: folder, home: "/nowhere" });
}

function problem(text: string): string {
  try {
    parseConfig(text, "/etc/holdfast.yaml");
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

describe("Form Recognizer sources in the configuration", () => {
  it("log in with a key, a token or as an application, and speak the newest version unless told otherwise", async () => {
    const sources = await sourceSettings(await configured(SOURCES), { reach: "all" });
    const options = Object.fromEntries(sources.map(({ name, options: own }) => [name, own]));
    expect(options["plain"]).toEqual({
      kind: "form-recognizer",
      url: "https://east.example",
      apiVersion: "2024-11-30",
      auth: { kind: "key", key: "resource-key" },
      budget: {},
    });
    expect(options["bearer"]?.auth).toEqual({ kind: "bearer", token: "resource-key" });
    expect(options["entra"]?.auth).toEqual({
      kind: "entra",
      tenant: "t",
      clientId: "c",
      clientSecret: "resource-key",
      authority: "https://login.example",
    });
  });

  it("have everything else of a source, with the signatures and keys of containers followed", async () => {
    const sources = await sourceSettings(await configured(SOURCES), { reach: ["full"] });
    expect(sources.find(({ name }) => name === "full")).toMatchObject({
      collections: ["*"],
      exclude: [],
      options: {
        apiVersion: "v2.1",
        resourceId: ID,
        region: "westus2",
        ca: "-----BEGIN CERTIFICATE-----\n",
        pollMs: 5_000,
        patienceMs: 1_800_000,
        budget: { requests: 4 },
        dataSets: [
          {
            name: "invoices",
            url: "https://acct.blob.core.windows.net/train",
            sas: "sv=1&sig=s",
            prefix: "inv/",
            models: ["Invoice*"],
          },
          {
            name: "orders",
            url: "https://acct.blob.core.windows.net/orders",
            accountName: "acct",
            accountKey: "account-key",
          },
        ],
        retrainInto: { url: "https://other.blob.core.windows.net/again", sas: "sv=1&sig=s" },
      },
    });
  });

  it("are known without their secrets where no command reaches them", async () => {
    const sources = await sourceSettings(await configured(SOURCES, {}), { reach: "none" });
    const full = sources.find(({ name }) => name === "full");
    expect(full?.options).toMatchObject({ kind: "form-recognizer", url: "https://west.example" });
    expect(JSON.stringify(sources)).not.toMatch(/resource-key|sig=s|account-key/);
  });

  it("are not what the gateway stands before", async () => {
    const gateway = "gateway: { listen: '127.0.0.1:1', spool: s, instances: { /: plain } }\n";
    await expect(gatewaySettings(await configured(SOURCES + gateway))).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining("kind form-recognizer"),
    });
  });

  const key = "kind: form-recognizer, url: 'https://e', auth: { type: key, key: 'env:K' }";
  const set = (members: string): string => `${key}, dataSets: [{ name: a, url: 'https://b/c', ${members} }]`;

  it.each([
    ["kind: form-recognizer, url: 'https://e'", "sources.a.auth"],
    [
      "kind: form-recognizer, url: 'https://e', auth: { type: key, key: SECRET }",
      "a secret is not written here",
    ],
    [`${key}, apiVersion: v1.0`, "sources.a.apiVersion"],
    [`${key}, region: 'West US 2'`, "short name in lower case, such as westus2"],
    [`${key}, region: EastUS`, "short name in lower case"],
    [`${key}, resourceId: forms-west`, "a resource id is written /subscriptions/"],
    [`${key}, databases: ['*']`, "sources.a.databases"],
    [set("sas: 'env:S', accountName: n, accountKey: 'env:A'"), "give a sas, or an accountName"],
    [set("accountName: n"), "give a sas, or an accountName"],
    [set("prefix: p"), "give a sas, or an accountName"],
    [
      `${key}, dataSets: [{ name: a/b, url: 'https://b/c', sas: 'env:S' }]`,
      "a data set's name is made of letters",
    ],
    [
      `${key}, dataSets: [{ name: a, url: 'https://b/c?sig=1', sas: 'env:S' }]`,
      "remove everything from the first ?",
    ],
    [
      `${key}, dataSets: [{ name: a, url: 'https://b/c', sas: 'env:S' }, { name: a, url: 'https://b/d', sas: 'env:S' }]`,
      "two data sets have the same name",
    ],
  ])("are refused with the place and what to write: %s", (members, expected) => {
    expect(problem(`sources:\n  a: { ${members} }\n`)).toContain(expected);
  });
});

function standby(switches: string): string {
  return problem(`standbys:\n  dr: { source: a, target: b, ${switches} }\n`);
}

describe("standbys in the configuration", () => {
  it("take the switches of kinds whose service copies, and nothing that makes no sense", () => {
    expect(standby("allowDowngrade: true, keepSuperseded: 0, supersededForDays: 0.5, keepGoneDays: 90")).toBe(
      "",
    );
    expect(standby("keepSuperseded: -1")).toContain("standbys.dr.keepSuperseded");
    expect(standby("keepGoneDays: soon")).toContain("standbys.dr.keepGoneDays");
    expect(standby("allowDowngrade: maybe")).toContain("standbys.dr.allowDowngrade");
  });
});
