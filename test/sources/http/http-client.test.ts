import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isHoldfastError } from "../../../src/model/errors.ts";
import { refusalOf } from "../../../src/sources/http/answer-failure.ts";
import {
  HttpClient,
  type HttpClientOptions,
  type HttpRequest,
} from "../../../src/sources/http/http-client.ts";
import { parseServiceAddress } from "../../../src/sources/http/service-address.ts";
import { readBytes, readJson } from "../../../src/sources/http/whole-answer.ts";
import { couchDialect } from "../../../src/sources/couchdb/dialect.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const signal = new AbortController().signal;
let handlers: Handler[] = [];
let seen: IncomingMessage[] = [];
let underWay = 0;
let mostUnderWay = 0;
const server = createServer((request, response) => {
  seen.push(request);
  underWay++;
  mostUnderWay = Math.max(mostUnderWay, underWay);
  response.on("close", () => underWay--);
  request.resume();
  const handler = handlers.length > 1 ? handlers.shift() : handlers[0];
  handler?.(request, response);
});
let origin = "";
const clients: HttpClient[] = [];

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const made of clients.splice(0)) await made[Symbol.asyncDispose]();
  handlers = [];
  seen = [];
  mostUnderWay = 0;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  const made = new HttpClient({
    address: parseServiceAddress(`http://marked-user:marked-password@${origin}/base/`),
    dialect: couchDialect,
    retry: { attempts: 3, throttledAttempts: 4, baseDelayMs: 1, maxDelayMs: 2 },
    ...options,
  });
  clients.push(made);
  return made;
}

const GET: HttpRequest = {
  method: "GET",
  path: "/thing",
  query: "token=marked-query",
  purpose: "read a thing",
  repeatable: true,
};

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Handler =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
const cut: Handler = (_, response) => {
  response.writeHead(200, { "content-length": "1000" });
  response.write("half");
  setTimeout(() => response.destroy(), 5);
};

async function failure(run: Promise<unknown>) {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isHoldfastError(error)) throw new Error(`expected a HoldfastError, got ${String(error)}`);
  return error;
}

