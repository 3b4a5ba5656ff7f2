/** What the tests of forward edits share: edits by somebody else, and a look at what is there afterwards. */
import { expect } from "vitest";
import { COUCHDB_ABILITIES } from "../../../../src/sources/couchdb/abilities.ts";
import { sameBody } from "../../../../src/sources/couchdb/content-equality.ts";
import type { CouchDatabase } from "../../../../src/sources/couchdb/database.ts";
import { readLeaves, type PresentLeaf } from "../../../../src/sources/couchdb/leaves.ts";
import { signal, type Instant } from "../harness.ts";

export const content = { mode: "content" as const };

/** Writes ordinary edits (`new_edits`), each on the present winner. */
export async function put(database: CouchDatabase, id: string, members: string): Promise<void> {
  const [row] = (await database.allDocs({ keys: [id] }, signal)).rows;
  const base = row?.rev === undefined || row.deleted ? "" : `"_rev":"${row.rev}",`;
  const text = `{"_id":"${id}",${base}${members}}`;
  const { rows } = await database.bulkDocs([Buffer.from(text)], { newEdits: true }, signal);
  expect(rows[0]?.ok).toBe(true);
}

export async function leaves(database: CouchDatabase, id: string): Promise<PresentLeaf[]> {
  return (await readLeaves(database, [id], COUCHDB_ABILITIES, signal)).get(id) ?? [];
}

/** Whether the present winner has the stored winner's content. */
export async function holdsAgain(database: CouchDatabase, instant: Instant, id: string): Promise<boolean> {
  const [winner] = await leaves(database, id);
  const part = instant.version(id).parts[0] as Buffer;
  return winner !== undefined && !winner.deleted && sameBody(part, winner.text);
}
