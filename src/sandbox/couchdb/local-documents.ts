/**
 * `_local/…` documents: no tree, no feed, a revision `0-N` that counts writes.
 */
import { createHash } from "node:crypto";

import type { Database } from "./database.ts";
import { innerText } from "./database.ts";
import type { IncomingDocument } from "./document-text.ts";
import { CouchError, missing } from "./errors.ts";
import { quote } from "./json-text.ts";
import type { Revision } from "./revision.ts";

/** Writes or deletes; the new number is one more than that of the revision the client names. */
export function writeLocal(
  database: Database,
  document: IncomingDocument & { readonly id: string },
): Revision {
  if (document.deleted) {
    database.run("DELETE FROM {locals} WHERE id = ?", document.id);
    return { position: 0, hash: "0" };
  }
  const [given = "0"] = document.revisions.ids;
  if (document.revisions.start !== 0 || !/^[0-9]+$/.test(given)) {
    throw new CouchError(500, "error", "Invalid rev format");
  }
  const rev = Number(given) + 1;
  database.run(
    "INSERT INTO {locals} (id, rev, text) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, text = excluded.text",
    document.id,
    rev,
    innerText(document.body),
  );
  return { position: 0, hash: String(rev) };
}

/** A local document has no hash for a revision, so its ETag is one of its content. */
export function localETag(database: Database, id: string): string {
  return `"${createHash("md5").update(readLocal(database, id).text).digest("hex").toUpperCase().slice(0, 25)}"`;
}

/** The document's text and revision. Throws 404. */
export function readLocal(database: Database, id: string, revs = false): { text: string; rev: string } {
  const row = database.get("SELECT rev, text FROM {locals} WHERE id = ?", id);
  if (row === undefined) throw missing();
  const rev = `0-${row["rev"] as number}`;
  const history = `"_revisions":{"start":0,"ids":["${row["rev"] as number}"]}`;
  const inner = [row["text"] as string, ...(revs ? [history] : [])].filter((part) => part !== "").join();
  return { text: compose(id, rev, inner), rev };
}

/** Rows of `_local_docs` in byte order of id. */
export function localRows(database: Database, includeDocs: boolean): { id: string; row: string }[] {
  return database.all("SELECT id, rev, text FROM {locals} ORDER BY id").map((stored) => {
    const id = stored["id"] as string;
    const rev = `0-${stored["rev"] as number}`;
    const document = includeDocs ? `,"doc":${compose(id, rev, stored["text"] as string)}` : "";
    const row = `{"id":${quote(id)},"key":${quote(id)},"value":{"rev":"${rev}"}${document}}`;
    return { id, row };
  });
}

function compose(id: string, rev: string, inner: string): string {
  return `{"_id":${quote(id)},"_rev":"${rev}"${inner === "" ? "" : `,${inner}`}}`;
}
