/**
 * The stand-in judged by the vendor's REST SDK for 2024-11-30: whole flows, success and error.
 */
import type { DocumentIntelligenceClient } from "@azure-rest/ai-document-intelligence";
import DocumentIntelligence, {
  getLongRunningPoller,
  isUnexpected,
  paginate,
} from "@azure-rest/ai-document-intelligence";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Stand } from "./form-recognizer-v3-stand.ts";
import { CONTAINER, SOURCE, START, startStand } from "./form-recognizer-v3-stand.ts";

const POLL = { intervalInMs: 1 };
const TWO_YEARS_MS = 730 * 86_400_000;

let stand: Stand;
let west: DocumentIntelligenceClient;
let east: DocumentIntelligenceClient;

beforeEach(async () => {
  stand = await startStand();
  west = clientOf("west");
  east = clientOf("east");
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

function clientOf(name: string): DocumentIntelligenceClient {
  const { url, keys } = stand.sandbox.resource(name);
  return DocumentIntelligence(
    url,
    { key: keys[0] },
    { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } },
  );
}

/** Resolves with what the poller resolves with: the answer of its last request. */
async function build(modelId: string, more: object = {}): Promise<Record<string, unknown>> {
  const begun = await west.path("/documentModels:build").post({
    body: { modelId, buildMode: "template", azureBlobSource: { containerUrl: SOURCE }, ...more },
  });
  if (isUnexpected(begun)) throw new Error(JSON.stringify(begun.body));
  return (await getLongRunningPoller(west, begun, POLL).pollUntilDone()).body as Record<string, unknown>;
}

async function buildClassifier(classifierId: string): Promise<Record<string, unknown>> {
  const begun = await west.path("/documentClassifiers:build").post({
    body: {
      classifierId,
      docTypes: { invoice: { azureBlobSource: { containerUrl: SOURCE, prefix: "" } } },
    },
  });
  if (isUnexpected(begun)) throw new Error(JSON.stringify(begun.body));
  return (await getLongRunningPoller(west, begun, POLL).pollUntilDone()).body as Record<string, unknown>;
}

async function copyModel(
  from: string,
  to: string,
  words: object = {},
): Promise<{ readonly status: string; readonly body: Record<string, unknown> }> {
  const ticket = await east.path("/documentModels:authorizeCopy").post({ body: { modelId: to, ...words } });
  if (isUnexpected(ticket)) throw new Error(JSON.stringify(ticket.body));
  const begun = await west.path("/documentModels/{modelId}:copyTo", from).post({ body: ticket.body });
  if (isUnexpected(begun)) throw new Error(JSON.stringify(begun.body));
  const { status, body } = await getLongRunningPoller(west, begun, POLL).pollUntilDone();
  return { status, body: body as Record<string, unknown> };
}

/** Resolves with the composed model, or with the refusal. */
async function compose(docTypes: Record<string, { modelId: string }>): Promise<unknown> {
  const begun = await west
    .path("/documentModels:compose")
    .post({ body: { modelId: "composed", classifierId: "sorter", split: "auto", docTypes } });
  if (isUnexpected(begun)) return begun.body;
  return (await getLongRunningPoller(west, begun, POLL).pollUntilDone()).body;
}

function docTypesOf(model: Record<string, unknown>): Record<string, unknown> {
  return model["docTypes"] as Record<string, unknown>;
}

describe("models of 2024-11-30", () => {
  it("are built, and tell where they were trained from without the signature", async () => {
    const made = await build("invoices", { description: "of 2024", tags: { team: "a" } });
    expect(made).toMatchObject({
      modelId: "invoices",
      description: "of 2024",
      tags: { team: "a" },
      apiVersion: "2024-11-30",
      buildMode: "template",
      azureBlobSource: { containerUrl: CONTAINER },
    });
    expect(Date.parse(String(made["expirationDateTime"])) - START).toBe(TWO_YEARS_MS);
  });

  it("are written over in place when the caller allows it", async () => {
    const before = await build("invoices");
    await expect(build("invoices")).rejects.toThrow("ModelExists");
    await stand.sandbox.advance(60_000);
    const after = await build("invoices", { allowOverwrite: true });
    expect(after["createdDateTime"]).toBe(before["createdDateTime"]);
    expect(after["modifiedDateTime"]).not.toBe(before["modifiedDateTime"]);
  });

  it("are listed page by page without what they can do", async () => {
    stand.sandbox.modes.pageSize = 3;
    await build("invoices");
    await build("receipts");
    const first = await west.path("/documentModels").get();
    if (isUnexpected(first)) throw new Error(JSON.stringify(first.body));
    const listed = new Map<string, unknown>();
    for await (const model of paginate(west, first)) listed.set(model.modelId, model);
    expect([...listed.keys()]).toContain("prebuilt-layout");
    expect(listed.get("receipts")).toMatchObject({ modelId: "receipts" });
    expect(listed.get("receipts")).not.toHaveProperty("docTypes");
  });

  it("are composed of a classifier and a component for each of its types", async () => {
    await build("invoices");
    await buildClassifier("sorter");
    expect(await compose({ letter: { modelId: "invoices" } })).toMatchObject({
      error: { innererror: { code: "ModelComposeError" } },
    });
    expect(await compose({ invoice: { modelId: "invoices" } })).toMatchObject({
      modelId: "composed",
      classifierId: "sorter",
      split: "auto",
      docTypes: { invoice: { modelId: "invoices", fieldSchema: { Total: { type: "number" } } } },
    });
  });

  it("analyse a document", async () => {
    await build("invoices");
    const begun = await west.path("/documentModels/{modelId}:analyze", "invoices").post({
      contentType: "application/json",
      body: { base64Source: Buffer.from("%PDF golden").toString("base64") },
    });
    if (isUnexpected(begun)) throw new Error(JSON.stringify(begun.body));
    const { body } = await getLongRunningPoller(west, begun, POLL).pollUntilDone();
    expect(body).toMatchObject({
      status: "succeeded",
      analyzeResult: { modelId: "invoices", documents: [{ docType: "invoices" }] },
    });
  });
});

describe("copies of 2024-11-30", () => {
  it("succeed although the poller is refused: it asks the target with the source's key", async () => {
    await build("invoices");
    const end = await copyModel("invoices", "copy");
    expect(end.status).toBe("401");
    expect((await east.path("/documentModels/{modelId}", "copy").get()).status).toBe("200");
  });

  it("are read by the poller when the stand-in is told to be lenient", async () => {
    stand.sandbox.modes.lenientFinalGet = true;
    await build("invoices");
    expect(await copyModel("invoices", "copy")).toMatchObject({ status: "200", body: { modelId: "copy" } });
    // Nothing else of the target is opened.
    const key = { "Ocp-Apim-Subscription-Key": stand.sandbox.resource("west").keys[0] };
    const path = "/documentintelligence/documentModels/prebuilt-read?api-version=2024-11-30";
    expect((await stand.call("east", "GET", path, undefined, key)).status).toBe(401);
  });

  it("have the target's words and name, their own time of creation, and the source's expiry", async () => {
    const original = await build("invoices", { description: "the original", tags: { team: "a" } });
    await stand.sandbox.advance(60_000);
    await copyModel("invoices", "copy", { description: "a copy", tags: { dr: "1" } });
    const { body } = await east.path("/documentModels/{modelId}", "copy").get();
    const made = body as unknown as Record<string, unknown>;
    expect(made).toMatchObject({
      description: "a copy",
      tags: { dr: "1" },
      createdDateTime: "2024-12-10T02:36:20Z",
      modifiedDateTime: original["modifiedDateTime"],
      expirationDateTime: original["expirationDateTime"],
      buildMode: "template",
    });
    expect(Object.keys(docTypesOf(made))).toEqual(["copy"]);
    expect(docTypesOf(made)["copy"]).toEqual({
      ...(docTypesOf(original)["invoices"] as object),
    });
  });

  it("of classifiers keep the description, lose tags and point at the old container", async () => {
    await buildClassifier("sorter");
    const ticket = await east
      .path("/documentClassifiers:authorizeCopy")
      .post({ body: { classifierId: "sorter-copy", description: "a copy", tags: { dr: "1" } } });
    if (isUnexpected(ticket)) throw new Error(JSON.stringify(ticket.body));
    expect(ticket.body).toMatchObject({ targetClassifierId: "sorter-copy", targetResourceRegion: "eastus" });
    const begun = await west
      .path("/documentClassifiers/{classifierId}:copyTo", "sorter")
      .post({ body: ticket.body });
    if (isUnexpected(begun)) throw new Error(JSON.stringify(begun.body));
    await getLongRunningPoller(west, begun, POLL).pollUntilDone();
    const { body } = await east.path("/documentClassifiers/{classifierId}", "sorter-copy").get();
    expect(body).toMatchObject({
      classifierId: "sorter-copy",
      description: "a copy",
      docTypes: { invoice: { kind: "azureBlob", azureBlobSource: { containerUrl: CONTAINER } } },
    });
    expect(body).not.toHaveProperty("tags");
    const operations = await west.path("/operations").get();
    if (isUnexpected(operations)) throw new Error(JSON.stringify(operations.body));
    expect(operations.body.value.map(({ kind }) => kind).sort()).toEqual([
      "documentClassifierBuild",
      "documentClassifierCopyTo",
    ]);
  });

  it("of a composed model need its classifier and its components in the target, under their names", async () => {
    await build("invoices");
    await buildClassifier("sorter");
    stand.sandbox.makeModel("west", {
      apiVersion: "2024-11-30",
      id: "composed",
      composed: true,
      content: { classifierId: "sorter", docTypes: { invoice: { modelId: "invoices" } } },
    });
    await expect(copyModel("composed", "alone")).rejects.toThrow("Could not compose the model");
    stand.sandbox.makeModel("east", { kind: "classifiers", id: "sorter" });
    stand.sandbox.makeModel("east", { apiVersion: "2024-11-30", id: "invoices" });
    await copyModel("composed", "whole");
    expect((await east.path("/documentModels/{modelId}", "whole").get()).status).toBe("200");
  });

  it("fail with the service's error", async () => {
    await build("invoices");
    const match = { path: ":copyTo" };
    stand.sandbox.faults.add({ kind: "fails", match, code: "InternalServerError", message: "No luck." });
    await expect(copyModel("invoices", "copy")).rejects.toThrow("No luck.");
  });
});

describe("what a version sees", () => {
  it("is what it and earlier versions made", async () => {
    stand.sandbox.makeModel("west", { apiVersion: "2022-08-31", id: "m30" });
    stand.sandbox.makeModel("west", { apiVersion: "2023-07-31", id: "m31" });
    stand.sandbox.makeModel("west", { apiVersion: "2024-11-30", id: "m40" });
    stand.sandbox.makeModel("west", { apiVersion: "v2.1" });
    const listed = async (base: string, version: string): Promise<string[]> => {
      const { body } = await stand.call("west", "GET", `/${base}/documentModels?api-version=${version}`);
      const models = body["value"] as { readonly modelId: string }[];
      return models.map(({ modelId }) => modelId).filter((id) => !id.startsWith("prebuilt-"));
    };
    expect(await listed("formrecognizer", "2022-08-31")).toEqual(["m30"]);
    expect(await listed("formrecognizer", "2023-07-31")).toEqual(["m30", "m31"]);
    expect(await listed("documentintelligence", "2024-11-30")).toEqual(["m30", "m31", "m40"]);
    const hidden = await stand.call(
      "west",
      "GET",
      "/formrecognizer/documentModels/m40?api-version=2023-07-31",
    );
    expect(hidden.status).toBe(404);
  });
});
