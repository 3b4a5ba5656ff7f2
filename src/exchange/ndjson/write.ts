/**
 * An instant as lines of JSON.
 */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { BlobRef, Version } from "../../model/version.ts";
import { isDocumentKey } from "../../sources/couchdb/items.ts";
import type { ExportInput, ExportTally } from "../exported.ts";
import {
  NDJSON_FORMAT,
  NDJSON_VERSION,
  type BlobEntry,
  type Bytes,
  type ContentLine,
  type EndLine,
} from "./format.ts";

/** Bytes of content on one line: small enough for every reader of lines. */
const CONTENT_BYTES = 384 << 10;

export async function* writeNdjson(input: ExportInput, tally: ExportTally): AsyncGenerator<Buffer> {
  const digest = createHash("sha256");
  let bytes = 0;
  const counted = (value: object): Buffer => {
    const line = Buffer.from(`${JSON.stringify(value)}\n`, "utf8");
    digest.update(line);
    bytes += line.length;
    return line;
  };
  yield counted({ format: NDJSON_FORMAT, version: NDJSON_VERSION, ...input.frame });
  let blobs = 0;
  for await (const versions of input.reader.versions()) {
    for (const version of versions) {
      const numbers = new Map<string, number>();
      for (const ref of input.frame.attachments ? version.blobs : []) {
        if (numbers.has(ref.blob)) continue;
        blobs += 1;
        numbers.set(ref.blob, blobs);
        for await (const line of contentLines(ref, blobs, input)) yield counted(line);
      }
      count(version, tally, input.frame.attachments);
      yield counted({ item: itemOf(version, numbers) });
    }
  }
  const sha256 = digest.digest("hex");
  yield Buffer.from(
    `${JSON.stringify({ end: { items: tally.items, blobs, bytes, sha256 } } satisfies EndLine)}\n`,
  );
}

/** The stored bytes, compressed ones as they are. */
async function* contentLines(ref: BlobRef, blob: number, input: ExportInput): AsyncGenerator<ContentLine> {
  const { encoding } = ref;
  let held: Buffer = Buffer.alloc(0);
  for await (const piece of input.reader.blob(ref)) {
    let rest = held.length === 0 ? piece : Buffer.concat([held, piece]);
    for (; rest.length > CONTENT_BYTES; rest = rest.subarray(CONTENT_BYTES)) {
      yield { blob, encoding, data: rest.toString("base64", 0, CONTENT_BYTES) };
    }
    held = Buffer.from(rest);
  }
  yield { blob, encoding, data: held.toString("base64"), last: true };
}

function itemOf({ key, kind, revision, observation, parts, blobs }: Version, numbers: Map<string, number>) {
  const { run, at, sequence } = observation;
  return {
    key: bytesOf(key),
    kind,
    revision,
    observation: { run, at: new Date(at).toISOString(), sequence },
    parts: parts.map(bytesOf),
    blobs: blobs.map(({ part, name, length, encoding, sha256, blob }): BlobEntry => ({
      part,
      name,
      length,
      encoding,
      sha256,
      blob: numbers.get(blob) ?? null,
    })),
  };
}

function bytesOf(bytes: Buffer): Bytes {
  return isUtf8(bytes) ? bytes.toString("utf8") : { base64: bytes.toString("base64") };
}

function count(version: Version, tally: ExportTally, contents: boolean): void {
  tally.items += 1;
  if (contents) tally.blobs += version.blobs.length;
  else tally.contentMissing += version.blobs.length;
  if (!isDocumentKey(version.key)) return;
  tally.documents += 1;
  tally.revisions += version.parts.length;
  if (version.kind === "deleted") tally.deleted += 1;
}
