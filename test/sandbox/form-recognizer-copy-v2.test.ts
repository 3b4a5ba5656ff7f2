/**
 * Copies of v2.x: judged by the vendor's SDK, and what is peculiar to them on the wire.
 */
import { AzureKeyCredential, FormRecognizerClient, FormTrainingClient } from "form-recognizer-v2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Stand } from "./form-recognizer-v3-stand.ts";
import { SOURCE, START, startStand } from "./form-recognizer-v3-stand.ts";

const MODELS = "/formrecognizer/v2.1/custom/models";
/** Polls follow one another without a pause. */
const POLL = { updateIntervalInMs: 1 };
const UNKNOWN = "00000000-0000-0000-0000-000000000000";
const CLIENT = { retryOptions: { maxRetries: 0 } };

let stand: Stand;

beforeEach(async () => {
  stand = await startStand();
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

function clientOf(name: string): FormTrainingClient {
  const { url, keys } = stand.sandbox.resource(name);
  return new FormTrainingClient(url, new AzureKeyCredential(keys[0]), CLIENT);
}

async function copyByClient(id: string): Promise<string> {
  const { resourceId, region } = stand.sandbox.resource("east");
  const authorization = await clientOf("east").getCopyAuthorization(resourceId, region);
  return (await (await clientOf("west").beginCopyModel(id, authorization, POLL)).pollUntilDone()).modelId;
}

/** A copy request as the target's authorisation has it. */
async function requestFor(target: string): Promise<Record<string, unknown>> {
  const { body } = await stand.call(target, "POST", `${MODELS}/copyAuthorization`);
  const { resourceId, region } = stand.sandbox.resource(target);
  return { targetResourceId: resourceId, targetResourceRegion: region, copyAuthorization: body };
}

/** What a copy request is answered that differs so from a good one. */
async function refusalOf(change: Record<string, unknown>, id = UNKNOWN): Promise<unknown> {
  const request = { ...(await requestFor("east")), ...change };
  const { status, body } = await stand.call("west", "POST", `${MODELS}/${id}/copy`, request);
  return { status, ...(body["error"] as object) };
}

async function recognize(name: string, id: string): Promise<unknown> {
  const { url, keys } = stand.sandbox.resource(name);
  const client = new FormRecognizerClient(url, new AzureKeyCredential(keys[0]), CLIENT);
  const options = { ...POLL, contentType: "application/pdf" as const };
  const forms = await (
    await client.beginRecognizeCustomForms(id, Buffer.from("%PDF golden"), options)
  ).pollUntilDone();
  return Object.fromEntries(
    Object.entries(forms?.[0]?.fields ?? {}).map(([field, { value, confidence }]) => [
      field,
      { value, confidence },
    ]),
  );
}

describe("the vendor's SDK for v2.1", () => {
  it("copies a trained model, which is the same but for its id, and finds the same in a document", async () => {
    const poller = await clientOf("west").beginTraining(SOURCE, true, { ...POLL, modelName: "Invoices" });
    const { modelId } = await poller.pollUntilDone();
    const copy = await copyByClient(modelId);
    const { _response: _one, ...original } = await clientOf("west").getCustomModel(modelId);
    const { _response: _other, ...copied } = await clientOf("east").getCustomModel(copy);
    expect(JSON.parse(JSON.stringify(copied).replaceAll(copy, modelId))).toEqual(
      JSON.parse(JSON.stringify(original)),
    );
    const found = await recognize("west", modelId);
    expect(found).toHaveProperty("Merchant.value");
    expect(await recognize("east", copy)).toEqual(found);
  });

  it("copies a model trained without labels", async () => {
    const poller = await clientOf("west").beginTraining(SOURCE, false, POLL);
    const { modelId } = await poller.pollUntilDone();
    const copy = await copyByClient(modelId);
    expect(await recognize("east", copy)).toEqual(await recognize("west", modelId));
  });

  it("throws the failure's code and text", async () => {
    const { id } = stand.sandbox.makeModel("west");
    const { resourceId } = stand.sandbox.resource("east");
    const authorization = await clientOf("east").getCopyAuthorization(resourceId, "westus");
    const copy = async (): Promise<unknown> =>
      (await clientOf("west").beginCopyModel(id, authorization, POLL)).pollUntilDone();
    await expect(copy()).rejects.toThrow(/AuthorizationError.*authorization metadata/s);
  });

  it("cannot use tickets in ticks", async () => {
    stand.sandbox.modes.ticks = true;
    const { id } = stand.sandbox.makeModel("west");
    await expect(copyByClient(id)).rejects.toMatchObject({ code: "1002" });
  });
});

describe("a v2.x authorisation", () => {
  it("makes a model in creating that stays, and lives for a day in Unix seconds", async () => {
    const { status, body, headers } = await stand.call("east", "POST", `${MODELS}/copyAuthorization`);
    expect(status).toBe(201);
    expect(body["expirationDateTimeTicks"]).toBe(START / 1000 + 86_400);
    const id = String(body["modelId"]);
    expect(headers.get("location")).toBe(`${stand.sandbox.resource("east").url}${MODELS}/${id}`);
    await stand.sandbox.advance(3 * 86_400_000);
    const { body: listed } = await stand.call("east", "GET", `${MODELS}?op=full`);
    expect(listed["modelList"]).toEqual([
      {
        modelId: id,
        status: "creating",
        createdDateTime: "2024-12-10T02:35:20Z",
        lastUpdatedDateTime: "2024-12-10T02:35:20Z",
      },
    ]);
  });

  it("in ticks is beyond what a double holds, and only good with every digit", async () => {
    stand.sandbox.modes.ticks = true;
    const { id } = stand.sandbox.makeModel("west");
    const { resourceId, region } = stand.sandbox.resource("east");
    const endOf = async (rewrite: (authorization: string) => string): Promise<unknown> => {
      const { text } = await stand.call("east", "POST", `${MODELS}/copyAuthorization`);
      expect(text).toMatch(/"expirationDateTimeTicks":6\d{17}}$/);
      const request = `{"targetResourceId":"${resourceId}","targetResourceRegion":"${region}","copyAuthorization":${rewrite(text)}}`;
      const sent = await stand.call("west", "POST", `${MODELS}/${id}/copy`, request);
      const link = sent.headers.get("operation-location") ?? "";
      return (await stand.call("west", "GET", link)).body["status"];
    };
    expect(await endOf((text) => JSON.stringify(JSON.parse(text)))).toBe("failed");
    expect(await endOf((text) => text)).toBe("succeeded");
  });

  it("is gone with its placeholder", async () => {
    const { id } = stand.sandbox.makeModel("west");
    const request = await requestFor("east");
    const { modelId } = request["copyAuthorization"] as { readonly modelId: string };
    expect((await stand.call("east", "DELETE", `${MODELS}/${modelId}`)).status).toBe(204);
    const sent = await stand.call("west", "POST", `${MODELS}/${id}/copy`, request);
    const { body } = await stand.call("west", "GET", sent.headers.get("operation-location") ?? "");
    expect(body).toMatchObject({ status: "failed", copyResult: { modelId } });
  });
});

describe("a v2.x copy request", () => {
  it.each([
    "",
    "/subscriptions/s",
    `/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/${"a".repeat(1024)}`,
  ])("with the resource id %.30s is refused before anything is looked for", async (targetResourceId) => {
    expect(await refusalOf({ targetResourceId })).toEqual({
      status: 400,
      code: "1002",
      message: "Copy request is invalid. Field 'TargetResourceId' must be a valid Azure Resource ID.",
    });
  });

  it.each(["", "EastUS", "East US", "atlantis"])(
    "with the region %s is refused",
    async (targetResourceRegion) => {
      expect(await refusalOf({ targetResourceRegion })).toEqual({
        status: 400,
        code: "1002",
        message: "Copy request is invalid. Field 'TargetResourceRegion' must be a valid Azure region name.",
      });
    },
  );

  it("without an authorisation, or with one that lacks something, is refused", async () => {
    for (const copyAuthorization of [undefined, null, {}, { modelId: UNKNOWN, accessToken: "a" }]) {
      expect(await refusalOf({ copyAuthorization })).toMatchObject({ status: 400, code: "1002" });
    }
  });

  it("names a bad resource id before an expired authorisation", async () => {
    const expired = { modelId: UNKNOWN, accessToken: "a", expirationDateTimeTicks: 1 };
    const both = { targetResourceId: "east", copyAuthorization: expired };
    expect(JSON.stringify(await refusalOf(both))).toContain("TargetResourceId");
    expect(JSON.stringify(await refusalOf({ copyAuthorization: expired }))).toContain("CopyAuthorization");
  });

  it("for a model that is unknown or not ready is refused after that", async () => {
    expect(await refusalOf({})).toEqual({
      status: 404,
      code: "1022",
      message: `Model with 'id=${UNKNOWN}' not found.`,
    });
    const { id } = stand.sandbox.makeModel("west", { status: "creating" });
    expect(await refusalOf({}, id)).toMatchObject({ status: 400, code: "1001" });
    const { id: later } = stand.sandbox.makeModel("west", { apiVersion: "2024-11-30" });
    expect(await refusalOf({}, later)).toMatchObject({ status: 404, code: "1022" });
  });
});

describe("a v2.x copy result", () => {
  it("moves its times and writes them finer once it is processed", async () => {
    stand.sandbox.delays.copyMs = 1000;
    const { id } = stand.sandbox.makeModel("west");
    const sent = await stand.call("west", "POST", `${MODELS}/${id}/copy`, await requestFor("east"));
    const link = sent.headers.get("operation-location") ?? "";
    const times = [];
    for (let step = 0; step < 3; step++) {
      times.push((await stand.call("west", "GET", link)).body);
      await stand.sandbox.advance(1000);
    }
    expect(times).toMatchObject([
      { status: "notStarted", createdDateTime: "2024-12-10T02:35:20Z" },
      { status: "running", createdDateTime: expect.stringMatching(/:21\.\d{4,7}Z$/) as string },
      { status: "succeeded", createdDateTime: expect.stringMatching(/:22\.\d{4,7}Z$/) as string },
    ]);
    // SDKs write the path in a way of their own.
    const camel = link.replace("/copyresults/", "/copyResults/");
    expect((await stand.call("west", "GET", camel)).status).toBe(200);
  });

  it("of a failure says so in a header too", async () => {
    const { id } = stand.sandbox.makeModel("west");
    const request = { ...(await requestFor("east")), targetResourceRegion: "westus" };
    const sent = await stand.call("west", "POST", `${MODELS}/${id}/copy`, request);
    const { status, headers } = await stand.call("west", "GET", sent.headers.get("operation-location") ?? "");
    expect([status, headers.get("x-ms-cs-error-code")]).toEqual([200, "AuthorizationError"]);
  });

  it("is known below its own model only", async () => {
    const { id } = stand.sandbox.makeModel("west");
    const sent = await stand.call("west", "POST", `${MODELS}/${id}/copy`, await requestFor("east"));
    const link = sent.headers.get("operation-location") ?? "";
    expect((await stand.call("west", "GET", link.replace(id, UNKNOWN))).status).toBe(404);
  });
});
