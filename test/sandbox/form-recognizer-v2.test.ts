/**
 * The stand-in judged by the vendor's SDK for v2.1: whole flows, success and error.
 */
import { FormTrainingClient, AzureKeyCredential } from "form-recognizer-v2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { FormRecognizerSandbox } from "../../src/sandbox/form-recognizer/index.ts";
import { startFormRecognizer } from "../../src/sandbox/form-recognizer/index.ts";
import type { TrainingFolder } from "./form-recognizer-training-folder.ts";
import { trainingFolder } from "./form-recognizer-training-folder.ts";

const START = Date.UTC(2024, 4, 25, 18, 20, 43);
const CONTAINER = "https://storageaccount.blob.core.windows.net/trainingdata";
/** As an SDK would be given it. */
const SOURCE = `${CONTAINER}?sv=2020-08-04&sig=secret`;
const UNKNOWN = "00000000-0000-0000-0000-000000000000";
/** Polls follow one another without a pause. */
const POLL = { updateIntervalInMs: 1 };

let folder: TrainingFolder;
let sandbox: FormRecognizerSandbox;
let client: FormTrainingClient;

beforeEach(async () => {
  folder = await trainingFolder();
  await folder.labelled(["Form_1.jpg", "Form_2.jpg", "Form_3.jpg", "Form_4.jpg", "Form_5.jpg"], {
    Merchant: "string",
    Total: "number",
  });
  sandbox = await startFormRecognizer({
    resources: [{ name: "west", region: "westus2" }],
    manualClockFrom: START,
    containers: { [CONTAINER]: folder.path },
  });
  client = clientOf();
});

afterEach(async () => {
  await sandbox.close();
  await folder.remove();
});

/** It does not try again after failures, only after 429. */
function clientOf(key = sandbox.resource("west").keys[0]): FormTrainingClient {
  const { url } = sandbox.resource("west");
  return new FormTrainingClient(url, new AzureKeyCredential(key), { retryOptions: { maxRetries: 0 } });
}

async function train(modelName: string, useLabels = true): Promise<string> {
  const poller = await client.beginTraining(SOURCE, useLabels, { ...POLL, modelName });
  return (await poller.pollUntilDone()).modelId;
}

async function accuraciesOfATraining(): Promise<unknown> {
  return (await client.getCustomModel(await train("again"))).submodels?.[0]?.fields;
}

async function documentsBelowBills(includeSubfolders: boolean): Promise<unknown> {
  const options = { ...POLL, prefix: "bills/", includeSubfolders };
  const model = await (await client.beginTraining(SOURCE, false, options)).pollUntilDone();
  return model.trainingDocuments?.map(({ name }) => name);
}

