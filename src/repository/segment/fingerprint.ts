/**
 * Keyed 64-bit hashes of one task: of item keys, by which pages and filters are searched, and of states, by which
 * an unchanged item is recognised without reading its body. Whoever lacks the write right learns nothing from them.
 */
import { createHmac } from "node:crypto";
import type { TaskName } from "../../model/task.ts";
import type { Keyring } from "../sealing/keyring.ts";
import { type Hash64, SipHash } from "./siphash.ts";

export const FINGERPRINT_BYTES = 8;

const SIP_KEY_BYTES = 16;
/** 128 bits: two names never meet by chance. */
const ALIAS_DIGITS = 32;

/** The hashes of one task. Not to be shared between threads; cheap to make. */
export interface Fingerprints {
  /** The item key's hash. */
  keyHash(key: Buffer): bigint;
  /** The same in halves, without an allocation: the object is overwritten by the next call. */
  keyHashHalves(key: Buffer): Hash64;
  /**
   * Fingerprint of an item's state, 8 bytes. It covers the key too: were two keys of a task ever to share a hash
   * (one chance in 2^64 for each pair), neither could still be taken for the other's unchanged state.
   */
  fingerprint(key: Buffer, state: Buffer): Buffer;
  /** Digest of a source's own name for a blob's content: 32 hex digits, `BlobRef.alias`. */
  alias(name: string): string;
}

export function taskFingerprints(keyring: Keyring, task: TaskName): Fingerprints {
  const derived = keyring.derive("fingerprint", task);
  const keys = new SipHash(derived.subarray(0, SIP_KEY_BYTES));
  const states = new SipHash(derived.subarray(SIP_KEY_BYTES, 2 * SIP_KEY_BYTES));
  const aliases = keyring.derive("alias", task);
  return {
    keyHash: (key) => {
      const { high, low } = keys.hash(key);
      return (BigInt(high) << 32n) | BigInt(low);
    },
    keyHashHalves: (key) => keys.hash(key),
    fingerprint: (key, state) => {
      const input = Buffer.allocUnsafe(4 + key.length + state.length);
      const at = input.writeUInt32BE(key.length);
      key.copy(input, at);
      state.copy(input, at + key.length);
      const { high, low } = states.hash(input);
      const result = Buffer.allocUnsafe(FINGERPRINT_BYTES);
      result.writeUInt32BE(high, 0);
      result.writeUInt32BE(low, 4);
      return result;
    },
    alias: (name) => createHmac("sha256", aliases).update(name, "utf8").digest("hex").slice(0, ALIAS_DIGITS),
  };
}
