/**
 * Authorising, handing in and following a copy when the service or the way to it misbehaves.
 */
import { describe, expect, it } from "vitest";
import { errorText } from "../../../src/model/errors.ts";
import type { ApiVersion } from "../../../src/sources/form-recognizer/config.ts";
import { codeOf, GENERATIONS, json, MODEL, open, signal, stand, thrown, ticket } from "./service-stand.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const clock = { now: () => NOW };
const MINUTE = 60_000;
const LONG_LIVED = ticket(NOW + 60 * MINUTE);
const ACCEPTED: Readonly<Record<ApiVersion, string>> = {
  "v2.0": "/any/copyresults/result",
  "v2.1": "https://else.where/formrecognizer/v2.1-preview.1/custom/models/x/copyresults/result",
  "2022-08-31": "/operations/result",
  "2023-07-31": "/operations/result",
  "2024-11-30": "https://else.where/documentintelligence/operations/result?api-version=2023-07-31",
};

describe.each(GENERATIONS)("handing a copy in (%s)", (version) => {
  it.each([500, 502, 503, 504, 408])("is sent once and unsure after %i", async (status) => {
    await using server = await stand((_request, response) => json(response, status, {}));
    await using service = open(server.url, version, {}, clock);
    expect(await service.submitCopy(MODEL, LONG_LIVED, false, signal)).toBe("unsure");
    expect(server.seen).toHaveLength(1);
  });

  it("is sent once and unsure when the connection breaks", async () => {
    await using server = await stand((_request, response) => void response.destroy());
    await using service = open(server.url, version, {}, clock);
    expect(await service.submitCopy(MODEL, LONG_LIVED, false, signal)).toBe("unsure");
    expect(server.seen).toHaveLength(1);
  });

  it("is unsure when it was accepted without a place to ask", async () => {
    await using server = await stand((_request, response) => void response.writeHead(202).end());
    await using service = open(server.url, version, {}, clock);
    expect(await service.submitCopy(MODEL, LONG_LIVED, false, signal)).toBe("unsure");
  });

  it("was not made when nobody could be reached", async () => {
    const server = await stand((_request, response) => void response.end());
    await server[Symbol.asyncDispose]();
    await using service = open(server.url, version, {}, clock);
    expect(await codeOf(() => service.submitCopy(MODEL, LONG_LIVED, false, signal))).toBe(
      "source-unreachable",
    );
  });

  it("is repeated unchanged after 429, for the ticket is not used up", async () => {
    await using server = await stand((_request, response, before) => {
      if (before < 2)
        json(response, 429, { error: { code: "429", message: "slow down" } }, { "retry-after": "0" });
      else response.writeHead(202, { "operation-location": ACCEPTED[version] }).end();
    });
    await using service = open(server.url, version, {}, clock);
    const begun = await service.submitCopy(MODEL, LONG_LIVED, false, signal);
    expect(begun).toMatchObject({ operation: expect.stringMatching(/result$/) as string });
    expect(server.seen.map(({ body }) => body)).toEqual(Array.from({ length: 3 }, () => LONG_LIVED.payload));
  });

  it("is given up at 429 when the ticket has not five minutes left by then", async () => {
    await using server = await stand((_request, response) =>
      json(response, 429, { error: { code: "429", message: "slow down" } }, { "retry-after": "60" }),
    );
    await using service = open(server.url, version, {}, clock);
    const soon = ticket(NOW + 5.5 * MINUTE);
    expect(await codeOf(() => service.submitCopy(MODEL, soon, false, signal))).toBe("source-throttled");
    expect(server.seen).toHaveLength(1);
  });

  it("asks for a weaker protection only by consent", async () => {
    await using server = await stand(
      (_request, response) => void response.writeHead(202, { "operation-location": ACCEPTED[version] }).end(),
    );
    await using service = open(server.url, version, {}, clock);
    await service.submitCopy(MODEL, LONG_LIVED, false, signal);
    await service.submitCopy(MODEL, LONG_LIVED, true, signal);
    expect(server.seen.map(({ headers }) => headers["x-ms-forms-copy-degrade"])).toEqual([undefined, "true"]);
  });

  it("is refused with the service's code when the source model is not ready", async () => {
    await using server = await stand((_request, response) =>
      json(response, 400, {
        error: {
          code: "InvalidRequest",
          message: "Invalid request.",
          innererror: { code: "ModelNotReady", message: "Not ready." },
        },
      }),
    );
    await using service = open(server.url, version, {}, clock);
    const error = await thrown(() => service.submitCopy(MODEL, LONG_LIVED, false, signal));
    expect(error).toMatchObject({ code: "target-refused", context: { status: 400, code: "ModelNotReady" } });
    expect(errorText(error)).toContain("not used up");
  });
});

