/**
 * The file to import, as a stream: what it is, when it was written, and its bytes, unpacked where it is compressed.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { errorText, HoldfastError } from "../../model/errors.ts";
import { detectFormat, isGzip, TELLING_BYTES, type ExchangeFormat } from "../../exchange/detect.ts";

/** Larger pieces were no faster, and their remains held more memory. */
const READ_BYTES = 256 << 10;

export interface ImportFile {
  /** As it is called in messages. */
  readonly name: string;
  readonly format: ExchangeFormat;
  /** The file's own time, ms UTC; undefined for a stream. */
  readonly modified: number | undefined;
  readonly bytes: AsyncIterable<Buffer>;
}

/** Errors: `file-failed`; the bytes throw it too. `format`: when it need not be found out. */
export async function openImport(
  input: string | AsyncIterable<Buffer>,
  format: ExchangeFormat | undefined,
  signal: AbortSignal,
): Promise<ImportFile> {
  const name = typeof input === "string" ? input : "the stream";
  const modified = typeof input === "string" ? await modifiedAt(input) : undefined;
  const raw = await peeked(typeof input === "string" ? fileBytes(input, signal) : input);
  const plain = isGzip(raw.head) ? await peeked(unpacked(name, raw.bytes)) : raw;
  return { name, modified, format: format ?? detectFormat(plain.head), bytes: plain.bytes };
}

async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) {
      throw new HoldfastError("file-failed", `Could not read ${path}: it is a folder.`, { path });
    }
    return found.isFile() ? found.mtimeMs : undefined;
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function* fileBytes(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    const stream = createReadStream(path, { highWaterMark: READ_BYTES, signal });
    for await (const piece of stream) yield piece as Buffer;
  } catch (error) {
    signal.throwIfAborted();
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): unknown {
  if (error instanceof HoldfastError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reason =
    code === "ENOENT" ? "it does not exist" : code === "EACCES" ? "this user may not read it" : message;
  return new HoldfastError("file-failed", `Could not read ${path}: ${reason}.`, { path }, error);
}

async function* unpacked(name: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // The callback form: a failure of either side arrives at whoever iterates.
  const plain = pipeline(bytes, createGunzip({ chunkSize: READ_BYTES }), () => {});
  try {
    for await (const piece of plain) yield piece as Buffer;
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith("Z_")) throw error;
    throw new HoldfastError(
      "import-unusable",
      `${name} cannot be imported: it is compressed, and cut off or damaged (${errorText(error)}).`,
      { path: name },
      error,
    );
  }
}

/** The first bytes, and all of them. */
async function peeked(
  bytes: AsyncIterable<Buffer>,
): Promise<{ readonly head: Buffer; readonly bytes: AsyncIterable<Buffer> }> {
  const pieces = bytes[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let length = 0;
  while (length < TELLING_BYTES) {
    const next = await pieces.next();
    if (next.done === true) break;
    first.push(next.value);
    length += next.value.length;
  }
  const head = Buffer.concat(first);
  return {
    head,
    bytes: (async function* () {
      try {
        if (head.length > 0) yield head;
        for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
      } finally {
        await pieces.return?.();
      }
    })(),
  };
}
