/**
 * The bare sides: reading and writing with nothing kept, as fast as the server allows. Run as a process of its own:
 * `bare.ts read-feed|write DATABASE`.
 */
import { Agent, request } from "undici";
import { benchDocument, serverOf } from "./database.ts";
import { createHash } from "node:crypto";

const WRITE_BATCH = 500;
const WRITERS = 4;

const [what, database, count] = process.argv.slice(2) as [string, string, string];
const server = serverOf(process.env["BENCH_SERVER"] as string);
const dispatcher = new Agent({ connections: 8, headersTimeout: 600_000, bodyTimeout: 600_000 });
const headers = {
  authorization: `Basic ${Buffer.from(`${server.username}:${server.password}`).toString("base64")}`,
  "content-type": "application/json",
};

/** One pass of the feed with documents: the least that carries what a baseline of one-revision histories needs. */
async function readFeed(): Promise<number> {
  const path = "_changes?include_docs=true&style=all_docs&conflicts=true&seq_interval=1000";
  const { body } = await request(`${server.url}/${database}/${path}`, { dispatcher, headers });
  let bytes = 0;
  for await (const chunk of body) bytes += (chunk as Buffer).length;
  return bytes;
}

/** Writes the same documents in byte order of id, with nothing read or checked. */
async function write(): Promise<number> {
  const total = Number(count);
  const all = Array.from({ length: total }, (_, index) => {
    const document = benchDocument(index);
    const hash = createHash("md5").update(`${index} 1`).digest("hex");
    return {
      id: document._id,
      text: JSON.stringify({ ...document, _rev: `1-${hash}`, _revisions: { start: 1, ids: [hash] } }),
    };
  }).sort((a, b) => (a.id < b.id ? -1 : 1));
  const started = performance.now();
  let next = 0;
  let bytes = 0;
  const writer = async (): Promise<void> => {
    while (next < total) {
      const batch = all.slice(next, (next += WRITE_BATCH));
      const payload = `{"new_edits":false,"docs":[${batch.map(({ text }) => text).join(",")}]}`;
      bytes += payload.length;
      const { body, statusCode } = await request(`${server.url}/${database}/_bulk_docs`, {
        dispatcher,
        method: "POST",
        headers,
        body: payload,
      });
      const answer = await body.text();
      if (statusCode !== 201 || answer.trim() !== "[]")
        throw new Error(`_bulk_docs answered ${statusCode}: ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  console.log(JSON.stringify({ seconds: (performance.now() - started) / 1_000, bytes }));
  return bytes;
}

if (what === "read-feed") {
  const started = performance.now();
  const bytes = await readFeed();
  console.log(JSON.stringify({ seconds: (performance.now() - started) / 1_000, bytes }));
} else await write();
await dispatcher.close();
