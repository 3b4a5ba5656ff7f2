/**
 * 2022-08-31 and later on the wire: the exact errors, and what the vendor's SDKs do not show.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Answer, Stand } from "./form-recognizer-v3-stand.ts";
import { SOURCE, startStand } from "./form-recognizer-v3-stand.ts";

const V30 = "api-version=2022-08-31";
const V31 = "api-version=2023-07-31";
const V40 = "api-version=2024-11-30";
const F = "/formrecognizer";
const D = "/documentintelligence";

let stand: Stand;

beforeEach(async () => {
  stand = await startStand();
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

async function build(modelId: string, more: object = {}): Promise<Answer> {
  const body = { modelId, buildMode: "template", azureBlobSource: { containerUrl: SOURCE }, ...more };
  return stand.call("west", "POST", `${D}/documentModels:build?${V40}`, body);
}

async function authorize(modelId: unknown, more: object = {}): Promise<Answer> {
  return stand.call("east", "POST", `${D}/documentModels:authorizeCopy?${V40}`, { modelId, ...more });
}

async function copyTo(id: string, body: unknown): Promise<Answer> {
  return stand.call("west", "POST", `${D}/documentModels/${id}:copyTo?${V40}`, body);
}

/** Status, kind, exact cause and its text. */
function refusal({ status, body }: Answer): unknown {
  const error = body["error"] as { code: string; innererror?: { code: string; message: string } };
  return { status, code: error.code, cause: error.innererror?.code, text: error.innererror?.message };
}

/** What a refusal matches, its text left open unless given. */
function refused(status: number, code: string, cause: string, text?: string): object {
  return { status, code, cause, ...(text === undefined ? {} : { text }) };
}

