/**
 * `GET /db/doc?open_revs=…`: what `_bulk_get` tells, for one document, on servers that do not have it.
 */
import { HoldfastError } from "../../../model/errors.ts";
import { readBytes } from "../../http/whole-answer.ts";
import { UnreadableAnswer } from "../../http/answer-failure.ts";
import type { CouchDatabase } from "../database.ts";
import { documentPath, encodeName, fitsInPath } from "../names.ts";
import { INCOMPLETE, JsonMismatch, skipSpace, walkElements } from "../../http/raw-json.ts";
import { readRevision, type BulkGetEntry } from "./bulk-get.ts";

export async function readOpenRevs(
  database: CouchDatabase,
  id: string,
  revs: readonly string[] | "all",
  signal: AbortSignal,
): Promise<BulkGetEntry> {
  if (!fitsInPath(id)) {
    throw new HoldfastError(
      "capture-incomplete",
      `document "${id}" of database "${database.name}" cannot be read: its id cannot stand in a URL and the server has no _bulk_get`,
      { item: id },
    );
  }
  const wanted = revs === "all" ? "all" : encodeName(JSON.stringify(revs));
  return await database.exchange(
    {
      method: "GET",
      path: documentPath(id),
      query: `open_revs=${wanted}&revs=true&att_encoding_info=true`,
      purpose: `read revisions of "${id}"`,
      repeatable: true,
      class: "read",
      units: revs === "all" ? 1 : revs.length,
      accept: [404],
    },
    async (answer) => {
      const bytes = await readBytes(answer);
      return answer.status === 404 ? { id, revisions: [] } : { id, revisions: parseOpenRevs(bytes) };
    },
    signal,
  );
}

function parseOpenRevs(bytes: Buffer): BulkGetEntry["revisions"] {
  const revisions: BulkGetEntry["revisions"][number][] = [];
  try {
    const end = walkElements(bytes, skipSpace(bytes, 0), (start) => {
      revisions.push(readRevision(bytes, start));
    });
    if (end === INCOMPLETE) throw new JsonMismatch("it ended early");
  } catch (error) {
    if (error instanceof JsonMismatch) {
      throw new UnreadableAnswer(`the answer broke off or is damaged: ${error.message}`, true);
    }
    throw error;
  }
  return revisions;
}
