/**
 * Our marker in a database: a `_local` document with a random nonce. It is never replicated and goes with the database,
 * so finding it again proves that this is the same incarnation, on servers that tell nothing else.
 *
 * Several Holdfasts share one marker: whoever finds one takes over its nonce.
 */
import { createHash } from "node:crypto";
import { randomHex } from "../../model/clock.ts";
import { isHoldfastError } from "../../model/errors.ts";
import type { CouchDatabase } from "./database.ts";
import { memberText } from "./document-text.ts";

/** Every marker's `_local` id begins so: they are no items. */
export const MARKER_PREFIX = "holdfast-";

/** Digits of the hash in the id: enough to tell databases apart whose files were copied. */
const HASH_DIGITS = 12;

const NONCE_BYTES = 16;

export function markerId(database: string): string {
  const hash = createHash("sha256").update(`holdfast marker\n${database}`).digest("hex");
  return MARKER_PREFIX + hash.slice(0, HASH_DIGITS);
}

/** The nonce of the marker that is there now. */
export async function readMarker(database: CouchDatabase, signal: AbortSignal): Promise<string | undefined> {
  const text = await database.getLocal(markerId(database.name), signal);
  const nonce = text && memberText(text, "nonce");
  return nonce === undefined ? undefined : (JSON.parse(nonce.toString("utf8")) as string);
}

/** Writes a marker and returns its nonce; undefined when the account may not write. */
export async function writeMarker(database: CouchDatabase, signal: AbortSignal): Promise<string | undefined> {
  const nonce = randomHex(NONCE_BYTES);
  try {
    await database.putLocal(markerId(database.name), Buffer.from(JSON.stringify({ nonce })), signal);
    return nonce;
  } catch (error) {
    // Read-only accounts are welcome; a conflict means that another Holdfast was faster.
    if (isHoldfastError(error, "source-forbidden", "source-unauthorized")) return undefined;
    if (isHoldfastError(error, "source-protocol") && error.context.status === 409) {
      return await readMarker(database, signal);
    }
    throw error;
  }
}
