/**
 * What is asked of the service to build and compose, in each version's own form.
 */
import { expect, it } from "vitest";
import type { ApiVersion } from "../../../src/sources/form-recognizer/config.ts";
import type {
  Begun,
  BuildRequest,
  ComposeRequest,
  FormService,
} from "../../../src/sources/form-recognizer/service/face.ts";
import { codeOf, json, open, signal, stand } from "./service-stand.ts";

const CONTAINER = "https://account.blob.core.windows.net/forms?sp=rl&sig=x";
const MODEL: BuildRequest = {
  kind: "models",
  id: "invoice",
  name: "Invoices",
  description: "of 2026",
  tags: { team: "x" },
  buildMode: "template",
  container: CONTAINER,
  prefix: "again/",
};
const COMPOSITION: ComposeRequest = { id: "all", name: "All", components: ["m1", "m2"] };

/** What was sent, and what the answer was taken for. */
async function sent(
  version: ApiVersion,
  make: (service: FormService) => Promise<Begun>,
): Promise<{ url: string | undefined; body: unknown; begun: Begun }> {
  await using server = await stand((_request, response) => {
    response.writeHead(202, {
      location: "https://any/formrecognizer/v2.1-preview.1/custom/models/new-id",
      "operation-location": "https://any/formrecognizer/operations/op_1?api-version=x",
    });
    response.end();
  });
  await using service = open(server.url, version);
  const begun = await make(service);
  return { url: server.seen[0]?.url, body: JSON.parse(server.seen[0]?.body ?? "") as unknown, begun };
}

const trainLabelled = async (service: FormService): Promise<Begun> =>
  await service.build({ ...MODEL, buildMode: "labelled" }, signal);

it("v2.x trains from a container and is told of labels; only v2.1 takes a name", async () => {
  const body = {
    source: CONTAINER,
    sourceFilter: { prefix: "again/", includeSubFolders: true },
    useLabelFile: true,
  };
  expect(await sent("v2.1", trainLabelled)).toEqual({
    url: "/formrecognizer/v2.1/custom/models",
    body: { ...body, modelName: "Invoices" },
    begun: { id: "new-id", operation: "new-id" },
  });
  expect((await sent("v2.0", trainLabelled)).body).toEqual(body);
  const unlabelled = await sent("v2.0", (service) =>
    service.build({ ...MODEL, buildMode: "unlabelled" }, signal),
  );
  expect(unlabelled.body).toEqual({ ...body, useLabelFile: false });
});

it("later versions build under the wanted id", async () => {
  expect(await sent("2022-08-31", (service) => service.build(MODEL, signal))).toEqual({
    url: "/formrecognizer/documentModels:build?api-version=2022-08-31",
    body: {
      modelId: "invoice",
      description: "of 2026",
      buildMode: "template",
      azureBlobSource: { containerUrl: CONTAINER, prefix: "again/" },
      tags: { team: "x" },
    },
    begun: { id: "invoice", operation: "op_1" },
  });
});

it("classifiers are built from a place for each document type", async () => {
  const request: BuildRequest = {
    kind: "classifiers",
    id: "sorter",
    buildMode: "classifier",
    container: CONTAINER,
    prefix: "",
    docTypes: { a: { prefix: "again/a/" }, b: { prefix: "" } },
  };
  expect(await sent("2024-11-30", (service) => service.build(request, signal))).toMatchObject({
    url: "/documentintelligence/documentClassifiers:build?api-version=2024-11-30",
    body: {
      classifierId: "sorter",
      docTypes: {
        a: { azureBlobSource: { containerUrl: CONTAINER, prefix: "again/a/" } },
        b: { azureBlobSource: { containerUrl: CONTAINER } },
      },
    },
  });
  expect(await codeOf(() => sent("2022-08-31", (service) => service.build(request, signal)))).toBe(
    "target-refused",
  );
  expect(await codeOf(() => sent("v2.1", (service) => service.build(request, signal)))).toBe(
    "target-refused",
  );
});

it("each version composes in its own way, v2.0 not at all", async () => {
  const compose = async (service: FormService): Promise<Begun> => await service.compose(COMPOSITION, signal);
  expect(await sent("v2.1", compose)).toEqual({
    url: "/formrecognizer/v2.1/custom/models/compose",
    body: { modelIds: ["m1", "m2"], modelName: "All" },
    begun: { id: "new-id", operation: "new-id" },
  });
  expect((await sent("2023-07-31", compose)).body).toEqual({
    modelId: "all",
    componentModels: [{ modelId: "m1" }, { modelId: "m2" }],
  });
  const docTypes = { a: { modelId: "m1", confidenceThreshold: 0.5 } };
  const byClassifier = { ...COMPOSITION, classifier: "sorter", docTypes, split: "auto" };
  expect((await sent("2024-11-30", (service) => service.compose(byClassifier, signal))).body).toEqual({
    modelId: "all",
    classifierId: "sorter",
    split: "auto",
    docTypes,
  });
  expect(await codeOf(() => sent("v2.0", compose))).toBe("target-refused");
});

it("an acceptance that does not name what was begun is an error of the protocol, and not repeated", async () => {
  for (const version of ["v2.1", "2024-11-30"] as const) {
    await using server = await stand((_request, response) => json(response, 202, ""));
    await using service = open(server.url, version);
    expect(await codeOf(() => service.build(MODEL, signal))).toBe("source-protocol");
    expect(server.seen).toHaveLength(1);
  }
});
