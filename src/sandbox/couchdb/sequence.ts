/**
 * Update sequences as a client sees them: `N-` and an opaque tail. The tail names the incarnation of the database, so
 * that a sequence of a deleted database, though well formed, means "from the beginning" on its successor, as it does on a cluster.
 */
import { crc32 } from "node:zlib";

import { badRequest } from "./errors.ts";

// What "g1AAAA" decodes to: the first bytes of a compressed Erlang term, with which CouchDB's tails begin.
const MAGIC = Buffer.from([0x83, 0x50, 0, 0, 0]);
const LENGTH = MAGIC.length + 8 + 6 + 4;

/** Writes the sequences of one database; `incarnation` is 16 hexadecimal digits. */
export class SequenceCodec {
  readonly #buffer = Buffer.alloc(LENGTH);
  readonly #incarnation: Buffer;

  constructor(incarnation: string) {
    this.#incarnation = Buffer.from(incarnation, "hex");
    MAGIC.copy(this.#buffer, 0);
    this.#incarnation.copy(this.#buffer, MAGIC.length);
  }

  encode(sequence: number): string {
    const buffer = this.#buffer;
    buffer.writeUIntBE(sequence, MAGIC.length + 8, 6);
    buffer.writeUInt32BE(crc32(buffer.subarray(0, LENGTH - 4)), LENGTH - 4);
    return `${sequence}-${buffer.toString("base64url")}`;
  }

  /** The number inside, or 0 for another incarnation's. Throws 400 if no server can have issued it. */
  decode(text: string): number {
    if (text === "0" || text === "") return 0;
    const opaque = /^"?(?:[0-9]+-)?(.*?)"?$/s.exec(text)?.[1] ?? "";
    const buffer = Buffer.from(opaque, "base64url");
    const wellFormed =
      buffer.length === LENGTH &&
      buffer.subarray(0, MAGIC.length).equals(MAGIC) &&
      buffer.readUInt32BE(LENGTH - 4) === crc32(buffer.subarray(0, LENGTH - 4));
    if (!wellFormed) throw badRequest("Malformed sequence supplied in 'since' parameter.");
    if (!buffer.subarray(MAGIC.length, MAGIC.length + 8).equals(this.#incarnation)) return 0;
    return buffer.readUIntBE(MAGIC.length + 8, 6);
  }
}
