/**
 * What leaves the client: credentials to the own endpoint only, and nothing secret in what it says.
 */
import { describe, expect, it } from "vitest";
import type { FormAuth } from "../../../src/sources/form-recognizer/config.ts";
import {
  codeOf,
  GENERATIONS,
  json,
  KEY,
  MODEL,
  open,
  signal,
  stand,
  thrown,
  ticket,
} from "./service-stand.ts";

describe.each(GENERATIONS)("on the wire (%s)", (version) => {
  it("a redirection is not followed: the key goes to no other host", async () => {
    await using elsewhere = await stand((_request, response) => json(response, 200, {}));
    await using server = await stand(
      (_request, response) => void response.writeHead(307, { location: `${elsewhere.url}/x` }).end(),
    );
    await using service = open(server.url, version);
    for (const act of [
      () => service.details(MODEL, signal),
      () => service.authorise(MODEL, signal),
      () => service.submitCopy(MODEL, ticket(Infinity), false, signal),
    ]) {
      expect(await codeOf(act)).toBe("source-protocol");
    }
    expect(elsewhere.seen).toHaveLength(0);
  });

  it("every POST tells its length, also an empty one", async () => {
    await using server = await stand((_request, response) => json(response, 400, {}));
    await using service = open(server.url, version);
    await thrown(() => service.authorise(MODEL, signal));
    expect(server.seen[0]?.headers["content-length"]).toBe(`${server.seen[0]?.body.length}`);
  });
});

describe("secrets", () => {
  const SECRET = "4ecre7-4ecre7-4ecre7";
  const SAS = "sv=2022-11-02&sp=rl&sig=S1g%2BNaTure%3D";
  const ways: readonly [string, FormAuth][] = [
    ["key", { kind: "key", key: SECRET }],
    ["bearer", { kind: "bearer", token: SECRET }],
  ];
  it.each(ways)(
    "of the source stand in no error, though the service echoes them: %s",
    async (_kind, auth) => {
      for (const version of GENERATIONS) {
        for (const status of [400, 401, 403, 404, 409, 429, 500]) {
          await using server = await stand((request, response) => {
            const echo = JSON.stringify({ said: request.body, key: SECRET, more: `Bearer ${SECRET}` });
            json(response, status, {
              error: { code: "Echo", message: echo, details: [{ code: SECRET, message: echo }] },
            });
          });
          await using service = open(server.url, version, { auth });
          const granted = ticket(0);
          const container = `https://account.blob.core.windows.net/c?${SAS}`;
          const acts: (() => Promise<unknown>)[] = [
            () => service.details(MODEL, signal),
            () => service.room(signal),
            () => service.authorise(MODEL, signal),
            () => service.submitCopy(MODEL, granted, false, signal),
            () => service.build({ ...MODEL, buildMode: "template", container, prefix: "" }, signal),
          ];
          for (const act of acts) {
            const error = await act().then(
              () => undefined,
              (reason: unknown) => reason,
            );
            const shown = dump(error);
            for (const secret of [SECRET, KEY, "very-secret-token", "NaTure"])
              expect(shown).not.toContain(secret);
          }
        }
      }
    },
  );
});

it.each(["", "two words", "line-break-4ecre7\n", "4ecre7\u00a0"])(
  "a key that cannot be one is told at once, not shown: %j",
  (key) => {
    for (const auth of [
      { kind: "key", key },
      { kind: "bearer", token: key },
    ] as const) {
      const opening = (): unknown => open("http://127.0.0.1:9", "v2.1", { auth });
      expect(opening).toThrow(expect.objectContaining({ code: "config-invalid" }) as Error);
      expect(opening).not.toThrow("4ecre7");
    }
  },
);

describe.each(GENERATIONS)("a container's signature (%s)", (version) => {
  it.each(["S1g%2BNaTure%3D", "S1g+NaTure="])(
    "is not repeated when the service quotes it alone: %s",
    async (quoted) => {
      await using server = await stand((_request, response) =>
        json(response, 400, { error: { code: "InvalidContentSource", message: `${quoted} does not match` } }),
      );
      await using service = open(server.url, version);
      const container = "https://account.blob.core.windows.net/c?sp=rl&sig=S1g%2BNaTure%3D";
      const error = await thrown(() =>
        service.build({ ...MODEL, buildMode: "template", container, prefix: "" }, signal),
      );
      expect(dump(error)).toContain("does not match");
      expect(dump(error)).not.toContain("NaTure");
    },
  );
});

/** Everything that an error could show. */
function dump(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? "";
  return [error.message, error.stack, JSON.stringify(error), dump(error.cause)].join("\n");
}
