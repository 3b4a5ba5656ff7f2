/**
 * `/{db}/{id}/{attachment}`: the bytes of one attachment.
 */
import { createGunzip } from "node:zlib";
import { Readable } from "node:stream";

import { randomHex } from "../../model/clock.ts";
import type { Attachment, IncomingAttachment } from "./attachment-json.ts";
import { validateAttachmentName } from "./attachment-json.ts";
import { checkId } from "./bulk-docs.ts";
import type { Database } from "./database.ts";
import { locationOf, store } from "./document-endpoints.ts";
import { openOne } from "./document-reading.ts";
import { CouchError, conflict, methodNotAllowed, missing } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { quote } from "./json-text.ts";
import { openRevisions } from "./open-revisions.ts";
import type { Revision } from "./revision.ts";
import { parseRevision } from "./revision.ts";
import type { ServerState } from "./state.ts";
import type { Edit } from "./update.ts";

export async function attachment(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  id: string,
  name: string,
): Promise<void> {
  switch (exchange.method) {
    case "GET":
      state.limiter.admit("lookup", 1);
      await read(exchange, database, id, name);
      return;
    case "PUT":
    case "DELETE":
      await edit(exchange, state, database, id, name);
      return;
    default:
      throw methodNotAllowed("DELETE,GET,HEAD,PUT");
  }
}

async function read(exchange: Exchange, database: Database, id: string, name: string): Promise<void> {
  const { leaf } = openOne(database, id, exchange.query.revision("rev"));
  const found = database.body(leaf.body).attachments.find((candidate) => candidate.name === name);
  if (found === undefined) throw missing("Document is missing attachment");
  const etag = `"${found.md5}"`;
  const zipped = found.encoding !== "identity";
  const sendZipped = zipped && acceptsGzip(exchange);
  const headers: Record<string, string> = {
    ETag: etag,
    "Content-Type": found.type,
    "Accept-Ranges": zipped ? "none" : "bytes",
    "Content-Security-Policy": "sandbox",
    ...(sendZipped ? { "Content-Encoding": "gzip" } : {}),
  };
  if (exchange.header("if-none-match") === etag) {
    exchange.start(304, { ETag: etag, "Content-Length": "0" });
    await exchange.end();
    return;
  }
  const ranges = parseRanges(exchange.header("range"), found.length);
  const [range] = ranges ?? [];
  if (zipped || ranges === null || range === undefined || ranges.length >= MOST_RANGES) {
    await sendWhole(exchange, database, found, headers, zipped && !sendZipped);
  } else if (ranges.length === 1) {
    const { from, to } = range;
    headers["Content-Range"] = `bytes ${from}-${to}/${found.length}`;
    exchange.start(206, { ...headers, "Content-Length": String(to - from + 1) });
    for (const chunk of database.attachments.read(found.data, from, to + 1)) await exchange.write(chunk);
    await exchange.end();
  } else {
    await sendRanges(exchange, database, found, ranges);
  }
}

/** CouchDB sends this many ranges, or more, as the whole. */
const MOST_RANGES = 10;

interface ByteRange {
  readonly from: number;
  /** The last byte. */
  readonly to: number;
}

async function sendRanges(
  exchange: Exchange,
  database: Database,
  found: Attachment,
  ranges: readonly ByteRange[],
): Promise<void> {
  const boundary = randomHex(16);
  exchange.response.writeHead(206, {
    ...exchange.extraHeaders,
    "Content-Type": `multipart/byteranges; boundary="${boundary}"`,
  });
  await exchange.write(`--${boundary}`);
  for (const { from, to } of ranges) {
    const range = `bytes ${from}-${to}/${found.length}`;
    await exchange.write(`\r\nContent-Type: ${found.type}\r\nContent-Range: ${range}\r\n\r\n`);
    for (const chunk of database.attachments.read(found.data, from, to + 1)) await exchange.write(chunk);
    await exchange.write(`\r\n--${boundary}`);
  }
  await exchange.write("--");
  await exchange.end();
}

async function sendWhole(
  exchange: Exchange,
  database: Database,
  found: Attachment,
  headers: Record<string, string>,
  unzip: boolean,
): Promise<void> {
  const stored = database.attachments.read(found.data);
  // What came gzipped without saying how long it is has no known length, and is sent chunked when unzipped.
  const lengthKnown = !unzip || found.length !== found.encodedLength;
  const length = unzip ? found.length : found.encodedLength;
  exchange.start(200, lengthKnown ? { ...headers, "Content-Length": String(length) } : headers);
  if (unzip) {
    const source = Readable.from(stored).pipe(createGunzip());
    for await (const chunk of source) await exchange.write(chunk as Buffer);
  } else {
    for (const chunk of stored) await exchange.write(chunk);
  }
  await exchange.end();
}

