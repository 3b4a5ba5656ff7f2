/**
 * The stand-in judged by the vendor's SDK for 2023-07-31: whole flows, success and error.
 */
import type { DocumentModelDetails } from "@azure/ai-form-recognizer";
import {
  AzureKeyCredential,
  DocumentAnalysisClient,
  DocumentModelAdministrationClient,
} from "@azure/ai-form-recognizer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Stand } from "./form-recognizer-v3-stand.ts";
import { CONTAINER, SOURCE, startStand } from "./form-recognizer-v3-stand.ts";

/** Polls follow one another without a pause. */
const POLL = { updateIntervalInMs: 1 };
const CLIENT = { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } };
const TWO_YEARS_MS = 730 * 86_400_000;

let stand: Stand;
let west: DocumentModelAdministrationClient;
let east: DocumentModelAdministrationClient;

beforeEach(async () => {
  stand = await startStand();
  west = clientOf("west");
  east = clientOf("east");
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

function clientOf(name: string, key?: string): DocumentModelAdministrationClient {
  const { url, keys } = stand.sandbox.resource(name);
  return new DocumentModelAdministrationClient(url, new AzureKeyCredential(key ?? keys[0]), CLIENT);
}

async function build(modelId: string, options: object = {}): Promise<DocumentModelDetails> {
  const poller = await west.beginBuildDocumentModel(modelId, SOURCE, "template", { ...POLL, ...options });
  return poller.pollUntilDone();
}

async function copy(from: string, to: string, options: object = {}): Promise<DocumentModelDetails> {
  const authorization = await east.getCopyAuthorization(to, options);
  return (await west.beginCopyModelTo(from, authorization, POLL)).pollUntilDone();
}

async function analyse(name: string, modelId: string, document = "%PDF golden"): Promise<unknown> {
  const { url, keys } = stand.sandbox.resource(name);
  const client = new DocumentAnalysisClient(url, new AzureKeyCredential(keys[0]), CLIENT);
  const poller = await client.beginAnalyzeDocument(modelId, Buffer.from(document), POLL);
  return (await poller.pollUntilDone()).documents?.[0]?.fields;
}

async function idsOf(items: AsyncIterable<{ readonly modelId: string }>): Promise<string[]> {
  const ids = [];
  for await (const { modelId } of items) ids.push(modelId);
  return ids;
}

describe("models of 2023-07-31", () => {
  it("are built from labelled documents and live for two years", async () => {
    const model = await build("invoices", { description: "of 2024" });
    expect(model).toMatchObject({
      modelId: "invoices",
      description: "of 2024",
      apiVersion: "2023-07-31",
    });
    expect((model.expiresOn?.getTime() ?? 0) - model.createdOn.getTime()).toBe(TWO_YEARS_MS);
    expect(model.docTypes?.["invoices"]).toMatchObject({
      buildMode: "template",
      fieldSchema: { Merchant: { type: "string" }, Total: { type: "number" } },
    });
    expect(await west.getDocumentModel("invoices")).toMatchObject({ modelId: "invoices" });
  });

  it("are built from a list of files", async () => {
    const files = ["a.pdf", "b.pdf", "c.pdf", "d.pdf", "e.pdf"];
    await stand.folder.write("files.jsonl", files.map((file) => JSON.stringify({ file })).join("\n"));
    const source = { azureBlobFileListSource: { containerUrl: SOURCE, fileList: "files.jsonl" } };
    const poller = await west.beginBuildDocumentModel("listed", source, "neural", POLL);
    expect((await poller.pollUntilDone()).docTypes?.["listed"]?.buildMode).toBe("neural");
    expect((await west.getResourceDetails()).customNeuralDocumentModelBuilds).toMatchObject({ used: 1 });
  });

  it("are listed with those of the service, over many pages, each at least once", async () => {
    stand.sandbox.modes.pageSize = 2;
    for (const id of ["one", "two", "three"]) await build(id);
    const listed = new Set(await idsOf(west.listDocumentModels()));
    expect([...listed].filter((id) => !id.startsWith("prebuilt-"))).toEqual(["one", "three", "two"]);
    expect(listed).toContain("prebuilt-invoice");
  });

  it("are gone at once when deleted", async () => {
    await build("old");
    await west.deleteDocumentModel("old");
    await expect(west.getDocumentModel("old")).rejects.toMatchObject({
      statusCode: 404,
      code: "NotFound",
    });
    await expect(west.deleteDocumentModel("old")).rejects.toMatchObject({ statusCode: 404 });
  });

  it("are composed of components", async () => {
    await build("invoices");
    await build("receipts");
    const poller = await west.beginComposeDocumentModel("both", ["invoices", "receipts"], POLL);
    expect(Object.keys((await poller.pollUntilDone()).docTypes ?? {})).toEqual(["invoices", "receipts"]);
    await expect(west.beginComposeDocumentModel("none", ["unknown"], POLL)).rejects.toMatchObject({
      statusCode: 400,
    });
  });

  it("count against the resource's limit", async () => {
    await build("only");
    expect((await west.getResourceDetails()).customDocumentModels).toEqual({ count: 1, limit: 20_000 });
  });

  it("fail to be built in their operation when the documents cannot be read", async () => {
    const nowhere = { azureBlobSource: { containerUrl: SOURCE, prefix: "nowhere/" } };
    const poller = await west.beginBuildDocumentModel("none", nowhere, "template", POLL);
    await expect(poller.pollUntilDone()).rejects.toMatchObject({ code: "TrainingContentMissing" });
    await expect(west.getDocumentModel("none")).rejects.toMatchObject({ statusCode: 404 });
    // The name is free again.
    await build("none");
  });

  it("are refused under a name that is taken, or not allowed", async () => {
    await build("taken");
    await expect(build("taken")).rejects.toMatchObject({ statusCode: 409, code: "Conflict" });
    await expect(build("x")).rejects.toMatchObject({ statusCode: 400, code: "InvalidArgument" });
    await expect(build("prebuilt-mine")).rejects.toMatchObject({ statusCode: 400 });
    await expect(west.deleteDocumentModel("prebuilt-invoice")).rejects.toMatchObject({ statusCode: 400 });
  });
});

describe("classifiers of 2023-07-31", () => {
  it("are built, listed, read and deleted, and cannot be copied", async () => {
    const types = { invoice: { azureBlobSource: { containerUrl: SOURCE } } };
    const poller = await west.beginBuildDocumentClassifier("sorter", types, {
      ...POLL,
      description: "sorts",
    });
    const built = await poller.pollUntilDone();
    expect(built).toMatchObject({ classifierId: "sorter", description: "sorts" });
    expect(built.docTypes["invoice"]).toEqual({ azureBlobSource: { containerUrl: CONTAINER } });
    const listed = [];
    for await (const { classifierId } of west.listDocumentClassifiers()) listed.push(classifierId);
    expect(listed).toEqual(["sorter"]);
    const refused = await stand.call(
      "west",
      "POST",
      "/formrecognizer/documentClassifiers:authorizeCopy?api-version=2023-07-31",
      { classifierId: "copy" },
    );
    expect(refused).toMatchObject({
      status: 400,
      body: { error: { innererror: { code: "NotSupportedApiVersion" } } },
    });
    await west.deleteDocumentClassifier("sorter");
    await expect(west.getDocumentClassifier("sorter")).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe("copies of 2023-07-31", () => {
  it("move a model into another resource, with the target's words", async () => {
    const original = await build("invoices", { description: "the original", tags: { team: "a" } });
    const made = await copy("invoices", "invoices-copy", { description: "a copy", tags: { dr: "1" } });
    expect(made).toMatchObject({ modelId: "invoices-copy", description: "a copy", tags: { dr: "1" } });
    expect(made.createdOn).toEqual(original.createdOn);
    expect(made.expiresOn).toEqual(original.expiresOn);
    expect(made.docTypes).toEqual(original.docTypes);
    expect(await east.getDocumentModel("invoices-copy")).toEqual(made);
    expect(await idsOf(west.listDocumentModels())).not.toContain("invoices-copy");
  });

  it("find in a document what the original finds", async () => {
    await build("invoices");
    await copy("invoices", "invoices-copy");
    const found = await analyse("west", "invoices");
    expect(found).toHaveProperty("Merchant.value");
    expect(await analyse("east", "invoices-copy")).toEqual(found);
    expect(await analyse("west", "invoices", "%PDF other")).not.toEqual(found);
  });

  it("reserve the wanted name for good and show it to nobody", async () => {
    await build("invoices");
    const authorization = await east.getCopyAuthorization("reserved");
    expect(authorization.expirationDateTime.getTime() - stand.sandbox.now()).toBe(3_600_000);
    expect(await idsOf(east.listDocumentModels())).not.toContain("reserved");
    await expect(east.getDocumentModel("reserved")).rejects.toMatchObject({ statusCode: 404 });
    await expect(east.deleteDocumentModel("reserved")).rejects.toMatchObject({ statusCode: 404 });
    await expect(east.getCopyAuthorization("reserved")).rejects.toMatchObject({
      statusCode: 409,
      code: "Conflict",
    });
    await expect(east.beginCopyModelTo("reserved", authorization, POLL)).rejects.toMatchObject({
      statusCode: 400,
      code: "InvalidRequest",
    });
  });

  it("fail with the service's code when their authorisation was used", async () => {
    await build("invoices");
    const authorization = await east.getCopyAuthorization("once");
    await (await west.beginCopyModelTo("invoices", authorization, POLL)).pollUntilDone();
    const again = await west.beginCopyModelTo("invoices", authorization, POLL);
    await expect(again.pollUntilDone()).rejects.toMatchObject({ code: "AuthorizationFailed" });
  });

  it("are refused for an unknown source", async () => {
    const authorization = await east.getCopyAuthorization("for-nothing");
    await expect(west.beginCopyModelTo("unknown", authorization, POLL)).rejects.toMatchObject({
      statusCode: 404,
    });
  });
});

describe("operations of 2023-07-31", () => {
  it("are listed newest first, and forgotten after a day", async () => {
    await build("first");
    await stand.sandbox.advance(5000);
    await copy("first", "second");
    const kinds = [];
    for await (const { kind, operationId } of west.listOperations()) {
      kinds.push(kind);
      expect(await west.getOperation(operationId)).toMatchObject({ operationId, status: "succeeded" });
    }
    expect(kinds).toEqual(["documentModelCopyTo", "documentModelBuild"]);
    const begun = stand.sandbox.operations("west")[0]?.id ?? "";
    expect(await west.getOperation(begun)).toMatchObject({ kind: "documentModelCopyTo" });
    await stand.sandbox.advance(86_400_000);
    await expect(west.getOperation(begun)).rejects.toMatchObject({ statusCode: 404 });
    expect((await west.listOperations().next()).done).toBe(true);
  });

  it("are refused to a wrong key", async () => {
    const stranger = clientOf("west", stand.sandbox.resource("east").keys[0]);
    await expect(stranger.getResourceDetails()).rejects.toMatchObject({ statusCode: 401 });
  });
});
