/**
 * Proof that a database equals an instant, item by item: leaf sets and ancestry, bodies as CouchDB normalises them,
 * attachments, security object and settings. Reads only.
 */
import { diffJson } from "../../model/json/diff.ts";
import { parseJson } from "../../model/json/parse.ts";
import { renderDiffText } from "../../model/json/render.ts";
import { keyOf, keyText, type ItemKey } from "../../model/key.ts";
import type { Version } from "../../model/version.ts";
import type { CompareEvent, CompareRequest, Difference, SourceContext } from "../source.ts";
import { COUCHDB_ABILITIES, type CouchAbilities } from "./abilities.ts";
import type { CouchClient } from "./client.ts";
import { attachmentSha256, BOOKKEEPING, sameAttachment, sameBody } from "./content-equality.ts";
import type { CouchDatabase } from "./database.ts";
import { withoutMembers } from "./document-text.ts";
import { isDocumentKey, LOCAL_PREFIX, parseSettings } from "./items.ts";
import { readLeaves, type PresentLeaf } from "./leaves.ts";
import { fitsInPath } from "./names.ts";
import { batched } from "./restore/batches.ts";
import { sameSecurity } from "./restore/database-settings.ts";
import { inParallel } from "./restore/in-parallel.ts";
import { itemKind } from "./restore/item-kind.ts";
import { storedLeaves, type StoredLeaf } from "./restore/leaf-document.ts";
import { PARALLEL_BATCHES } from "./restore/run.ts";

export interface CouchCompareOptions {
  readonly abilities?: CouchAbilities;
  /** Also read every attachment and compare its content by SHA-256; else digest and length must do. */
  readonly deep?: boolean;
}

interface Comparison {
  readonly database: CouchDatabase;
  readonly abilities: CouchAbilities;
  readonly deep: boolean;
  readonly request: CompareRequest;
  readonly context: SourceContext;
}

/** Rows of the feed that are held at once when looking for what is too much: about 1 MB. */
const FEED_ROWS = 10_000;

/** Lines of a body's difference, and characters of each, that are told to people. */
const DETAIL_LINES = 4;
const DETAIL_WIDTH = 120;

/** Throws `source-not-found` when there is no such database. Several differences of one item are several events. */
export async function* compareCouch(
  client: CouchClient,
  options: CouchCompareOptions,
  request: CompareRequest,
  context: SourceContext,
): AsyncGenerator<CompareEvent> {
  const comparison: Comparison = {
    database: client.database(request.target),
    abilities: options.abilities ?? COUCHDB_ABILITIES,
    deep: options.deep ?? false,
    request,
    context,
  };
  await comparison.database.info(context.signal);
  const pseudo: ItemKey[] = [];
  const batches = batched(request.reader.versions(), ({ key }) => {
    const isPseudo = !isDocumentKey(key);
    if (isPseudo) pseudo.push(key);
    return isPseudo;
  });
  const counts = { items: 0, parts: 0, blobs: 0 };
  let documents = 0;
  let missing = 0;
  let bytes = 0;
  const results = inParallel(batches, PARALLEL_BATCHES, async (versions) => {
    context.signal.throwIfAborted();
    return { versions, differences: await compareBatch(comparison, versions) };
  });
  for await (const { versions, differences } of results) {
    documents += versions.length;
    for (const version of versions) {
      counts.parts += version.parts.length;
      counts.blobs += version.blobs.length;
      for (const part of version.parts) bytes += part.length;
    }
    context.progress?.({ phase: "compare", done: documents, bytes });
    for (const difference of differences) {
      if (difference.difference === "missing") missing++;
      yield { kind: "difference", difference };
    }
  }
  for (const version of await request.reader.find(pseudo)) {
    if (version === undefined) continue;
    counts.parts += version.parts.length;
    const difference = await comparePseudo(comparison, version);
    if (difference !== undefined) yield { kind: "difference", difference };
  }
  if (request.whole) {
    for await (const difference of extras(comparison, documents - missing)) {
      yield { kind: "difference", difference };
    }
  }
  counts.items = documents + pseudo.length;
  yield { kind: "end", ...counts };
}

async function compareBatch(comparison: Comparison, versions: readonly Version[]): Promise<Difference[]> {
  const { database, abilities, context } = comparison;
  const ids = versions.map((version) => keyText(version.key));
  const present = await readLeaves(database, ids, abilities, context.signal);
  const differences: Difference[] = [];
  for (const [index, version] of versions.entries()) {
    const there = present.get(ids[index] as string) ?? [];
    if (there.length === 0) {
      const detail = version.kind === "deleted" ? "its deletion is not in the target" : "not in the target";
      differences.push({ key: version.key, difference: "missing", detail });
      continue;
    }
    differences.push(...(await compareDocument(comparison, version, there)));
  }
  return differences;
}

async function compareDocument(
  comparison: Comparison,
  version: Version,
  present: readonly PresentLeaf[],
): Promise<Difference[]> {
  const { key } = version;
  const stored = storedLeaves(version);
  const there = new Map(present.map((leaf) => [leaf.rev, leaf]));
  const differences: Difference[] = [];
  const kept = new Set(stored.map((leaf) => leaf.rev));
  const absent = [...kept].filter((rev) => !there.has(rev));
  const surplus = [...there.keys()].filter((rev) => !kept.has(rev));
  if (absent.length > 0 || surplus.length > 0) {
    const detail = `leaf revisions differ: kept and not there: ${listed(absent)}; there and not kept: ${listed(surplus)}`;
    differences.push({ key, difference: "state", detail });
  }
  for (const leaf of stored) {
    const twin = there.get(leaf.rev);
    if (twin === undefined) continue;
    if (!sameAncestry(leaf, twin)) {
      differences.push({ key, difference: "state", detail: `the ancestry of ${leaf.rev} differs` });
    }
    if (!sameBody(leaf.part, twin.text)) {
      differences.push({ key, difference: "body", detail: `${leaf.rev}: ${bodyDetail(leaf, twin)}` });
    }
    differences.push(...(await compareAttachments(comparison, key, leaf, twin)));
  }
  return differences;
}

