/**
 * `multipart/related` requests and the three kinds of multipart answer. CouchDB matches parts to attachments by order, not by name.
 */
import type { Attachment } from "./attachment-json.ts";
import type { Database } from "./database.ts";
import { badRequest } from "./errors.ts";

/** The boundary of a content type, or null if it has none. */
export function boundaryOf(contentType: string): string | null {
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? null;
}

/** Reads the parts of a multipart body one after the other; each part must be read to its end before the next. */
export class MultipartReader {
  readonly #source: AsyncIterator<Buffer>;
  readonly #delimiter: Buffer;
  #buffer: Buffer;
  #ended = false;
  #last = false;
  /** The text before the first delimiter is read past like a part. */
  #inPart = true;

  constructor(source: AsyncIterable<Buffer>, boundary: string) {
    this.#source = source[Symbol.asyncIterator]();
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
    // The first delimiter need not follow a line break; pretending that it does saves a special case.
    this.#buffer = Buffer.from("\r\n");
  }

  /** Moves to the next part and skips its headers. False after the last one. Throws 400 if the body ends early. */
  async nextPart(): Promise<boolean> {
    if (this.#inPart) for await (const chunk of this.partChunks()) void chunk;
    if (this.#last) return false;
    await this.#skipHeaders();
    this.#inPart = true;
    return true;
  }

  /** The bytes of the present part. */
  async *partChunks(): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#buffer.indexOf(this.#delimiter);
      if (at >= 0) {
        if (at > 0) yield this.#buffer.subarray(0, at);
        this.#buffer = this.#buffer.subarray(at + this.#delimiter.length);
        this.#inPart = false;
        while (this.#buffer.length < 2 && (await this.#fill()));
        if (this.#buffer.subarray(0, 2).toString() === "--") this.#last = true;
        return;
      }
      const safe = this.#buffer.length - this.#delimiter.length;
      if (safe > 0) {
        yield this.#buffer.subarray(0, safe);
        this.#buffer = this.#buffer.subarray(safe);
      }
      if (!(await this.#fill())) throw badRequest("expected more data");
    }
  }

  /** Reads what is left and forgets it, so that the connection can be used again. */
  async drain(): Promise<void> {
    while (await this.#fill()) this.#buffer = Buffer.alloc(0);
  }

  /** An empty header block is a line break and the blank line, so the same mark ends it. */
  async #skipHeaders(): Promise<void> {
    for (;;) {
      const at = this.#buffer.indexOf("\r\n\r\n");
      if (at >= 0) {
        this.#buffer = this.#buffer.subarray(at + 4);
        return;
      }
      if (!(await this.#fill())) throw badRequest("expected more data");
    }
  }

  async #fill(): Promise<boolean> {
    if (this.#ended) return false;
    const next = await this.#source.next();
    if (next.done === true) {
      this.#ended = true;
      return false;
    }
    this.#buffer = this.#buffer.length === 0 ? next.value : Buffer.concat([this.#buffer, next.value]);
    return true;
  }
}

/** The document and its attachments as the parts of one `multipart/related` entity, without a preceding line break. */
export function* relatedParts(
  database: Database,
  boundary: string,
  document: string,
  attachments: readonly Attachment[],
): Generator<Buffer> {
  yield Buffer.from(`--${boundary}\r\nContent-Type: application/json\r\n\r\n${document}\r\n--${boundary}`);
  for (const attachment of attachments) {
    yield Buffer.from(partHead(attachment));
    yield* database.attachments.read(attachment.data);
    yield Buffer.from(`\r\n--${boundary}`);
  }
  yield Buffer.from("--");
}

/** Bytes that {@link relatedParts} yields. */
export function relatedLength(
  boundary: string,
  document: string,
  attachments: readonly Attachment[],
): number {
  let length = Buffer.byteLength(
    `--${boundary}\r\nContent-Type: application/json\r\n\r\n\r\n--${boundary}--`,
  );
  length += Buffer.byteLength(document);
  for (const attachment of attachments) {
    length += Buffer.byteLength(partHead(attachment)) + attachment.encodedLength;
    length += Buffer.byteLength(`\r\n--${boundary}`);
  }
  return length;
}

function partHead(attachment: Attachment): string {
  const encoding = attachment.encoding === "identity" ? "" : `\r\nContent-Encoding: ${attachment.encoding}`;
  return (
    `\r\nContent-Disposition: attachment; filename="${attachment.name}"\r\nContent-Type: ${attachment.type}` +
    `\r\nContent-Length: ${attachment.encodedLength}${encoding}\r\n\r\n`
  );
}
