/**
 * From a passphrase to a key: Argon2id (RFC 9106), with costs that are bounded when they come out of a file, so that a
 * slot made by somebody else cannot take all memory of the machine that tries it.
 */
import { argon2 } from "node:crypto";
import { promisify } from "node:util";
import { HoldfastError } from "../../model/errors.ts";
import { BOX_KEY_BYTES } from "./box.ts";
import type { KdfCost } from "./credentials.ts";

/** RFC 9106's second recommendation, with one lane: 0.2 to 0.4 s on a core of 2024. */
export const DEFAULT_KDF: KdfCost = { memoryKiB: 64 * 1024, passes: 3, parallelism: 1 };
/** 1 GiB and about a minute at the very most: more than anybody waits for. */
export const HIGHEST_KDF: KdfCost = { memoryKiB: 1024 * 1024, passes: 16, parallelism: 16 };
/** Argon2 itself asks for this much memory, KiB per lane. */
const LEAST_MEMORY_PER_LANE_KIB = 8;
/** Bytes, as RFC 9106 recommends. */
export const SALT_BYTES = 16;

const argon2id = promisify(argon2);

export function isBoundedCost({ memoryKiB, passes, parallelism }: KdfCost): boolean {
  return (
    [memoryKiB, passes, parallelism].every(Number.isInteger) &&
    passes >= 1 &&
    passes <= HIGHEST_KDF.passes &&
    parallelism >= 1 &&
    parallelism <= HIGHEST_KDF.parallelism &&
    memoryKiB >= LEAST_MEMORY_PER_LANE_KIB * parallelism &&
    memoryKiB <= HIGHEST_KDF.memoryKiB
  );
}

/**
 * The key of a slot. The passphrase is taken as UTF-8 in normal form C: keyboards differ in how they compose accents.
 * Errors: `config-invalid` for an empty passphrase.
 */
export async function passphraseKey(passphrase: string, salt: Buffer, cost: KdfCost): Promise<Buffer> {
  if (passphrase === "") throw new HoldfastError("config-invalid", "The passphrase that was given is empty.");
  return await argon2id("argon2id", {
    message: Buffer.from(passphrase.normalize("NFC"), "utf8"),
    nonce: salt,
    parallelism: cost.parallelism,
    tagLength: BOX_KEY_BYTES,
    memory: cost.memoryKiB,
    passes: cost.passes,
  });
}
