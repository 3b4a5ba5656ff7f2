/**
 * What callers have uploaded, byte for byte: audio, corpora, grammars. It is written as it arrives, and no call of the services gives it
 * back; tests look at it here.
 */
import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

import { newGuid } from "../http/guid.ts";

const TABLES = `
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, instance TEXT NOT NULL, name TEXT NOT NULL, content_type TEXT,
  bytes INTEGER NOT NULL, sha256 TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS uploads_name ON uploads (instance, name);
CREATE TABLE IF NOT EXISTS upload_parts (upload TEXT NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (upload, part)) STRICT;
`;

export interface NewUpload {
  readonly instance: string;
  /** What it belongs to, such as `customizations/<id>/corpora/<name>`. */
  readonly name: string;
  readonly contentType?: string | undefined;
}

export interface Upload {
  readonly id: string;
  readonly instance: string;
  readonly name: string;
  readonly contentType: string | undefined;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

interface UploadRow {
  readonly id: string;
  readonly instance: string;
  readonly name: string;
  readonly content_type: string | null;
  readonly bytes: number;
  readonly sha256: string;
}

/** What tests may ask. */
export interface UploadInspection {
  /** Every upload that still exists, oldest first. */
  list(): readonly Upload[];
  /** The newest of this name. */
  find(instance: string, name: string): Upload | undefined;
  /** The whole of it; for tests only. */
  bytes(id: string): Buffer;
}

export class Uploads implements UploadInspection {
  readonly #sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    sqlite.exec(TABLES);
    // Parts of an upload that the end of the process interrupted.
    sqlite.exec("DELETE FROM upload_parts WHERE upload NOT IN (SELECT id FROM uploads)");
  }

  /** Rejects with what the stream throws, and keeps nothing then. */
  async put(upload: NewUpload, chunks: AsyncIterable<Buffer>): Promise<Upload> {
    const id = newGuid();
    const insert = this.#sqlite.prepare("INSERT INTO upload_parts (upload, part, bytes) VALUES (?, ?, ?)");
    const hash = createHash("sha256");
    let bytes = 0;
    let part = 0;
    try {
      for await (const chunk of chunks) {
        insert.run(id, part++, chunk);
        hash.update(chunk);
        bytes += chunk.length;
      }
    } catch (error) {
      this.remove(id);
      throw error;
    }
    const { instance, name, contentType } = upload;
    const sha256 = hash.digest("hex");
    this.#sqlite
      .prepare(
        "INSERT INTO uploads (id, instance, name, content_type, bytes, sha256) VALUES (?, ?, ?, ?, ?, ?)",
      )
      .run(id, instance, name, contentType ?? null, bytes, sha256);
    return { id, instance, name, contentType, bytes, sha256 };
  }

  /** In pieces as they arrived; for the service's own work on the upload. */
  *chunks(id: string): Generator<Buffer> {
    const read = this.#sqlite.prepare("SELECT bytes FROM upload_parts WHERE upload = ? AND part = ?");
    for (let part = 0; ; part++) {
      const row = read.get(id, part) as { readonly bytes: Uint8Array } | undefined;
      if (row === undefined) return;
      yield Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.byteLength);
    }
  }

  remove(id: string): void {
    this.#sqlite.prepare("DELETE FROM uploads WHERE id = ?").run(id);
    this.#sqlite.prepare("DELETE FROM upload_parts WHERE upload = ?").run(id);
  }

  /** Removes what is kept under this name or, with a slash at the end, below it. */
  removeNamed(instance: string, name: string): void {
    const found = this.#sqlite
      .prepare("SELECT id FROM uploads WHERE instance = ? AND (name = ? OR (? AND substr(name, 1, ?) = ?))")
      .all(instance, name, name.endsWith("/") ? 1 : 0, name.length, name) as { readonly id: string }[];
    for (const { id } of found) this.remove(id);
  }

  /** Removes the older uploads of the same name. */
  keepOnly({ instance, name, id }: Upload): void {
    const older = this.#sqlite
      .prepare("SELECT id FROM uploads WHERE instance = ? AND name = ? AND id <> ?")
      .all(instance, name, id) as { readonly id: string }[];
    for (const upload of older) this.remove(upload.id);
  }

  list(): readonly Upload[] {
    const rows = this.#sqlite.prepare("SELECT * FROM uploads ORDER BY rowid").all();
    return (rows as unknown as UploadRow[]).map((row) => uploadOf(row));
  }

  find(instance: string, name: string): Upload | undefined {
    const row = this.#sqlite
      .prepare("SELECT * FROM uploads WHERE instance = ? AND name = ? ORDER BY rowid DESC LIMIT 1")
      .get(instance, name);
    return row === undefined ? undefined : uploadOf(row as unknown as UploadRow);
  }

  bytes(id: string): Buffer {
    return Buffer.concat([...this.chunks(id)]);
  }
}

function uploadOf(row: UploadRow): Upload {
  const { id, instance, name, bytes, sha256 } = row;
  return { id, instance, name, contentType: row.content_type ?? undefined, bytes, sha256 };
}
