/**
 * Reading an archive that Holdfast wrote: each file is checked against the index that follows it.
 */
import { createHash } from "node:crypto";
import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { keyOf } from "../../model/key.ts";
import { readMembers } from "../../sources/couchdb/document-text.ts";
import { LOCAL_PREFIX, SECURITY_KEY, SETTINGS_KEY } from "../../sources/couchdb/items.ts";
import {
  UnusableFile,
  type ImportedLeaf,
  type ImportNotes,
  type KeptContent,
  type StoreContent,
} from "../imported.ts";
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
  type TarIndexPiece,
  type TarManifest,
} from "./format.ts";
import { decodePath, nameLength } from "./names.ts";

/** A text longer than this is none that CouchDB would have sent. */
const LONGEST_TEXT_BYTES = 500 << 20;

/** Throws `UnusableFile`. */
export async function* readTar(
  bytes: AsyncIterable<Buffer>,
  store: StoreContent,
  notes: ImportNotes,
): AsyncGenerator<ImportedLeaf> {
  const archive = ReadableStream.from(bytes).pipeThrough(createTarDecoder({ strict: true }));
  const reading = new Reading(store, notes);
  const entries = archive[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await entries.next().catch(damaged);
      if (next.done === true) break;
      yield* reading.entry(next.value);
    }
    yield* reading.end();
  } finally {
    await entries.return?.().catch(() => {});
  }
}

/** What the archive's own reader complains about; failures of the file's storage pass as they are. */
function damaged(error: unknown): never {
  if (error instanceof Error && error.constructor === Error && !("code" in error)) {
    throw new UnusableFile(`it is cut off or damaged: ${error.message}`);
  }
  throw error;
}

class Reading {
  readonly #store: StoreContent;
  readonly #notes: ImportNotes;
  /** The revision whose attachments may follow. */
  #leaf: { readonly path: string; readonly leaf: ImportedLeaf; readonly contents: KeptContent[] } | undefined;
  #files: TarIndexPiece["files"][number][] = [];
  #count = 0;
  readonly #pieces: string[] = [];
  #begun = false;
  #ended = false;

  constructor(store: StoreContent, notes: ImportNotes) {
    this.#store = store;
    this.#notes = notes;
  }

  async *entry({ header, body }: ParsedTarEntry): AsyncGenerator<ImportedLeaf> {
    const { name: path, size } = header;
    if (header.type !== "file" || this.#ended) throw new UnusableFile(`"${path}" has no place in it`);
    if (this.#begun !== (path !== MANIFEST)) throw new UnusableFile("it does not begin with manifest.json");
    this.#begun = true;
    const attachment = this.#attachmentName(path);
    if (attachment !== undefined) {
      const content = new Checked(body);
      const blob = await this.#store(content.bytes(), "identity");
      this.#leaf?.contents.push({ name: attachment, blob });
      this.#record(path, size, content.sha256);
      return;
    }
    const { text, sha256 } = await wholeText(path, size, body);
    if (path === INDEX) return this.#checkIndex(text);
    if (path.startsWith(`${INDEX_FOLDER}/`)) return this.#checkPiece(text, sha256);
    this.#record(path, size, sha256);
    yield* this.#flush();
    if (path === MANIFEST) this.#notes.frame = readManifest(text);
    else yield* this.#text(path, text);
  }

  *end(): Generator<ImportedLeaf> {
    if (!this.#ended)
      throw new UnusableFile("its index is missing: it is cut off, or no archive of holdfast export");
    yield* this.#flush();
  }

  /** The name, when the path is that of an attachment of the revision at hand. */
  #attachmentName(path: string): string | undefined {
    const folder = this.#leaf && `${this.#leaf.path}${ATTACHMENTS_SUFFIX}/`;
    if (folder === undefined || !path.startsWith(folder)) return undefined;
    return decodePath(path.slice(folder.length).split("/")).toString("utf8");
  }

  *#flush(): Generator<ImportedLeaf> {
    if (this.#leaf === undefined) return;
    const { leaf, contents } = this.#leaf;
    this.#leaf = undefined;
    const missing = leaf.missing.filter((name) => !contents.some((content) => content.name === name));
    yield { ...leaf, contents, missing };
  }

  *#text(path: string, text: Buffer): Generator<ImportedLeaf> {
    const plain = { rev: "", deleted: false, text, contents: [], missing: [] };
    if (path === SECURITY) yield { ...plain, key: SECURITY_KEY };
    else if (path === SETTINGS) yield { ...plain, key: SETTINGS_KEY };
    else if (!path.endsWith(JSON_SUFFIX)) throw new UnusableFile(`"${path}" has no place in it`);
    else {
      const bare = path.slice(0, -JSON_SUFFIX.length);
      const [folder, ...components] = bare.split("/");
      if (folder === LOCAL) {
        const name = decodePath(components).toString("utf8");
        const { rev } = readMembers(text);
        yield { ...plain, key: keyOf(LOCAL_PREFIX + name), rev };
      } else if (folder === DOCUMENTS) this.#leaf = { path: bare, ...this.#revision(path, components, text) };
      else throw new UnusableFile(`"${path}" has no place in it`);
    }
  }

  #revision(path: string, components: readonly string[], text: Buffer) {
    const key = decodePath(components.slice(0, nameLength(components)));
    const rev = decodePath(components.slice(nameLength(components))).toString("utf8");
    const members = readMembers(text);
    if (!keyOf(members.id).equals(key) || members.rev !== rev) {
      throw new UnusableFile(`"${path}" holds another document or revision than its name says`);
    }
    this.#notes.withRevision += 1;
    const missing = members.attachments.map((stub) => stub.name);
    return { leaf: { key, rev, deleted: members.deleted, text, contents: [], missing }, contents: [] };
  }