/** A request without the SDK; the answer's status. */
async function send(method: string, path: string, body?: unknown): Promise<number> {
  const { url, keys } = sandbox.resource("west");
  const response = await fetch(`${url}/formrecognizer/v2.1/custom/models${path}`, {
    method,
    headers: { "Ocp-Apim-Subscription-Key": keys[0], "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.status;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("training", () => {
  it("makes a labelled model with a result for every document and field", async () => {
    const poller = await client.beginTraining(SOURCE, true, { ...POLL, modelName: "Receipts" });
    const model = await poller.pollUntilDone();
    expect(model).toMatchObject({
      status: "ready",
      modelName: "Receipts",
      properties: { isComposedModel: false },
      trainingStartedOn: new Date(START),
    });
    expect(model.trainingDocuments?.map(({ name, pageCount, status }) => [name, pageCount, status])).toEqual(
      [1, 2, 3, 4, 5].map((number) => [`Form_${number}.jpg`, 1, "succeeded"]),
    );
    expect(Object.keys(model.submodels?.[0]?.fields ?? {})).toEqual(["Merchant", "Total"]);
    for (const { accuracy } of Object.values(model.submodels?.[0]?.fields ?? {})) {
      expect(accuracy).toBeGreaterThan(0.7);
      expect(accuracy).toBeLessThanOrEqual(1);
    }
  });

  it("makes the same result from the same files, and another one from other labels", async () => {
    const first = await accuraciesOfATraining();
    expect(await accuraciesOfATraining()).toEqual(first);
    await folder.label("Form_3.jpg", ["Total"]);
    expect(await accuraciesOfATraining()).not.toEqual(first);
  });

  it("makes a model without labels from the documents alone, with keys instead of fields", async () => {
    const model = await client.getCustomModel(await train("plain", false));
    expect(model.status).toBe("ready");
    expect(model.properties).toBeUndefined();
    expect(model.trainingDocuments).toHaveLength(5);
    expect(Object.keys(model.submodels?.[0]?.fields ?? {})).not.toHaveLength(0);
  });

  it("is creating until its time is up", async () => {
    sandbox.delays.buildMs = 60_000;
    const poller = await client.beginTraining(SOURCE, true, POLL);
    await poller.poll();
    const modelId = sandbox.models("west")[0]?.id ?? "";
    expect((await client.getCustomModel(modelId)).status).toBe("creating");
    await sandbox.advance(59_999);
    expect((await client.getCustomModel(modelId)).status).toBe("creating");
    await sandbox.advance(1);
    const model = await client.getCustomModel(modelId);
    expect(model.status).toBe("ready");
    expect(model.trainingCompletedOn).toEqual(new Date(START + 60_000));
  });

  it("takes documents below the prefix only, and those in folders only when asked to", async () => {
    await folder.write("bills/a.pdf", "a");
    for (const name of ["b", "c", "d", "e", "f"]) await folder.write(`bills/more/${name}.tiff`, name);
    await folder.write("bills/notes.txt", "not a document");
    expect(await documentsBelowBills(true)).toEqual([
      "a.pdf",
      "more/b.tiff",
      "more/c.tiff",
      "more/d.tiff",
      "more/e.tiff",
      "more/f.tiff",
    ]);
    await expect(documentsBelowBills(false)).rejects.toThrow("Invalid model");
  });

  it.each([
    ["a container that is not there", "http://127.0.0.1:1/container", "2001"],
    ["a text that is no container", "https://storageaccount.blob.core.windows.net/", "2001"],
    ["too few documents", SOURCE, "2014"],
  ])("ends in a model in status invalid for %s", async (_case, source, code) => {
    await folder.removeFile("Form_1.jpg");
    const training = async (): Promise<unknown> =>
      (await client.beginTraining(source, true, POLL)).pollUntilDone();
    await expect(training()).rejects.toThrow(`code ${code}`);
    const [model] = await all(client.listCustomModels());
    expect(model?.status).toBe("invalid");
    const details = await client.getCustomModel(model?.modelId ?? "");
    expect(details.errors?.map((error) => error.code)).toEqual([code]);
  });

  it("reads a document whose layout is missing as failed", async () => {
    await folder.write("Form_6.jpg", "six");
    await folder.label("Form_6.jpg", ["Total"]);
    await folder.removeFile("Form_6.jpg.ocr.json");
    const model = await client.getCustomModel(await train("six"));
    expect(model.status).toBe("ready");
    expect(model.trainingDocuments?.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 5 }, () => "succeeded"),
      "failed",
    ]);
  });

  it("stays creating or ends invalid where a fault says so", async () => {
    sandbox.faults.add({ kind: "stuck", match: { method: "POST" }, times: 1 });
    const stuck = await client.beginTraining(SOURCE, true, POLL);
    await sandbox.advance(86_400_000);
    await stuck.poll();
    expect(stuck.getOperationState().status).toBe("creating");
    sandbox.faults.add({
      kind: "fails",
      code: "2099",
      message: "on demand",
      match: { method: "POST" },
      times: 1,
    });
    const failing = async (): Promise<unknown> =>
      (await client.beginTraining(SOURCE, true, POLL)).pollUntilDone();
    await expect(failing()).rejects.toThrow("on demand");
  });
});

