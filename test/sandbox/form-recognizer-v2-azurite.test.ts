/**
 * The stand-in trains from a real container, read with the signature that the request brings. Judge: the vendor's blob server.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { FormRecognizerSandbox, StoredModel } from "../../src/sandbox/form-recognizer/index.ts";
import { startFormRecognizer } from "../../src/sandbox/form-recognizer/index.ts";
import type { Azurite, AzuriteContainer } from "../rigs/azurite.ts";
import { startAzurite } from "../rigs/azurite.ts";

const DOCUMENTS = ["a.pdf", "b & c.png", "d+e.tif", "f <g>.jpeg", "größe.bmp", "h%20i.jpg"];

interface TrainResult {
  readonly trainingDocuments: readonly { readonly documentName: string }[];
  readonly fields: unknown;
}

let azurite: Azurite;
let container: AzuriteContainer;
let sandbox: FormRecognizerSandbox;

beforeAll(async () => {
  [azurite, sandbox] = await Promise.all([
    startAzurite(),
    startFormRecognizer({ resources: [{ name: "west", region: "westus2" }] }),
  ]);
  container = await azurite.container("training");
  const fields = [{ fieldKey: "Total", fieldType: "number" }];
  await container.put("set/fields.json", JSON.stringify({ fields }));
  for (const name of DOCUMENTS) {
    await container.put(`set/${name}`, name);
    await container.put(`set/${name}.ocr.json`, "{}");
    const labels = { document: name, labels: [{ label: "Total", key: null, value: [] }] };
    await container.put(`set/${name}.labels.json`, JSON.stringify(labels));
  }
});

afterAll(async () => {
  await sandbox.close();
  await azurite[Symbol.asyncDispose]();
});

/** Trains from the set and returns what became of the model. */
async function trained(source: string): Promise<StoredModel | undefined> {
  const { url, keys } = sandbox.resource("west");
  const headers = { "Ocp-Apim-Subscription-Key": keys[0], "Content-Type": "application/json" };
  const body = JSON.stringify({ source, sourceFilter: { prefix: "set/" }, useLabelFile: true });
  const models = `${url}/formrecognizer/v2.1/custom/models`;
  const answer = await fetch(models, { method: "POST", headers, body });
  const location = answer.headers.get("location") ?? "";
  await fetch(location, { headers });
  return sandbox.models("west").find(({ id }) => location.endsWith(id));
}

describe("a training from a real container", () => {
  it("finds documents and labels under names of every kind", async () => {
    const model = await trained(`${container.url}?${container.sas("rl")}`);
    expect(model?.status).toBe("ready");
    const trainResult = model?.content["trainResult"] as TrainResult;
    expect(trainResult.trainingDocuments.map(({ documentName }) => documentName).sort()).toEqual(
      [...DOCUMENTS].sort(),
    );
    expect(trainResult.fields).toEqual([{ fieldName: "Total", accuracy: expect.any(Number) as number }]);
  });

  it.each([
    ["without a signature", (): string => container.url],
    ["with a signature that may not list", (): string => `${container.url}?${container.sas("r")}`],
    ["of a container that is not there", (): string => `${container.url}x?${container.sas("rl")}`],
  ])("fails with the service's code %s", async (_case, source) => {
    const model = await trained(source());
    expect(model?.status).toBe("invalid");
    expect(model?.content["trainResult"]).toEqual({
      trainingDocuments: [],
      errors: [{ code: "2001", message: "Invalid path." }],
    });
  });
});
