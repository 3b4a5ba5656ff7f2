/**
 * Bringing single objects back from a second copy of the repository, byte for byte. Bytes are proven before they are used:
 * files by the digest that the manifest gives them, sealed objects by opening in their place.
 */
import { createHash } from "node:crypto";
import { isHoldfastError } from "../../model/errors.ts";
import type { Repository } from "../repository.ts";
import { SMALL_OBJECT_BYTES } from "../repository-file.ts";
import { openSealedAt, sealedPlaceAt } from "../sealed-places.ts";
import { damaged } from "../segment/damage.ts";
import { isSlotPath, parseSlot } from "../sealing/slot-file.ts";

/**
 * Puts the copy's bytes of a file in place of one that is missing, or of one that is `replaced`. False when the copy has
 * other bytes. Errors: `storage-*`.
 */
export async function copyFile(
  to: Repository,
  from: Repository,
  file: { readonly path: string; readonly bytes: number; readonly sha256: string },
  replaced: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await hasBytes(from, file, signal))) return false;
  if (replaced) await to.storage.remove(file.path, signal);
  await to.storage.create(file.path, proven(from, file, signal), signal);
  return hasBytes(to, file, signal);
}

/** Whether the file is there with exactly these bytes. Errors: `storage-*`. */
export async function hasBytes(
  repository: Repository,
  file: { readonly path: string; readonly sha256: string },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const hash = createHash("sha256");
    for await (const piece of repository.storage.stream(file.path, undefined, signal)) hash.update(piece);
    return hash.digest("hex") === file.sha256;
  } catch (error) {
    if (isHoldfastError(error, "object-missing", "object-damaged")) return false;
    throw error;
  }
}

/** The bytes; throws at their end, so that nothing comes of them, when they changed since they were looked at. */
async function* proven(
  { storage }: Repository,
  { path, sha256 }: { readonly path: string; readonly sha256: string },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  for await (const piece of storage.stream(path, undefined, signal)) {
    hash.update(piece);
    yield piece;
  }
  if (hash.digest("hex") !== sha256) throw damaged(path, "the copy changed while it was read");
}

/**
 * Puts the copy's sealed object or key slot at a path in place of one that is missing or damaged. False when the copy's does
 * not open there. Errors: `storage-*`.
 */
export async function copySmallObject(
  to: Repository,
  from: Repository,
  path: string,
  apply: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const object = await soundObject(from, path, signal);
  if (object === undefined) return false;
  if (!apply) return true;
  await to.storage.remove(path, signal);
  await to.storage.create(path, object, signal);
  return true;
}

/** The object, when it is the one that belongs at its path; else undefined. Errors: `storage-*`. */
export async function soundObject(
  repository: Repository,
  path: string,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  try {
    if (sealedPlaceAt(path) !== undefined) {
      await openSealedAt(repository, path, signal);
      return await repository.storage.read(path, undefined, signal);
    }
    if (!isSlotPath(path)) return undefined;
    const stat = await repository.storage.stat(path, signal);
    if (stat === undefined || stat.size > SMALL_OBJECT_BYTES) return undefined;
    const object = await repository.storage.read(path, undefined, signal);
    return parseSlot(path, object).repository === repository.id ? object : undefined;
  } catch (error) {
    if (isHoldfastError(error, "object-missing", "object-damaged", "repository-newer")) return undefined;
    throw error;
  }
}
