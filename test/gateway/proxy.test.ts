import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { startGateway } from "../../src/gateway/index.ts";
import { json, openHouse, send, startService, type Seen } from "./house.ts";
import { CERTIFICATE, CERTIFICATE_KEY } from "./certificate.ts";

const ID = "0f6a1c1e-6d55-4d0e-9b53-0b8a52d7b1f4";

/** Everything that a raw connection brings until it ends or `until` is in it. */
async function talk(url: string, text: string, until = ""): Promise<{ text: string; socket: net.Socket }> {
  const { hostname, port } = new URL(url);
  const socket = net.connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.write(text, "latin1");
  let heard = "";
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on("data", (piece: Buffer) => {
    heard += piece.toString("latin1");
    if (until !== "" && heard.includes(until)) resolve();
  });
  socket.on("close", () => resolve());
  await promise;
  return { text: heard, socket };
}

/** The head of an upload whose client waits to be told. */
const asking = (name: string): string =>
  `POST /in/v1/customizations/${ID}/corpora/${name} HTTP/1.1\r\nHost: g\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`;

describe("a request passes the gateway", () => {
  it.each([
    "/v1/a/../b/./c//d?x=%2e&y=+&z",
    "/v1/customizations/x/words/%2F%25%20%EF%BC%AE?sort=%2Balphabetical",
    "/v1/x?",
    "/v1/x;p=1/'()*!~$&,=:@",
    "",
  ])("with its raw path and query: %s", async (path) => {
    await using house = await openHouse();
    await send(house.url, "GET", path);
    expect(house.service.seen[0]?.url).toBe(`/instances/one${path}`);
  });

  it("with its headers as they were, save those of the connection, and with the service's own Host", async () => {
    await using house = await openHouse();
    const { text } = await talk(
      house.url,
      "POST /in/v1/recognize HTTP/1.1\r\nhOsT: gateway\r\nAUTHORIZATION: Basic eA==\r\nX-Two: 1\r\nX-Two: 2\r\n" +
        "Connection: close, X-Hop\r\nX-Hop: gone\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nhi",
    );
    expect(text).toMatch(/^HTTP\/1\.1 201 /);
    const { rawHeaders, body } = house.service.seen[0] as Seen;
    expect(body.toString()).toBe("hi");
    const { host } = new URL(house.service.url);
    expect(rawHeaders.slice(0, 10)).toEqual([
      "Host",
      host,
      "AUTHORIZATION",
      "Basic eA==",
      "X-Two",
      "1",
      "X-Two",
      "2",
      "Content-Length",
      "2",
    ]);
    expect(rawHeaders).not.toContain("X-Hop");
  });

  it("with the answer's headers, status line and bytes as they were", async () => {
    await using house = await openHouse();
    const packed = gzipSync("an answer");
    house.service.answer = (_request, response) => {
      response.sendDate = false;
      response.writeHead(299, "Quite So", [
        "X-Global-Transaction-Id",
        "t-1",
        "Set-Cookie",
        "a",
        "Set-Cookie",
        "b",
        "Content-Encoding",
        "gzip",
        "Content-Length",
        String(packed.length),
      ]);
      response.end(packed);
    };
    const { text } = await talk(house.url, "GET /in/v1/x HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n");
    expect(
      text.startsWith("HTTP/1.1 299 Quite So\r\nX-Global-Transaction-Id: t-1\r\nSet-Cookie: a\r\n"),
    ).toBe(true);
    expect(text).not.toContain("Date:");
    expect(text.endsWith(packed.toString("latin1"))).toBe(true);
  });

  it("chunked, with trailers both ways", async () => {
    await using house = await openHouse();
    house.service.answer = (_request, response) => {
      response.writeHead(200, { trailer: "x-sum" });
      response.write("body");
      response.addTrailers({ "x-sum": "7" });
      response.end();
    };
    const answer = await send(house.url, "POST", "/v1/recognize", {
      headers: { trailer: "x-check" },
      body: [Buffer.from("one"), Buffer.from("two")],
      trailers: { "x-check": "5" },
    });
    const [seen] = house.service.seen;
    expect(seen?.body.toString()).toBe("onetwo");
    expect(seen?.headers["transfer-encoding"]).toBe("chunked");
    expect(seen?.trailers).toEqual({ "x-check": "5" });
    expect(answer.trailers).toEqual({ "x-sum": "7" });
  });

  it("without a body where it has none, as HEAD, and where the answer may have none", async () => {
    await using house = await openHouse();
    house.service.answer = (request, response) => {
      if (request.method === "HEAD") response.writeHead(200, { "content-length": 12 }).end();
      else response.writeHead(204).end();
    };
    const found = await send(house.url, "HEAD", "/v1/models");
    expect([found.status, found.headers["content-length"], found.body.length]).toEqual([200, "12", 0]);
    const gone = await send(house.url, "DELETE", "/v1/else");
    expect([gone.status, gone.body.length]).toEqual([204, 0]);
    expect(house.service.seen[1]?.headers["transfer-encoding"]).toBeUndefined();
  });

  it("and asks the service itself whether it wants the body when the client asks", async () => {
    await using house = await openHouse();
    let asked = 0;
    house.service.server.on(
      "checkContinue",
      (request: http.IncomingMessage, response: http.ServerResponse) => {
        asked++;
        if (request.url?.endsWith("no") === true) response.writeHead(417).end();
        else {
          response.writeContinue();
          house.service.server.emit("request", request, response);
        }
      },
    );
    const yes = await talk(house.url, asking("yes"), "100 Continue");
    expect(house.service.seen).toHaveLength(0);
    yes.socket.write("text");
    await expect.poll(() => house.service.seen[0]?.body.toString()).toBe("text");
    const no = await talk(house.url, asking("no"));
    expect(no.text).toMatch(/^HTTP\/1\.1 417 [\s\S]*Connection: close/i);
    expect(asked).toBe(2);
    await expect.poll(() => house.gateway.health().instances[0]?.counts.accepted).toBe(1);
    expect((await house.flushed()).map(({ content }) => content?.toString())).toEqual(["text"]);
    yes.socket.destroy();
  });

  it("and early hints come before the answer", async () => {
    await using house = await openHouse();
    house.service.answer = (_request, response) => {
      response.writeEarlyHints({ link: "</x>; rel=preload" });
      response.end("done");
    };
    const { text } = await talk(house.url, "GET /in/v1/x HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/x>; rel=preload\r\n\r\nHTTP\/1\.1 200/i);
  });

  it("while it still comes in: the service sees the first piece before the client has sent the last", async () => {
    await using house = await openHouse();
    const { promise: firstPiece, resolve } = Promise.withResolvers<void>();
    house.service.server.prependListener("request", (request: http.IncomingMessage) =>
      request.once("data", () => resolve()),
    );
    const answer = await send(house.url, "POST", "/v1/recognitions", {
      body: (async function* () {
        yield Buffer.from("first");
        await firstPiece;
        yield Buffer.from("last");
      })(),
    });
    expect(answer.status).toBe(201);
    expect(house.service.seen[0]?.body.toString()).toBe("firstlast");
  });

  it("and an answer that is not kept streams back piece by piece", async () => {
    await using house = await openHouse();
    const { promise: heard, resolve } = Promise.withResolvers<void>();
    house.service.answer = (_request, response) => {
      response.write("one");
      void heard.then(() => response.end("two"));
    };
    const request = http.get(`${house.url}/v1/x`);
    const [answer] = (await once(request, "response")) as [http.IncomingMessage];
    const [first] = (await once(answer, "data")) as [Buffer];
    expect(first.toString()).toBe("one");
    resolve();
    const [second] = (await once(answer, "data")) as [Buffer];
    expect(second.toString()).toBe("two");
  });

  it("to the instance whose prefix is the longest; a prefix ends at a slash", async () => {
    await using one = await startService();
    await using two = await startService();
    await using house = await openHouse({
      instances: [
        { source: "a", kind: "watson-stt", prefix: "/stt/", target: new URL(`${one.url}/`) },
        { source: "b", kind: "watson-tts", prefix: "/stt/b", target: new URL(`${two.url}/x/`) },
      ],
    });
    await send(house.gateway.url, "POST", "/stt/v1/customizations/m/corpora/c", { body: "1" });
    await send(house.gateway.url, "PUT", "/stt/b/v1/customizations/m/words/w", { body: "{}" });
    await send(house.gateway.url, "GET", "/stt/bb/v1/models");
    expect((await send(house.gateway.url, "GET", "/sttx/v1/models")).status).toBe(404);
    expect(one.seen.map(({ url }) => url)).toEqual(["/v1/customizations/m/corpora/c", "/bb/v1/models"]);
    expect(two.seen.map(({ url }) => url)).toEqual(["/x/v1/customizations/m/words/w"]);
    const captures = await house.flushed();
    expect(captures.map(({ source }) => source).toSorted()).toEqual(["a", "b"]);
  });

  it("a path with dots passes raw and deletes nothing that was kept", async () => {
    await using house = await openHouse();
    house.service.answer = json(200, {});
    await send(house.url, "DELETE", `/v1/customizations/${ID}/words/..`);
    expect(house.service.seen[0]?.url).toBe(`/instances/one/v1/customizations/${ID}/words/..`);
    expect(await house.flushed()).toEqual([]);
    expect(house.gateway.health().instances[0]?.counts.unknownWrites).toBe(1);
  });

  it("an unused connection that the service has closed is no failure for a reading request", async () => {
    await using house = await openHouse();
    await send(house.url, "GET", "/v1/a");
    house.service.server.prependOnceListener("request", (request: http.IncomingMessage) =>
      request.socket.destroy(),
    );
    expect((await send(house.url, "GET", "/v1/b")).status).toBe(201);
  });

  it("over TLS to a service that signs its own certificate, and from clients", async () => {
    const server = https.createServer({ cert: CERTIFICATE, key: CERTIFICATE_KEY }, (_, response) =>
      response.end("tls"),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const target = new URL(`https://localhost:${(server.address() as net.AddressInfo).port}`);
    const instance = { source: "a", kind: "watson-stt", target } as const;
    await using house = await openHouse({
      listen: { host: "127.0.0.1", port: 0, tls: { cert: CERTIFICATE, key: CERTIFICATE_KEY } },
      instances: [
        { ...instance, prefix: "/trusted", ca: CERTIFICATE },
        { ...instance, prefix: "/any", insecureTls: true },
        { ...instance, prefix: "/strict" },
      ],
    });
    const ask = async (path: string): Promise<number | undefined> => {
      const request = https.get(`${house.gateway.url}${path}`, { rejectUnauthorized: false });
      const [answer] = (await once(request, "response")) as [http.IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    expect([await ask("/trusted/x"), await ask("/any/x"), await ask("/strict/x")]).toEqual([200, 200, 502]);
    server.closeAllConnections();
    server.close();
  });
});

describe("WebSockets", () => {
  it("are joined byte for byte, query and credentials included, and their end ends both sides", async () => {
    await using house = await openHouse();
    const ended = Promise.withResolvers<void>();
    house.service.server.on("upgrade", (request, socket, head) => {
      expect(request.url).toBe("/instances/one/v1/recognize?access_token=t&model=m");
      expect(request.headers["sec-websocket-key"]).toBe("abc");
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-A: b\r\n\r\nhello",
      );
      socket.write(head);
      socket.on("data", (piece) => socket.write(piece));
      socket.on("close", () => ended.resolve());
      socket.on("end", () => socket.end());
    });
    const { text, socket } = await talk(
      house.url,
      "GET /in/v1/recognize?access_token=t&model=m HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\n\r\nearly",
      "early",
    );
    expect(text).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(text.endsWith("\r\nX-A: b\r\n\r\nhelloearly")).toBe(true);
    let echoed = 0;
    socket.on("data", (piece: Buffer) => (echoed += piece.length));
    socket.write(Buffer.alloc(3_000_000));
    await expect.poll(() => echoed).toBe(3_000_000);
    socket.end();
    await ended.promise;
    expect(house.gateway.health().instances[0]?.counts.webSockets).toBe(1);
  });

  it("a refused handshake is passed back and ends the connection", async () => {
    await using house = await openHouse();
    house.service.answer = json(401, { error: "Unauthorized", code: 401 });
    const { text } = await talk(
      house.url,
      "GET /in/v1/recognize HTTP/1.1\r\nHost: g\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    expect(text).toMatch(/^HTTP\/1\.1 401 [\s\S]*\{"error":"Unauthorized","code":401\}$/);
  });

  it("an upload that asks for another protocol is still an upload, and kept", async () => {
    await using house = await openHouse();
    const { text } = await talk(
      house.url,
      `POST /in/v1/customizations/${ID}/corpora/c HTTP/1.1\r\nHost: g\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\ntext`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 201 /);
    expect((await house.flushed())[0]?.content?.toString()).toBe("text");
  });
});

describe("the gateway's own answers", () => {
  it("its health tells what waits, without anybody's credentials", async () => {
    await using house = await openHouse();
    await send(house.url, "POST", `/v1/customizations/${ID}/corpora/c`, {
      body: "text",
      headers: { authorization: "Bearer secret-token" },
    });
    const answer = await send(house.gateway.url, "GET", "/_gateway/health");
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      status: "ok",
      instances: [
        { source: "speech", waiting: 1, repository: "reachable", counts: { accepted: 1, committed: 0 } },
      ],
    });
    expect(answer.body.toString()).not.toContain("secret-token");
    await house.flushed();
    expect(house.gateway.health().instances[0]).toMatchObject({ waiting: 0, counts: { committed: 1 } });
    expect(house.gateway.health().spool.bytes).toBe(0);
  });

  it("an instance that cannot be reached answers 502 in the service's shape", async () => {
    await using house = await openHouse({
      instances: [{ source: "a", kind: "watson-stt", prefix: "/in", target: new URL("http://127.0.0.1:9") }],
    });
    const answer = await send(house.url, "POST", `/v1/customizations/${ID}/corpora/c`, { body: "text" });
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 502, code_description: "Bad Gateway" });
    expect(await house.flushed()).toEqual([]);
  });

  it.each([
    [{ prefix: "/_gateway" }, /may not be served under/],
    [{ prefix: "in" }, /needs a prefix/],
    [{ prefix: "/a/../b" }, /\. or \.\./],
    [{ target: new URL("http://user:pass@localhost") }, /no credentials/],
    [{ target: new URL("ftp://localhost") }, /http/],
  ])("instances that cannot be served are refused at the start: %o", async (wrong, message) => {
    const instance = {
      source: "a",
      kind: "watson-stt",
      prefix: "/a",
      target: new URL("http://localhost"),
    } as const;
    await expect(
      startGateway({
        listen: { host: "127.0.0.1", port: 0 },
        instances: [{ ...instance, ...wrong }],
        spool: { folder: "/nowhere", key: Buffer.alloc(32) },
        commit: async () => {},
        onUnreachable: "pass",
        alarm: () => {},
      }),
    ).rejects.toThrow(message);
  });
});
