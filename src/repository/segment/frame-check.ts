/**
 * Whether a file's header and trailer are those that were written. They are not encrypted; readers that come from a
 * manifest do not need them, but repair does.
 */
import type { Storage } from "../storage/storage.ts";
import { damaged } from "./damage.ts";
import { decodeHeader, HEADER_BYTES } from "./frame.ts";

export interface ExpectedFrame {
  readonly magic: Buffer;
  readonly header: Buffer;
  readonly trailer: Buffer;
  /** Size of the whole file. */
  readonly bytes: number;
}

/** Errors: `object-damaged`, `object-missing`, `repository-newer` for a later format; `storage-*`. */
export async function checkFrame(
  storage: Storage,
  path: string,
  { magic, header, trailer, bytes }: ExpectedFrame,
  signal: AbortSignal | undefined,
): Promise<void> {
  const first = await storage.read(path, { offset: 0, length: HEADER_BYTES }, signal);
  decodeHeader(magic, first, path);
  if (!first.equals(header)) throw damaged(path, "its header is not the one that was written");
  const last = await storage.read(path, { offset: bytes - trailer.length, length: trailer.length }, signal);
  if (!last.equals(trailer)) throw damaged(path, "its trailer is not the one that was written");
}
