/**
 * A digest of a sequence of versions: everything that a segment keeps of them, in order.
 */
import { createHash } from "node:crypto";
import type { BlobRef, Version } from "../../model/version.ts";

/** Small pieces are hashed together: a call of the hash costs more than copying some hundred bytes. */
const SCRATCH_BYTES = 64 << 10;
const SMALL_BYTES = 4 << 10;
/** UTF-8 bytes of a UTF-16 unit, at most. */
const BYTES_PER_UNIT = 3;

export class VersionDigest {
  readonly #hash = createHash("sha256");
  readonly #scratch = Buffer.allocUnsafe(SCRATCH_BYTES);
  #used = 0;
  #count = 0;

  add({ key, kind, revision, observation, fingerprint, parts, blobs }: Version): void {
    const { run, at, sequence } = observation;
    const lengths = parts.map((part) => part.length).join();
    // Lengths first, so that no two versions have the same bytes.
    this.#text(`${key.length} ${kind} ${revision.length} ${run} ${at} ${sequence.length} ${lengths} `);
    this.#text(blobs.length === 0 ? "[]" : JSON.stringify(blobs.map(fieldsOf)));
    this.#text(revision);
    this.#text(sequence);
    this.#bytes(key);
    this.#bytes(fingerprint);
    for (const part of parts) this.#bytes(part);
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  /** Hex. Ends the digest. */
  finish(): string {
    this.#flush();
    return this.#hash.digest("hex");
  }

  #text(text: string): void {
    if (text.length * BYTES_PER_UNIT > SMALL_BYTES) {
      this.#bytes(Buffer.from(text, "utf8"));
      return;
    }
    if (this.#used + text.length * BYTES_PER_UNIT > SCRATCH_BYTES) this.#flush();
    this.#used += this.#scratch.write(text, this.#used, "utf8");
  }

  #bytes(bytes: Buffer): void {
    if (bytes.length > SMALL_BYTES || this.#used + bytes.length > SCRATCH_BYTES) this.#flush();
    if (bytes.length > SMALL_BYTES) this.#hash.update(bytes);
    else this.#used += bytes.copy(this.#scratch, this.#used);
  }

  #flush(): void {
    this.#hash.update(this.#scratch.subarray(0, this.#used));
    this.#used = 0;
  }
}

function fieldsOf(ref: BlobRef): readonly (string | number)[] {
  return [ref.part, ref.name, ref.blob, ref.pack, ref.length, ref.encoding, ref.sha256, ref.alias];
}
