import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sendNotice, sendPings } from "../../../src/operations/serve/tell-others.ts";

interface Heard {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly body: string;
}

const signal = new AbortController().signal;
const heard: Heard[] = [];
let answers: number[] = [];
const server = createServer((request: IncomingMessage, response) => {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    heard.push({ method: request.method, path: request.url, body: Buffer.concat(pieces).toString() });
    response.statusCode = answers.shift() ?? 204;
    response.end();
  });
});
let origin = "";

beforeEach(async () => {
  heard.length = 0;
  answers = [];
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close").catch(() => {});
});

it("a webhook is sent the notice as JSON, with a sentence for people", async () => {
  const at = Date.parse("2026-06-01T12:00:00Z");
  const problems = await sendNotice(
    { webhooks: [`${origin}/secret-path`], pings: [] },
    {
      notice: "failing",
      job: "backup prod/orders",
      at,
      failures: 2,
      succeededAt: null,
      error: { code: "source-unreachable", message: "prod does not answer." },
    },
    signal,
  );
  expect(problems).toEqual([]);
  expect(heard).toHaveLength(1);
  expect(heard[0]).toMatchObject({ method: "POST", path: "/secret-path" });
  expect(JSON.parse(heard[0]?.body ?? "")).toEqual({
    service: "holdfast",
    notice: "failing",
    job: "backup prod/orders",
    at: "2026-06-01T12:00:00.000Z",
    failures: 2,
    succeededAt: null,
    error: { code: "source-unreachable", message: "prod does not answer." },
    text:
      "Holdfast: backup prod/orders has failed 2 times in a row (source-unreachable: prod does not answer.); it never succeeded. " +
      "holdfast explain source-unreachable says what to do.",
  });
});

it("a ping says how it is", async () => {
  const receivers = { webhooks: [], pings: [`${origin}/uuid`, `${origin}/other/`] };
  expect(await sendPings(receivers, true, signal)).toEqual([]);
  expect(await sendPings(receivers, false, signal)).toEqual([]);
  expect(heard.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
    "GET /other/",
    "GET /other/fail",
    "GET /uuid",
    "GET /uuid/fail",
  ]);
});

it("a receiver that stumbles once is told again", async () => {
  answers = [500];
  expect(await sendPings({ webhooks: [], pings: [`${origin}/uuid`] }, true, signal)).toEqual([]);
  expect(heard).toHaveLength(2);
});

it("one that cannot be told is named by its number, its address never said", async () => {
  const stopped = new AbortController();
  setTimeout(() => {
    stopped.abort();
  }, 300);
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as AddressInfo;
  closed.close();
  const receivers = { webhooks: [`${origin}/ok`, `http://127.0.0.1:${port}/secret-path`], pings: [] };
  const problems = await sendNotice(receivers, { notice: "test", at: 0 }, stopped.signal);
  expect(problems).toEqual(["The webhook number 2 could not be told: ECONNREFUSED."]);
});
