/**
 * `GET /{db}/{id}` in its forms: the winner, one revision, several, with attachments as text, base64 or parts.
 */
import { randomHex } from "../../model/clock.ts";
import type { Database } from "./database.ts";
import { validatePartitionedId } from "./document-text.ts";
import type { ViewOptions } from "./document-view.ts";
import { composeDocument, hasMeta, selectAttachments } from "./document-view.ts";
import { missing } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { quote } from "./json-text.ts";
import { localETag, readLocal } from "./local-documents.ts";
import { relatedLength, relatedParts } from "./multipart.ts";
import { inClusterOrder, openRevisions } from "./open-revisions.ts";
import type { Leaf } from "./revision-tree.ts";
import { rankedLeaves } from "./revision-tree.ts";
import type { Revision } from "./revision.ts";
import { formatRevision } from "./revision.ts";
import type { ServerState } from "./state.ts";

function viewOptions(exchange: Exchange): ViewOptions {
  const { query } = exchange;
  const meta = query.isTrue("meta");
  const since = query.revisions("atts_since");
  return {
    revs: query.isTrue("revs"),
    revsInfo: meta || query.isTrue("revs_info"),
    localSeq: query.isTrue("local_seq"),
    conflicts: meta || query.isTrue("conflicts"),
    deletedConflicts: meta || query.isTrue("deleted_conflicts"),
    attachments: since !== undefined || query.isTrue("attachments"),
    encodingInfo: query.isTrue("att_encoding_info"),
    ...(since === undefined ? {} : { attachmentsSince: since }),
  };
}

/** Throws 404 and 400. */
export async function readDocument(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  id: string,
): Promise<void> {
  if (database.partitioned) validatePartitionedId(id);
  state.limiter.admit("lookup", 1);
  const options = viewOptions(exchange);
  const openRevs = exchange.query.get("open_revs");
  if (id.startsWith("_local/")) {
    const { text } = readLocal(database, id, options.revs);
    await exchange.send(200, text, { ETag: localETag(database, id) });
    return;
  }
  const wanted = openRevs === "all" ? "all" : (exchange.query.revisions("open_revs") ?? []);
  // An empty list asks for nothing in particular, and gets the winner.
  if (wanted.length > 0) await readOpenRevs(exchange, database, id, wanted, options);
  else await readOne(exchange, database, id, options);
}

async function readOne(
  exchange: Exchange,
  database: Database,
  id: string,
  options: ViewOptions,
): Promise<void> {
  const asked = exchange.query.isTrue("latest") ? undefined : exchange.query.revision("rev");
  const { leaf, record } = openOne(database, id, asked, exchange.query.isTrue("deleted"));
  const etag = `"${formatRevision(leaf)}"`;
  const headers: Record<string, string> = hasMeta(options) ? {} : { ETag: etag };
  if (!hasMeta(options) && exchange.header("if-none-match") === etag) {
    exchange.start(304, { ...headers, "Content-Length": "0" });
    await exchange.end();
    return;
  }
  const body = database.body(leaf.body);
  const multipart =
    options.attachments === true && body.attachments.length > 0 && exchange.accepts("multipart/related");
  if (!multipart) {
    await exchange.send(200, composeDocument(database, id, leaf, body, options, record), headers);
    return;
  }
  const all: ViewOptions = { ...options, follows: true, encodingInfo: true };
  const text = composeDocument(database, id, leaf, body, all, record);
  const wanted = selectAttachments(leaf, body.attachments, all);
  const sent = body.attachments.filter((attachment) => wanted.has(attachment));
  const boundary = randomHex(16);
  exchange.start(200, {
    ...headers,
    "Content-Type": `multipart/related; boundary="${boundary}"`,
    "Content-Length": String(relatedLength(boundary, text, sent)),
  });
  for (const chunk of relatedParts(database, boundary, text, sent)) await exchange.write(chunk);
  await exchange.end();
}

/** The winner, or the revision asked for. Throws 404 "missing" or "deleted". */
export function openOne(
  database: Database,
  id: string,
  asked: Revision | undefined,
  deletedToo = false,
): { leaf: Leaf; record: NonNullable<ReturnType<Database["find"]>> } {
  const record = database.find(id);
  if (record === null) throw missing();
  if (asked === undefined) {
    const [leaf] = rankedLeaves(record.tree);
    if (leaf === undefined) throw missing();
    if (leaf.deleted && !deletedToo) throw missing("deleted");
    return { leaf, record };
  }
  const [opened] = openRevisions(record, [asked], false);
  if (opened === undefined || "missing" in opened) throw missing();
  return { leaf: opened.found, record };
}

async function readOpenRevs(
  exchange: Exchange,
  database: Database,
  id: string,
  wanted: readonly Revision[] | "all",
  options: ViewOptions,
): Promise<void> {
  const record = database.find(id);
  const opened = inClusterOrder(openRevisions(record, wanted, exchange.query.isTrue("latest")));
  if (opened.length === 0 && wanted === "all") throw missing();
  if (exchange.accepts("multipart/mixed")) {
    await sendMixed(exchange, database, id, opened, options);
    return;
  }
  exchange.start(200, { "Content-Type": "application/json" });
  await exchange.write("[");
  for (const [i, revision] of opened.entries()) {
    const entry =
      "missing" in revision
        ? `{"missing":${quote(formatRevision(revision.missing))}}`
        : `{"ok":${composeDocument(database, id, revision.found, database.body(revision.found.body), options, record)}}`;
    await exchange.write(i > 0 ? `,${entry}` : entry);
  }
  await exchange.write("]\n");
  await exchange.end();
}

async function sendMixed(
  exchange: Exchange,
  database: Database,
  id: string,
  opened: ReturnType<typeof openRevisions>,
  options: ViewOptions,
): Promise<void> {
  const outer = randomHex(16);
  const inner = randomHex(16);
  exchange.response.writeHead(200, {
    ...exchange.extraHeaders,
    "Content-Type": `multipart/mixed; boundary="${outer}"`,
  });
  await exchange.write(`--${outer}`);
  for (const revision of opened) {
    if ("missing" in revision) {
      const json = `{"missing":${quote(formatRevision(revision.missing))}}`;
      await exchange.write(`\r\nContent-Type: application/json; error="true"\r\n\r\n${json}\r\n--${outer}`);
      continue;
    }
    const body = database.body(revision.found.body);
    const all: ViewOptions = { ...options, attachments: true, follows: true, encodingInfo: true };
    const text = composeDocument(database, id, revision.found, body, all);
    const wanted = selectAttachments(revision.found, body.attachments, all);
    const sent = body.attachments.filter((attachment) => wanted.has(attachment));
    if (sent.length === 0) {
      await exchange.write(`\r\nContent-Type: application/json\r\n\r\n${text}\r\n--${outer}`);
      continue;
    }
    await exchange.write(`\r\nContent-Type: multipart/related; boundary="${inner}"\r\n\r\n`);
    for (const chunk of relatedParts(database, inner, text, sent)) await exchange.write(chunk);
    await exchange.write(`\r\n--${outer}`);
  }
  await exchange.write("--");
  await exchange.end();
}
