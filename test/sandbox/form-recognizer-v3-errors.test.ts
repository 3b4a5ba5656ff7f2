/**
 * What 2022-08-31 and later answer to a request that they refuse.
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

/** Status, kind, exact cause and its text. */
function refusal({ status, body }: Answer): unknown {
  const error = body["error"] as { code: string; innererror?: { code: string; message: string } };
  return { status, code: error.code, cause: error.innererror?.code, text: error.innererror?.message };
}

/** What a refusal matches, its text left open unless given. */
function refused(status: number, code: string, cause: string, text?: string): object {
  return { status, code, cause, ...(text === undefined ? {} : { text }) };
}

/** A request to compose a model of so many components. */
function composition(count: number): object {
  const componentModels = Array.from({ length: count }, () => ({ modelId: "one" }));
  return { modelId: "composed", componentModels };
}

/** What a build from this source is answered. */
async function buildRefusal(source: object): Promise<unknown> {
  const body = { modelId: "built", buildMode: "template", ...source };
  return refusal(await stand.call("west", "POST", `${D}/documentModels:build?${V40}`, body));
}

describe("refusals", () => {
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
    expect(refusal(await stand.call("small", "POST", compose, composition(1)))).toEqual(
      refused(400, "InvalidRequest", "DocumentModelLimit", "Account cannot create more than 1 models."),
    );
    expect(refusal(await stand.call("small", "POST", compose, composition(6)))).toMatchObject(
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
    expect(await buildRefusal({})).toMatchObject(refused(400, "InvalidArgument", "ParameterMissing"));
    expect(await buildRefusal({ azureBlobSource: { containerUrl: "training" } })).toMatchObject(
      refused(400, "InvalidArgument", "InvalidContentSourceFormat"),
    );
    const list = { containerUrl: SOURCE };
    expect(await buildRefusal({ azureBlobFileListSource: list })).toMatchObject(
      refused(400, "InvalidArgument", "ParameterMissing"),
    );
  });
});
