/**
 * Lists and details: whole, exact and bounded, whatever the service answers.
 */
import { describe, expect, it } from "vitest";
import { errorText } from "../../../src/model/errors.ts";
import { codeOf, GENERATIONS, json, listAll, MODEL, open, signal, stand, thrown } from "./service-stand.ts";

const model = (id: string): object => ({ modelId: id, createdDateTime: "2026-01-01T00:00:00Z" });

describe("lists", () => {
  it("are followed at the own endpoint in the own version; a link to another host gets no key", async () => {
    await using elsewhere = await stand((_request, response) => json(response, 200, { value: [] }));
    await using server = await stand((_request, response, before) =>
      json(response, 200, {
        value: [model(`m${before}`), model("m0"), model("prebuilt-invoice")],
        ...(before < 2
          ? { nextLink: `${elsewhere.url}/x/documentModels?api-version=2099-01-01&nextLink=a%2Bb=` }
          : {}),
      }),
    );
    await using service = open(server.url, "2022-08-31");
    expect((await listAll(service)).map(({ id }) => id)).toEqual(["m0", "m1", "m2"]);
    expect(server.seen.map(({ url }) => url)).toEqual([
      "/formrecognizer/documentModels?api-version=2022-08-31",
      "/formrecognizer/documentModels?nextLink=a%2Bb=&api-version=2022-08-31",
      "/formrecognizer/documentModels?nextLink=a%2Bb=&api-version=2022-08-31",
    ]);
    expect(elsewhere.seen).toHaveLength(0);
  });

  it.each([
    ["empty", ""],
    ["null", null],
    ["absent", undefined],
  ])("end with a link that is %s", async (_what, nextLink) => {
    await using server = await stand((_request, response) =>
      json(response, 200, { value: [model("m")], nextLink }),
    );
    await using service = open(server.url, "2022-08-31");
    expect(await listAll(service)).toHaveLength(1);
    expect(server.seen).toHaveLength(1);
  });

  it("that go in circles are given up", async () => {
    await using server = await stand((_request, response) =>
      json(response, 200, { value: [model("m")], nextLink: "/formrecognizer/documentModels?nextLink=again" }),
    );
    await using service = open(server.url, "2022-08-31");
    expect(await codeOf(() => listAll(service))).toBe("source-protocol");
  });

  it("that break off on a later page are errors, never shorter lists", async () => {
    await using server = await stand((_request, response, before) => {
      if (before > 0) json(response, 403, { error: { code: "403", message: "no" } });
      else json(response, 200, { value: [model("m")], nextLink: "/x?nextLink=2" });
    });
    await using service = open(server.url, "2022-08-31");
    expect(await codeOf(() => listAll(service))).toBe("source-forbidden");
  });

  it("of operations name what is being made", async () => {
    await using server = await stand((_request, response) =>
      json(response, 200, {
        value: [
          {
            operationId: "31505736932_6172",
            kind: "documentModelCopyTo",
            status: "running",
            createdDateTime: "2026-01-01T00:00:00Z",
            resourceLocation:
              "https://other/documentintelligence/documentModels/copy.1?api-version=2024-11-30",
          },
        ],
      }),
    );
    await using service = open(server.url, "2024-11-30");
    const all = [];
    for await (const batch of service.operations(signal)) all.push(...batch);
    expect(all).toEqual([
      {
        operation: "31505736932_6172",
        kind: "documentModelCopyTo",
        status: "running",
        created: "2026-01-01T00:00:00Z",
        makes: "copy.1",
      },
    ]);
  });
});

describe("details", () => {
  it("keep the exact bytes of the answer", async () => {
    const answer =
      '{\n  "modelId": "invoice",  "createdDateTime":"2026-01-01T00:00:00Z",\t"x":1.0,"big":12345678901234567890 }\n';
    await using server = await stand((_request, response) => json(response, 200, answer));
    await using service = open(server.url, "2024-11-30");
    expect((await service.details(MODEL, signal))?.raw.toString("utf8")).toBe(answer);
  });

  it("of a composed v4 model name its components and its classifier", async () => {
    await using server = await stand((_request, response) =>
      json(response, 200, {
        modelId: "all",
        createdDateTime: "2026-01-01T00:00:00Z",
        modifiedDateTime: "2026-02-01T00:00:00Z",
        expirationDateTime: "2028-01-01T00:00:00Z",
        apiVersion: "2024-11-30",
        classifierId: "sorter",
        docTypes: {
          a: { modelId: "m1" },
          b: { modelId: "m2" },
          c: { modelId: "prebuilt-receipt" },
          d: { modelId: "m1" },
        },
        tags: { team: "x" },
      }),
    );
    await using service = open(server.url, "2024-11-30");
    expect(await service.details({ kind: "models", id: "all" }, signal)).toMatchObject({
      composed: true,
      buildMode: "composed",
      components: ["m1", "m2"],
      classifier: "sorter",
      expires: "2028-01-01T00:00:00Z",
      modified: "2026-02-01T00:00:00Z",
      tags: { team: "x" },
    });
  });

  it.each(GENERATIONS)("a gateway's 404 does not mean that the model is gone (%s)", async (version) => {
    await using server = await stand((_request, response) =>
      json(response, 404, { error: { code: "404", message: "Resource not found" } }),
    );
    await using service = open(server.url, version);
    const error = await thrown(() => service.details(MODEL, signal));
    expect(error).toMatchObject({ code: "source-not-found", context: { code: "404" } });
    expect(errorText(error)).toContain("endpoint without /formrecognizer");
  });

  it.each(GENERATIONS)("an answer that is no model is an error of the protocol (%s)", async (version) => {
    await using server = await stand((_request, response) => json(response, 200, { hello: "world" }));
    await using service = open(server.url, version);
    expect(await codeOf(() => service.details(MODEL, signal))).toBe("source-protocol");
    expect(await codeOf(() => service.room(signal))).toBe("source-protocol");
    expect(await codeOf(() => service.copyState("a/b", signal))).toBe("source-protocol");
  });

  it("an answer without end is not read into memory", async () => {
    const piece = Buffer.alloc(1024 * 1024, " ");
    await using server = await stand((_request, response) => {
      const push = (): void => {
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", push);
      push();
    });
    await using service = open(server.url, "2024-11-30", { retry: { attempts: 1 } });
    const error = await thrown(() => service.details(MODEL, signal));
    expect(errorText(error)).toContain("longer than");
  });
});