/** Ancestries may be cut at different lengths: what both have must be the same. */
function sameAncestry(a: StoredLeaf, b: PresentLeaf): boolean {
  const [x, y] = [a.revisions, b.revisions];
  if (x === undefined || y === undefined) return true;
  const common = Math.min(x.ids.length, y.ids.length);
  return x.start === y.start && x.ids.slice(0, common).every((id, index) => id === y.ids[index]);
}

function bodyDetail(leaf: StoredLeaf, twin: PresentLeaf): string {
  const [before, after] = [leaf.part, twin.text].map((text) => parseJson(withoutMembers(text, BOOKKEEPING)));
  if (before === undefined || after === undefined) return "";
  const lines = renderDiffText(diffJson(before, after));
  const shown = lines.slice(0, DETAIL_LINES).map((line) => line.slice(0, DETAIL_WIDTH));
  const rest = lines.length - shown.length;
  return shown.join("; ") + (rest > 0 ? `; and ${rest} more` : "");
}

async function compareAttachments(
  { database, deep, context }: Comparison,
  key: ItemKey,
  leaf: StoredLeaf,
  twin: PresentLeaf,
): Promise<Difference[]> {
  const differences: Difference[] = [];
  const blob = (name: string, what: string): void => {
    differences.push({
      key,
      difference: "blob",
      detail: `attachment ${JSON.stringify(name)} of ${leaf.rev} ${what}`,
    });
  };
  const place = { database, id: leaf.id, rev: leaf.rev };
  for (const { stub, blob: ref } of leaf.stored) {
    const there = twin.attachments.find((present) => present.name === stub.name);
    if (there === undefined) blob(stub.name, "is not in the target");
    else if (!(await sameAttachment(stub, ref, there, place, context.signal))) blob(stub.name, "differs");
    else if (deep && ref !== undefined && fitsInPath(leaf.id)) {
      const sha256 = await attachmentSha256(place, stub.name, context.signal);
      if (sha256 !== ref.sha256) blob(stub.name, "differs in content, under an equal digest");
    }
  }
  const kept = new Set(leaf.stored.map(({ stub }) => stub.name));
  for (const { name } of twin.attachments) if (!kept.has(name)) blob(name, "was not kept and is there");
  return differences;
}

async function comparePseudo(
  comparison: Comparison,
  { key, parts }: Version,
): Promise<Difference | undefined> {
  const { database, context } = comparison;
  const [text] = parts;
  if (text === undefined) return undefined;
  const kind = itemKind(key);
  if (kind === "security") {
    return sameSecurity(text, await database.security(context.signal))
      ? undefined
      : { key, difference: "settings", detail: "the security object differs" };
  }
  if (kind === "settings") {
    const detail = await settingsDetail(comparison, text);
    return detail === "" ? undefined : { key, difference: "settings", detail };
  }
  const present = await database.getLocal(keyText(key).slice(LOCAL_PREFIX.length), context.signal);
  if (present === undefined) return { key, difference: "missing", detail: "not in the target" };
  return sameBody(text, present) ? undefined : { key, difference: "body", detail: "it differs" };
}

/** Shards and copies belong to the place, not to the data: they may differ. */
async function settingsDetail({ database, context }: Comparison, text: Buffer): Promise<string> {
  const wanted = parseSettings(text);
  const [info, revs, purges] = await Promise.all([
    database.info(context.signal),
    database.revsLimit(context.signal),
    database.purgedInfosLimit(context.signal),
  ]);
  const rows: [string, unknown, unknown][] = [
    ["partitioned", wanted.partitioned, info.partitioned],
    ["revs_limit", wanted.revs_limit, revs],
    ["purged_infos_limit", wanted.purged_infos_limit, purges],
  ];
  return rows
    .filter(([, kept, there]) => kept !== undefined && there !== undefined && kept !== there)
    .map(([name, kept, there]) => `${name} was ${String(kept)} and is ${String(there)}`)
    .join("; ");
}

/** `known`: documents, deletions included, that the instant and the target have both. When the target counts no more, there is no extra one. */
async function* extras(comparison: Comparison, known: number): AsyncGenerator<Difference> {
  const { database, request, context } = comparison;
  const info = await database.info(context.signal);
  if (info.docDelCount !== undefined && info.docCount + info.docDelCount === known) return;
  const told = new Set<string>();
  let since: unknown;
  for (;;) {
    const page = await database.changes({ since, limit: FEED_ROWS, seqInterval: FEED_ROWS }, context.signal);
    const kept = await request.reader.contains(page.rows.map((row) => keyOf(row.id)));
    for (const [index, row] of page.rows.entries()) {
      // The feed may tell of a document twice.
      if (kept[index] === true || told.has(row.id)) continue;
      told.add(row.id);
      const detail = row.deleted ? "a deletion that was not kept" : "not kept at the instant";
      yield { key: keyOf(row.id), difference: "extra", detail };
    }
    if (page.pending === 0 || page.rowCount < FEED_ROWS) return;
    since = page.lastSeq;
  }
}

function listed(revs: readonly string[]): string {
  return revs.length === 0 ? "none" : revs.join(", ");
}
