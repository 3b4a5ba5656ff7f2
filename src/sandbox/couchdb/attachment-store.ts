/**
 * The bytes of attachments. Compressible types are kept gzipped (level 8, as CouchDB's default) and known by the MD5 of
 * what is kept. Bytes lie in parts, so that neither an upload nor a download needs the whole attachment in memory.
 */
import { createHash } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import { createGzip, gunzipSync, gzipSync } from "node:zlib";

import type { Attachment, AttachmentEncoding } from "./attachment-json.ts";
import { CouchError } from "./errors.ts";
import { forDatabase } from "./storage.ts";

const PART_BYTES = 1 << 20;
const LEVEL = 8;
const COMPRESSIBLE = /^(?:text\/.*|application\/(?:javascript|json|xml))$/i;

/** An attachment whose bytes are stored, before a revision refers to it. */
export type StoredAttachment = Omit<Attachment, "revpos">;

/** What is known of an upload before its bytes arrive. */
export interface Upload {
  readonly name: string;
  readonly type: string;
  /** `gzip`: the bytes are gzipped already and are kept as they come. */
  readonly encoding: AttachmentEncoding;
  /** Identity length of an upload that comes gzipped, if announced. */
  readonly length?: number | undefined;
}

export class AttachmentStore {
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;
  readonly #maxBytes: number;
  #next: number;

  constructor(sqlite: DatabaseSync, database: number, maxBytes: number) {
    const prepare = (sql: string): StatementSync => sqlite.prepare(forDatabase(sql, database));
    this.#insert = prepare("INSERT INTO {parts} (data, part, bytes) VALUES (?, ?, ?)");
    this.#select = prepare("SELECT bytes FROM {parts} WHERE data = ? AND part = ?");
    this.#delete = prepare("DELETE FROM {parts} WHERE data = ?");
    this.#next =
      Number(prepare("SELECT coalesce(max(data), 0) AS last FROM {parts}").get()?.["last"] ?? 0) + 1;
    this.#maxBytes = maxBytes;
  }

  /** Stores bytes that are in memory. Throws 413 `attachment_too_large`. */
  store(name: string, type: string, bytes: Buffer): StoredAttachment {
    this.#checkSize(name, bytes.length);
    const encoding = isCompressible(type) ? "gzip" : "identity";
    const kept = encoding === "gzip" ? gzipSync(bytes, { level: LEVEL }) : bytes;
    const writer = this.#writer();
    writer.write(kept);
    return { name, type, encoding, length: bytes.length, ...writer.finish() };
  }

  /** Stores bytes as they arrive. Throws 413; what was stored until then is removed. */
  async receive(upload: Upload, chunks: AsyncIterable<Buffer>): Promise<StoredAttachment> {
    const writer = this.#writer();
    let received = 0;
    const checkSize = (chunk: Buffer): Buffer => {
      received += chunk.length;
      this.#checkSize(upload.name, received);
      return chunk;
    };
    try {
      if (upload.encoding === "identity" && isCompressible(upload.type)) {
        const counted = async function* (): AsyncGenerator<Buffer> {
          for await (const chunk of chunks) yield checkSize(chunk);
        };
        await pipeline(counted, createGzip({ level: LEVEL }), async (zipped) => {
          for await (const chunk of zipped) writer.write(chunk as Buffer);
        });
        return {
          name: upload.name,
          type: upload.type,
          encoding: "gzip",
          length: received,
          ...writer.finish(),
        };
      }
      for await (const chunk of chunks) writer.write(checkSize(chunk));
      const stored = writer.finish();
      const length = upload.encoding === "identity" ? received : (upload.length ?? received);
      return { name: upload.name, type: upload.type, encoding: upload.encoding, length, ...stored };
    } catch (error) {
      this.remove(writer.data);
      throw error;
    }
  }

  /** The stored bytes from `from` to before `to`. */
  *read(data: number, from = 0, to = Number.POSITIVE_INFINITY): Generator<Buffer> {
    for (let part = Math.floor(from / PART_BYTES); part * PART_BYTES < to; part++) {
      const row = this.#select.get(data, part);
      if (row === undefined) return;
      const bytes = Buffer.from(row["bytes"] as Uint8Array);
      const start = part * PART_BYTES;
      yield bytes.subarray(Math.max(0, from - start), Math.min(bytes.length, to - start));
    }
  }

  /** The stored bytes in one piece. */
  readAll(attachment: Pick<Attachment, "data">): Buffer {
    return Buffer.concat([...this.read(attachment.data)]);
  }

  /** The bytes as the client gave them, in one piece. */
  readIdentity(attachment: Pick<Attachment, "data" | "encoding">): Buffer {
    const stored = this.readAll(attachment);
    return attachment.encoding === "gzip" ? gunzipSync(stored) : stored;
  }

  remove(data: number): void {
    this.#delete.run(data);
  }

  #checkSize(name: string, bytes: number): void {
    if (bytes > this.#maxBytes) throw new CouchError(413, "attachment_too_large", name);
  }

  #writer(): PartWriter {
    return new PartWriter(this.#insert, this.#next++);
  }
}

class PartWriter {
  readonly data: number;
  readonly #insert: StatementSync;
  readonly #hash = createHash("md5");
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #part = 0;
  #total = 0;

  constructor(insert: StatementSync, data: number) {
    this.#insert = insert;
    this.data = data;
  }

  write(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#total += chunk.length;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes < PART_BYTES) return;
    const bytes = Buffer.concat(this.#waiting);
    let at = 0;
    for (; bytes.length - at >= PART_BYTES; at += PART_BYTES)
      this.#flush(bytes.subarray(at, at + PART_BYTES));
    this.#waiting = [bytes.subarray(at)];
    this.#waitingBytes = bytes.length - at;
  }

  finish(): { md5: string; encodedLength: number; data: number } {
    if (this.#waitingBytes > 0) this.#flush(Buffer.concat(this.#waiting));
    return { md5: this.#hash.digest("base64"), encodedLength: this.#total, data: this.data };
  }

  #flush(bytes: Buffer): void {
    this.#insert.run(this.data, this.#part++, bytes);
  }
}

/** Whether CouchDB's default settings compress this content type. */
export function isCompressible(type: string): boolean {
  return COMPRESSIBLE.test(type.split(";")[0]?.trim() ?? "");
}
