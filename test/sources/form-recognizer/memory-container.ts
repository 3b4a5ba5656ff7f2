/**
 * A container in memory behind the face that capture, comparison and restores see.
 */
import { createHash } from "node:crypto";
import { HoldfastError } from "../../../src/model/errors.ts";
import { compareKeys, keyOf } from "../../../src/model/key.ts";
import type { BlobEntry, Container } from "../../../src/sources/form-recognizer/data/face.ts";

export interface StoredFile {
  readonly name: string;
  readonly content: Buffer;
  readonly type?: string;
  /** When it is said to have been written, ms UTC. */
  readonly at?: number;
}

export class MemoryContainer implements Container {
  readonly url: string;
  /** Nothing can be read: the signature has run out. */
  closed = false;
  readonly files = new Map<string, { readonly entry: BlobEntry; readonly content: Buffer }>();
  /** Every request so far: `list`, `find NAME`, `read NAME`, `write NAME`, `remove NAME`. */
  readonly calls: string[] = [];
  /** The n-th request from now on (1: the next one) fails, once. */
  failAt = 0;
  /** The service computes no MD5. */
  withoutMd5 = false;
  #etag = 0;

  constructor(url = "https://store.example.test/training") {
    this.url = url;
  }

  put({ name, content, type = "application/octet-stream", at = 0 }: StoredFile): void {
    const md5 = this.withoutMd5 ? "" : createHash("md5").update(content).digest("base64");
    const etag = `0x${(++this.#etag).toString(16).padStart(8, "0")}`;
    const entry = { name, length: content.length, etag, lastModified: at, contentType: type, md5 };
    this.files.set(name, { entry, content });
  }

  names(): string[] {
    return [...this.files.keys()].sort();
  }

  get writes(): string[] {
    return this.calls.filter((call) => /^(?:write|remove)/.test(call));
  }

  #call(name: string): void {
    this.calls.push(name);
    if (this.closed)
      throw new HoldfastError("source-forbidden", "The signature has run out.", { status: 403 });
    if (--this.failAt === 0) throw new HoldfastError("source-unreachable", "The container does not answer.");
  }

  async *list(prefix: string): AsyncGenerator<readonly BlobEntry[]> {
    this.#call("list");
    const entries = [...this.files.values()].map(({ entry }) => entry);
    const found = entries.filter(({ name }) => name.startsWith(prefix));
    found.sort((a, b) => compareKeys(keyOf(a.name), keyOf(b.name)));
    for (let from = 0; from < found.length; from += 4) yield found.slice(from, from + 4);
  }

  async find(name: string): Promise<BlobEntry | undefined> {
    this.#call(`find ${name}`);
    return this.files.get(name)?.entry;
  }

  async *read({ name, etag }: BlobEntry): AsyncGenerator<Buffer> {
    this.#call(`read ${name}`);
    const file = this.files.get(name);
    if (file?.entry.etag !== etag) throw new HoldfastError("version-lost", `${name} has changed.`);
    yield file.content;
  }

  async write(
    name: string,
    content: { readonly type: string; readonly open: () => AsyncIterable<Buffer> },
  ): Promise<void> {
    this.#call(`write ${name}`);
    const pieces: Buffer[] = [];
    for await (const piece of content.open()) pieces.push(piece);
    this.put({ name, content: Buffer.concat(pieces), type: content.type });
  }

  async remove(name: string): Promise<void> {
    this.#call(`remove ${name}`);
    this.files.delete(name);
  }

  readableUrl(): string {
    return `${this.url}?sig=secret`;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
