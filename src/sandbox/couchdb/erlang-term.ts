/**
 * CouchDB's own revision hashes. `couch_db:new_revid` takes the MD5 of an Erlang term in external format
 * (https://www.erlang.org/doc/apps/erts/erl_ext_dist): `[Deleted, OldStart, OldRev, Body, Attachments]`. Building the
 * same bytes gives the same revision as a real server for the same edit, which the transcripts check.
 */
import { hash } from "node:crypto";

import { JsonReader, unquote } from "./json-text.ts";

/** What a new revision is made of. */
export interface RevisionContent {
  readonly deleted: boolean;
  /** Generation of the parent, 0 without one. */
  readonly parentPosition: number;
  /** Hash of the parent, absent for a first revision. */
  readonly parentHash: string | undefined;
  /** Normalised text of the body object, braces included, without special members. */
  readonly body: string;
  /** In document order. `md5` are the 16 bytes over the stored form. */
  readonly attachments: readonly { name: string; type: string; md5: Buffer }[];
}

/** The 32 hexadecimal digits that CouchDB 3.x would choose. */
export function revisionHash(content: RevisionContent): string {
  const writer = new TermWriter();
  writer.bytes(131);
  writer.listHeader(5);
  writer.atom(content.deleted ? "true" : "false");
  writer.integer(BigInt(content.parentPosition));
  if (content.parentHash === undefined) writer.integer(0n);
  else writer.binary(Buffer.from(content.parentHash, content.parentHash.length === 32 ? "hex" : "utf8"));
  writer.json(new JsonReader(content.body, true));
  // CouchDB folds the attachments into an accumulator, which turns their order round.
  const attachments = content.attachments.toReversed();
  if (attachments.length > 0) writer.listHeader(attachments.length);
  for (const attachment of attachments) {
    writer.bytes(104, 3);
    writer.binary(Buffer.from(attachment.name));
    writer.binary(Buffer.from(attachment.type));
    writer.binary(attachment.md5);
  }
  writer.bytes(106);
  writer.bytes(106);
  return hash("md5", writer.finish(), "hex");
}

/** A list that is being written. */
interface OpenTerm {
  readonly isObject: boolean;
  /** Where its header begins. */
  readonly header: number;
  count: number;
  /** Its elements, as long as all are integers from 0 to 255. */
  bytes: number[] | null;
}

class TermWriter {
  #buffer = Buffer.allocUnsafe(1024);
  #length = 0;

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  bytes(...values: number[]): void {
    this.#room(values.length);
    for (const value of values) this.#buffer[this.#length++] = value;
  }

  listHeader(count: number): void {
    this.#room(5);
    this.#buffer[this.#length] = 108;
    this.#buffer.writeUInt32BE(count, this.#length + 1);
    this.#length += 5;
  }

  atom(name: string): void {
    this.bytes(100, 0, name.length);
    this.#append(Buffer.from(name, "latin1"));
  }

  binary(value: Buffer): void {
    this.#room(5);
    this.#buffer[this.#length] = 109;
    this.#buffer.writeUInt32BE(value.length, this.#length + 1);
    this.#length += 5;
    this.#append(value);
  }

  integer(value: bigint): void {
    if (value >= 0n && value <= 255n) {
      this.bytes(97, Number(value));
    } else if (value >= -(2n ** 31n) && value < 2n ** 31n) {
      this.#room(5);
      this.#buffer[this.#length] = 98;
      this.#buffer.writeInt32BE(Number(value), this.#length + 1);
      this.#length += 5;
    } else {
      const negative = value < 0n;
      const digits = (negative ? -value : value).toString(16);
      const magnitude = Buffer.from(
        digits.padStart(digits.length + (digits.length % 2), "0"),
        "hex",
      ).reverse();
      if (magnitude.length < 256) {
        this.bytes(110, magnitude.length, negative ? 1 : 0);
      } else {
        this.#room(5);
        this.#buffer[this.#length] = 111;
        this.#buffer.writeUInt32BE(magnitude.length, this.#length + 1);
        this.#length += 5;
        this.bytes(negative ? 1 : 0);
      }
      this.#append(magnitude);
    }
  }

  /** The value at the reader's position. */
  json(reader: JsonReader): void {
    const open: OpenTerm[] = [];
    reader.walk({
      open: (isObject) => {
        this.#element(open, false);
        if (isObject) this.bytes(104, 1);
        open.push({ isObject, header: this.#length, count: 0, bytes: isObject ? null : [] });
      },
      name: (token) => {
        this.#element(open, true);
        this.bytes(104, 2);
        this.binary(Buffer.from(unquote(token)));
      },
      scalar: (text) => {
        this.#element(open, false);
        const start = this.#length;
        this.#scalar(text);
        const list = open.at(-1);
        if (list === undefined || list.bytes === null) return;
        if (this.#buffer[start] === 97) list.bytes.push(this.#buffer[start + 1] ?? 0);
        else list.bytes = null;
      },
      close: () => {
        this.#close(open.pop());
      },
    });
  }

  #scalar(text: string): void {
    if (text.startsWith('"')) this.binary(Buffer.from(unquote(text)));
    else if (/^[tfn]/.test(text)) this.atom(text);
    else if (/^-?[0-9]+$/.test(text)) this.integer(BigInt(text));
    else this.#float(Number(text));
  }

  /** Counts one more element of the innermost list; an object's list is one of names, an array's one of values. */
  #element(open: readonly OpenTerm[], isName: boolean): void {
    const list = open.at(-1);
    if (list === undefined || list.isObject !== isName) return;
    if (list.count++ === 0) this.listHeader(0);
    // Whatever is no scalar keeps the list from being written as a string; scalars decide for themselves.
    if (list.bytes !== null && list.bytes.length < list.count - 1) list.bytes = null;
  }

  /** Erlang writes an empty list as nil, and one of small non-negative integers only as a string. */
  #close(list: OpenTerm | undefined): void {
    if (list === undefined) return;
    const { header, count, bytes } = list;
    if (bytes !== null && count > 0 && count < 65536 && bytes.length === count) {
      this.#length = header;
      this.bytes(107, count >> 8, count & 255);
      this.#append(Buffer.from(bytes));
      return;
    }
    if (count > 0) this.#buffer.writeUInt32BE(count, header + 1);
    this.bytes(106);
  }

  #float(value: number): void {
    this.#room(9);
    this.#buffer[this.#length] = 70;
    this.#buffer.writeDoubleBE(value, this.#length + 1);
    this.#length += 9;
  }

  #append(value: Buffer): void {
    this.#room(value.length);
    value.copy(this.#buffer, this.#length);
    this.#length += value.length;
  }

  #room(count: number): void {
    if (this.#length + count <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + count));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
