/**
 * X25519 keys as the 32 bytes of RFC 7748, which is how the repository stores them; node:crypto wants them wrapped in
 * DER, which for this curve is a constant prefix (RFC 8410).
 */
import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** Bytes of a public or private key. */
export const X25519_BYTES = 32;

const PUBLIC_PREFIX = Buffer.from("302a300506032b656e032100", "hex");
const PRIVATE_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

export interface X25519Pair {
  readonly publicKey: Buffer;
  readonly privateKey: KeyObject;
}

export function generateX25519(): X25519Pair {
  const { publicKey, privateKey } = generateKeyPairSync("x25519");
  return { publicKey: publicBytes(publicKey), privateKey };
}

export function x25519Private(bytes: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, bytes]), format: "der", type: "pkcs8" });
}

export function privateBytes(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "pkcs8" }).subarray(PRIVATE_PREFIX.length);
}

/** The public key that belongs to a private one. */
export function publicOf(privateKey: KeyObject): Buffer {
  return publicBytes(createPublicKey(privateKey));
}

/** The shared secret, 32 bytes. Throws for a public key of small order, which only an attacker makes. */
export function agree(privateKey: KeyObject, publicKey: Buffer): Buffer {
  const der = Buffer.concat([PUBLIC_PREFIX, publicKey]);
  return diffieHellman({
    privateKey,
    publicKey: createPublicKey({ key: der, format: "der", type: "spki" }),
  });
}

function publicBytes(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "spki" }).subarray(PUBLIC_PREFIX.length);
}
