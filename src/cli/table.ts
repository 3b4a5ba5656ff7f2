/**
 * Aligned columns for lists of any length: the first rows fix the widths, the rest streams.
 */
import { visible } from "./format.ts";
import type { Paint, Style } from "./style.ts";

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: "right";
  readonly style?: (row: Row) => Style | undefined;
}

/** Rows that are looked at before the first is printed: enough for widths, few enough to wait for. */
const ROWS_MEASURED = 256;

const GAP = "  ";

/** The lines of a table: a title line, then one for each row. No rows, no lines. */
export async function* tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: AsyncIterable<Row> | Iterable<Row>,
  paint: Paint,
): AsyncGenerator<string> {
  let measured: Row[] | undefined = [];
  let widths: number[] = [];
  for await (const row of rows) {
    if (measured) {
      measured.push(row);
      if (measured.length < ROWS_MEASURED) continue;
      widths = widthsOf(columns, measured);
      yield* head(columns, measured, widths, paint);
      measured = undefined;
    } else {
      yield rowLine(columns, row, widths, paint);
    }
  }
  if (measured && measured.length > 0) yield* head(columns, measured, widthsOf(columns, measured), paint);
}

function* head<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  widths: readonly number[],
  paint: Paint,
): Generator<string> {
  const titles = columns.map((column, index) =>
    fit(column.title, widths[index] as number, column, isLast(columns, index)),
  );
  yield paint("dim", titles.join(GAP).trimEnd());
  for (const row of rows) yield rowLine(columns, row, widths, paint);
}

function rowLine<Row>(
  columns: readonly Column<Row>[],
  row: Row,
  widths: readonly number[],
  paint: Paint,
): string {
  const cells = columns.map((column, index) => {
    const text = fit(visible(column.value(row)), widths[index] as number, column, isLast(columns, index));
    const style = column.style?.(row);
    return style === undefined ? text : paint(style, text);
  });
  return cells.join(GAP).trimEnd();
}

function widthsOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): number[] {
  return columns.map((column) =>
    rows.reduce(
      (width, row) => Math.max(width, cellWidth(visible(column.value(row)))),
      cellWidth(column.title),
    ),
  );
}

function fit<Row>(text: string, width: number, column: Column<Row>, last: boolean): string {
  const missing = " ".repeat(Math.max(0, width - cellWidth(text)));
  if (column.align === "right") return missing + text;
  return last ? text : text + missing;
}

function isLast(columns: readonly unknown[], index: number): boolean {
  return index === columns.length - 1;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const MARK = /\p{Mark}/u;

/** Places that a text takes on a terminal: two for wide characters, none for combining marks. */
export function cellWidth(text: string): number {
  let width = 0;
  for (const character of text) width += MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}
