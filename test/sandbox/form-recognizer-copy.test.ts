/**
 * What copies of all versions promise: when an authorisation holds, when it is used up, and in which words a copy fails.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Request, Speech } from "./form-recognizer-copy-flow.ts";
import { V2_SPEECH, V4_SPEECH } from "./form-recognizer-copy-flow.ts";
import type { Stand } from "./form-recognizer-v3-stand.ts";
import { startStand } from "./form-recognizer-v3-stand.ts";

const STRANGER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/nobody";
const UNKNOWN = "00000000-0000-0000-0000-000000000000";
const CLAIMS = "Authorization failure due to missing or invalid authorization claims.";
const METADATA =
  "Could not retrieve authorization metadata. If this issue persists use a different target model to copy into.";
const DOWNGRADE =
  "Data transfer request is not allowed as it downgrades to a less secure data protection scheme. Refer documentation or contact your service administrator for details.";
const DEGRADE = { "x-ms-forms-copy-degrade": "true" };

let stand: Stand;

beforeEach(async () => {
  stand = await startStand();
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

describe.each([V2_SPEECH, V4_SPEECH])("a copy of $name", (speech: Speech) => {
  const isV2 = speech.apiVersion === "v2.1";
  const authorization = isV2 ? "AuthorizationError" : "AuthorizationFailed";
  /** Later versions put the texts of v2.x into a sentence of their own. */
  const text = (message: string): string => (isV2 ? message : `Authorization failed: ${message}`);

  function source(resource = "west"): string {
    return stand.sandbox.makeModel(resource, { apiVersion: speech.apiVersion }).id;
  }

  async function endOf(
    request: Request,
    options: { from?: string; id?: string; headers?: Record<string, string> } = {},
  ) {
    const from = options.from ?? "west";
    const submitted = await speech.submit(stand, from, options.id ?? source(from), request, options.headers);
    expect(submitted.status, submitted.text).toBe(202);
    return speech.poll(stand, from, submitted);
  }

  it("stands in line, runs and succeeds, each at its time", async () => {
    stand.sandbox.delays.copyMs = 1000;
    const request = await speech.authorize(stand, "east");
    const submitted = await speech.submit(stand, "west", source(), request);
    expect(submitted.text).toBe("");
    for (const status of ["notStarted", "running", "succeeded"]) {
      expect(await speech.poll(stand, "west", submitted)).toMatchObject({ status });
      await stand.sandbox.advance(1000);
    }
    expect((await speech.read(stand, "east", request.targetId)).status).toBe(200);
  });

  it.each<[string, (request: Request) => Partial<Request>]>([
    ["token", () => ({ token: UNKNOWN })],
    ["model id", () => ({ targetId: UNKNOWN })],
    ["expiry", ({ expires }) => ({ expires: speech.shift(expires, 60) })],
  ])("fails for a %s other than issued", async (_what, wrong) => {
    const request = await speech.authorize(stand, "east");
    const end = await endOf({ ...request, ...wrong(request) });
    expect(end).toEqual({ status: "failed", code: authorization, message: text(CLAIMS) });
  });

  it("fails for an authorisation that another copy used, whatever that one came to", async () => {
    const first = await speech.authorize(stand, "east");
    expect(await endOf(first)).toMatchObject({ status: "succeeded" });
    expect(await endOf(first)).toEqual({ status: "failed", code: authorization, message: text(METADATA) });
    const second = await speech.authorize(stand, "east");
    expect(await endOf({ ...second, region: "westus2" })).toMatchObject({ status: "failed" });
    expect(await endOf(second)).toEqual({ status: "failed", code: authorization, message: text(METADATA) });
  });

  it("fails for a resource that nobody knows", async () => {
    const request = await speech.authorize(stand, "east");
    expect(await endOf({ ...request, resourceId: STRANGER })).toEqual({
      status: "failed",
      code: isV2 ? "ResourceResolverError" : authorization,
      message: text(
        `Could not fetch information for Cognitive resource with Id '${STRANGER}'. Ensure the resource is valid and exists in the specified region 'eastus'..`,
      ),
    });
  });

  it("fails for the wrong region as if the authorisation had been used, or as documented when told so", async () => {
    const request = await speech.authorize(stand, "east");
    expect(await endOf({ ...request, region: "westus2" })).toMatchObject({ message: text(METADATA) });
    stand.sandbox.modes.strictRegion = true;
    const another = await speech.authorize(stand, "east");
    const end = await endOf({ ...another, region: "westus2" });
    expect(end.message).toContain("Could not fetch information for Cognitive resource");
  });

  it("fails for another resource than the one that issued the authorisation", async () => {
    const request = await speech.authorize(stand, "vault");
    const { resourceId, region } = stand.sandbox.resource("west");
    expect(await endOf({ ...request, resourceId, region })).toMatchObject({ message: text(METADATA) });
  });

  it("does not lower the protection of data without consent", async () => {
    const id = source("vault");
    const refused = await endOf(await speech.authorize(stand, "east"), { from: "vault", id });
    expect(refused).toEqual({
      status: "failed",
      code: isV2 ? "DataProtectionTransformServiceError" : "InvalidDataProtectionKey",
      message: text(DOWNGRADE),
    });
    const agreed = { from: "vault", id, headers: DEGRADE };
    expect(await endOf(await speech.authorize(stand, "east"), agreed)).toMatchObject({ status: "succeeded" });
    const upwards = { from: "east", id: source("east") };
    expect(await endOf(await speech.authorize(stand, "vault"), upwards)).toMatchObject({
      status: "succeeded",
    });
  });

  it("fails when its source is gone before it is processed", async () => {
    stand.sandbox.delays.copyMs = 1000;
    const request = await speech.authorize(stand, "east");
    const id = source();
    const submitted = await speech.submit(stand, "west", id, request);
    const path = isV2
      ? `/formrecognizer/v2.1/custom/models/${id}`
      : `/documentintelligence/documentModels/${id}?api-version=2024-11-30`;
    expect((await stand.call("west", "DELETE", path)).status).toBe(204);
    await stand.sandbox.advance(2000);
    expect(await speech.poll(stand, "west", submitted)).toMatchObject({
      status: "failed",
      code: isV2 ? "1022" : "ModelNotFound",
    });
  });

  it("is refused once the authorisation has expired", async () => {
    const request = await speech.authorize(stand, "east");
    await stand.sandbox.advance((speech.ticketSeconds - 1) * 1000);
    expect((await speech.submit(stand, "west", source(), request)).status).toBe(202);
    await stand.sandbox.advance(1000);
    const late = await speech.submit(stand, "west", source(), request);
    expect(late.status).toBe(400);
  });

  it("keeps the authorisation when it was not accepted", async () => {
    const request = await speech.authorize(stand, "east");
    const id = source();
    const match = { path: isV2 ? "/copy$" : ":copyTo" };
    stand.sandbox.faults.add({ kind: "status", status: 429, retryAfter: 1, match, times: 1 });
    const throttled = await speech.submit(stand, "west", id, request);
    expect([throttled.status, throttled.headers.get("retry-after")]).toEqual([429, "1"]);
    expect((await speech.submit(stand, "west", UNKNOWN, request)).status).toBe(404);
    expect((await speech.submit(stand, "west", id, { ...request, region: "West US 2" })).status).toBe(400);
    expect((await speech.submit(stand, "west", id, { ...request, resourceId: "east" })).status).toBe(400);
    expect(await endOf(request, { id })).toMatchObject({ status: "succeeded" });
  });

  it("that was accepted with an error is done once, and its repetition fails", async () => {
    const request = await speech.authorize(stand, "east");
    const id = source();
    stand.sandbox.faults.add({ kind: "status-after", status: 503, times: 1, match: { path: "cop" } });
    expect((await speech.submit(stand, "west", id, request)).status).toBe(503);
    expect(await endOf(request, { id })).toMatchObject({ status: "failed", message: text(METADATA) });
    expect((await speech.read(stand, "east", request.targetId)).status).toBe(200);
  });

  it.each(["notStarted", "running"] as const)("can be stuck for ever as %s", async (at) => {
    const request = await speech.authorize(stand, "east");
    stand.sandbox.faults.add({ kind: "stuck", at, times: 1 });
    const submitted = await speech.submit(stand, "west", source(), request);
    await stand.sandbox.advance(3_600_000);
    expect(await speech.poll(stand, "west", submitted)).toMatchObject({ status: at });
  });

  it("can fail on demand", async () => {
    const request = await speech.authorize(stand, "east");
    stand.sandbox.faults.add({ kind: "fails", code: "Teapot", message: "Short and stout.", times: 1 });
    expect(await endOf(request)).toEqual({ status: "failed", code: "Teapot", message: "Short and stout." });
  });

  it("into its own resource is one more model", async () => {
    const id = source();
    const request = await speech.authorize(stand, "west");
    expect(await endOf(request, { id })).toMatchObject({ status: "succeeded" });
    expect((await speech.read(stand, "west", id)).status).toBe(200);
    expect((await speech.read(stand, "west", request.targetId)).status).toBe(200);
  });

  it("cannot be used with the authorisation of the other generation", async () => {
    const other = isV2 ? V4_SPEECH : V2_SPEECH;
    const { token, targetId } = await other.authorize(stand, "east");
    const own = await speech.authorize(stand, "east");
    const end = await endOf({ ...own, token, targetId });
    expect(end).toMatchObject({ status: "failed", code: authorization });
  });
});

it("a copy of 2024-11-30 fails when the target is full", async () => {
  await stand.sandbox.addResource({ name: "small", region: "eastus", limit: 1 });
  stand.sandbox.makeModel("small", { apiVersion: "2024-11-30" });
  const { id } = stand.sandbox.makeModel("west", { apiVersion: "2024-11-30" });
  const submitted = await V4_SPEECH.submit(stand, "west", id, await V4_SPEECH.authorize(stand, "small"));
  expect(await V4_SPEECH.poll(stand, "west", submitted)).toEqual({
    status: "failed",
    code: "DocumentModelLimit",
    message: "Account cannot create more than 1 models.",
  });
});