function acceptsGzip(exchange: Exchange): boolean {
  return (exchange.header("accept-encoding") ?? "")
    .split(",")
    .map((item) => item.trim())
    .some((item) => /^(?:gzip\b|\*)/.test(item) && !/;\s*q=0(?:\.0*)?$/.test(item));
}

/** The ranges asked for; null for the whole. Throws 416 if one of them is empty. */
function parseRanges(header: string | undefined, length: number): ByteRange[] | null {
  const [, list = ""] = /^bytes=(\s*\d*-\d*\s*(?:,\s*\d*-\d*\s*)*)$/.exec(header ?? "") ?? [];
  if (list === "") return null;
  const ranges: ByteRange[] = [];
  for (const item of list.split(",")) {
    const [first = "", last = ""] = item.trim().split("-");
    if (first === "" && last === "") return null;
    if (Number(first) === 0 && first !== "" && last === "") return null;
    const range =
      first === ""
        ? { from: Math.max(0, length - Number(last)), to: length - 1 }
        : { from: Number(first), to: last === "" ? length - 1 : Math.min(Number(last), length - 1) };
    if (range.to < range.from) {
      throw new CouchError(416, "requested_range_not_satisfiable", "Requested range not satisfiable");
    }
    ranges.push(range);
  }
  return ranges;
}

async function edit(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  id: string,
  name: string,
): Promise<void> {
  validateAttachmentName(name);
  const uploaded = exchange.method === "PUT" ? await upload(exchange, database, name) : null;
  const revision = requestedRevision(exchange);
  const edited = editedDocument(database, id, revision, name, uploaded);
  const rev = store(exchange, state, database, edited, true);
  const body = `{"ok":true,"id":${quote(id)},"rev":${quote(rev)}}`;
  if (uploaded === null) await exchange.send(200, body);
  else await exchange.send(201, body, { Location: locationOf(exchange, database, id, name) });
}

async function upload(exchange: Exchange, database: Database, name: string): Promise<IncomingAttachment> {
  const encoding = exchange.header("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "gzip") {
    throw new CouchError(415, "bad_content_type", "Only gzip and identity content-encodings are supported");
  }
  const type = exchange.header("content-type") ?? "application/octet-stream";
  const stored = await database.attachments.receive({ name, type, encoding }, exchange.bodyChunks(false));
  database.external += stored.encodedLength;
  return { kind: "stored", attachment: stored, revpos: 0 };
}

function requestedRevision(exchange: Exchange): Revision | undefined {
  const asked = exchange.query.revision("rev");
  const ifMatch = exchange.header("if-match");
  return asked ?? (ifMatch === undefined ? undefined : parseRevision(ifMatch.trim().replaceAll('"', "")));
}

/** The document with the attachment put first or taken out. Throws 404 and 409. */
function editedDocument(
  database: Database,
  id: string,
  revision: Revision | undefined,
  name: string,
  uploaded: IncomingAttachment | null,
): Edit {
  if (revision === undefined) {
    if (uploaded === null) requireAttachment(database, id, undefined, name);
    checkId(database, id);
    const attachments = uploaded === null ? [] : [uploaded];
    return { id, revisions: { start: 0, ids: [] }, deleted: false, body: "{}", attachments };
  }
  const body =
    uploaded === null ? requireAttachment(database, id, revision, name) : bodyAt(database, id, revision);
  const kept = body.attachments.filter((candidate) => candidate.name !== name);
  const stubs = kept.map((existing): IncomingAttachment => ({
    kind: "stub",
    name: existing.name,
    revpos: undefined,
  }));
  return {
    id,
    revisions: { start: revision.position, ids: [revision.hash] },
    deleted: false,
    body: `{${body.text}}`,
    attachments: uploaded === null ? stubs : [uploaded, ...stubs],
  };
}

function bodyAt(database: Database, id: string, revision: Revision): ReturnType<Database["body"]> {
  const [opened] = openRevisions(database.find(id), [revision], false);
  if (opened === undefined || "missing" in opened) throw conflictMissing();
  return database.body(opened.found.body);
}

function requireAttachment(
  database: Database,
  id: string,
  revision: Revision | undefined,
  name: string,
): ReturnType<Database["body"]> {
  const body = database.body(openOne(database, id, revision).leaf.body);
  if (!body.attachments.some((candidate) => candidate.name === name)) {
    throw missing("Document is missing attachment");
  }
  return body;
}

/** CouchDB answers 409 with the words of a 404 for an attachment to a revision that is not there. */
function conflictMissing(): CouchError {
  return new CouchError(conflict().status, "not_found", "missing_rev");
}