  #record(path: string, bytes: number, sha256: string): void {
    this.#files.push({ path, bytes, sha256 });
    this.#count += 1;
  }

  #checkPiece(text: Buffer, sha256: string): void {
    const { files } = JSON.parse(text.toString("utf8")) as TarIndexPiece;
    const same =
      files.length === this.#files.length &&
      files.every((file, index) => {
        const read = this.#files[index];
        return file.path === read?.path && file.bytes === read.bytes && file.sha256 === read.sha256;
      });
    if (!same) throw new UnusableFile("its files do not agree with its index: it was altered or damaged");
    this.#files = [];
    this.#pieces.push(sha256);
    this.#count += 1;
  }

  #checkIndex(text: Buffer): void {
    const { files, pieces } = JSON.parse(text.toString("utf8")) as TarIndex;
    const same =
      files === this.#count &&
      this.#files.length === 0 &&
      pieces.length === this.#pieces.length &&
      pieces.every((sha256, index) => sha256 === this.#pieces[index]);
    if (!same) throw new UnusableFile("its files do not agree with its index: it was altered or damaged");
    this.#ended = true;
  }
}

function readManifest(text: Buffer): ImportNotes["frame"] {
  const manifest = JSON.parse(text.toString("utf8")) as Partial<TarManifest>;
  if (manifest.format !== TAR_FORMAT) throw new UnusableFile("its manifest.json is not of holdfast export");
  if (manifest.version !== TAR_VERSION) {
    throw new UnusableFile(
      `it was written in version ${manifest.version} of the format, which this Holdfast does not know`,
    );
  }
  if (manifest.source?.kind !== "couchdb") {
    throw new UnusableFile(
      `it holds items of the kind "${manifest.source?.kind}", not of a CouchDB database`,
    );
  }
  const instant = Date.parse(manifest.instant ?? "");
  const origin = `${manifest.source.name}/${manifest.source.collection}`;
  return { instant: Number.isNaN(instant) ? undefined : instant, origin, whole: manifest.whole ?? true };
}

async function wholeText(
  path: string,
  size: number,
  body: ReadableStream<Uint8Array>,
): Promise<{ readonly text: Buffer; readonly sha256: string }> {
  if (size > LONGEST_TEXT_BYTES) throw new UnusableFile(`"${path}" is too long for a text`);
  const content = new Checked(body);
  const pieces: Buffer[] = [];
  for await (const piece of content.bytes()) pieces.push(piece);
  return { text: Buffer.concat(pieces), sha256: content.sha256 };
}

/** A file's content, digested while it passes. */
class Checked {
  sha256 = "";
  readonly #body: ReadableStream<Uint8Array>;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#body = body;
  }

  async *bytes(): AsyncGenerator<Buffer> {
    const digest = createHash("sha256");
    try {
      for await (const piece of this.#body) {
        digest.update(piece);
        yield Buffer.from(piece.buffer, piece.byteOffset, piece.length);
      }
    } catch (error) {
      damaged(error);
    }
    this.sha256 = digest.digest("hex");
  }
}
