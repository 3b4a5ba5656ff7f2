/**
 * A digest of a sequence of versions: everything that a segment keeps of them, in order.
 */
import { createHash } from "node:crypto";
import type { Version } from "../../model/version.ts";

export class VersionDigest {
  readonly #hash = createHash("sha256");
  #count = 0;

  add(version: Version): void {
    const { key, kind, revision, observation, fingerprint, parts, blobs } = version;
    const head = JSON.stringify([
      key.length,
      kind,
      revision,
      observation.run,
      observation.at,
      observation.sequence,
      parts.map((part) => part.length),
      blobs.map((ref) => [
        ref.part,
        ref.name,
        ref.blob,
        ref.pack,
        ref.length,
        ref.encoding,
        ref.sha256,
        ref.alias,
      ]),
    ]);
    this.#hash.update(head).update(key).update(fingerprint);
    for (const part of parts) this.#hash.update(part);
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  /** Hex. Ends the digest. */
  finish(): string {
    return this.#hash.digest("hex");
  }
}
