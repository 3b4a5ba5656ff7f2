/**
 * Lists in pages, with the quirk of the service: the last item of a page may come again as first item of the next one.
 */

export interface Page<Item> {
  readonly items: readonly Item[];
  /** What the link to the next page carries; absent on the last one. */
  readonly token?: string;
}

/** What the modes say about pages. */
export interface PageModes {
  readonly pageSize: number;
  readonly repeatAtBorders: boolean;
}

/** One page of a list in ascending order of `idOf`. `token`: from the link that was followed, null for the first page. */
export function pageOf<Item>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  token: string | null,
  { pageSize, repeatAtBorders }: PageModes,
): Page<Item> {
  const last = token === null ? undefined : lastIdOf(token);
  const begin = last === undefined ? 0 : items.findIndex((item) => idOf(item) > last);
  const from = begin < 0 ? items.length : begin;
  // The repeated item comes on top: a page of one must still lead on.
  const border = items[from - 1];
  const repeats = repeatAtBorders && last !== undefined && border !== undefined && idOf(border) === last;
  const end = from + Math.max(1, pageSize);
  const page = items.slice(repeats ? from - 1 : from, end);
  const final = page.at(-1);
  return end >= items.length || final === undefined
    ? { items: page }
    : { items: page, token: tokenOf(idOf(final)) };
}

/** Opaque to clients, with the characters that real ones have in it. */
function tokenOf(lastId: string): string {
  const text = Buffer.from(lastId).toString("base64").replaceAll("=", "-");
  return `2!${text.length}!${text}`;
}

/** A token that nobody issued leads to the beginning. */
function lastIdOf(token: string): string | undefined {
  const text = token.split("!")[2];
  return text === undefined ? undefined : Buffer.from(text.replaceAll("-", "="), "base64").toString("utf8");
}
