/**
 * 2022-08-31 and later on the wire: what the vendor's SDKs do not show.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { copyCalls, D, F, V30, V31, V40 } from "./form-recognizer-v3-calls.ts";
import type { Answer, Stand } from "./form-recognizer-v3-stand.ts";
import { SOURCE, startStand } from "./form-recognizer-v3-stand.ts";

let stand: Stand;

beforeEach(async () => {
  stand = await startStand();
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

const { build, authorize, copyTo } = copyCalls(() => stand);

function idsOf({ body }: Answer): string[] {
  return (body["value"] as { readonly modelId: string }[]).map(({ modelId }) => modelId);
}

describe("a build that fails", () => {
  it("tells in its operation which documents it could not read", async () => {
    const begun = await build("built", { azureBlobSource: { containerUrl: "http://127.0.0.1:1/training" } });
    const { text, body } = await stand.call("west", "GET", begun.headers.get("operation-location") ?? "");
    expect(body).toMatchObject({
      status: "failed",
      error: { innererror: { code: "ContentSourceNotAccessible" } },
    });
    expect(text).toContain('\n  "error": {');
    expect(body).not.toHaveProperty("result");
  });

  it("leaves what it was to write over as it was", async () => {
    await build("invoices", { description: "first" });
    const nowhere = { azureBlobSource: { containerUrl: SOURCE, prefix: "nowhere/" } };
    await build("invoices", { ...nowhere, allowOverwrite: true });
    const { body } = await stand.call("west", "GET", `${D}/documentModels/invoices?${V40}`);
    expect(body).toMatchObject({ description: "first" });
  });

  it("can be told to, or never to end", async () => {
    stand.sandbox.faults.add({ kind: "fails", code: "ModelBuildError", message: "No.", times: 1 });
    const failed = await build("one");
    const { body } = await stand.call("west", "GET", failed.headers.get("operation-location") ?? "");
    expect(body).toMatchObject({ status: "failed", error: { code: "ModelBuildError" } });
    stand.sandbox.faults.add({ kind: "stuck", times: 1 });
    const stuck = await build("two");
    await stand.sandbox.advance(3_600_000);
    const { body: end } = await stand.call("west", "GET", stuck.headers.get("operation-location") ?? "");
    expect(end).toMatchObject({ status: "running" });
  });
});

describe("a composition that fails", () => {
  it("on demand says so in its operation and leaves its name free", async () => {
    const path = `${F}/documentModels:compose?${V31}`;
    stand.sandbox.makeModel("west", { apiVersion: "2023-07-31", id: "part" });
    const body = { modelId: "whole", componentModels: [{ modelId: "part" }] };
    stand.sandbox.faults.add({ kind: "fails", code: "ModelComposeError", message: "No.", times: 1 });
    const failed = await stand.call("west", "POST", path, body);
    const { body: end } = await stand.call("west", "GET", failed.headers.get("operation-location") ?? "");
    expect(end).toMatchObject({ status: "failed", error: { code: "ModelComposeError", message: "No." } });
    expect((await stand.call("west", "POST", path, body)).status).toBe(202);
  });
});

describe("an authorisation", () => {
  it("names the target whole, for an hour", async () => {
    const { url, resourceId } = stand.sandbox.resource("east");
    const { body, status } = await authorize("copy");
    expect(status).toBe(200);
    expect(body).toEqual({
      targetResourceId: resourceId,
      targetResourceRegion: "eastus",
      targetModelId: "copy",
      targetModelLocation: `${url}${D}/documentModels/copy?${V40}`,
      accessToken: expect.any(String) as string,
      expirationDateTime: "2024-12-10T03:35:20Z",
    });
  });

  it("is good in every way of writing its time", async () => {
    stand.sandbox.makeModel("west", { apiVersion: "2024-11-30", id: "source" });
    for (const [index, end] of ["20Z", "20.000Z", "20.0000000Z", "20+00:00"].entries()) {
      const { body: ticket } = await authorize(`copy-${index}`);
      const sent = await copyTo("source", { ...ticket, expirationDateTime: `2024-12-10T03:35:${end}` });
      const { body } = await stand.call("west", "GET", sent.headers.get("operation-location") ?? "");
      expect(body, end).toMatchObject({ status: "succeeded" });
    }
  });

  it("frees its name after a while when the stand-in is told so", async () => {
    stand.sandbox.modes.reservationTtlMs = 7_200_000;
    await authorize("copy");
    await stand.sandbox.advance(7_199_000);
    expect((await authorize("copy")).status).toBe(409);
    await stand.sandbox.advance(1000);
    expect((await authorize("copy")).status).toBe(200);
  });
});

describe("copies with an earlier version", () => {
  it("keep the document type's name and the time of creation", async () => {
    stand.sandbox.makeModel("west", {
      apiVersion: "2022-08-31",
      id: "source",
      created: "2022-09-01T00:00:00Z",
    });
    const path = `${F}/documentModels:authorizeCopy?${V30}`;
    const { body: ticket } = await stand.call("east", "POST", path, { modelId: "copy" });
    await stand.call("west", "POST", `${F}/documentModels/source:copyTo?${V30}`, ticket);
    const { body } = await stand.call("east", "GET", `${F}/documentModels/copy?${V30}`);
    expect(body).toMatchObject({ modelId: "copy", createdDateTime: "2022-09-01T00:00:00Z" });
    expect(Object.keys(body["docTypes"] as object)).toEqual(["source"]);
    expect(body).not.toHaveProperty("expirationDateTime");
    expect(body).not.toHaveProperty("modifiedDateTime");
  });
});

describe("lists", () => {
  it("end without a link, or with an empty one when told so", async () => {
    const path = `${D}/documentClassifiers?${V40}`;
    expect((await stand.call("west", "GET", path)).body).toEqual({ value: [] });
    stand.sandbox.modes.finalNextLink = "empty";
    expect((await stand.call("west", "GET", path)).body).toEqual({ value: [], nextLink: "" });
  });

  it("repeat the last item of a page on the next one", async () => {
    stand.sandbox.modes.pageSize = 2;
    const first = await stand.call("west", "GET", `${D}/documentModels?${V40}`);
    const next = await stand.call("west", "GET", String(first.body["nextLink"]));
    expect(idsOf(next)[0]).toBe(idsOf(first).at(-1));
    expect(idsOf(next).length).toBeGreaterThan(1);
  });
});

describe("what a resource says about itself", () => {
  it.each([
    [F, V30, ["customDocumentModels"]],
    [F, V31, ["customDocumentModels", "customNeuralDocumentModelBuilds"]],
    [D, V40, ["customDocumentModels"]],
  ])("%s/info?%s", async (base, version, members) => {
    await authorize("reserved");
    const { body } = await stand.call("east", "GET", `${base}/info?${version}`);
    expect(Object.keys(body)).toEqual(members);
    expect(body["customDocumentModels"]).toEqual({ count: 0, limit: 20_000 });
  });
});
