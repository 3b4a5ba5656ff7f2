/**
 * Revision identifiers `N-hash`. CouchDB keeps a hash of 32 hexadecimal digits as 16 bytes and any other as its text, and
 * orders them by those bytes; so does this file.
 */
import { badRequest } from "./errors.ts";

/** Generation and hash; the hash in lower case if it is 32 hexadecimal digits. */
export interface Revision {
  readonly position: number;
  readonly hash: string;
}

const HEXADECIMAL = /^[0-9a-fA-F]{32}$/;

/** Throws 400 "Invalid rev format". */
export function parseRevision(text: unknown): Revision {
  if (typeof text !== "string") throw badRequest("Invalid rev format");
  const dash = text.indexOf("-");
  const position = text.slice(0, dash);
  if (dash < 1 || !/^[+-]?[0-9]+$/.test(position)) throw badRequest("Invalid rev format");
  const hash = parseHash(text.slice(dash + 1));
  if (hash === null) throw badRequest("Invalid rev format");
  return { position: Number(position), hash };
}

/** The hash in the form it is stored in; null where CouchDB finds 32 characters that are not hexadecimal. */
export function parseHash(text: string): string | null {
  if (text.length !== 32) return text;
  return HEXADECIMAL.test(text) ? text.toLowerCase() : null;
}

export function formatRevision(revision: Revision): string {
  return `${revision.position}-${revision.hash}`;
}

/** Negative, zero or positive as `a` sorts before, with or after `b`. */
export function compareHashes(a: string, b: string): number {
  if (a === b) return 0;
  const aHex = a.length === 32;
  const bHex = b.length === 32;
  if (aHex && bHex) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a, aHex ? "hex" : "utf8"), Buffer.from(b, bHex ? "hex" : "utf8"));
}
