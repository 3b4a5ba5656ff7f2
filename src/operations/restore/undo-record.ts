/**
 * The undo record of a restore in place: which items it touched, what it made of them, and at which instant their state
 * before is kept.
 *
 * Item keys are sealed for the read right only, so the touched items are a segment; the frame around it is a sealed object.
 */
import type { Millis } from "../../model/clock.ts";
import { HoldfastError } from "../../model/errors.ts";
import type { ItemKey } from "../../model/key.ts";
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import { Memtable } from "../../repository/memtable.ts";
import { restorePath, restoresOf } from "../../repository/paths.ts";
import type { Repository } from "../../repository/repository.ts";
import { FINGERPRINT_BYTES } from "../../repository/segment/fingerprint.ts";
import { openSegment } from "../../repository/segment/segment-reader.ts";
import { writeSegment } from "../../repository/segment/segment-writer.ts";
import { readUndoPiece, writeUndoPiece, type UndoPiece } from "../../repository/undo-pieces.ts";

/** Touched items gathered in memory before they are written. */
const PIECE_ITEMS = 50_000;

/** One touched item. */
export interface Touched {
  readonly key: ItemKey;
  /** What the restore left: undo touches the item only while this is still its revision. Empty: the item was deleted. */
  readonly revision: string;
  /** The instant at which the state before is kept. */
  readonly before: Millis;
}

/** Collects and writes; a record exists from its first piece on. */
export class UndoRecorder {
  readonly #repository: Repository;
  readonly #task: TaskName;
  readonly #restore: string;
  readonly #frame: { readonly target: string; readonly restored: Millis };
  #memtable = new Memtable();
  #pieces = 0;

  constructor(
    repository: Repository,
    task: TaskName,
    restore: string,
    frame: { readonly target: string; readonly restored: Millis },
  ) {
    this.#repository = repository;
    this.#task = task;
    this.#restore = restore;
    this.#frame = frame;
  }

  /** Whether anything was recorded. */
  get hasPieces(): boolean {
    return this.#pieces > 0;
  }

  async add(touched: Touched): Promise<void> {
    this.#memtable.add({
      key: touched.key,
      kind: "live",
      revision: touched.revision,
      observation: { run: this.#restore, at: touched.before, sequence: "" },
      fingerprint: Buffer.alloc(FINGERPRINT_BYTES),
      parts: [],
      blobs: [],
    });
    if (this.#memtable.size >= PIECE_ITEMS) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#memtable.size === 0) return;
    const versions = this.#memtable.toSorted();
    this.#memtable = new Memtable();
    this.#pieces += 1;
    const touched = await writeSegment({ ...this.#repository, task: this.#task }, [versions]);
    const piece = { restore: this.#restore, task: this.#task, ...this.#frame, touched };
    await writeUndoPiece(this.#repository, piece, this.#pieces);
  }
}

/** What a restore did. */
export interface UndoRecord {
  readonly target: string;
  readonly restored: Millis;
  readonly touched: readonly Touched[];
}

/** Errors: `source-unknown` when there is no such record; `object-missing` for a piece in its middle; `no-read-right`; `object-damaged`. */
export async function readUndoRecord(
  repository: Repository,
  task: TaskName,
  restore: string,
): Promise<UndoRecord> {
  const touched: Touched[] = [];
  let frame: UndoPiece | undefined;
  let ordinal = 0;
  for await (const { path } of repository.storage.list(`${restoresOf(task)}${restore}/`)) {
    ordinal += 1;
    const expected = restorePath(task, restore, ordinal);
    if (path !== expected) {
      throw new HoldfastError("object-missing", `A piece of an undo record is missing: ${expected}.`, {
        task,
        path: expected,
      });
    }
    frame = await readUndoPiece(repository, task, restore, ordinal);
    const reader = await openSegment(repository.storage, repository.keyring, task, frame.touched);
    for await (const batch of reader.scan({})) touched.push(...batch.map(touchedItem));
  }
  if (frame === undefined) {
    throw new HoldfastError("source-unknown", `No restore ${restore} of ${task} left an undo record.`, {
      task,
    });
  }
  return { target: frame.target, restored: frame.restored, touched };
}

function touchedItem(version: Version): Touched {
  return { key: version.key, revision: version.revision, before: version.observation.at };
}
