/**
 * Lists that come in pages: followed to their end at the own endpoint, each entry once.
 */
import { UnreadableAnswer, unreadableError } from "../../http/answer-failure.ts";
import { arrayIn, boundedObject, objectIn, optionalText, type Members } from "./bounded-answer.ts";
import type { FormClient } from "./client.ts";

/** Ids remembered to know repeated entries: more than a resource may hold (20 000 models). */
const REMEMBERED_IDS = 50_000;

/** Pages in a row without anything new, after which the list is taken to go in circles. */
const MOST_BARREN_PAGES = 50;

export interface PagedList<T> {
  readonly path: string;
  /** Query of the first page. */
  readonly query: string;
  /** Query of a further page, made of the link's own. */
  readonly further: (linkQuery: string) => string;
  /** The answer's member with the entries. */
  readonly member: string;
  readonly purpose: string;
  /** Undefined drops the entry. `id` tells repeated ones. */
  readonly read: (entry: Members) => { readonly id: string; readonly value: T | undefined };
}

/**
 * Batches as the pages bring them, never empty. Only the query of a link is used: links name hosts and versions other than the one that was asked,
 * and the key must go nowhere else.
 */
export async function* pages<T>(
  client: FormClient,
  list: PagedList<T>,
  signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
  const { path, purpose } = list;
  const seen = new Set<string>();
  let query = list.query;
  let barren = 0;
  for (;;) {
    const { entries, next } = await client.exchange(
      { method: "GET", path, query, purpose, class: "query" },
      async (answer) => {
        const { body } = await boundedObject(answer);
        return {
          entries: arrayIn(body[list.member]).map((entry) => list.read(objectIn(entry))),
          next: linkQuery(body["nextLink"], client.http.address.origin),
        };
      },
      signal,
    );
    const fresh: T[] = [];
    let anew = false;
    for (const { id, value } of entries) {
      if (seen.has(id)) continue;
      anew = true;
      seen.add(id);
      if (value !== undefined) fresh.push(value);
    }
    forgetOldest(seen, seen.size - REMEMBERED_IDS);
    if (fresh.length > 0) yield fresh;
    if (next === undefined) return;
    barren = anew ? 0 : barren + 1;
    query = list.further(next);
    if (barren > MOST_BARREN_PAGES) {
      throw unreadableError(
        { purpose, method: "GET", path, service: client.http.address.shown },
        new UnreadableAnswer("its pages repeat without end", false),
        200,
      );
    }
  }
}

function forgetOldest(seen: Set<string>, count: number): void {
  let left = count;
  for (const id of seen) {
    if (left-- <= 0) return;
    seen.delete(id);
  }
}

/** Query of a link to the next page, as written; undefined where there is none (absent, null or empty). */
function linkQuery(link: unknown, origin: string): string | undefined {
  if (link === undefined || link === null || link === "") return undefined;
  const text = optionalText(link);
  if (text === undefined || !URL.canParse(text, origin)) {
    throw new UnreadableAnswer("the link to the list's next page is none", false);
  }
  const at = text.indexOf("?");
  const query = at < 0 ? "" : text.slice(at + 1).replace(/#.*$/s, "");
  if (query === "") throw new UnreadableAnswer("the link to the list's next page names no page", false);
  return query;
}
