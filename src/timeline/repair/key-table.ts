/**
 * Reading the key-hash table of a damaged segment: every page that opens, from the file itself or from a copy of it.
 */
import type { TaskName } from "../../model/task.ts";
import { isHoldfastError } from "../../model/errors.ts";
import { segmentPath } from "../../repository/paths.ts";
import type { Repository } from "../../repository/repository.ts";
import { pageCount, pageLocation, type Directory } from "../../repository/segment/directory.ts";
import { PIECE } from "../../repository/segment/frame.ts";
import { KEY_ENTRY_BYTES } from "../../repository/segment/key-table.ts";
import { PageFile } from "../../repository/segment/segment-pages.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";

/** The entries of the pages that open in one of the places; in order. Errors: `storage-*`. */
export async function readKeyTable(
  places: readonly Repository[],
  task: TaskName,
  info: SegmentInfo,
  signal: AbortSignal,
): Promise<Buffer> {
  const path = segmentPath(task, info.id);
  const readable = async <T>(
    read: (file: PageFile, place: Repository) => Promise<T>,
  ): Promise<T | undefined> => {
    for (const place of places) {
      try {
        return await read(new PageFile(place.keyring, task, info), place);
      } catch (error) {
        if (!isHoldfastError(error, "object-damaged", "object-missing")) throw error;
      }
    }
    return undefined;
  };
  const directory: Directory | undefined = await readable(async (file, { storage }) =>
    file.openDirectory(await storage.read(path, info.directory, signal)),
  );
  if (directory === undefined) return Buffer.alloc(0);
  const pages: Buffer[] = [];
  const table = directory.fingerprints;
  for (let ordinal = 0; ordinal < pageCount(table); ordinal++) {
    const page = await readable(async (file, { storage }) =>
      file.openPage(
        PIECE.fingerprintPage,
        ordinal,
        await storage.read(path, pageLocation(table, ordinal), signal),
      ),
    );
    if (page !== undefined && page.length % KEY_ENTRY_BYTES === 0) pages.push(page);
  }
  return Buffer.concat(pages);
}
