/**
 * Replays the 138 requests that were recorded from Apache CouchDB 3.5.0 and compares every answer: status, the headers that the
 * protocol fixes, and the body character by character once opaque values are made equal. Revision hashes are compared as they are: the
 * stand-in computes the ones a real server computes.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { CouchDBSandbox } from "../../../src/sandbox/couchdb/index.ts";
import { startCouchDB } from "../../../src/sandbox/couchdb/index.ts";
import type { Answer } from "./client.ts";
import { send } from "./client.ts";

interface Step {
  readonly group: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly body_b64?: string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | string[]>>;
    readonly body?: string;
    readonly body_b64?: string;
  };
}

const file = new URL("recordings/couchdb-3.5.0.json", import.meta.url);
const { steps } = JSON.parse(readFileSync(file, "utf8")) as { steps: Step[] };

/** How a body is compared that cannot be compared character by character. */
type Leniency = "row count and pending" | "form" | "members in any order";

const SHARD_ORDER = "which shard answers first is chance, and a limited feed shows it";

/** The only steps compared with leniency, and why. */
const EXCEPTIONS: ReadonlyMap<number, { readonly as: Leniency; readonly reason: string }> = new Map([
  [2, { as: "form", reason: "the recorded server held other databases" }],
  [85, { as: "row count and pending", reason: SHARD_ORDER }],
  [86, { as: "row count and pending", reason: SHARD_ORDER }],
  [92, { as: "row count and pending", reason: `${SHARD_ORDER}: here in which rows have a seq` }],
  [93, { as: "row count and pending", reason: SHARD_ORDER }],
  [94, { as: "row count and pending", reason: SHARD_ORDER }],
  [103, { as: "members in any order", reason: "the answers of the shards are joined as they come" }],
  [125, { as: "form", reason: "the server chooses the id" }],
]);

/** The recordings leave the Authorization header out. */
const CREDENTIALS: ReadonlyMap<number, string | null> = new Map([
  [22, null],
  [23, "admin:wrong"],
]);

const HEADERS = [
  "content-type",
  "accept-ranges",
  "content-range",
  "content-encoding",
  "allow",
  "transfer-encoding",
];
const SEQUENCE = /\d+-g[12][A-Za-z0-9_-]{20,}/g;

let server: CouchDBSandbox;
beforeAll(async () => {
  server = await startCouchDB({ admin: { name: "admin", password: "secret" } });
});
afterAll(async () => server.close());

/** What differs between any two servers, replaced by what it is. */
function masked(text: string): string {
  return text
    .replaceAll(SEQUENCE, "<seq>")
    .replaceAll(/("instance_start_time":)"\d{10}"/g, "$1<seconds>")
    .replaceAll(/("uuid":)"[0-9a-f]{32}"/g, "$1<uuid>")
    .replaceAll(/("file":|"active":)\d+/g, "$1<bytes>")
    .replaceAll(/("bookmark": )"[^"]+"/g, "$1<bookmark>")
    .replaceAll(/--[0-9a-f]{32}/g, "--<boundary>");
}

/** Rows of a feed in an order of their own: the order across shards is chance. */
function sortedRows(text: string): string {
  const match = /^(\{"results":\[\n)([\s\S]*)(\n\],\n"last_seq"[\s\S]*)$/.exec(text);
  if (match === null) return text;
  const [, head, rows, tail] = match;
  return `${head}${rows?.split(",\r\n").sort().join(",\r\n")}${tail}`;
}

function rowCount(text: string): number {
  return text.split("\n").filter((line) => line.startsWith('{"seq"')).length;
}

/** Recorded sequences by the number in front, to be sent as the stand-in's own of the same meaning. */
const actualSequences = new Map<string, string>();

function translate(text: string): string {
  return text.replaceAll(SEQUENCE, (sequence) => actualSequences.get(sequence) ?? sequence);
}

function remember(recorded: string, actual: string): void {
  const last = /"last_seq":"([^"]+)"/;
  const [from, to] = [last.exec(recorded)?.[1], last.exec(actual)?.[1]];
  if (from !== undefined && to !== undefined) actualSequences.set(from, to);
}

async function replay(step: Step, index: number): Promise<Answer> {
  const { method, path, headers, body, body_b64: base64 } = step.request;
  const huge = body?.includes("<8,000,100 times a>") === true ? `{"x":"${"a".repeat(8_000_100)}"}` : body;
  return send(server.url, method, translate(path), {
    headers,
    body: base64 === undefined ? huge : Buffer.from(base64, "base64"),
    auth: CREDENTIALS.has(index) ? (CREDENTIALS.get(index) ?? null) : "admin:secret",
  });
}

let compared = 0;

function compareHeaders(step: Step, answer: Answer): void {
  for (const name of HEADERS) {
    const recorded = step.response.headers[name];
    const shape = (value: unknown): unknown => (typeof value === "string" ? masked(value) : value);
    expect(shape(answer.headers[name]), name).toEqual(shape(recorded));
  }
  const etag = step.response.headers["etag"];
  if (typeof etag === "string" && /^"\d+-/.test(etag)) expect(answer.headers.etag).toBe(etag);
  expect(answer.headers.etag === undefined).toBe(etag === undefined);
  const location = step.response.headers["location"];
  if (typeof location === "string") {
    const path = (address: string | undefined): string | undefined =>
      address?.replace(/^http:\/\/[^/]+/, "").replace(/[0-9a-f]{32}$/, "<id>");
    expect(path(answer.headers.location)).toBe(path(location));
  }
  const cookie = step.response.headers["set-cookie"];
  if (cookie !== undefined)
    expect(answer.headers["set-cookie"]?.[0]).toMatch(/^AuthSession=[\w-]*; Version=1; .*HttpOnly$/);
}

for (const [index, step] of steps.entries()) {
  test(`answers step ${index} as CouchDB did: ${step.request.method} ${step.request.path.slice(0, 90)}`, async () => {
    const answer = await replay(step, index);
    const recorded = step.response.body ?? "";
    expect(answer.status, answer.text.slice(0, 500)).toBe(step.response.status);
    compareHeaders(step, answer);
    remember(recorded, answer.text);
    compared++;
    if (step.response.body_b64 !== undefined) {
      expect(answer.body.toString("base64")).toBe(step.response.body_b64);
      return;
    }
    compareBodies(recorded, answer.text, EXCEPTIONS.get(index)?.as);
  });
}

function compareBodies(recorded: string, actual: string, leniency: Leniency | undefined): void {
  switch (leniency) {
    case undefined:
      expect(sortedRows(masked(actual))).toBe(sortedRows(masked(recorded)));
      return;
    case "members in any order":
      expect(JSON.parse(actual)).toEqual(JSON.parse(recorded));
      return;
    case "form":
      expect(form(JSON.parse(actual))).toEqual(form(JSON.parse(recorded)));
      return;
    default: {
      const pending = /"pending":\d+/;
      expect(rowCount(actual)).toBe(rowCount(recorded));
      expect(pending.exec(actual)?.[0]).toBe(pending.exec(recorded)?.[0]);
    }
  }
}

/** Member names and types, with the length of arrays left open. */
function form(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(form);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, form(member)]));
}

test("has compared every recorded step", () => {
  expect(compared).toBe(138);
  expect(steps).toHaveLength(138);
});
