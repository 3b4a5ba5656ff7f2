/**
 * First and last key of a segment, sealed under its own key inside the manifest: whoever holds the read right finds
 * the right segments without touching the storage, and whoever holds only the write right learns no key.
 */
import type { TaskName } from "../../model/task.ts";
import { segmentPath } from "../paths.ts";
import { openBox, sealBox } from "../sealing/box.ts";
import type { Keyring } from "../sealing/keyring.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import type { Bounds } from "./footer.ts";
import { PIECE, pieceData, SEGMENT_MAGIC } from "./frame.ts";
import type { SegmentInfo } from "./segment.ts";

export function sealBounds(key: Buffer, task: TaskName, id: string, { first, last }: Bounds): Buffer {
  const plain = new ByteWriter().bytes(first).bytes(last).finish();
  return sealBox(key, PIECE.bounds, 0, pieceData(SEGMENT_MAGIC, task, id)(PIECE.bounds, 0), plain);
}

/** Both inclusive. No I/O. Errors: `no-read-right`; `object-damaged` when they are not those of this segment. */
export function segmentBounds(
  keyring: Keyring,
  task: TaskName,
  info: Pick<SegmentInfo, "id" | "wrapped" | "bounds">,
): Bounds {
  const path = segmentPath(task, info.id);
  const key = keyring.openFileKey(task, info.id, info.wrapped);
  const additional = pieceData(SEGMENT_MAGIC, task, info.id)(PIECE.bounds, 0);
  const reader = new ByteReader(openBox(key, PIECE.bounds, 0, additional, info.bounds, path), path);
  const bounds = { first: reader.bytes(), last: reader.bytes() };
  reader.done();
  return bounds;
}
