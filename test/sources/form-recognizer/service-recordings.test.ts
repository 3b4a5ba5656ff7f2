/**
 * The client acts rightly on the real service's answers. Hosts and versions in the recordings differ from those that are called here, as they did
 * between the calls and the links of the recordings themselves.
 */
import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import { copyFailure } from "../../../src/sources/form-recognizer/service/explain.ts";
import { entriesOf, replay } from "./service-replay.ts";
import { KEY, listAll, open, RESOURCE_ID, signal, thrown } from "./service-stand.ts";

const BUNDLE = "12-bundle-composed-copy-errors-list";

async function refused(part: string, act: (url: string) => Promise<unknown>): Promise<HoldfastError> {
  await using server = await replay(entriesOf(BUNDLE, part));
  const error = await thrown(() => act(server.url));
  if (!(error instanceof HoldfastError)) throw error;
  return error;
}

describe("a recorded copy of v2.1", () => {
  it("is authorised, handed in as it was issued, followed to its end and found in the target", async () => {
    await using server = await replay(entriesOf("01-js-v2.1-copy-model"));
    await using service = open(server.url, "v2.1");
    const source = { kind: "models", id: "44834e05-353f-4d91-a680-31a0566a724e" } as const;
    const original = await service.details(source, signal);
    expect(original).toMatchObject({ status: "creating", name: "copyModelName162196684344202824" });
    await service.details(source, signal);
    const trained = await service.details(source, signal);
    expect(trained).toMatchObject({ status: "ready", composed: false, buildMode: "labelled" });

    const ticket = await service.authorise({ kind: "models", id: "" }, signal);
    expect(ticket.targetId).toBe("f6d156ee-f9cb-430b-bbf5-5668ca9032e1");
    expect(new Date(ticket.expires).toISOString()).toBe("2021-05-26T18:20:49.000Z");
    const begun = await service.submitCopy(source, ticket, false, signal);
    if (begun === "unsure") throw new Error("it was accepted");
    const handedIn = server.seen.at(-1);
    expect(handedIn?.body).toBe(
      `{"targetResourceId":"${RESOURCE_ID}","targetResourceRegion":"westus2","copyAuthorization":{"modelId":"f6d156ee-f9cb-430b-bbf5-5668ca9032e1","accessToken":"accessToken","expirationDateTimeTicks":1622053249}}`,
    );
    expect(handedIn?.headers).not.toHaveProperty("x-ms-forms-copy-degrade");
    expect(handedIn?.headers["ocp-apim-subscription-key"]).toBe(KEY);

    const states: string[] = [];
    for (let poll = 0; poll < 5; poll++) {
      states.push((await service.copyState(begun.operation, signal)).status);
    }
    expect(states).toEqual(["notStarted", "notStarted", "notStarted", "notStarted", "succeeded"]);
    const copy = await service.details({ kind: "models", id: ticket.targetId }, signal);
    expect(copy).toMatchObject({
      status: "ready",
      name: "copyModelName162196684344202824",
      created: "2021-05-25T18:20:43Z",
      modified: trained?.modified,
    });
    expect(copy?.body["trainResult"]).toEqual(trained?.body["trainResult"]);
  });

  it("of a composed model shows its components, which keep the source's ids", async () => {
    await using server = await replay(entriesOf(BUNDLE, "composed model copied"));
    await using service = open(server.url, "v2.1");
    const begun = await service.compose(
      { id: "", name: "My composed model", components: ["a", "b"] },
      signal,
    );
    expect(begun.id).toBe("3cada616-5da3-43df-b0b3-dc7db5f1bbcd");
    expect(await service.buildState({ kind: "models", ...begun }, signal)).toEqual({ status: "succeeded" });
    const components = ["d1c04d01-ec1d-4ad6-8f32-6d705c78cb2b", "69c9ee9e-2978-4e5e-8a26-de50ca781375"];
    const composed = { composed: true, buildMode: "composed", components };
    expect(await service.details({ kind: "models", id: begun.id }, signal)).toMatchObject(composed);
    const copy = { kind: "models", id: "b2332f77-8d71-404b-82ee-f2e54c2c67cb" } as const;
    expect(await service.details(copy, signal)).toMatchObject(composed);
  });
});

