/**
 * Names of databases, documents and attachments on their way into a URL.
 *
 * Everything but unreserved characters is percent-encoded: CouchDB 3.x reads a bare `+` as a blank and so answers with
 * another document. The ids `.` and `..` cannot be named in a URL at all: clients and proxies fold them away.
 */
import { HoldfastError } from "../../model/errors.ts";

/** Percent-encodes a name; `encodeURIComponent` leaves `!'()*`, which some proxies rewrite. */
export function encodeName(name: string): string {
  return encodeURIComponent(name).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Whether a document can be named in a URL. */
export function fitsInPath(id: string): boolean {
  return id !== "." && id !== "..";
}

/** A document's place below its database: `/_design/name` and `/_local/name` keep their slash. */
export function documentPath(id: string): string {
  if (!fitsInPath(id)) {
    throw new HoldfastError("internal", `document id "${id}" cannot be written into a URL`, { item: id });
  }
  for (const prefix of ["_design/", "_local/"]) {
    if (id.startsWith(prefix)) return `/${prefix}${encodeName(id.slice(prefix.length))}`;
  }
  return `/${encodeName(id)}`;
}

/** An attachment's place below its document. A slash in its name is encoded too: `a//b` and `a/../b` are names. */
export function attachmentPath(id: string, name: string): string {
  return `${documentPath(id)}/${encodeName(name)}`;
}

/** A sequence as a query value: opaque, so a value that is not a string is put as its JSON text. */
export function encodeSequence(sequence: unknown): string {
  return encodeName(typeof sequence === "string" ? sequence : JSON.stringify(sequence));
}
