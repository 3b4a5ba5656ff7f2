/**
 * The mark of a restore under way: a `_local` document in the target that names it, never replicated and gone with the
 * database. A target that carries the name of the same restore is continued, not refused as full.
 */
import { readJson } from "../../http/whole-answer.ts";
import type { CouchDatabase } from "../database.ts";
import { memberText } from "../document-text.ts";
import { MARKER_PREFIX } from "../marker.ts";
import { documentPath, encodeName } from "../names.ts";

/** Begins as every marker does, so that no backup takes it for an item. */
const MARKER_ID = `${MARKER_PREFIX}restore`;

/** The restore whose mark the target carries. */
export async function readRestoreMarker(
  database: CouchDatabase,
  signal: AbortSignal,
): Promise<string | undefined> {
  return (await read(database, signal))?.restore;
}

/** Marks the target, over a mark of another restore if there is one. */
export async function putRestoreMarker(
  database: CouchDatabase,
  restore: string,
  signal: AbortSignal,
): Promise<void> {
  const present = await read(database, signal);
  const text = JSON.stringify({ ...(present ? { _rev: present.rev } : {}), restore });
  await database.putLocal(MARKER_ID, Buffer.from(text), signal);
}

export async function removeRestoreMarker(database: CouchDatabase, signal: AbortSignal): Promise<void> {
  const present = await read(database, signal);
  if (present === undefined) return;
  await database.exchange(
    {
      method: "DELETE",
      path: documentPath(`_local/${MARKER_ID}`),
      query: `rev=${encodeName(present.rev)}`,
      purpose: "remove the restore's mark",
      repeatable: true,
      class: "write",
      // Gone already: an answer was lost and the request repeated.
      accept: [404],
    },
    readJson,
    signal,
  );
}

async function read(
  database: CouchDatabase,
  signal: AbortSignal,
): Promise<{ rev: string; restore: string } | undefined> {
  const text = await database.getLocal(MARKER_ID, signal);
  if (text === undefined) return undefined;
  return { rev: textMember(text, "_rev"), restore: textMember(text, "restore") };
}

function textMember(text: Buffer, name: string): string {
  const value: unknown = JSON.parse(memberText(text, name)?.toString("utf8") ?? '""');
  return typeof value === "string" ? value : "";
}