describe("errors", () => {
  it("are laid out over several lines, without charset", async () => {
    const { text, headers } = await stand.call("west", "GET", `${D}/documentModels/none?${V40}`);
    expect(headers.get("content-type")).toBe("application/json");
    expect(text).toBe(
      `{
  "error": {
    "code": "NotFound",
    "message": "Resource not found.",
    "innererror": {
      "code": "ModelNotFound",
      "message": "The requested model was not found."
    }
  }
}`,
    );
  });

  it("tell a name that is taken or reserved", async () => {
    stand.sandbox.makeModel("east", { apiVersion: "2022-08-31", id: "taken" });
    await authorize("reserved");
    for (const id of ["taken", "reserved"]) {
      expect(refusal(await authorize(id))).toEqual(
        refused(409, "Conflict", "ModelExists", "A model with the provided name already exists."),
      );
    }
  });

  it("tell a source that is only reserved or being built", async () => {
    stand.sandbox.delays.buildMs = 1000;
    await build("unbuilt");
    const { body: ticket } = await authorize("copy");
    const notReady = refused(
      400,
      "InvalidRequest",
      "ModelNotReady",
      "Model is not ready for the requested operation. Wait for training to complete or check for operation errors.",
    );
    expect(refusal(await copyTo("unbuilt", ticket))).toEqual(notReady);
    expect((await stand.call("west", "GET", `${D}/documentModels/unbuilt?${V40}`)).status).toBe(404);
    await stand.sandbox.advance(1000);
    expect((await copyTo("unbuilt", ticket)).status).toBe(202);
  });

  it.each([
    ["a", "InvalidParameter"],
    ["with space", "InvalidParameter"],
    ["a".repeat(65), "InvalidParameter"],
    [7, "InvalidParameter"],
    [undefined, "ParameterMissing"],
  ])("refuse the id %s", async (id, code) => {
    expect(refusal(await authorize(id))).toMatchObject(refused(400, "InvalidArgument", code));
  });

  it("tell which parameter of a copy is missing or wrong", async () => {
    stand.sandbox.makeModel("west", { apiVersion: "2024-11-30", id: "source" });
    const { body: ticket } = await authorize("copy");
    for (const name of Object.keys(ticket)) {
      expect(refusal(await copyTo("source", { ...ticket, [name]: undefined }))).toEqual(
        refused(400, "InvalidArgument", "ParameterMissing", `The parameter ${name} is required.`),
      );
    }
    for (const name of ["targetResourceId", "targetResourceRegion", "expirationDateTime"]) {
      expect(refusal(await copyTo("source", { ...ticket, [name]: "West US 2" }))).toMatchObject(
        refused(400, "InvalidArgument", "InvalidParameter"),
      );
    }
  });

  it("tell prebuilt models, which nobody may change or copy", async () => {
    const { body: ticket } = await authorize("copy");
    const path = `${D}/documentModels/prebuilt-read?${V40}`;
    expect(refusal(await stand.call("west", "DELETE", path))).toMatchObject(
      refused(400, "InvalidRequest", "ModelReadOnly"),
    );
    expect(refusal(await copyTo("prebuilt-read", ticket))).toMatchObject(
      refused(400, "InvalidRequest", "ModelReadOnly"),
    );
    expect((await stand.call("west", "GET", path)).body).toMatchObject({ modelId: "prebuilt-read" });
  });

  it("tell the version that a call needs", async () => {
    const early = await stand.call("west", "GET", `${F}/documentClassifiers?${V30}`);
    expect(refusal(early)).toEqual(
      refused(
        400,
        "InvalidRequest",
        "NotSupportedApiVersion",
        "The requested operation requires 2023-07-31 or later.",
      ),
    );
    expect(refusal(await stand.call("west", "GET", `${F}/documentModels?${V40}`))).toMatchObject(
      refused(400, "InvalidRequest", "NotSupportedApiVersion"),
    );
    expect(refusal(await stand.call("west", "GET", `${D}/documentModels`))).toMatchObject(
      refused(400, "InvalidArgument", "ParameterMissing"),
    );
  });

  it("tell a full resource, too many components and too many neural trainings", async () => {
    await stand.sandbox.addResource({ name: "small", region: "eastus", limit: 1, tier: "F0" });
    stand.sandbox.makeModel("small", { apiVersion: "2022-08-31", id: "one" });
    const compose = `${F}/documentModels:compose?${V31}`;
    const components = (count: number): object => ({
      modelId: "composed",
      componentModels: Array.from({ length: count }, () => ({ modelId: "one" })),
    });
    expect(refusal(await stand.call("small", "POST", compose, components(1)))).toEqual(
      refused(400, "InvalidRequest", "DocumentModelLimit", "Account cannot create more than 1 models."),
    );
    expect(refusal(await stand.call("small", "POST", compose, components(6)))).toMatchObject(
      refused(400, "InvalidRequest", "DocumentModelLimitComposed"),
    );
    for (let number = 0; number < 20; number++) {
      stand.sandbox.makeModel("west", { apiVersion: "2024-11-30", id: `n${number}`, buildMode: "neural" });
    }
    expect(refusal(await build("n20", { buildMode: "neural" }))).toMatchObject(
      refused(400, "InvalidRequest", "DocumentModelLimitNeural"),
    );
  });

  it("tell a source of documents that is none", async () => {
    const withSource = async (source: object): Promise<unknown> => {
      const body = { modelId: "built", buildMode: "template", ...source };
      return refusal(await stand.call("west", "POST", `${D}/documentModels:build?${V40}`, body));
    };
    expect(await withSource({})).toMatchObject(refused(400, "InvalidArgument", "ParameterMissing"));
    expect(await withSource({ azureBlobSource: { containerUrl: "training" } })).toMatchObject(
      refused(400, "InvalidArgument", "InvalidContentSourceFormat"),
    );
    const list = { containerUrl: SOURCE };
    expect(await withSource({ azureBlobFileListSource: list })).toMatchObject(
      refused(400, "InvalidArgument", "ParameterMissing"),
    );
  });
});

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
    const ids = ({ body }: Answer): string[] =>
      (body["value"] as { readonly modelId: string }[]).map(({ modelId }) => modelId);
    expect(ids(next)[0]).toBe(ids(first).at(-1));
    expect(ids(next).length).toBeGreaterThan(1);
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
