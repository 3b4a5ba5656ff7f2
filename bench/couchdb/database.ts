/**
 * The benchmark's databases: documents of about 600 bytes, with histories of one revision or of several.
 */
import { createHash } from "node:crypto";

export interface Server {
  /** Without credentials and without a slash at the end. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

const BATCH = 1_000;
/** Revisions of a document in the database with long histories. */
const LONG_HISTORY = 5;

export function serverOf(url: string): Server {
  const parsed = new URL(url);
  const { username, password } = parsed;
  parsed.username = "";
  parsed.password = "";
  return { url: parsed.href.replace(/\/$/, ""), username, password };
}

/** The address with its credentials, as other tools take it. */
export function withCredentials(server: Server, database: string): string {
  const url = new URL(`${server.url}/${database}`);
  url.username = server.username;
  url.password = server.password;
  return url.href;
}

export async function send(server: Server, method: string, path: string, body?: string): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${server.username}:${server.password}`).toString("base64")}`;
  return fetch(`${server.url}/${path}`, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body === undefined ? {} : { body }),
  });
}

/** About 600 bytes of JSON; ids in no order, as applications make them. */
export function benchDocument(index: number, edit = 0): { _id: string; [member: string]: unknown } {
  const id = createHash("md5").update(`id ${index}`).digest("hex");
  const words = createHash("sha512").update(`${index} ${edit}`).digest("hex");
  return {
    _id: id,
    type: "reading",
    sensor: `sensor-${index % 977}`,
    at: new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString(),
    value: (index % 10_000) / 7,
    edit,
    site: {
      building: `B${index % 40}`,
      floor: index % 9,
      room: `room ${index % 300}`,
      tags: ["north", "checked", "calibrated"],
    },
    comment: `Taken by the night shift; nothing unusual to report from this place (${index % 50}).`,
    trace: words,
  };
}

function hashOf(index: number, generation: number): string {
  return createHash("md5").update(`${index} ${generation}`).digest("hex");
}

/** Creates a database of `count` documents, each with a history of `LONG_HISTORY` revisions or one. */
export async function fill(server: Server, database: string, count: number, long: boolean): Promise<void> {
  await send(server, "DELETE", database);
  await send(server, "PUT", database);
  for (let start = 0; start < count; start += BATCH) {
    const docs = Array.from({ length: Math.min(BATCH, count - start) }, (_, offset) => {
      const index = start + offset;
      const generations = long ? LONG_HISTORY : 1;
      const ids = Array.from({ length: generations }, (_unused, age) => hashOf(index, generations - age));
      return {
        ...benchDocument(index),
        _rev: `${generations}-${ids[0]}`,
        _revisions: { start: generations, ids },
      };
    });
    const answer = await send(
      server,
      "POST",
      `${database}/_bulk_docs`,
      JSON.stringify({ new_edits: false, docs }),
    );
    if (!answer.ok || (await answer.text()).trim() !== "[]")
      throw new Error(`Filling ${database} failed: ${answer.status}`);
  }
}

/** Edits every `step`th document once. */
export async function editSome(
  server: Server,
  database: string,
  count: number,
  step: number,
  edit: number,
): Promise<number> {
  let edited = 0;
  for (let start = 0; start < count; start += BATCH * step) {
    const keys: string[] = [];
    for (let index = start; index < Math.min(count, start + BATCH * step); index += step)
      keys.push(benchDocument(index)._id);
    const rows = (await (
      await send(server, "POST", `${database}/_all_docs`, JSON.stringify({ keys }))
    ).json()) as { rows: { id: string; value: { rev: string } }[] };
    const docs = rows.rows.map(({ value }, position) => ({
      ...benchDocument(start + position * step, edit),
      _rev: value.rev,
    }));
    await (await send(server, "POST", `${database}/_bulk_docs`, JSON.stringify({ docs }))).text();
    edited += docs.length;
  }
  return edited;
}
