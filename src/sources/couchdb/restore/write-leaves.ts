/**
 * Writes revisions with their attachments, each by the way that suits it, and tells of each whether the target took it.
 */
import { refusalOf } from "../../http/answer-failure.ts";
import type { DocumentMembers } from "../document-text.ts";
import {
  attachmentRoute,
  inlineAttachments,
  reuseNothing,
  storedBytes,
  unkeptAttachments,
  type Reuse,
} from "./attachments.ts";
import { cutBySize } from "./batches.ts";
import { concernsDocument, refused, writeInBulk, type WriteResult } from "./bulk-write.ts";
import { withAttachments, type StoredLeaf } from "./leaf-document.ts";
import { multipartBody } from "./multipart.ts";
import type { RestoreRun } from "./run.ts";

export interface LeafWrite {
  readonly leaf: StoredLeaf;
  /** The document's text; its `_attachments` are put in here. */
  readonly text: Buffer;
  readonly reuse?: Reuse;
}

/** Statuses beside those of bulk requests that concern the one document of a `PUT`: an edit in between, a bad attachment. */
const DOCUMENT_STATUSES: ReadonlySet<number> = new Set([409, 500]);

/** Results in the order of the writes. With `newEdits` false, repeating it does no harm. */
export async function writeLeaves(
  run: RestoreRun,
  writes: readonly LeafWrite[],
  newEdits: boolean,
): Promise<WriteResult[]> {
  const results = new Map<LeafWrite, WriteResult>();
  const inBulk: LeafWrite[] = [];
  for (const write of writes) {
    const reuse = write.reuse ?? reuseNothing;
    const unkept = unkeptAttachments(write.leaf, reuse);
    if (unkept.length > 0) {
      const reason = `the content of ${unkept.map((name) => JSON.stringify(name)).join(", ")} was not kept`;
      results.set(write, { ok: false, error: "attachment_not_kept", reason });
    } else if (attachmentRoute(write.leaf, reuse, run.abilities) === "multipart") {
      results.set(write, await putMultipart(run, write, newEdits));
    } else {
      inBulk.push(write);
    }
  }
  for (const cut of cutBySize(inBulk, bulkBytes)) {
    const docs = await Promise.all(cut.map(async (write) => await bulkDocument(run, write)));
    const written = await writeInBulk(run.database, docs, newEdits, run.context.signal);
    cut.forEach((write, index) => results.set(write, written[index] as WriteResult));
  }
  return writes.map((write) => results.get(write) as WriteResult);
}

/** Bytes in the request; base64 makes four of three. */
function bulkBytes({ leaf, text, reuse }: LeafWrite): number {
  return text.length + Math.ceil((storedBytes(leaf, reuse ?? reuseNothing) * 4) / 3);
}

async function bulkDocument(
  run: RestoreRun,
  { leaf, text, reuse }: LeafWrite,
): Promise<{ id: string; rev: string; text: Buffer }> {
  const { id, rev } = leaf;
  if (leaf.stored.length === 0) return { id, rev, text };
  const attachments = await inlineAttachments(leaf, reuse ?? reuseNothing, run.request.reader);
  return { id, rev, text: withAttachments(text, attachments) };
}

async function putMultipart(
  run: RestoreRun,
  { leaf, text, reuse }: LeafWrite,
  newEdits: boolean,
): Promise<WriteResult> {
  const body = multipartBody(text, leaf, reuse ?? reuseNothing, run.request.reader);
  try {
    const row = await run.database.putDocument(
      leaf.id,
      body.open,
      { newEdits, contentType: body.contentType, contentLength: body.contentLength },
      run.context.signal,
    );
    return { ok: true, rev: row.rev ?? leaf.rev };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    if (!concernsDocument(refusal) && !DOCUMENT_STATUSES.has(refusal.status)) throw error;
    return refused(refusal);
  }
}

/**
 * Reads back whether revisions that the target said it took are there; the ones that are not, as `id rev`. A restore
 * without this proof never calls itself done (D6).
 */
export async function notThere(
  run: RestoreRun,
  written: readonly Pick<DocumentMembers, "id" | "rev">[],
): Promise<Set<string>> {
  if (written.length === 0) return new Set();
  const revs = new Map<string, string[]>();
  for (const { id, rev } of written) {
    const list = revs.get(id);
    if (list === undefined) revs.set(id, [rev]);
    else list.push(rev);
  }
  const diff = await run.database.revsDiff(revs, run.context.signal);
  return new Set([...diff].flatMap(([id, { missing }]) => missing.map((rev) => revisionName(id, rev))));
}

export function revisionName(id: string, rev: string): string {
  return `${id} ${rev}`;
}

export const NOT_THERE = "the target took it without complaint, but it is not there when read back";
