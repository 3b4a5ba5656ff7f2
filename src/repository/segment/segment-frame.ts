/**
 * What is particular to a segment's frame: its trailer names footer and directory, and both are sealed with header
 * and trailer as additional data. Everything but the wrapped key can therefore be checked against the manifest
 * without another read.
 */
import type { TaskName } from "../../model/task.ts";
import {
  encodeHeader,
  encodeTrailer,
  type Location,
  type PieceData,
  pieceData,
  SEGMENT_MAGIC,
  trailerBytes,
} from "./frame.ts";
import type { SegmentInfo } from "./segment.ts";

export const SEGMENT_TRAILER_BYTES = trailerBytes(2);

export interface SegmentFrame {
  readonly header: Buffer;
  readonly trailer: Buffer;
  readonly data: PieceData;
  /** Additional data of footer and directory behind that of every piece. */
  readonly ends: Buffer;
}

export function segmentFrame(
  task: TaskName,
  info: Pick<SegmentInfo, "id" | "wrapped" | "footer" | "directory">,
): SegmentFrame {
  const header = encodeHeader({ magic: SEGMENT_MAGIC, task, id: info.id, wrapped: info.wrapped });
  const places: readonly Location[] = [info.footer, info.directory];
  const trailer = encodeTrailer(SEGMENT_MAGIC, places);
  const ends = Buffer.concat([header, trailer]);
  return { header, trailer, data: pieceData(SEGMENT_MAGIC, task, info.id), ends };
}