describe("a recorded copy to a wrong region", () => {
  it("is accepted and fails later, with an account that names the region first", async () => {
    await using server = await replay(entriesOf("02-net-v2.0-copy-wrong-region"));
    await using service = open(server.url, "v2.0");
    const source = { kind: "models", id: "db0ca688-da1d-4cdd-bdf4-2e99e6100ed2" } as const;
    const ticket = await service.authorise({ kind: "models", id: "" }, signal);
    const begun = await service.submitCopy(source, ticket, false, signal);
    if (begun === "unsure") throw new Error("it was accepted");
    const states = [];
    for (let poll = 0; poll < 6; poll++) states.push(await service.copyState(begun.operation, signal));
    expect(states.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 4 }, () => "notStarted"),
      "running",
      "failed",
    ]);
    const last = states.at(-1);
    if (last?.status !== "failed") throw new Error("it failed");
    expect(last.code).toBe("AuthorizationError");
    expect(copyFailure(last.code, last.message)).toBe("metadata");
    await service.remove(source, signal);
    expect(server.seen.at(-1)?.method).toBe("DELETE");
  });

  it("was throttled first: the same authorisation is sent again and the operation is asked for in the own version", async () => {
    await using server = await replay(entriesOf("03-net-v2.1p2-copy-429-then-wrong-region"));
    await using service = open(server.url, "v2.1");
    const ticket = { ...(await service.authorise({ kind: "models", id: "" }, signal)), expires: Infinity };
    const source = { kind: "models", id: "f083e1e9-7b45-4b6b-82dc-3c446963920b" } as const;
    const begun = await service.submitCopy(source, ticket, false, signal);
    const [first, second] = server.seen.filter(({ url }) => url.endsWith("/copy"));
    expect(second?.body).toBe(first?.body);
    expect(service.traffic.throttled).toBe(1);
    if (begun === "unsure") throw new Error("it was accepted");
    await service.copyState(begun.operation, signal);
    expect(server.seen.at(-1)?.url).toBe(
      "/formrecognizer/v2.1/custom/models/f083e1e9-7b45-4b6b-82dc-3c446963920b/copyResults/d761c0ae-4048-4370-a4b7-91d9696285c4",
    );
  });
});

describe("recorded copies of later versions", () => {
  it("v3.0: build, authorisation with tags, copy and deletion", async () => {
    await using server = await replay(entriesOf("07-net-v3.0-copy-with-tags"));
    await using service = open(server.url, "2022-08-31");
    const begun = await service.build(
      { kind: "models", id: "1415286515", buildMode: "template", container: "https://a/c?sig=x", prefix: "" },
      signal,
    );
    const building = [];
    for (let poll = 0; poll < 3; poll++) {
      building.push((await service.buildState({ kind: "models", ...begun }, signal)).status);
    }
    expect(building).toEqual(["notStarted", "running", "succeeded"]);

    const tags = {
      "ordinary tag": "an ordinary tag",
      "crazy tag": "a CRAZY tag 123!@#$%^&*()[]{}\\/?.,<>",
    };
    const ticket = await service.authorise({ kind: "models", id: "115172173", tags }, signal);
    expect(JSON.parse(server.seen.at(-1)?.body ?? "")).toEqual({ modelId: "115172173", tags });
    expect(ticket.targetId).toBe("115172173");
    expect(new Date(ticket.expires).toISOString()).toBe("2022-08-16T07:24:28.000Z");
    const copied = await service.submitCopy({ kind: "models", id: "1415286515" }, ticket, false, signal);
    expect(copied).toEqual({ operation: "31505736932_61722686-f81c-406b-acc1-be1b8540ec12" });
    if (copied === "unsure") throw new Error("it was accepted");
    expect(await service.copyState(copied.operation, signal)).toEqual({ status: "notStarted" });
    expect(await service.copyState(copied.operation, signal)).toEqual({ status: "succeeded" });
    for (const id of ["115172173", "1415286515"]) await service.remove({ kind: "models", id }, signal);
  });

  it("v4.0: the region is told by the service", async () => {
    await using server = await replay(entriesOf("10-net-v4.0-copy-model"));
    await using service = open(server.url, "2024-11-30");
    const ticket = await service.authorise(
      {
        kind: "models",
        id: "724966136",
        description: "This model was generated by a .NET test.",
        tags: { tag1: "value1", tag2: "value2" },
      },
      signal,
    );
    expect(new Date(ticket.expires).toISOString()).toBe("2024-12-10T03:35:23.000Z");
    expect(JSON.parse(ticket.payload)).toMatchObject({ targetResourceRegion: "eastus" });
    const begun = await service.submitCopy({ kind: "models", id: "1383539849" }, ticket, false, signal);
    if (begun === "unsure") throw new Error("it was accepted");
    expect(await service.copyState(begun.operation, signal)).toEqual({ status: "notStarted" });
    expect(await service.copyState(begun.operation, signal)).toEqual({ status: "succeeded" });
    expect(service.region).toBe("East US");
  });
});

