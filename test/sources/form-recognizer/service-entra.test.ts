import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import type { FormAuth } from "../../../src/sources/form-recognizer/config.ts";
import { json, open, signal, stand, thrown, type Stand } from "./service-stand.ts";

const SECRET = "the~client~secret";
const SUMMARY = { summary: { count: 1, limit: 5 } };

const entra = (authority: string): FormAuth => ({
  kind: "entra",
  tenant: "contoso.example",
  clientId: "11111111-2222-4333-8444-555555555555",
  clientSecret: SECRET,
  authority,
});

const tokens = async (expiresIn: unknown): Promise<Stand> =>
  await stand((_request, response, before) =>
    json(response, 200, { token_type: "Bearer", expires_in: expiresIn, access_token: `token-${before}` }),
  );

describe("credentials of Microsoft Entra", () => {
  it("are exchanged for a token of the scope of Cognitive Services, once", async () => {
    await using authority = await tokens(3599);
    await using server = await stand((_request, response) => json(response, 200, SUMMARY));
    await using service = open(server.url, "v2.1", { auth: entra(authority.url) });
    await Promise.all([service.room(signal), service.room(signal), service.room(signal)]);
    expect(authority.seen).toHaveLength(1);
    expect(authority.seen[0]?.url).toBe("/contoso.example/oauth2/v2.0/token");
    expect(Object.fromEntries(new URLSearchParams(authority.seen[0]?.body))).toEqual({
      grant_type: "client_credentials",
      client_id: "11111111-2222-4333-8444-555555555555",
      client_secret: SECRET,
      scope: "https://cognitiveservices.azure.com/.default",
    });
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(
      Array.from({ length: 3 }, () => "Bearer token-0"),
    );
  });

  it("are renewed before the token runs out", async () => {
    let now = 0;
    await using authority = await tokens("3600");
    await using server = await stand((_request, response) => json(response, 200, SUMMARY));
    await using service = open(server.url, "v2.1", { auth: entra(authority.url) }, { now: () => now });
    for (now of [0, 2_000_000, 3_500_000]) await service.room(signal);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer token-0",
      "Bearer token-0",
      "Bearer token-1",
    ]);
  });

  it("are renewed once when the service does not accept the token", async () => {
    await using authority = await tokens(3599);
    await using server = await stand((request, response, before) => {
      if (before === 0) json(response, 401, { error: { code: "401", message: "token expired" } });
      else json(response, 200, request.method === "GET" ? SUMMARY : {});
    });
    await using service = open(server.url, "v2.1", { auth: entra(authority.url) });
    await service.room(signal);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer token-0",
      "Bearer token-1",
    ]);
  });

  it.each([
    [
      401,
      "invalid_client",
      "AADSTS7000215: Invalid client secret provided",
      "AADSTS7000215",
      /secret is wrong/,
    ],
    [
      401,
      "invalid_client",
      "AADSTS7000222: The provided client secret keys are expired",
      "AADSTS7000222",
      /run out/,
    ],
    [400, "unauthorized_client", "AADSTS700016: Application not found", "AADSTS700016", /no application/],
    [400, "invalid_request", "AADSTS90002: Tenant not found", "AADSTS90002", /no such tenant/],
    [400, "invalid_scope", "AADSTS1002012: scope is not valid", "AADSTS1002012", /\.default/],
  ])(
    "that are refused (%i %s) are source-unauthorized, with advice and without the secret",
    async (status, error, words, code, advice) => {
      await using authority = await stand((request, response) =>
        json(response, status, { error, error_description: `${words} ${request.body} ${SECRET}` }),
      );
      await using service = open("http://127.0.0.1:9", "v2.1", { auth: entra(authority.url) });
      const failure = await thrown(() => service.room(signal));
      if (!(failure instanceof HoldfastError)) throw failure;
      expect(failure).toMatchObject({ code: "source-unauthorized", context: { code } });
      expect(failure.message).toMatch(advice);
      expect(`${failure.message} ${failure.stack} ${String(failure.cause)}`).not.toMatch(
        /client~secret|grant_type/,
      );
    },
  );
});
