/**
 * What is particular to a pack's frame: its trailer names the one sealed table, which has header and trailer as
 * additional data.
 */
import type { TaskName } from "../../model/task.ts";
import { openBox } from "../sealing/box.ts";
import type { Keyring } from "../sealing/keyring.ts";
import {
  encodeHeader,
  encodeTrailer,
  PACK_MAGIC,
  PIECE,
  type PieceData,
  pieceData,
} from "../segment/frame.ts";
import { PackTable } from "./pack-table.ts";
import type { PackInfo } from "./pack.ts";

export interface PackFrame {
  readonly header: Buffer;
  readonly trailer: Buffer;
  readonly data: PieceData;
  /** Additional data of the table. */
  readonly tableData: Buffer;
}

export function packFrame(task: TaskName, info: Pick<PackInfo, "id" | "wrapped" | "table">): PackFrame {
  const header = encodeHeader({ magic: PACK_MAGIC, task, id: info.id, wrapped: info.wrapped });
  const trailer = encodeTrailer(PACK_MAGIC, [info.table]);
  const data = pieceData(PACK_MAGIC, task, info.id);
  return { header, trailer, data, tableData: data(PIECE.packTable, 0, Buffer.concat([header, trailer])) };
}

/** The key of a pack's table: the write right is enough. */
export function packTableKey(keyring: Keyring, task: TaskName, id: string): Buffer {
  return keyring.derive("pages", task, id);
}

/** Errors: `object-damaged`. */
export function openPackTable(
  keyring: Keyring,
  task: TaskName,
  info: PackInfo,
  sealed: Buffer,
  path: string,
): PackTable {
  const { tableData } = packFrame(task, info);
  return new PackTable(
    openBox(packTableKey(keyring, task, info.id), PIECE.packTable, 0, tableData, sealed, path),
    path,
  );
}
