/**
 * What a writer does before it trusts a new pack: reads the table and one chunk, drawn at random, back from the
 * storage.
 */
import { randomHex } from "../../model/clock.ts";
import type { TaskName } from "../../model/task.ts";
import { packPath } from "../paths.ts";
import type { Keyring } from "../sealing/keyring.ts";
import type { Storage } from "../storage/storage.ts";
import { openChunk } from "./pack-chunks.ts";
import { openPackTable } from "./pack-frame.ts";
import type { PackInfo } from "./pack.ts";

/** Bytes of randomness for choosing a chunk: more than there are in any pack. */
const CHOICE_BYTES = 4;

/** Errors: `object-damaged`, `object-missing`, `storage-*`. */
export async function readBackPack(
  storage: Storage,
  keyring: Keyring,
  task: TaskName,
  info: PackInfo,
  key: Buffer,
  signal?: AbortSignal,
): Promise<void> {
  const path = packPath(task, info.id);
  const table = openPackTable(keyring, task, info, await storage.read(path, info.table, signal), path);
  if (table.chunkCount === 0) return;
  const chunk = table.chunk(Number.parseInt(randomHex(CHOICE_BYTES), 16) % table.chunkCount);
  const sealed = await storage.read(path, { offset: chunk.offset, length: chunk.sealedLength }, signal);
  await openChunk(key, task, info, chunk, sealed, path);
}
