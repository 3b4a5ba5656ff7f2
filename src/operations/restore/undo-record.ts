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
import { decodeBuffers, encodeBuffers } from "../../repository/json-buffers.ts";
import { Memtable } from "../../repository/memtable.ts";
import { restorePath, restoresOf } from "../../repository/paths.ts";
import type { Repository } from "../../repository/repository.ts";
import { openObject, sealObject } from "../../repository/sealed-object.ts";
import { FINGERPRINT_BYTES } from "../../repository/segment/fingerprint.ts";
import { openSegment } from "../../repository/segment/segment-reader.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";
import { writeSegment } from "../../repository/segment/segment-writer.ts";

/** Touched items gathered in memory before they are written. */
const PIECE_ITEMS = 50_000;

/** A piece of a restore's record: the items touched since the piece before. */
export interface UndoPiece {
  readonly restore: string;
  readonly task: TaskName;
  readonly target: string;
  /** The instant that was restored. */
  readonly restored: Millis;
  readonly touched: SegmentInfo;
}

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
    const piece: UndoPiece = { restore: this.#restore, task: this.#task, ...this.#frame, touched };
    const place = { purpose: "restore", scope: [this.#task, this.#restore, String(this.#pieces)] } as const;
    const path = restorePath(this.#task, this.#restore, this.#pieces);
    await this.#repository.storage.create(
      path,
      sealObject(this.#repository.keyring, place, encodeBuffers(piece)),
    );
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

function touchedItem(version: Version): Touched {
  return { key: version.key, revision: version.revision, before: version.observation.at };
}
