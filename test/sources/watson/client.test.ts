import { createServer } from "node:https";
import { once } from "node:events";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startWatsonTts, type WatsonTtsSandbox } from "../../../src/sandbox/watson-tts/index.ts";
import { component, WatsonClient } from "../../../src/sources/watson/client.ts";
import type { WatsonAuth, WatsonConfig } from "../../../src/sources/watson/config.ts";

const { signal } = new AbortController();
const NOBODY = "11111111-2222-4333-8444-555555555555";
const retry = { baseDelayMs: 1, maxDelayMs: 2, attempts: 3 };

async function withClient(
  auth: (sandbox: WatsonTtsSandbox) => WatsonAuth,
  test: (client: WatsonClient, sandbox: WatsonTtsSandbox) => Promise<void>,
): Promise<void> {
  await using sandbox = await startWatsonTts();
  await using client = new WatsonClient({ url: sandbox.url, auth: auth(sandbox), retry }, "/v1/voices");
  await test(client, sandbox);
}

const list = async (client: WatsonClient): Promise<Buffer[]> =>
  await client.listRaw("/v1/customizations", "customizations", { purpose: "list" }, signal);

const read = async (client: WatsonClient, id: string): Promise<unknown> =>
  await client.json(
    { method: "GET", path: `/v1/customizations/${id}`, purpose: "read", repeatable: true },
    signal,
  );

describe("credentials", () => {
  const ways: Record<string, (sandbox: WatsonTtsSandbox) => WatsonAuth> = {
    iam: ({ apiKey, tokenUrl }) => ({ kind: "iam", apiKey, tokenUrl }),
    apikey: ({ apiKey }) => ({ kind: "apikey", apiKey }),
    "cp4d with a password": ({ authUrl }) => ({
      kind: "cp4d",
      authUrl,
      username: "admin",
      password: "admin",
    }),
    "cp4d with an API key and the whole address": ({ authUrl, apiKey }) => ({
      kind: "cp4d",
      authUrl: `${authUrl}/v1/authorize`,
      username: "admin",
      apiKey,
    }),
  };
  for (const [name, auth] of Object.entries(ways)) {
    it(`are accepted: ${name}`, async () => {
      await withClient(auth, async (client) => expect(await list(client)).toEqual([]));
    });
  }

  it("that are wrong are reported as such, on every path, and never shown", async () => {
    const wrong: WatsonAuth[] = [
      { kind: "apikey", apiKey: "wrong-and-secret" },
      { kind: "bearer", token: "wrong-and-secret" },
      { kind: "none" },
    ];
    for (const auth of wrong) {
      await withClient(
        () => auth,
        async (client) => {
          for (const act of [list(client), read(client, NOBODY)]) {
            const error = await act.catch((reason: unknown) => reason);
            expect(error).toMatchObject({ code: "source-unauthorized" });
            expect(String(error)).not.toContain("wrong-and-secret");
          }
        },
      );
    }
  });

  it("of a platform that refuses the password are reported without it", async () => {
    await withClient(
      ({ authUrl }) => ({ kind: "cp4d", authUrl, username: "admin", password: "wrong-and-secret" }),
      async (client) => {
        const error = await list(client).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code: "source-unauthorized" });
        expect(String(error)).not.toContain("wrong-and-secret");
      },
    );
  });

  it("that have run out are renewed, also when a model is asked for", async () => {
    await withClient(
      ({ apiKey, tokenUrl }) => ({ kind: "iam", apiKey, tokenUrl }),
      async (client, sandbox) => {
        const made = await client.json(
          {
            method: "POST",
            path: "/v1/customizations",
            purpose: "create",
            repeatable: false,
            body: { json: { name: "one" } },
          },
          signal,
        );
        const { customization_id: id } = made as { customization_id: string };
        sandbox.revokeTokens();
        expect(await read(client, id)).toMatchObject({ name: "one" });
        sandbox.revokeTokens();
        expect(await list(client)).toHaveLength(1);
      },
    );
  });
});

describe("a 401 for a model that is not there", () => {
  it("is told from bad credentials", async () => {
    await withClient(
      ({ apiKey }) => ({ kind: "apikey", apiKey }),
      async (client) => {
        await expect(read(client, NOBODY)).rejects.toMatchObject({ code: "source-not-found" });
      },
    );
  });

  it("costs no new token", async () => {
    await withClient(
      ({ apiKey, tokenUrl }) => ({ kind: "iam", apiKey, tokenUrl }),
      async (client) => {
        await expect(read(client, NOBODY)).rejects.toMatchObject({ code: "source-not-found" });
        expect(client.http.traffic.requests).toBe(2);
      },
    );
  });
});

describe("a component of a path", () => {
  it("is refused where an address would mean another object", () => {
    for (const text of ["", ".", ".."]) expect(() => component(text)).toThrow(/cannot be named/);
    expect(component("a/b ＮＹ%")).toBe("a%2Fb%20%EF%BC%AE%EF%BC%B9%25");
  });
});

/** A server with a certificate of its own making, that records what it is sent. */
async function secureServer(
  answer: (body: Buffer, attempt: number) => { readonly status: number; readonly body: string },
): Promise<
  { readonly url: string; readonly ca: string; readonly lengths: (string | undefined)[] } & AsyncDisposable
> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", cert, ...subject], {
    stdio: "ignore",
  });
  const ca = readFileSync(cert, "utf8");
  const lengths: (string | undefined)[] = [];
  const server = createServer({ key: readFileSync(key), cert: ca }, (request, response) => {
    lengths.push(request.headers["content-length"]);
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const { status, body } = answer(Buffer.concat(pieces), lengths.length);
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  rmSync(folder, { recursive: true });
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/text-to-speech/r/instances/1/api`,
    ca,
    lengths,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

describe("a certificate of the platform's own", () => {
  it("is believed only when it is named, or when any is", async () => {
    await using server = await secureServer(() => ({
      status: 200,
      body: '{"customizations":[ {"a" : 1} ]}',
    }));
    const attempt = async (trust: Partial<WatsonConfig>): Promise<string[]> => {
      const config = { url: server.url, auth: { kind: "none" }, retry: { attempts: 1 }, ...trust } as const;
      await using client = new WatsonClient(config, "/v1/voices");
      return (await list(client)).map(String);
    };
    await expect(attempt({})).rejects.toMatchObject({ code: "source-unreachable" });
    expect(await attempt({ ca: server.ca })).toEqual(['{"a" : 1}']);
    expect(await attempt({ insecureTls: true })).toEqual(['{"a" : 1}']);
  });

  it("does not keep an upload from being sent again from its beginning, with its length", async () => {
    const seen: string[] = [];
    await using server = await secureServer((body, attempt) => {
      seen.push(body.toString());
      return attempt < 3 ? { status: 503, body: "{}" } : { status: 200, body: "{}" };
    });
    await using client = new WatsonClient(
      { url: server.url, auth: { kind: "none" }, ca: server.ca, retry },
      "/v1/models",
    );
    let opened = 0;
    await client.raw(
      {
        method: "POST",
        path: "/v1/customizations/x/corpora/c",
        purpose: "upload",
        repeatable: true,
        body: {
          length: 6,
          async *open() {
            opened++;
            yield Buffer.from("one");
            yield Buffer.from("two");
          },
        },
      },
      signal,
    );
    expect(opened).toBe(3);
    expect(seen).toEqual(["onetwo", "onetwo", "onetwo"]);
    expect(server.lengths).toEqual(["6", "6", "6"]);
  });
});
