/**
 * The changes feed: pages, positions, and the feeds that stay open.
 */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import type { CouchDBSandbox } from "../../../src/sandbox/couchdb/index.ts";
import { startCouchDB } from "../../../src/sandbox/couchdb/index.ts";
import type { Answer } from "./client.ts";
import { send } from "./client.ts";

let server: CouchDBSandbox;
let number = 0;
let db = "";
beforeAll(async () => {
  server = await startCouchDB();
});
afterAll(async () => server.close());
beforeEach(async () => {
  db = `/feed${number++}`;
  await send(server.url, "PUT", db);
});

const ask = async (method: string, path: string, body?: unknown): Promise<Answer> =>
  send(server.url, method, `${db}${path}`, body === undefined ? {} : { body });

async function fill(count: number, from = 0): Promise<void> {
  const docs = Array.from({ length: count }, (_, i) => ({ _id: `d${from + i}` }));
  await ask("POST", "/_bulk_docs", { docs });
}

const ids = (answer: Answer): string[] => answer.json().results.map(({ id }: { id: string }) => id);

/** Opens a feed and gives its lines as they come. */
async function follow(path: string): Promise<{ lines: AsyncGenerator<string>; close: () => void }> {
  const auth = `Basic ${Buffer.from("admin:admin").toString("base64")}`;
  const outgoing = request(`${server.url}${db}${path}`, { headers: { authorization: auth } });
  outgoing.end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  async function* lines(): AsyncGenerator<string> {
    let text = "";
    for await (const chunk of response) {
      text += String(chunk);
      const parts = text.split("\n");
      text = parts.pop() ?? "";
      yield* parts;
    }
  }
  return { lines: lines(), close: () => outgoing.destroy() };
}

async function nextRow(
  lines: AsyncGenerator<string>,
): Promise<{ id?: string; last_seq?: string; pending?: number }> {
  for (;;) {
    const next = await lines.next();
    if (next.done === true) throw new Error("the feed ended");
    if (next.value !== "") return JSON.parse(next.value) as { id?: string };
  }
}

test("pages of any size lead through every document once, and pending counts the rest", async () => {
  await fill(1203);
  const seen: string[] = [];
  let since = "0";
  const pendings: number[] = [];
  for (;;) {
    const page = await ask("GET", `/_changes?limit=500&since=${since}&seq_interval=500`);
    seen.push(...ids(page));
    since = page.json().last_seq;
    pendings.push(page.json().pending);
    if (page.json().pending === 0) break;
  }
  expect(pendings).toEqual([703, 203, 0]);
  expect(new Set(seen).size).toBe(1203);
  expect(seen).toHaveLength(1203);
});

test("a document that changes again moves to the end", async () => {
  await fill(3);
  const { rev } = (await ask("GET", "/_all_docs?key=%22d0%22")).json().rows[0].value;
  await ask("PUT", "/d0", { _rev: rev, v: 1 });
  expect(ids(await ask("GET", "/_changes"))).toEqual(["d1", "d2", "d0"]);
  expect(ids(await ask("GET", "/_changes?descending=true&limit=2"))).toEqual(["d0", "d2"]);
});

test("only every so many rows have a seq, and each of them is a position", async () => {
  await fill(10);
  const rows = (await ask("GET", "/_changes?seq_interval=4")).json().results as { seq: string | null }[];
  expect(rows.map(({ seq }) => seq !== null)).toEqual(
    [3, 7].reduce(
      (list, i) => list.with(i, true),
      rows.map(() => false),
    ),
  );
  expect(ids(await ask("GET", `/_changes?since=${rows[3]?.seq}`))).toHaveLength(6);
});

test.each(["5", "bogus", "-1", "1-g1AAAA", "", "null"])("refuses the position %j", async (since) => {
  const answer = await ask("GET", `/_changes?since=${since}`);
  expect([answer.status, answer.json().reason]).toEqual([
    400,
    "Malformed sequence supplied in 'since' parameter.",
  ]);
});

test("a database that is created again at once has another start time and knows no old position", async () => {
  await fill(3);
  const before = (await ask("GET", "")).json();
  await ask("DELETE", "");
  await ask("PUT", "");
  await fill(2);
  const after = (await ask("GET", "")).json();
  expect(after.instance_start_time).not.toBe(before.instance_start_time);
  expect(after.instance_start_time).toMatch(/^\d{10}$/);
  expect(ids(await ask("GET", `/_changes?since=${before.update_seq}`))).toEqual(["d0", "d1"]);
});

test("filters by ids, selector and design documents", async () => {
  await fill(5);
  await ask("PUT", "/_design/x", {});
  await ask("PUT", "/v", { v: { w: 7 } });
  expect(ids(await ask("POST", "/_changes?filter=_doc_ids", { doc_ids: ["d1", "d3", "none"] }))).toEqual([
    "d1",
    "d3",
  ]);
  expect(ids(await ask("POST", "/_changes?filter=_selector", { selector: { "v.w": { $gt: 6 } } }))).toEqual([
    "v",
  ]);
  expect(ids(await ask("GET", "/_changes?filter=_design"))).toEqual(["_design/x"]);
});

test("a continuous feed tells what is there, then what comes, with heartbeats between", async () => {
  await fill(2);
  const { lines, close } = await follow("/_changes?feed=continuous&heartbeat=20");
  expect([(await nextRow(lines)).id, (await nextRow(lines)).id]).toEqual(["d0", "d1"]);
  expect((await lines.next()).value).toBe("");
  await fill(1, 2);
  expect((await nextRow(lines)).id).toBe("d2");
  close();
});

test("a continuous feed ends after its time-out with a position, and one that is given a limit with it", async () => {
  await fill(2);
  const timed = await follow("/_changes?feed=continuous&since=now&timeout=50");
  expect(await nextRow(timed.lines)).toMatchObject({ pending: 0 });
  const limited = await follow("/_changes?feed=continuous&limit=1");
  await nextRow(limited.lines);
  expect(await nextRow(limited.lines)).toMatchObject({ pending: 1 });
});

test("when the database is deleted a feed ends as if its time were up", async () => {
  const { lines } = await follow("/_changes?feed=continuous&heartbeat=10000");
  await lines.next();
  await ask("DELETE", "");
  expect(await nextRow(lines)).toHaveProperty("last_seq");
});

test("a long poll waits for one change", async () => {
  const polled = ask("GET", "/_changes?feed=longpoll&since=now&timeout=5000");
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
  await fill(1);
  expect(ids(await polled)).toEqual(["d0"]);
});
