import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/model/clock.ts";
import { HoldfastError } from "../../../src/model/errors.ts";
import type { ApiVersion, FormConfig } from "../../../src/sources/form-recognizer/config.ts";
import { openFormSource } from "../../../src/sources/form-recognizer/index.ts";
import type { SourceCheck } from "../../../src/sources/source.ts";
import {
  json,
  KEY,
  QUICK,
  RESOURCE_ID,
  signal,
  stand,
  thrown,
  type Answering,
  type Stand,
} from "./service-stand.ts";

const ID = "44834e05-353f-4d91-a680-31a0566a724e";
const TIMES = { createdDateTime: "2026-01-01T00:00:00Z", lastUpdatedDateTime: "2026-01-01T00:00:00Z" };
const INFO = { modelId: ID, status: "ready", ...TIMES };

/** A resource of any version, with one model and one classifier. */
const resource: Answering = ({ url }, response) => {
  const region = { "x-ms-region": "West US 2" };
  const room = { count: 7, limit: 500 };
  const model = { modelId: "invoice", ...TIMES };
  if (url.includes("op=summary")) json(response, 200, { summary: room }, region);
  else if (url.includes("op=full")) json(response, 200, { modelList: [INFO], nextLink: "" }, region);
  else if (url.includes("/custom/models/")) json(response, 200, { modelInfo: INFO }, region);
  else if (url.includes("/info")) json(response, 200, { customDocumentModels: room }, region);
  else if (url.includes("/documentModels?")) json(response, 200, { value: [model] }, region);
  else if (url.includes("/documentModels/")) json(response, 200, model, region);
  else if (url.includes("/documentClassifiers?")) json(response, 200, { value: [] }, region);
  else json(response, 404, { error: { code: "404", message: "Resource not found" } });
};

async function check(
  server: Stand,
  apiVersion: ApiVersion,
  more: Partial<FormConfig> = {},
): Promise<SourceCheck> {
  const config: FormConfig = {
    url: server.url,
    apiVersion,
    auth: { kind: "key", key: KEY },
    resourceId: RESOURCE_ID,
    region: "westus2",
    ...QUICK,
    ...more,
  };
  await using source = openFormSource(config, systemClock);
  return await source.test({ clock: systemClock, signal });
}

function ability(found: SourceCheck, name: string): SourceCheck["abilities"][number] | undefined {
  return found.abilities.find((one) => one.name === name);
}

describe("testing a source", () => {
  it.each(["v2.0", "v2.1", "2022-08-31", "2023-07-31", "2024-11-30"] as const)(
    "only reads, and never authorises a copy (%s)",
    async (version) => {
      await using server = await stand(resource);
      const found = await check(server, version);
      expect(found.version).toBe(`${version} (West US 2)`);
      expect(found.abilities.filter(({ ok }) => !ok)).toEqual([]);
      expect(new Set(server.seen.map(({ method }) => method))).toEqual(new Set(["GET"]));
      expect(ability(found, "make models")?.detail).toContain("7 of 500");
      expect(ability(found, "list classifiers") !== undefined).toBe(version >= "2023" && version < "v");
    },
  );

  it("finds a region that is not the resource's: with it every copy to here would fail", async () => {
    await using server = await stand(resource);
    const found = ability(await check(server, "v2.1", { region: "eastus2" }), "copy to here");
    expect(found?.ok).toBe(false);
    expect(found?.detail).toMatch(/eastus2.*West US 2/);
  });

  it("says what a target of v2.x lacks, and asks nothing of the kind of later versions", async () => {
    await using server = await stand(resource);
    const { resourceId: _none, ...without } = { resourceId: RESOURCE_ID, region: "westus2" };
    const config = { url: server.url, auth: { kind: "key", key: KEY }, ...without, ...QUICK } as const;
    for (const [apiVersion, ok] of [
      ["v2.1", false],
      ["2024-11-30", true],
    ] as const) {
      await using source = openFormSource({ ...config, apiVersion }, systemClock);
      const found = ability(await source.test({ clock: systemClock, signal }), "copy to here");
      expect(found?.ok).toBe(ok);
      if (!ok) expect(found?.detail).toContain("`resourceId`");
    }
  });

  it("tells of a data set that cannot be read, by name and without its signature, and goes on", async () => {
    await using server = await stand(resource);
    await using storage = await stand((_request, response) => {
      response.writeHead(403, { "x-ms-error-code": "AuthenticationFailed" }).end();
    });
    const found = await check(server, "v2.1", {
      dataSets: [{ name: "forms", url: `${storage.url}/account/forms`, sas: "sv=2022-11-02&sig=S1gNaTure" }],
      retrainInto: { url: `${storage.url}/account/again`, sas: "sv=2022-11-02&sig=S1gNaTure" },
    });
    expect(ability(found, "read data set forms")?.ok).toBe(false);
    expect(ability(found, "write training data")?.detail).toContain("not tried");
    expect(storage.seen.every(({ method, url }) => method === "GET" && !url.includes("again"))).toBe(true);
    expect(JSON.stringify(found)).not.toContain("S1gNaTure");
  });

  it("fails as a whole with a wrong key", async () => {
    await using server = await stand((_request, response) =>
      json(response, 401, {
        error: { code: "401", message: "Access denied due to invalid subscription key" },
      }),
    );
    const error = await thrown(() => check(server, "2024-11-30"));
    expect(error).toBeInstanceOf(HoldfastError);
    expect(error).toMatchObject({ code: "source-unauthorized" });
  });

  it("is told at once that the url must be the endpoint alone", async () => {
    await using server = await stand(resource);
    const wrong = { ...server, url: `${server.url}/formrecognizer/v2.1` };
    expect(await thrown(() => check(wrong, "v2.1"))).toMatchObject({ code: "config-invalid" });
  });
});
