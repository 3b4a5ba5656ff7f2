/**
 * The signature of what goes to a callback: an HMAC with the registration's secret over the exact bytes, in base64. The service changed
 * its algorithm in 2025 without saying so in the answer; receivers tell them apart by length (28 characters or 44).
 */
import { createHmac } from "node:crypto";

export type CallbackHmac = "sha1" | "sha256";

export function sign(algorithm: CallbackHmac, secret: string, bytes: Uint8Array | string): string {
  return createHmac(algorithm, secret).update(bytes).digest("base64");
}
