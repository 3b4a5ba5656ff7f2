/**
 * What the command line makes of Form Recognizer: entering sources, showing them, and the stand-in.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configured, holdfast, jsonLines } from "./harness.ts";

const ID = "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/forms-west";

async function nothing(): Promise<void> {
  // Nothing is held.
}

describe("source add of a Form Recognizer resource", () => {
  it("enters it with everything that copies need, the key by reference", async () => {
    const scene = configured({});
    const added = await holdfast(
      `source add west --kind form-recognizer --url https://west.example --key env:WEST_KEY --api-version v2.1 --region westus2 --resource-id ${ID}`.split(
        " ",
      ),
      scene,
    );
    expect([added.exit, added.stderr]).toEqual([0, expect.stringContaining("source test west")]);
    const shown = await holdfast(["config", "show", "--json"], scene);
    const lines = jsonLines(shown.stdout) as { name: string; value: unknown }[];
    const settings = Object.fromEntries(lines.map(({ name, value }) => [name, value]));
    expect(settings).toMatchObject({
      "sources.west.kind": "form-recognizer",
      "sources.west.auth.type": "key",
      "sources.west.auth.key": "env:WEST_KEY",
      "sources.west.apiVersion": "v2.1",
      "sources.west.region": "westus2",
      "sources.west.resourceId": ID,
    });
  });

  it("takes an application's login too", async () => {
    const scene = configured({});
    const flags = ["--tenant", "t", "--client-id", "c", "--client-secret", "env:S"];
    const words = ["source", "add", "e", "--kind", "form-recognizer", "--url", "https://e.example", ...flags];
    expect((await holdfast(words, scene)).exit).toBe(0);
    expect(readFileSync(join(scene.cwd as string, "holdfast.yaml"), "utf8")).toMatch(
      /type: entra\s+tenant: t\s+clientId: c\s+clientSecret: env:S/,
    );
  });

  it.each([
    [["--key", "plain-text-key"], "reference"],
    [["--key", "env:K", "--region", "West US 2"], "westus2"],
    [["--key", "env:K", "--database", "x"], "Not for sources of kind form-recognizer: --database"],
    [["--api-key", "env:K"], "have no login type iam"],
    [["--tenant", "t"], "needs --client-id too"],
  ])("refuses what does not fit: %j", async (flags, expected) => {
    const words = ["source", "add", "e", "--kind", "form-recognizer", "--url", "https://e.example", ...flags];
    const { exit, stderr } = await holdfast(words, configured({}));
    expect(exit).not.toBe(0);
    expect(stderr).toContain(expected);
    expect(stderr).not.toContain("plain-text-key");
  });

  it("keeps its options away from other kinds", async () => {
    const words = ["source", "add", "c", "--url", "https://c.example", "--region", "westus2"];
    const { exit, stderr } = await holdfast(words, configured({}));
    expect([exit, stderr]).toEqual([2, expect.stringContaining("Not for sources of kind couchdb: --region")]);
  });
});

describe("sandbox of Form Recognizer", () => {
  const resource = {
    name: "forms-west",
    endpoint: "http://127.0.0.1:4711",
    keys: ["key-one", "key-two"],
    resourceId: ID,
    region: "westus2",
  };

  async function serve(...flags: string[]) {
    const asked: unknown[] = [];
    const stop = new AbortController();
    stop.abort();
    const outcome = await holdfast(["sandbox", "--service", "form-recognizer", ...flags], {
      signal: stop.signal,
      operations: {
        startFormSandbox: async (request) => {
          asked.push(request);
          return { resources: [resource], close: nothing, [Symbol.asyncDispose]: nothing };
        },
      },
    });
    return { ...outcome, sandbox: asked };
  }

  it("prints of each resource what reaches it, ready to be pasted", async () => {
    const { stdout, sandbox } = await serve("--port", "4711");
    expect(sandbox).toEqual([{ port: 4711 }]);
    for (const text of ["http://127.0.0.1:4711", "key-one, key-two", ID, "westus2"])
      expect(stdout).toContain(text);
    expect(stdout).toContain("export FORMS_WEST_KEY=key-one");
    expect(stdout).toContain(
      "holdfast source add forms-west --kind form-recognizer --url http://127.0.0.1:4711 --key env:FORMS_WEST_KEY",
    );
  });

  it("has as many resources as are named", async () => {
    const { sandbox, stdout } = await serve("--resource", "a:eastus", "--resource", "b:westus2", "--json");
    expect(sandbox).toEqual([
      {
        resources: [
          { name: "a", region: "eastus" },
          { name: "b", region: "westus2" },
        ],
      },
    ]);
    expect(JSON.parse(stdout)).toEqual({ formRecognizer: { resources: [resource] } });
  });

  it("refuses a resource without its region, and resources of other services", async () => {
    expect((await serve("--resource", "forms")).stderr).toContain("NAME:REGION");
    const other = await holdfast(["sandbox", "--resource", "a:eastus"]);
    expect([other.exit, other.stderr]).toEqual([
      2,
      expect.stringContaining("--service form-recognizer only"),
    ]);
  });
});
