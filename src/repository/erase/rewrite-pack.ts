/**
 * A pack written again without some of its blobs, and proven: read back whole, every blob is what its id stands for.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import { openPack } from "../blobs/pack-reader.ts";
import { verifyPack } from "../blobs/pack-verify.ts";
import { PackWriter } from "../blobs/pack-writer.ts";
import type { PackInfo } from "../blobs/pack.ts";
import { packPath } from "../paths.ts";
import type { Repository } from "../repository.ts";

/** The writer wants a name by which a source knows the content; a blob that is only moved has none, and none is kept in a pack. */
const NO_ALIAS = "0".repeat(32);

/** What takes the pack's place; nothing when all its blobs are `gone`. Errors: `object-*`, `storage-*`. */
export async function rewritePack(
  repository: Repository,
  task: TaskName,
  pack: PackInfo,
  gone: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly PackInfo[]> {
  const reader = await openPack(repository, task, pack, signal);
  await using writer = new PackWriter(repository, task, signal);
  for (const { blob } of reader.blobs()) {
    if (gone.has(blob)) continue;
    // Stored bytes are taken as they are, whatever they unpack to.
    const moved = await writer.add(reader.stream(blob, signal), "identity", NO_ALIAS);
    if (moved.blob !== blob) throw unequal(task, reader.path, blob);
  }
  const written = await writer.finish();
  for (const info of written) {
    const findings = verifyPack(
      repository.storage,
      repository.keyring,
      task,
      info,
      { readData: true },
      signal,
    );
    for await (const { message } of findings) {
      throw new HoldfastError("object-damaged", `Nothing was erased: ${message}`, {
        task,
        path: packPath(task, info.id),
      });
    }
  }
  return written;
}

function unequal(task: TaskName, path: string, blob: string): HoldfastError {
  const message = `The blob ${blob} of ${path} was copied and came out as another: nothing was erased.`;
  return new HoldfastError("object-damaged", message, { task, path });
}
