/**
 * A file of a container as a version of an item: its properties as part 0, its content as a blob that is named like the file.
 */
import { createHash } from "node:crypto";
import { isHoldfastError } from "../../../model/errors.ts";
import type { ItemKey } from "../../../model/key.ts";
import { canonicalText } from "../../../model/json/canonical.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { CaptureEngine, SourceContext, StoredBlob } from "../../source.ts";
import type { BlobEntry, BlobProperties, Container } from "./face.ts";

/** Of a file that keeps changing while it is read. */
const READS = 2;

/** Where a file comes from. */
export interface Origin {
  /** Name of the data set. */
  readonly set: string;
  readonly container: Container;
}

export function stateOf(set: string, entry: BlobEntry): Buffer {
  return Buffer.from(canonicalText(propertiesOf(set, entry)), "utf8");
}

/**
 * The file's present state, its content stored or found again. Undefined when it has gone meanwhile.
 * Errors: `version-lost` when it changed with every reading, `source-*`, and those of the engine.
 */
export async function readVersion(
  key: ItemKey,
  listed: BlobEntry,
  { set, container }: Origin,
  engine: CaptureEngine,
  context: SourceContext,
  signal: AbortSignal,
): Promise<{ readonly version: CapturedVersion; readonly entry: BlobEntry } | undefined> {
  let entry = listed;
  for (let read = 1; ; read++) {
    try {
      const stored = await contentOf(entry, { set, container }, engine, context, signal);
      return { version: versionOf(key, set, entry, stored), entry };
    } catch (error) {
      if (!isHoldfastError(error, "version-lost")) throw error;
      const present = await container.find(entry.name, signal);
      if (present === undefined) return undefined;
      if (read === READS) throw error;
      entry = present;
    }
  }
}

async function contentOf(
  entry: BlobEntry,
  { set, container }: Origin,
  engine: CaptureEngine,
  context: SourceContext,
  signal: AbortSignal,
): Promise<StoredBlob> {
  const alias = aliasOf(container.url, entry);
  const known = await engine.findBlob(alias);
  if (known !== undefined) return known;
  const md5 = createHash("md5");
  const content = passing(container.read(entry, signal), md5);
  const stored = await engine.storeBlob(alias, { encoding: "identity", content });
  if (entry.md5 !== "" && md5.digest("base64") !== entry.md5) {
    // Whoever wrote it may have set any digest; the service does not check it for files that were sent in blocks.
    context.warn?.(
      `"${entry.name}" of the data set ${set} does not fit the MD5 that it was stored with: it may have been damaged before it was read. It is kept as it is.`,
      entry.name,
    );
  }
  return stored;
}

async function* passing(
  content: AsyncIterable<Buffer>,
  digest: { update(piece: Buffer): unknown },
): AsyncGenerator<Buffer> {
  for await (const piece of content) {
    digest.update(piece);
    yield piece;
  }
}

/** The etag alone would do at one container; with the others an upload into a container of the same name is not taken for it. */
function aliasOf(url: string, { name, etag, length }: BlobEntry): string {
  return JSON.stringify(["form-recognizer", url, name, etag, length]);
}

function versionOf(key: ItemKey, set: string, entry: BlobEntry, stored: StoredBlob): CapturedVersion {
  return {
    key,
    kind: "live",
    revision: entry.etag,
    state: stateOf(set, entry),
    parts: [Buffer.from(JSON.stringify(propertiesOf(set, entry)), "utf8")],
    blobs: [{ ...stored, part: 0, name: entry.name }],
  };
}

function propertiesOf(set: string, entry: BlobEntry): BlobProperties {
  const { length, etag, lastModified, contentType, md5 } = entry;
  return { set, length, etag, lastModified, contentType, md5 };
}
