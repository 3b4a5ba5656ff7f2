/**
 * An upload that is kept only if what follows it succeeds.
 */
import type { NewUpload, Upload, Uploads } from "../../watson/uploads.ts";

/** Takes the content in and hands it to `commit`. Rejects with what either throws; nothing is kept then. */
export async function takeIn(
  uploads: Uploads,
  upload: NewUpload,
  content: AsyncIterable<Buffer>,
  commit: (taken: Upload) => void | Promise<void>,
): Promise<void> {
  const taken = await uploads.put(upload, content);
  try {
    await commit(taken);
  } catch (error) {
    uploads.remove(taken.id);
    throw error;
  }
}
