/**
 * An instant as an archive of files, for people and their tools.
 */
import type { BlobRef, Version } from "../../model/version.ts";
import { keyOf } from "../../model/key.ts";
import { LOCAL_PREFIX } from "../../sources/couchdb/items.ts";
import { itemKind } from "../../sources/couchdb/restore/item-kind.ts";
import { storedLeaves } from "../../sources/couchdb/restore/leaf-document.ts";
import type { ExportInput, ExportTally } from "../exported.ts";
import { once } from "../pieces.ts";
import {
  ATTACHMENTS_SUFFIX,
  DOCUMENTS,
  INDEX,
  INDEX_FOLDER,
  JSON_SUFFIX,
  LOCAL,
  MANIFEST,
  SECURITY,
  SETTINGS,
  TAR_FORMAT,
  TAR_VERSION,
  type TarIndex,
} from "./format.ts";
import { encodePath } from "./names.ts";
import { TarPack } from "./pack.ts";

/** Files named by one piece of the index: it is held in memory until it is written. */
const INDEX_FILES = 4_096;
const INDEX_DIGITS = 6;

export async function* writeTar(input: ExportInput, tally: ExportTally): AsyncGenerator<Buffer> {
  const pack = new TarPack(new Date(input.frame.instant));
  const packing = new Packing(input, tally, pack).run().catch((error: unknown) => pack.fail(error));
  try {
    for await (const piece of pack.bytes) yield Buffer.from(piece.buffer, piece.byteOffset, piece.length);
  } finally {
    // Whoever stops reading has cancelled the archive: then the packing fails at its next write.
    await packing;
  }
}

class Packing {
  readonly #input: ExportInput;
  readonly #tally: ExportTally;
  readonly #pack: TarPack;
  readonly #pieces: string[] = [];
  #files = 0;

  constructor(input: ExportInput, tally: ExportTally, pack: TarPack) {
    this.#input = input;
    this.#tally = tally;
    this.#pack = pack;
  }

  async run(): Promise<void> {
    const manifest = { format: TAR_FORMAT, version: TAR_VERSION, ...this.#input.frame };
    await this.#addText(MANIFEST, jsonText(manifest));
    for await (const versions of this.#input.reader.versions()) {
      for (const version of versions) await this.#addVersion(version);
    }
    await this.#addIndexPiece();
    const index: TarIndex = { items: this.#tally.items, files: this.#files, pieces: this.#pieces };
    await this.#addText(INDEX, jsonText(index));
    this.#pack.end();
  }

  async #addVersion(version: Version): Promise<void> {
    this.#tally.items += 1;
    const kind = itemKind(version.key);
    if (kind === "document" || kind === "design") return this.#addDocument(version);
    const name = version.key.subarray(LOCAL_PREFIX.length);
    const path =
      kind === "security"
        ? SECURITY
        : kind === "settings"
          ? SETTINGS
          : `${LOCAL}/${encodePath(name)}${JSON_SUFFIX}`;
    await this.#addText(path, version.parts[0] ?? Buffer.alloc(0));
  }

  async #addDocument(version: Version): Promise<void> {
    const folder = `${DOCUMENTS}/${encodePath(version.key)}`;
    this.#tally.documents += 1;
    if (version.kind === "deleted") this.#tally.deleted += 1;
    for (const leaf of storedLeaves(version)) {
      this.#tally.revisions += 1;
      const path = `${folder}/${encodePath(keyOf(leaf.rev))}`;
      await this.#addText(path + JSON_SUFFIX, leaf.part);
      for (const { stub, blob } of leaf.stored) {
        if (blob === undefined || !this.#input.frame.attachments) {
          if (stub.data === undefined) this.#tally.contentMissing += 1;
          continue;
        }
        this.#tally.blobs += 1;
        await this.#addContent(`${path}${ATTACHMENTS_SUFFIX}/${encodePath(keyOf(stub.name))}`, blob);
      }
    }
  }

  async #addText(path: string, text: Buffer): Promise<void> {
    await this.#added(this.#pack.add(path, text.length, once(text)));
  }

  async #addContent(path: string, blob: BlobRef): Promise<void> {
    const size = await this.#plainLength(blob);
    await this.#added(this.#pack.add(path, size, this.#input.decoded(blob)));
  }

  async #added(adding: Promise<string>): Promise<void> {
    await adding;
    this.#files += 1;
    if (this.#pack.waiting >= INDEX_FILES) await this.#addIndexPiece();
  }

  /** An archive says the size before the content: compressed content is unpacked once to count it. */
  async #plainLength(blob: BlobRef): Promise<number> {
    if (blob.encoding === "identity") return blob.length;
    let length = 0;
    for await (const piece of this.#input.decoded(blob)) length += piece.length;
    return length;
  }

  async #addIndexPiece(): Promise<void> {
    const files = this.#pack.takeFiles();
    if (files.length === 0) return;
    const number = String(this.#pieces.length + 1).padStart(INDEX_DIGITS, "0");
    const text = jsonText({ files });
    this.#pieces.push(
      await this.#pack.add(`${INDEX_FOLDER}/${number}${JSON_SUFFIX}`, text.length, once(text)),
    );
    // The index does not name itself.
    this.#pack.takeFiles();
    this.#files += 1;
  }
}

function jsonText(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`);
}