describe("authorising", () => {
  it("hands in the exact bytes of the ticket, with numbers that do not fit a double", async () => {
    const issued =
      '{ "modelId": "b1", "accessToken":"a\\u002fb", "expirationDateTimeTicks":637233481531659441, "later":1.0 }';
    await using server = await stand((_request, response) => json(response, 201, issued));
    await using service = open(server.url, "v2.1");
    const granted = await service.authorise(MODEL, signal);
    expect(granted).toMatchObject({ targetId: "b1", expires: 1_587_751_353_165, secret: "a/b" });
    expect(granted.payload).toContain(`"copyAuthorization":${issued}}`);
    expect(JSON.parse(granted.payload)).toMatchObject({ targetResourceRegion: "westus2" });
  });

  it("of later versions gives the answer back byte for byte", async () => {
    const issued =
      '{\r\n  "targetModelId": "b1", "accessToken":"very-secret",\n "expirationDateTime":"2026-11-21T13:00:00.1234567Z", "unknown":[1.0] }';
    await using server = await stand((_request, response) => json(response, 200, issued));
    await using service = open(server.url, "2022-08-31");
    expect(await service.authorise(MODEL, signal)).toEqual({
      targetId: "b1",
      expires: Date.parse("2026-11-21T13:00:00.123Z"),
      payload: issued,
      secret: "very-secret",
    });
  });

  it("of a classifier names it as one, and versions that cannot copy them ask nothing", async () => {
    await using server = await stand((_request, response) =>
      json(response, 200, {
        targetClassifierId: "c2",
        accessToken: "t",
        expirationDateTime: "2026-11-21T13:00:00Z",
      }),
    );
    await using v4 = open(server.url, "2024-11-30");
    const granted = await v4.authorise({ kind: "classifiers", id: "c2", description: "d" }, signal);
    expect(granted.targetId).toBe("c2");
    expect(server.seen[0]).toMatchObject({
      url: "/documentintelligence/documentClassifiers:authorizeCopy?api-version=2024-11-30",
      body: '{"classifierId":"c2","description":"d"}',
    });
    await using v31 = open(server.url, "2023-07-31");
    expect(await codeOf(() => v31.authorise({ kind: "classifiers", id: "c2" }, signal))).toBe(
      "target-refused",
    );
    expect(server.seen).toHaveLength(1);
  });

  it("tells of a taken or reserved id by its code, and is not repeated after a failure", async () => {
    await using server = await stand((_request, response, before) => {
      if (before > 0) json(response, 503, {});
      else {
        json(response, 409, {
          error: { code: "Conflict", message: "c", innererror: { code: "ModelExists", message: "exists" } },
        });
      }
    });
    await using service = open(server.url, "2024-11-30");
    const error = await thrown(() => service.authorise(MODEL, signal));
    expect(error).toMatchObject({ code: "target-refused", context: { status: 409, code: "ModelExists" } });
    expect(await codeOf(() => service.authorise(MODEL, signal))).toBe("source-unreachable");
    expect(server.seen).toHaveLength(2);
  });

  it.each([
    ["no resource id", { resourceId: "" }],
    ["a wrong resource id", { resourceId: "/subscriptions/x" }],
    ["a display name for a region", { region: "West US 2" }],
  ])("asks nothing with %s, for every authorisation leaves a placeholder", async (_what, wrong) => {
    await using server = await stand((_request, response) => json(response, 201, {}));
    await using service = open(server.url, "v2.1", wrong);
    expect(await codeOf(() => service.authorise(MODEL, signal))).toBe("config-invalid");
    expect(server.seen).toHaveLength(0);
  });
});

describe.each(GENERATIONS)("looking at an operation (%s)", (version) => {
  it("is done no sooner than the last answer wished", async () => {
    const wished = 0.05;
    const lookedAt: number[] = [];
    await using server = await stand((_request, response) => {
      lookedAt.push(performance.now());
      json(response, 200, { status: "running" }, { "retry-after": `${wished}` });
    });
    await using service = open(server.url, version);
    await service.copyState("one/1", signal);
    await service.copyState("two/1", signal);
    await service.copyState("one/1", signal);
    const [one = 0, , again = 0] = lookedAt;
    expect(again - one).toBeGreaterThan(wished * 1000 * 0.9);
  });

  it("does not take a state that it does not know for any other", async () => {
    await using server = await stand((_request, response) => json(response, 200, { status: "levitating" }));
    await using service = open(server.url, version);
    expect(await codeOf(() => service.copyState("one/1", signal))).toBe("source-protocol");
  });
});