describe("an exchange", () => {
  it("goes below the service's address and gives the decoded body", async () => {
    handlers = [
      (request, response) => {
        response.writeHead(200, { "content-encoding": "gzip" });
        response.end(gzipSync(JSON.stringify({ url: request.url })));
      },
    ];
    expect(await client().exchange(GET, readJson, signal)).toEqual({ url: "/base/thing?token=marked-query" });
  });

  it("keeps a compressed body as it came when the bytes themselves are wanted", async () => {
    const packed = gzipSync("hello");
    handlers = [(_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(packed)];
    const bytes = await client().exchange({ ...GET, keepEncoding: true }, readBytes, signal);
    expect(bytes.equals(packed)).toBe(true);
  });

  it("streams an answer of many megabytes whole to a slow reader", async () => {
    const piece = Buffer.alloc(300_000, 7);
    handlers = [
      (_, response) => {
        for (let at = 0; at < 40; at++) response.write(piece);
        response.end();
      },
    ];
    let size = 0;
    await client().exchange(
      GET,
      async ({ body }) => {
        for await (const bytes of body) {
          size += bytes.length;
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        }
      },
      signal,
    );
    expect(size).toBe(40 * piece.length);
  });

  it("is repeated when the answer ends early, and the reader begins anew", async () => {
    handlers = [cut, cut, json(200, { whole: true })];
    const http = client();
    expect(await http.exchange(GET, readJson, signal)).toEqual({ whole: true });
    expect(http.traffic).toMatchObject({ requests: 3, repeated: 2 });
  });

  it("is not repeated when that could do something twice", async () => {
    handlers = [cut];
    const error = await failure(
      client().exchange({ ...GET, method: "POST", repeatable: false }, readJson, signal),
    );
    expect(error.code).toBe("source-unreachable");
    expect(seen).toHaveLength(1);
  });

  it("is repeated after 429 even when it is not repeatable, because nothing was done", async () => {
    handlers = [json(429, { error: "too_many_requests" }), json(200, {})];
    const http = client();
    await http.exchange({ ...GET, method: "POST", repeatable: false }, readJson, signal);
    expect(http.traffic.throttled).toBe(1);
  });

  it("waits as long as the service asks", async () => {
    handlers = [json(503, {}, { "retry-after": "1" }), json(200, {})];
    const began = performance.now();
    await client().exchange(GET, readJson, signal);
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
  });

  it("passes on what the reader throws for reasons of its own", async () => {
    handlers = [json(200, {})];
    await expect(client().exchange(GET, () => Promise.reject(new Error("no room")), signal)).rejects.toThrow(
      "no room",
    );
    expect(seen).toHaveLength(1);
  });

  it("ends at once when it is aborted, while it waits and while it reads", async () => {
    const stop = new AbortController();
    handlers = [(_, response) => response.write("first")];
    const reading = client().exchange(GET, readBytes, stop.signal);
    setTimeout(() => stop.abort(new Error("enough")), 20);
    await expect(reading).rejects.toThrow("enough");
    const patient = new AbortController();
    handlers = [json(503, {}, { "retry-after": "60" })];
    const waiting = client().exchange(GET, readBytes, patient.signal);
    setTimeout(() => patient.abort(new Error("enough too")), 20);
    await expect(waiting).rejects.toThrow("enough too");
  });

  it("gives up when no answer comes in time", async () => {
    handlers = [() => {}];
    const error = await failure(
      client({ requestTimeoutMs: 300, retry: { attempts: 1 } }).exchange(GET, readBytes, signal),
    );
    expect(error.code).toBe("source-unreachable");
  });
});

describe("a refusal", () => {
  it.each([
    [401, "source-unauthorized", 1],
    [403, "source-forbidden", 1],
    [404, "source-not-found", 1],
    [409, "source-protocol", 1],
    [413, "source-protocol", 1],
    [429, "source-throttled", 4],
    [500, "source-unreachable", 3],
    [502, "source-unreachable", 3],
    [503, "source-unreachable", 3],
  ])("of status %i is %s after %i requests, with the service's words", async (status, code, requests) => {
    handlers = [json(status, { error: status === 500 ? "timeout" : "word", reason: "because" })];
    const error = await failure(client().exchange(GET, readJson, signal));
    expect(error.code).toBe(code);
    expect(error.context.status).toBe(status);
    expect(error.message).toContain("because");
    expect(refusalOf(error)?.status).toBe(status);
    expect(seen).toHaveLength(requests);
  });

  it("by a web page instead of JSON says so", async () => {
    handlers = [(_, response) => response.end("<html>Sign in</html>")];
    const error = await failure(client().exchange(GET, readJson, signal));
    expect(error.code).toBe("source-protocol");
    expect(error.message).toContain("login page");
  });

  it("never shows credentials or queries", async () => {
    const authorizer = {
      headers: () => Promise.resolve({ authorization: "Bearer marked-token" }),
      renew: () => Promise.resolve(false),
    };
    const failures: unknown[] = [];
    for (const handler of [
      json(401, {}),
      json(500, {}),
      json(418, {}),
      cut,
      (_: unknown, response: ServerResponse) => response.destroy(),
    ]) {
      handlers = [handler];
      failures.push(await failure(client({ authorizer }).exchange(GET, readJson, signal)));
    }
    const unreachable = client({
      address: parseServiceAddress("http://marked-user:marked-password@127.0.0.1:1"),
      authorizer,
    });
    failures.push(await failure(unreachable.exchange(GET, readJson, signal)));
    for (const error of failures as Error[]) {
      const text = [
        error.message,
        error.stack,
        JSON.stringify(error),
        String(error.cause),
        JSON.stringify(error.cause),
      ].join("\n");
      expect(text).not.toContain("marked-");
    }
    expect(() => parseServiceAddress("ftp://marked-user:marked-password@host")).toThrow(/^(?!.*marked-)/);
  });
});

describe("credentials", () => {
  it("are renewed once after 401 and then given up", async () => {
    let renewals = 0;
    const authorizer = {
      headers: () => Promise.resolve({ authorization: `Bearer ${renewals}` }),
      renew: () => {
        renewals++;
        return Promise.resolve(true);
      },
    };
    handlers = [json(401, {}), json(200, {})];
    await client({ authorizer }).exchange(GET, readJson, signal);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer 0", "Bearer 1"]);
    handlers = [json(401, {})];
    const error = await failure(client({ authorizer }).exchange(GET, readJson, signal));
    expect(error.code).toBe("source-unauthorized");
    expect(renewals).toBe(2);
  });
});

describe("the load", () => {
  it("is never more than the parallelism at once", async () => {
    handlers = [(_, response) => setTimeout(() => response.end("{}"), 5)];
    const http = client({ parallelism: 3 });
    await Promise.all(Array.from({ length: 30 }, () => http.exchange(GET, readJson, signal)));
    expect(mostUnderWay).toBeLessThanOrEqual(3);
    expect(seen).toHaveLength(30);
  });

  it("is taken back when the service says that it is too much", async () => {
    let now = 0;
    let most = 0;
    let refused = 0;
    // Refuses whatever comes beyond two at once.
    handlers = [
      (_, response) => {
        now++;
        const tooMany = now > 2;
        if (tooMany) refused++;
        setTimeout(() => {
          now--;
          if (seen.length > 150) most = Math.max(most, now + 1);
          json(tooMany ? 429 : 200, {})(_, response);
        }, 3);
      },
    ];
    const http = client({
      parallelism: 8,
      headroom: 0.2,
      retry: { throttledAttempts: 50, baseDelayMs: 1, maxDelayMs: 4 },
    });
    await Promise.all(Array.from({ length: 300 }, () => http.exchange(GET, readJson, signal)));
    expect(refused).toBeLessThan(60);
    expect(most).toBeLessThanOrEqual(4);
  });

  it("keeps to a budget of requests per second", async () => {
    handlers = [json(200, {})];
    const http = client({ budget: { requests: 20, reads: 100 } });
    const began = performance.now();
    await Promise.all(Array.from({ length: 30 }, () => http.exchange(GET, readJson, signal)));
    expect(performance.now() - began).toBeGreaterThan(400);
  });
});
