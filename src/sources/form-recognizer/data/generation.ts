/**
 * One digest over many files, added one by one in any order, in constant memory.
 */
import { createHash } from "node:crypto";
import type { BlobEntry } from "./face.ts";

const DIGEST_BITS = 256;

export class Generation {
  files = 0;
  bytes = 0;
  /** Sum of the digests of the files: whatever their order, it is the same. */
  #sum = 0n;

  add({ name, etag, length }: Pick<BlobEntry, "name" | "etag" | "length">): void {
    const digest = createHash("sha256").update(`${name}\0${etag}\n`, "utf8").digest("hex");
    this.#sum = BigInt.asUintN(DIGEST_BITS, this.#sum + BigInt(`0x${digest}`));
    this.files++;
    this.bytes += length;
  }

  /** 64 hex digits. */
  digest(): string {
    return createHash("sha256")
      .update(`${this.files}\n${this.#sum.toString(16)}`)
      .digest("hex");
  }
}
