/**
 * Opening chunks of a pack.
 */
import type { TaskName } from "../../model/task.ts";
import { openBox } from "../sealing/box.ts";
import { decompress } from "../segment/compression.ts";
import { damaged } from "../segment/damage.ts";
import { PACK_MAGIC, PIECE, pieceData } from "../segment/frame.ts";
import type { ChunkEntry } from "./pack-table.ts";
import type { PackInfo } from "./pack.ts";

/** The raw bytes of a chunk. Errors: `object-damaged`. */
export async function openChunk(
  key: Buffer,
  task: TaskName,
  info: Pick<PackInfo, "id">,
  chunk: ChunkEntry,
  sealed: Buffer,
  path: string,
): Promise<Buffer> {
  const additional = pieceData(PACK_MAGIC, task, info.id)(PIECE.chunk, chunk.ordinal);
  const bytes = openBox(key, PIECE.chunk, chunk.ordinal, additional, sealed, path);
  if (!chunk.stored) return decompress(bytes, chunk.rawLength, path);
  if (bytes.length !== chunk.rawLength) {
    throw damaged(path, `chunk ${chunk.ordinal} has ${bytes.length} bytes instead of ${chunk.rawLength}`);
  }
  return bytes;
}