describe("a recorded list", () => {
  it("gives every model of both pages once, in all states, and asks for the second page at the own endpoint", async () => {
    await using server = await replay(entriesOf(BUNDLE, "v2.1 list op=full"));
    await using service = open(server.url, "v2.1");
    const models = await listAll(service);
    expect(models.map(({ id, status }) => `${id.slice(0, 8)} ${status}`)).toEqual([
      "010bd0ab ready",
      "102a9f43 ready",
      "1d376176 ready",
      "2aee79b4 creating",
      "5d3fbc28 creating",
      "667668a3 invalid",
      "a1fb582f ready",
      "a57a6842 creating",
      "d4ed26e4 ready",
      "ddace6a3 creating",
      "e3e935ff ready",
      "f4d585ee ready",
      "fe9f56b9 ready",
      "ff22f622 ready",
    ]);
    expect(server.seen.map(({ url }) => url.split("?")[0])).toEqual([
      "/formrecognizer/v2.1/custom/models",
      "/formrecognizer/v2.1/custom/models",
    ]);
    expect(await service.room(signal)).toEqual({ count: 34, limit: 20_000 });
    const gone = { kind: "models", id: "6795e231-ca00-4e4e-acdb-d1ef414ca601" } as const;
    await service.remove(gone, signal);
    expect(await service.details(gone, signal)).toBeUndefined();
  });

  it("the counts of later versions are read from the resource's own facts", async () => {
    await using server = await replay(entriesOf(BUNDLE, "v3.1-preview info"));
    await using service = open(server.url, "2023-07-31");
    expect(await service.room(signal)).toEqual({ count: 3, limit: 20_000 });
  });
});

describe("recorded refusals", () => {
  it("a wrong key is source-unauthorized and the message says what to check", async () => {
    const error = await refused("v2 wrong key", async (url) => {
      await using service = open(url, "v2.0");
      await service.room(signal);
    });
    expect(error).toMatchObject({ code: "source-unauthorized", context: { status: 401, code: "401" } });
    expect(error.message).toContain("Check that the key belongs to this resource");
    expect(error.message).not.toContain(KEY);
  });

  it("deleting a model that is not there is no error, in both generations", async () => {
    const id = "00000000-0000-0000-0000-000000000000";
    for (const [part, version] of [
      ["v2 delete of unknown", "v2.0"],
      ["v3 delete of unknown", "2022-08-31"],
    ] as const) {
      await using server = await replay(entriesOf(BUNDLE, part));
      await using service = open(server.url, version);
      await service.remove({ kind: "models", id }, signal);
      expect(server.seen).toHaveLength(1);
    }
  });

  it("an operation that the service does not know (any more) is a state, not an error", async () => {
    await using server = await replay(entriesOf(BUNDLE, "v3 unknown operation"));
    await using service = open(server.url, "2022-08-31");
    expect(await service.copyState("0000000000000000", signal)).toEqual({ status: "unknown" });
  });

  it("a component that is not there refuses the composition", async () => {
    const error = await refused("v2.1 compose with an unknown id", async (url) => {
      await using service = open(url, "v2.1");
      await service.compose({ id: "", components: ["00000000-0000-0000-0000-000000000000"] }, signal);
    });
    expect(error).toMatchObject({ code: "target-refused", context: { status: 400, code: "1001" } });
  });

  it("a container address without a container is refused with the innermost code", async () => {
    const error = await refused("v3 build with a bad container", async (url) => {
      await using service = open(url, "2022-08-31");
      const container = "https://account.blob.core.windows.net/?sv=2022&sig=very%2Fsecret";
      await service.build(
        { kind: "models", id: "964159981", buildMode: "template", container, prefix: "" },
        signal,
      );
    });
    expect(error).toMatchObject({
      code: "target-refused",
      context: { status: 400, code: "InvalidContentSourceFormat" },
    });
    expect(error.message).not.toContain("very");
  });

  it("a training that failed is a model in state invalid", async () => {
    await using server = await replay(entriesOf(BUNDLE, "v2 training failure"));
    await using service = open(server.url, "v2.0");
    const begun = await service.build(
      { kind: "models", id: "", buildMode: "unlabelled", container: "https://a/c", prefix: "" },
      signal,
    );
    expect(await service.buildState({ kind: "models", ...begun }, signal)).toEqual({ status: "running" });
    expect(await service.buildState({ kind: "models", ...begun }, signal)).toEqual({
      status: "failed",
      code: "2001",
      message: "Invalid path.",
    });
  });
});
