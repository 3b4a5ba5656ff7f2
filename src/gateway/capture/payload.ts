/**
 * From the body as it was sent to the content that the service took from it: gzip undone, the one part of a multipart body that is the
 * content, byte for byte.
 */
import { pipeline, PassThrough, type Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { Busboy } from "@fastify/busboy";
import { HoldfastError } from "../../model/errors.ts";
import type { BodyUse } from "./operations.ts";

export interface PayloadSource {
  readonly contentType?: string;
  readonly contentEncoding?: string;
}

/** What the wrapping said besides the content; complete once the content was read to its end. */
export interface Wrapping {
  /** Type of the content's own part. */
  contentType?: string;
  /** Text of the part `metadata`. */
  metadata?: string;
}

/** Longest part `metadata` (bytes): a prompt's text has at most 1000 characters. */
const METADATA_BYTES = 64 * 1024;
/** Parts of one body: the services know at most two. */
const MOST_PARTS = 16;

const DECODERS = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;

/** Whether the content is something else than the body as sent. */
export function isWrapped(source: PayloadSource, use: BodyUse): boolean {
  return decoderOf(source) !== undefined || isMultipart(source, use);
}

/** The content, in a stream with bounded memory. Errors: `source-protocol` when the body is not what its headers say. */
export async function* payload(
  body: AsyncIterable<Buffer>,
  source: PayloadSource,
  use: BodyUse,
  wrapping: Wrapping = {},
): AsyncGenerator<Buffer> {
  const plain = decompressed(body, source);
  yield* isMultipart(source, use) ? contentPart(plain, source.contentType as string, wrapping) : plain;
}

/** Only the operations that the services take as multipart: elsewhere the frame is part of what was uploaded. */
function isMultipart({ contentType }: PayloadSource, use: BodyUse): boolean {
  return (use === "parts" || use === "content") && /^multipart\/form-data\b/i.test(contentType ?? "");
}

function decoderOf({
  contentEncoding,
}: PayloadSource): (() => NodeJS.ReadWriteStream & Readable) | undefined {
  const name = contentEncoding?.trim().toLowerCase();
  return name !== undefined && Object.hasOwn(DECODERS, name)
    ? DECODERS[name as keyof typeof DECODERS]
    : undefined;
}

async function* decompressed(body: AsyncIterable<Buffer>, source: PayloadSource): AsyncGenerator<Buffer> {
  const decoder = decoderOf(source);
  if (decoder === undefined) {
    yield* body;
    return;
  }
  // The callback form: a failure of either side arrives at whoever reads.
  const stream = pipeline(body, decoder(), () => {});
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) yield piece;
  } catch (error) {
    throw new HoldfastError("source-protocol", "The upload's compressed body cannot be read.", {}, error);
  }
}

async function* contentPart(
  body: AsyncIterable<Buffer>,
  contentType: string,
  wrapping: Wrapping,
): AsyncGenerator<Buffer> {
  const content = new PassThrough();
  let found = false;
  let parser: InstanceType<typeof Busboy>;
  try {
    parser = new Busboy({
      headers: { "content-type": contentType },
      // Every part as bytes: a part without a file name would be decoded as text.
      isPartAFile: () => true,
      limits: { parts: MOST_PARTS },
    });
  } catch (error) {
    throw unreadable(error);
  }
  parser.on("file", (name: string, part: Readable, _file: string, _encoding: string, type: string) => {
    if (name === "metadata") gather(part, wrapping);
    else if (found) part.resume();
    else {
      found = true;
      wrapping.contentType = type;
      part.pipe(content, { end: false });
    }
  });
  pipeline(body, parser, (error) => {
    if (error) content.destroy(error);
    else if (found) content.end();
    else content.destroy(new Error("it holds no content"));
  });
  try {
    for await (const piece of content as AsyncIterable<Buffer>) yield piece;
  } catch (error) {
    throw unreadable(error);
  } finally {
    parser.destroy();
  }
}

function unreadable(error: unknown): HoldfastError {
  return new HoldfastError("source-protocol", "The upload's multipart body cannot be read.", {}, error);
}

function gather(part: Readable, wrapping: Wrapping): void {
  const pieces: Buffer[] = [];
  let bytes = 0;
  part.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= METADATA_BYTES) pieces.push(piece);
  });
  part.on("end", () => {
    wrapping.metadata = Buffer.concat(pieces).toString("utf8");
  });
}
