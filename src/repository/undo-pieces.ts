/**
 * The pieces of undo records. Each is a sealed object that names one segment, which no manifest names: the items that a
 * restore in place touched.
 */
import type { Millis } from "../model/clock.ts";
import type { TaskName } from "../model/task.ts";
import { decodeBuffers, encodeBuffers } from "./json-buffers.ts";
import { restorePath, restoresOf } from "./paths.ts";
import type { Repository } from "./repository.ts";
import { openObject, sealObject } from "./sealed-object.ts";
import type { SegmentInfo } from "./segment/segment.ts";

/** A piece of a restore's record: the items touched since the piece before. */
export interface UndoPiece {
  readonly restore: string;
  readonly task: TaskName;
  readonly target: string;
  /** The instant that was restored. */
  readonly restored: Millis;
  readonly touched: SegmentInfo;
}

/** Writes the nth piece, from 1. Errors: `storage-*`. */
export async function writeUndoPiece(
  repository: Repository,
  piece: UndoPiece,
  ordinal: number,
): Promise<void> {
  const { task, restore } = piece;
  const place = { purpose: "restore", scope: [task, restore, String(ordinal)] } as const;
  const object = sealObject(repository.keyring, place, encodeBuffers(piece));
  await repository.storage.create(restorePath(task, restore, ordinal), object);
}

/** The nth piece, from 1. Errors: `object-missing`, `object-damaged`. */
export async function readUndoPiece(
  repository: Repository,
  task: TaskName,
  restore: string,
  ordinal: number,
): Promise<UndoPiece> {
  const path = restorePath(task, restore, ordinal);
  const place = { purpose: "restore", scope: [task, restore, String(ordinal)] } as const;
  return decodeBuffers(
    openObject(repository.keyring, place, path, await repository.storage.read(path)),
  ) as UndoPiece;
}

/** Every piece that is listed, by restore and ordinal. */
export async function* listUndoPieces(
  repository: Repository,
  task: TaskName,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly path: string; readonly restore: string; readonly ordinal: number }> {
  for await (const { path } of repository.storage.list(restoresOf(task), signal ? { signal } : {})) {
    const [restore = "", name = ""] = path.slice(restoresOf(task).length).split("/");
    yield { path, restore, ordinal: Number(name) };
  }
}
