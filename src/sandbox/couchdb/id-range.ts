/**
 * Ranges of document ids, in byte order.
 */

/** Bounds of a listing by id; byte order. */
export interface IdRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly inclusiveEnd: boolean;
  readonly descending: boolean;
}

/** The range as conditions on `d.id`, with the values for their question marks. */
export function rangeSql(range: IdRange): { sql: string; bounds: string[] } {
  let sql = "";
  const bounds: string[] = [];
  if (range.from !== undefined) {
    sql += range.descending ? " AND d.id <= ?" : " AND d.id >= ?";
    bounds.push(range.from);
  }
  if (range.to !== undefined) {
    sql += ` AND d.id ${range.descending ? ">" : "<"}${range.inclusiveEnd ? "=" : ""} ?`;
    bounds.push(range.to);
  }
  return { sql, bounds };
}