describe("models", () => {
  it("are listed once each over several pages although one is repeated at every border", async () => {
    sandbox.modes.pageSize = 3;
    const ids = Array.from({ length: 8 }, () => sandbox.makeModel("west").id).sort();
    const listed = (await all(client.listCustomModels())).map(({ modelId }) => modelId);
    expect([...new Set(listed)]).toEqual(ids);
    expect(listed).toHaveLength(ids.length + 2);
    sandbox.modes.repeatAtBorders = false;
    expect((await all(client.listCustomModels())).map(({ modelId }) => modelId)).toEqual(ids);
  });

  it("are counted in every state", async () => {
    for (const status of ["ready", "creating", "invalid"] as const) sandbox.makeModel("west", { status });
    expect(await client.getAccountProperties()).toMatchObject({
      customModelCount: 3,
      customModelLimit: 20_000,
    });
  });

  it("are gone at once when they are deleted, and unknown afterwards", async () => {
    const id = await train("short life");
    await client.deleteModel(id);
    const gone = {
      statusCode: 404,
      code: "1022",
      message: expect.stringContaining(`Model with 'id=${id}' not found.`),
    };
    await expect(client.getCustomModel(id)).rejects.toMatchObject(gone);
    await expect(client.deleteModel(id)).rejects.toMatchObject(gone);
    expect(await all(client.listCustomModels())).toEqual([]);
  });

  it("cannot be made beyond the resource's limit", async () => {
    await sandbox.addResource({ name: "small", region: "eastus", limit: 1 });
    sandbox.makeModel("small");
    const { url, keys } = sandbox.resource("small");
    const small = new FormTrainingClient(url, new AzureKeyCredential(keys[1]));
    await expect(small.beginTraining(SOURCE, true, POLL)).rejects.toMatchObject({ statusCode: 400 });
  });

  it("of a later version are not shown", async () => {
    const { id } = sandbox.makeModel("west", { apiVersion: "2024-11-30" });
    expect(await all(client.listCustomModels())).toEqual([]);
    await expect(client.getCustomModel(id)).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe("composition", () => {
  it("makes one model of several, with the results of each", async () => {
    const parts = [await train("one"), await train("two")];
    const poller = await client.beginCreateComposedModel(parts, { ...POLL, modelName: "both" });
    const model = await poller.pollUntilDone();
    expect(model).toMatchObject({
      status: "ready",
      modelName: "both",
      properties: { isComposedModel: true },
    });
    expect(model.submodels?.map(({ modelId }) => modelId)).toEqual(parts);
    const outer = await client.beginCreateComposedModel([model.modelId], POLL);
    expect((await outer.pollUntilDone()).submodels?.map(({ modelId }) => modelId)).toEqual(parts);
  });

  it.each([
    ["unknown", () => UNKNOWN],
    ["not ready", () => sandbox.makeModel("west", { status: "creating" }).id],
    ["made without labels", () => sandbox.makeModel("west", { buildMode: "unlabelled" }).id],
  ])("refuses a component that is %s", async (_case, make) => {
    const id = make();
    await expect(
      client.beginCreateComposedModel([sandbox.makeModel("west").id, id], POLL),
    ).rejects.toMatchObject({
      statusCode: 400,
      code: "1001",
      message: expect.stringContaining(id),
    });
  });
});

describe("a composition with a fault", () => {
  it("stays creating or ends invalid", async () => {
    const parts = [sandbox.makeModel("west").id];
    const body = { modelIds: parts };
    sandbox.faults.add({ kind: "stuck", match: { path: "/compose$" }, times: 1 });
    await send("POST", "/compose", body);
    sandbox.faults.add({ kind: "fails", code: "2099", message: "on demand", match: { path: "/compose$" } });
    await send("POST", "/compose", body);
    const states = (await all(client.listCustomModels())).map(({ status }) => status);
    expect(states.sort()).toEqual(["creating", "invalid", "ready"]);
  });
});

describe("the gateway", () => {
  it("opens to either key and to no other", async () => {
    for (const key of sandbox.resource("west").keys) await clientOf(key).getAccountProperties();
    await expect(clientOf("0".repeat(32)).getAccountProperties()).rejects.toMatchObject({
      statusCode: 401,
      code: "401",
    });
  });

  it("makes the SDK wait and try again with 429, and does nothing before", async () => {
    sandbox.faults.add({
      kind: "status",
      status: 429,
      retryAfter: 1,
      times: 1,
      match: { method: "POST" },
    });
    await train("after a wait");
    expect(sandbox.models("west")).toHaveLength(1);
    expect(sandbox.requests.recent().map(({ method, status }) => [method, status])).toEqual([
      ["POST", 429],
      ["POST", 201],
      ["GET", 200],
    ]);
  });

  it.each([{ kind: "answer-lost" } as const, { kind: "status-after", status: 503 } as const])(
    "has done the work when the answer is spoilt by $kind",
    async (fault) => {
      sandbox.faults.add({ ...fault, match: { method: "POST", path: "/models$", resource: "west" } });
      // Not through the SDK: it sends the request again after a lost connection, seconds later.
      const answer = await send("POST", "", { source: SOURCE, useLabelFile: true }).catch(() => "lost");
      expect(answer).toBe(fault.kind === "answer-lost" ? "lost" : 503);
      sandbox.faults.clear();
      expect((await all(client.listCustomModels())).map(({ status }) => status)).toEqual(["ready"]);
    },
  );

  it("has done nothing when the failure comes first", async () => {
    sandbox.faults.add({ kind: "status", status: 503, match: { method: "POST" } });
    await expect(client.beginTraining(SOURCE, true, POLL)).rejects.toMatchObject({ statusCode: 503 });
    expect(await all(client.listCustomModels())).toEqual([]);
  });
});

describe("a dead region", () => {
  it("refuses connections and has everything still when it is back", async () => {
    const { id } = sandbox.makeModel("west");
    const { url } = sandbox.resource("west");
    await sandbox.kill("west");
    expect(sandbox.resource("west").alive).toBe(false);
    await expect(send("GET", `/${id}`)).rejects.toThrow("fetch failed");
    await sandbox.revive("west");
    expect(sandbox.resource("west").url).toBe(url);
    expect((await client.getCustomModel(id)).modelId).toBe(id);
  });
});
