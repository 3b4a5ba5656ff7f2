/**
 * The connection to the service, the client's, the repository and the spool's disk fail at every stage of an upload.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../src/model/errors.ts";
import { json, openHouse, send, type House } from "./house.ts";

const ID = "0f6a1c1e-6d55-4d0e-9b53-0b8a52d7b1f4";
const CORPUS = `/v1/customizations/${ID}/corpora/c`;
const counts = (house: House) => house.gateway.health().instances[0]?.counts;

/** A service that cuts the connection at one stage of the exchange. */
type Stage =
  | "at once"
  | "after the head"
  | "in the body"
  | "after the body"
  | "in the answer"
  | "after the answer";

async function cuttingService(stage: Stage): Promise<{ url: URL; close: () => void }> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    if (stage === "at once") {
      socket.destroy();
      return;
    }
    let heard = 0;
    socket.on("data", (piece: Buffer) => {
      heard += piece.length;
      if (stage === "after the head") socket.destroy();
      if (stage === "in the body" && heard > 100_000) socket.destroy();
      if (!piece.subarray(-5).equals(Buffer.from("0\r\n\r\n"))) return;
      if (stage === "after the body") socket.destroy();
      else if (stage === "in the answer") {
        socket.write("HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{");
        setImmediate(() => socket.destroy());
      } else socket.end("HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
  return { url, close: () => server.close() };
}

function pieces(count: number): Buffer[] {
  return Array.from({ length: count }, () => randomBytes(50_000));
}

describe("the connection to the service breaks", () => {
  it.each([
    ["at once", "dropped", 502],
    ["after the head", "dropped", 502],
    ["in the body", "dropped", 502],
    ["after the body", "uncertain", 502],
    ["in the answer", "accepted", "broken"],
    ["after the answer", "accepted", 201],
  ] as const)("%s: the upload is %s", async (stage, outcome, status) => {
    const service = await cuttingService(stage);
    await using house = await openHouse({
      instances: [{ source: "speech", kind: "watson-stt", prefix: "/in", target: service.url }],
    });
    const body = pieces(20);
    const answer = await send(house.url, "POST", CORPUS, { body }).then(
      (found) => found.status,
      () => "broken",
    );
    // A client that is still sending when the connection ends may see that instead of the answer.
    if (stage === "after the body" || stage === "after the answer") expect(answer).toBe(status);
    else expect([status, "broken"]).toContain(answer);
    await expect.poll(() => counts(house)?.[outcome]).toBe(1);
    const captures = await house.flushed();
    if (outcome === "dropped") {
      expect(captures).toEqual([]);
      await expect.poll(() => house.files(".part")).toEqual([]);
    } else {
      expect(captures).toMatchObject([
        { note: { evidence: outcome === "accepted" ? "captured" : "uncertain" } },
      ]);
      expect(captures[0]?.content?.equals(Buffer.concat(body))).toBe(true);
    }
    service.close();
  });

  it("after a deletion was sent: what was kept is not given up on a guess", async () => {
    await using house = await openHouse();
    house.service.answer = (request) => request.socket.destroy();
    await send(house.url, "DELETE", `/v1/customizations/${ID}`);
    await send(house.url, "POST", `/v1/customizations/${ID}/reset`);
    await send(house.url, "POST", "/v1/recognitions", { body: "audio" });
    const captures = await house.flushed();
    expect(captures.map(({ kind, note }) => [kind, note.operation, note.evidence])).toEqual([
      ["live", "resetLanguageModel", "uncertain"],
      ["live", "createJob", "uncertain"],
    ]);
    expect(captures[1]?.key).toMatch(/^captures\/jobs\/unknown-2/);
  });
});

describe("the client goes away", () => {
  it("in its upload: the service's connection is cut too, and nothing is kept", async () => {
    await using house = await openHouse();
    const cut = Promise.withResolvers<void>();
    house.service.server.prependListener("request", (request: http.IncomingMessage) => {
      request.once("data", () => client.destroy());
      request.on("close", () => cut.resolve());
    });
    const client = http.request(`${house.url}${CORPUS}`, { method: "POST" });
    client.on("error", () => {});
    client.write("part of a text");
    await cut.promise;
    await expect.poll(() => counts(house)?.dropped).toBe(1);
    expect(house.service.seen).toEqual([]);
    expect(await house.flushed()).toEqual([]);
  });

  it("while the service works: the service is told, and the upload is kept as uncertain", async () => {
    await using house = await openHouse();
    const cut = Promise.withResolvers<void>();
    house.service.answer = (request) => {
      request.socket.on("close", () => cut.resolve());
      client.destroy();
    };
    const client = http.request(`${house.url}${CORPUS}`, { method: "POST" });
    client.on("error", () => {});
    client.end("text");
    await cut.promise;
    await expect.poll(() => counts(house)?.uncertain).toBe(1);
    expect(await house.flushed()).toMatchObject([{ note: { evidence: "uncertain" } }]);
  });
});

describe("the service answers before it has everything", () => {
  it("a refusal reaches the client, and nothing is kept", async () => {
    await using house = await openHouse();
    house.service.server.removeAllListeners("request");
    house.service.server.on("request", (_request: http.IncomingMessage, response: http.ServerResponse) =>
      json(413, { error: "too large", code: 413 })(_request, response),
    );
    const agent = new http.Agent({ keepAlive: true });
    const answer = await send(house.url, "POST", CORPUS, { body: pieces(100), agent }).catch(() => undefined);
    if (answer !== undefined) expect(answer.status).toBe(413);
    await expect.poll(() => counts(house)?.dropped).toBe(1);
    expect(await house.flushed()).toEqual([]);
    agent.destroy();
  });
});

describe("the repository cannot be reached", () => {
  it("captures wait, are tried again, and come in their order", async () => {
    await using house = await openHouse({ flush: { intervalMs: 1, retryMs: { first: 5, longest: 20 } } });
    house.failure = new Error("no such bucket");
    for (const name of ["a", "b"]) {
      await send(house.url, "POST", `/v1/customizations/${ID}/corpora/${name}`, { body: name });
    }
    await expect.poll(() => house.alarms.map(({ kind }) => kind)).toEqual(["repository-unreachable"]);
    await expect
      .poll(() => house.gateway.health())
      .toMatchObject({ status: "degraded", instances: [{ waiting: 2 }] });
    house.failure = undefined;
    await expect.poll(() => house.committed.map(({ content }) => content?.toString())).toEqual(["a", "b"]);
    expect(house.alarms.at(-1)?.kind).toBe("repository-back");
    await expect.poll(() => house.gateway.health().status).toBe("ok");
  });

  it("`refuse`: uploads are answered in the service's shape and never reach it; deletions pass", async () => {
    await using house = await openHouse({ onUnreachable: "refuse" });
    await send(house.url, "POST", CORPUS, { body: "before" });
    house.failure = new Error("gone");
    await expect(house.gateway.flush()).rejects.toThrow("gone");
    const refused = await send(house.url, "POST", CORPUS, { body: pieces(40) });
    expect(refused.status).toBe(503);
    expect(refused.headers["retry-after"]).toBe("30");
    expect(JSON.parse(refused.body.toString())).toMatchObject({
      code: 503,
      code_description: "Service Unavailable",
      error: expect.stringContaining("repository of captures cannot be reached") as string,
    });
    expect((await send(house.url, "POST", `/v1/customizations/${ID}/train`)).status).toBe(503);
    expect((await send(house.url, "DELETE", CORPUS)).status).toBe(201);
    expect((await send(house.url, "GET", CORPUS)).status).toBe(201);
    expect(house.service.seen.map(({ method }) => method)).toEqual(["POST", "DELETE", "GET"]);
    expect(counts(house)?.refused).toBe(2);
    house.failure = undefined;
    await house.flushed();
    expect((await send(house.url, "POST", CORPUS, { body: "after" })).status).toBe(201);
  });

  it("others who commit to the same timeline are waited for, and refuse nobody an upload", async () => {
    await using house = await openHouse({
      onUnreachable: "refuse",
      flush: { intervalMs: 1, retryMs: { first: 5, longest: 5 } },
    });
    house.failure = new HoldfastError("task-busy", "a backup is committing");
    await send(house.url, "POST", CORPUS, { body: "a" });
    await expect(house.gateway.flush()).rejects.toThrow("a backup is committing");
    expect((await send(house.url, "POST", `${CORPUS}2`, { body: "b" })).status).toBe(201);
    await expect.poll(() => house.alarms.map(({ kind }) => kind)).toContain("repository-unreachable");
    house.failure = undefined;
    await expect.poll(() => house.committed.map(({ content }) => content?.toString())).toEqual(["a", "b"]);
  });

  it("one source's failure holds up no other", async () => {
    const instance = { kind: "watson-stt", target: new URL("http://127.0.0.1:9") } as const;
    const committed: string[] = [];
    await using upstream = await openHouse();
    await using house = await openHouse({
      onUnreachable: "refuse",
      instances: ["bad", "good"].map((source) => ({
        ...instance,
        source,
        prefix: `/${source}`,
        target: new URL(upstream.service.url),
      })),
      commit: async (source) => {
        if (source === "bad") throw new Error("bad");
        committed.push(source);
      },
    });
    for (const source of ["bad", "good"]) {
      await send(house.gateway.url, "POST", `/${source}${CORPUS}`, { body: "x" });
    }
    await expect(house.gateway.flush()).rejects.toThrow("bad");
    expect(committed).toEqual(["good"]);
    const statuses = ["bad", "good"].map(
      async (source) => (await send(house.gateway.url, "POST", `/${source}${CORPUS}`, { body: "x" })).status,
    );
    expect(await Promise.all(statuses)).toEqual([503, 201]);
  });
});

/** With a spool of 100 kB. */
function fullHouse(onUnreachable: "refuse" | "pass"): Promise<House> {
  return openHouse({ onUnreachable, spoolBytes: 100_000 });
}

describe("the spool is full", () => {
  it.each([true, false])("`refuse`: an upload is refused, its length known before: %s", async (known) => {
    await using house = await fullHouse("refuse");
    const body = randomBytes(200_000);
    const answer = await send(house.url, "POST", CORPUS, {
      body: known ? body : [body.subarray(0, 100_000), body.subarray(100_000)],
    });
    expect(answer.status).toBe(503);
    expect(answer.body.toString()).toContain("spool of captures is full");
    await new Promise((resolve) => setImmediate(resolve));
    expect(house.service.seen).toEqual([]);
    await expect.poll(() => counts(house)?.refused).toBe(1);
    expect(house.alarms.some(({ kind }) => kind === "upload-refused")).toBe(true);
    expect(await house.flushed()).toEqual([]);
    await expect.poll(() => house.gateway.health().spool.bytes).toBe(0);
  });

  it.each([true, false])(
    "`pass`: it passes, with an alarm and a durable mark; its length known: %s",
    async (known) => {
      await using house = await fullHouse("pass");
      const body = randomBytes(200_000);
      const answer = await send(house.url, "POST", CORPUS, {
        body: known ? body : [body.subarray(0, 100_000), body.subarray(100_000)],
      });
      expect(answer.status).toBe(201);
      expect(house.service.seen[0]?.body.equals(body)).toBe(true);
      expect(house.alarms).toContainEqual(
        expect.objectContaining({ kind: "capture-incomplete", key: `captures/${ID}/corpora/c` }) as unknown,
      );
      await expect.poll(() => house.files(".accepted")).toHaveLength(1);
      const [mark, ...rest] = await house.flushed();
      expect(rest).toEqual([]);
      expect(mark).toMatchObject({
        key: `captures/${ID}/corpora/c`,
        kind: "live",
        note: { incomplete: expect.stringContaining("full") as string },
      });
      expect(mark?.content).toBeUndefined();
      expect(house.gateway.health().status).toBe("degraded");
    },
  );

  it("deletions are still written down", async () => {
    await using house = await fullHouse("refuse");
    await send(house.url, "POST", CORPUS, { body: randomBytes(90_000) });
    for (let n = 0; n < 40; n++) await send(house.url, "DELETE", `${CORPUS}${n}`);
    expect(house.gateway.health().spool.bytes).toBeGreaterThan(100_000);
    expect(await house.flushed()).toHaveLength(41);
  });
});

describe("the spool's disk fails", () => {
  it("`pass`: the upload passes, and the alarm says that not even a mark could be written", async () => {
    await using house = await openHouse();
    await rm(house.folder, { recursive: true });
    const answer = await send(house.url, "POST", CORPUS, { body: "text" });
    expect(answer.status).toBe(201);
    expect(house.alarms.map(({ kind }) => kind)).toContain("spool-failed");
    expect(house.alarms.at(-1)).toMatchObject({
      kind: "capture-incomplete",
      message: expect.stringContaining("by hand") as string,
    });
    expect(house.gateway.health()).toMatchObject({ status: "degraded", spool: { failing: true } });
  });

  it.each([1, 12])("`refuse`: an upload of %d pieces never becomes whole at the service", async (count) => {
    await using house = await openHouse({ onUnreachable: "refuse" });
    await rm(house.folder, { recursive: true });
    const body = Buffer.concat(pieces(count));
    expect((await send(house.url, "POST", CORPUS, { body })).status).toBe(503);
    expect((await send(house.url, "POST", `/v1/customizations/${ID}/train`)).status).toBe(503);
    expect(house.service.seen).toEqual([]);
    expect(house.gateway.health().spool.failing).toBe(true);
    // The next request asks the disk again, and is still refused; the one after passes.
    await mkdir(house.folder);
    expect((await send(house.url, "POST", CORPUS, { body })).status).toBe(503);
    await expect.poll(() => house.gateway.health().spool.failing).toBe(false);
    expect((await send(house.url, "POST", CORPUS, { body })).status).toBe(201);
    expect((await house.flushed()).map(({ content }) => content?.equals(body))).toEqual([true]);
  });
});
