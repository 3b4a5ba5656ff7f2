/**
 * What a writer does before it trusts a new segment: reads the footer and one block, drawn at random, back from the
 * storage. The writer still holds the file's key, so this works without the read right.
 */
import { randomHex } from "../../model/clock.ts";
import type { TaskName } from "../../model/task.ts";
import type { Storage } from "../storage/storage.ts";
import { damaged } from "./damage.ts";
import type { SegmentInfo } from "./segment.ts";
import { openSegmentFile } from "./segment-file.ts";

/** Bytes of randomness for choosing a block: more than there are blocks in any segment. */
const CHOICE_BYTES = 4;

/** Errors: `object-damaged`, `object-missing`, `storage-*`. */
export async function readBack(
  storage: Storage,
  task: TaskName,
  info: SegmentInfo,
  key: Buffer,
  signal?: AbortSignal,
): Promise<void> {
  const file = await openSegmentFile(storage, task, info, key, signal);
  const choice = Number.parseInt(randomHex(CHOICE_BYTES), 16) % file.footer.blocks;
  const entry = await file.entryAt(choice, signal);
  if (entry === undefined)
    throw damaged(file.path, `its index does not list block ${choice} that was just written`);
  file.versionsOf(entry, await file.readBlock(entry, signal));
}
