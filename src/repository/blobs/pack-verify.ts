/**
 * Checking one pack: that it is there, whole and what its manifest says; and, reading every byte, that every chunk
 * opens and every blob is the content its id stands for.
 */
import { checkFrame } from "../segment/frame-check.ts";
import { createHash, type Hash } from "node:crypto";
import type { TaskName } from "../../model/task.ts";
import { packPath } from "../paths.ts";
import type { Keyring } from "../sealing/keyring.ts";
import { damaged } from "../segment/damage.ts";
import { type FileFinding, findingOf } from "../segment/file-finding.ts";
import { PACK_MAGIC } from "../segment/frame.ts";
import { SequentialBytes } from "../segment/sequential-bytes.ts";
import type { Storage } from "../storage/storage.ts";
import { blobIds } from "./blob-id.ts";
import { openChunk } from "./pack-chunks.ts";
import { openPackTable, packFrame } from "./pack-frame.ts";
import type { BlobEntry, ChunkEntry, PackTable } from "./pack-table.ts";
import type { PackInfo } from "./pack.ts";

/**
 * What is wrong with a pack; nothing for a sound one. `readData`: read every byte; else existence, size, both ends
 * and the table. With the write right alone, content is not opened: `readData` then compares the digest of the
 * file.
 * Errors: `storage-*`; damage is yielded, not thrown.
 */
export async function* verifyPack(
  storage: Storage,
  keyring: Keyring,
  task: TaskName,
  info: PackInfo,
  { readData }: { readonly readData: boolean },
  signal?: AbortSignal,
): AsyncGenerator<FileFinding> {
  const path = packPath(task, info.id);
  const everything = [`all ${info.blobs} blobs in the pack`];
  const stat = await storage.stat(path, signal);
  if (stat === undefined) {
    yield { code: "object-missing", message: `${path} is not there.`, items: everything };
    return;
  }
  let sound = true;
  const report = (error: unknown, items: readonly string[]): FileFinding => {
    sound = false;
    return findingOf(error, items);
  };
  if (stat.size !== info.bytes) {
    yield report(damaged(path, `the file has ${stat.size} bytes instead of ${info.bytes}`), []);
  }
  try {
    await checkFrame(
      storage,
      path,
      { magic: PACK_MAGIC, bytes: info.bytes, ...packFrame(task, info) },
      signal,
    );
  } catch (error) {
    yield report(error, []);
  }
  let table: PackTable | undefined;
  try {
    table = openPackTable(keyring, task, info, await storage.read(path, info.table, signal), path);
    if (table.blobCount !== info.blobs || table.end !== info.table.offset) {
      throw damaged(path, "its table does not agree with its manifest");
    }
  } catch (error) {
    table = undefined;
    yield report(error, everything);
  }
  if (!readData) return;
  await using bytes = new SequentialBytes(storage, path, signal);
  if (table !== undefined && keyring.right === "read") {
    const key = keyring.openFileKey(task, info.id, info.wrapped);
    const open = async (chunk: ChunkEntry): Promise<Buffer> =>
      openChunk(key, task, info, chunk, await bytes.take(chunk.offset, chunk.sealedLength), path);
    for await (const finding of checkBlobs(table, open, blobIds(keyring, task), path, signal)) {
      sound = false;
      yield finding;
    }
  }
  const { sha256 } = await bytes.finish();
  // Said only when nothing above has told where the difference lies.
  if (sound && sha256 !== info.sha256)
    yield findingOf(damaged(path, "its bytes are not those that were written"), []);
}

/** All chunks in the order of the file; those of one blob follow each other. */
async function* checkBlobs(
  table: PackTable,
  open: (chunk: ChunkEntry) => Promise<Buffer>,
  blobId: (sha256: Buffer) => string,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<FileFinding> {
  const blobs = [...table.blobs()].sort((a, b) => a.firstChunk - b.firstChunk || a.chunks - b.chunks);
  let ordinal = 0;
  for (const entry of blobs) {
    yield* abandonedChunks(table, open, ordinal, entry.firstChunk, signal);
    const digest = createHash("sha256");
    let damage: unknown;
    for (let index = 0; index < entry.chunks; index++) {
      signal?.throwIfAborted();
      try {
        digest.update(await open(table.chunk(entry.firstChunk + index)));
      } catch (error) {
        damage ??= error;
      }
    }
    if (damage === undefined && !isContent(digest, entry, blobId)) {
      damage = damaged(path, `the chunks of blob ${entry.blob} are not its content`);
    }
    if (damage !== undefined) yield findingOf(damage, [entry.blob]);
    ordinal = Math.max(ordinal, entry.firstChunk + entry.chunks);
  }
  yield* abandonedChunks(table, open, ordinal, table.chunkCount, signal);
}

function isContent(digest: Hash, entry: BlobEntry, blobId: (sha256: Buffer) => string): boolean {
  return blobId(digest.digest()) === entry.blob;
}

/** Chunks between blobs must be marked as waste; nothing is lost with them. */
async function* abandonedChunks(
  table: PackTable,
  open: (chunk: ChunkEntry) => Promise<Buffer>,
  from: number,
  before: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<FileFinding> {
  for (let ordinal = from; ordinal < before; ordinal++) {
    signal?.throwIfAborted();
    try {
      await open(table.chunk(ordinal));
    } catch (error) {
      yield findingOf(error, []);
    }
  }
}
