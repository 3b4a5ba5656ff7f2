/**
 * Attachments on their way into the repository: known ones are recognised by name, revision position and digest; others
 * are streamed in their stored form and checked against the server's own digest while they pass.
 */
import { createHash } from "node:crypto";
import { createGunzip } from "node:zlib";
import { pipeline } from "node:stream";
import { HoldfastError, isHoldfastError } from "../../../model/errors.ts";
import type { BlobRef } from "../../../model/version.ts";
import { UnreadableAnswer } from "../../http/answer-failure.ts";
import type { HttpAnswer } from "../../http/http-client.ts";
import type { BlobContent, CaptureEngine, StoredBlob } from "../../source.ts";
import type { CouchDatabase } from "../database.ts";
import { readMembers, type AttachmentStub } from "../document-text.ts";
import type { Leaf } from "../items.ts";
import { fitsInPath } from "../names.ts";
import { orderedPipeline } from "../../ordered-pipeline.ts";

/** Attachments of one batch under way at once: measured best of 1–4 on one CouchDB node. */
const PARALLEL_ATTACHMENTS = 4;

interface Job {
  readonly id: string;
  readonly rev: string;
  readonly part: number;
  readonly stub: AttachmentStub;
}

/**
 * The name under which the engine recognises the content. The revision position and the document are in it, so it
 * names one upload, not only a digest that somebody could forge.
 */
export function attachmentAlias(id: string, stub: AttachmentStub): string {
  return JSON.stringify([id, stub.name, stub.revpos, stub.digest, stub.encodedLength ?? stub.length]);
}

/** References for all attachments of a document's leaves, in the order of parts; undefined: one of them has gone. */
export async function captureAttachments(
  database: CouchDatabase,
  engine: CaptureEngine,
  id: string,
  leaves: readonly Leaf[],
  signal: AbortSignal,
): Promise<BlobRef[] | undefined> {
  const jobs = leaves.flatMap((leaf, part): Job[] =>
    leaf.mayHaveAttachments
      ? readMembers(leaf.text).attachments.map((stub) => ({ id, rev: leaf.rev, part, stub }))
      : [],
  );
  // Branches of one document share attachments: each content is asked for once.
  const stored = new Map<string, Promise<StoredBlob | undefined>>();
  const obtain = async (alias: string, { rev, stub }: Job, inner: AbortSignal) =>
    (await engine.findBlob(alias)) ?? (await fetchAttachment(database, engine, alias, id, rev, stub, inner));
  const work = async (job: Job, inner: AbortSignal): Promise<BlobRef | undefined> => {
    const alias = attachmentAlias(id, job.stub);
    const blob = stored.get(alias) ?? obtain(alias, job, inner);
    stored.set(alias, blob);
    const known = await blob;
    return known && { ...known, part: job.part, name: job.stub.name };
  };
  const blobs: BlobRef[] = [];
  for await (const blob of orderedPipeline(jobs, PARALLEL_ATTACHMENTS, work, signal)) {
    if (blob === undefined) return undefined;
    blobs.push(blob);
  }
  return blobs;
}

async function fetchAttachment(
  database: CouchDatabase,
  engine: CaptureEngine,
  alias: string,
  id: string,
  rev: string,
  stub: AttachmentStub,
  signal: AbortSignal,
): Promise<StoredBlob | undefined> {
  if (!fitsInPath(id) || !fitsInPath(stub.name)) {
    return await fetchInline(database, engine, alias, id, rev, stub, signal);
  }
  try {
    return await database.attachment(
      id,
      stub.name,
      rev,
      async (answer) => await engine.storeBlob(alias, checkedContent(answer, id, stub)),
      signal,
    );
  } catch (error) {
    if (isHoldfastError(error, "source-not-found")) return undefined;
    throw error;
  }
}

/**
 * The attachment as it is to be stored. Where the server keeps gzip the gzip bytes are the content; where it keeps plain
 * bytes but something on the way compressed them, that is undone.
 */
function checkedContent(answer: HttpAnswer, id: string, stub: AttachmentStub): BlobContent {
  const compressed = answer.headers["content-encoding"] === "gzip";
  if (compressed && stub.encoding !== "gzip") {
    // As in the HTTP layer: a failure of either side of the pipeline arrives at whoever iterates.
    const plain = pipeline(answer.body, createGunzip(), () => {}) as AsyncIterable<Buffer>;
    return { encoding: "identity", content: checked(plain, id, stub, true) };
  }
  if (compressed) return { encoding: "gzip", content: checked(answer.body, id, stub, true) };
  return { encoding: "identity", content: checked(answer.body, id, stub, stub.encoding === undefined) };
}

/** Passes the bytes on and throws at their end when they are not what the server said they would be. */
async function* checked(
  content: AsyncIterable<Buffer>,
  id: string,
  stub: AttachmentStub,
  digestFits: boolean,
): AsyncGenerator<Buffer> {
  const md5 = digestFits && stub.digest.startsWith("md5-") ? createHash("md5") : undefined;
  let length = 0;
  for await (const piece of content) {
    md5?.update(piece);
    length += piece.length;
    yield piece;
  }
  const wrong = md5 === undefined ? length !== stub.length : `md5-${md5.digest("base64")}` !== stub.digest;
  if (wrong) {
    throw new UnreadableAnswer(
      `attachment "${stub.name}" of "${id}" arrived as ${length} bytes that do not fit its digest and length`,
      true,
    );
  }
}

/** For names that no URL can hold: the content comes inside the document, base64-coded. */
async function fetchInline(
  database: CouchDatabase,
  engine: CaptureEngine,
  alias: string,
  id: string,
  rev: string,
  stub: AttachmentStub,
  signal: AbortSignal,
): Promise<StoredBlob | undefined> {
  const entries = await database.bulkGet([{ id, rev }], { attachments: true }, signal);
  const revision = entries.flatMap((entry) => entry.revisions)[0];
  if (revision?.found === false && revision.missing) return undefined;
  const data =
    revision?.found === true
      ? readMembers(revision.text).attachments.find(({ name }) => name === stub.name)?.data
      : undefined;
  if (data === undefined) {
    const words =
      revision?.found === false ? `${revision.error}: ${revision.reason}` : "the answer does not hold it";
    throw new HoldfastError(
      "capture-incomplete",
      `could not read attachment "${stub.name}" of "${id}" of database "${database.name}": ${words}`,
      { item: id },
    );
  }
  const bytes = Buffer.from(data, "base64");
  const content = (async function* () {
    yield bytes;
  })();
  return await engine.storeBlob(alias, {
    encoding: "identity",
    content: checked(content, id, stub, stub.encoding === undefined),
  });
}
