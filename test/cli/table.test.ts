import { describe, expect, it } from "vitest";
import { coloured, paintFor, plain } from "../../src/cli/style.ts";
import { cellWidth, tableLines, type Column } from "../../src/cli/table.ts";

interface Row {
  readonly name: string;
  readonly size: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "NAME", value: (row) => row.name },
  { title: "SIZE", align: "right", value: (row) => String(row.size) },
];

async function lines(rows: Iterable<Row> | AsyncIterable<Row>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of tableLines(COLUMNS, rows, plain)) all.push(line);
  return all;
}

describe("a table", () => {
  it("aligns its columns under their titles, numbers to the right", async () => {
    expect(
      await lines([
        { name: "a", size: 7 },
        { name: "orders", size: 12_000 },
      ]),
    ).toEqual(["NAME     SIZE", "a           7", "orders  12000"]);
  });

  it("without rows has no lines, not even titles", async () => {
    expect(await lines([])).toEqual([]);
  });

  it("aligns wide characters by the places that they take", async () => {
    expect(cellWidth("漢字")).toBe(4);
    expect(cellWidth("e\u0301")).toBe(1);
    const [, wide, narrow] = await lines([
      { name: "漢字", size: 1 },
      { name: "abcd", size: 1 },
    ]);
    expect([wide, narrow]).toEqual(["漢字     1", "abcd     1"]);
  });

  it("shows control characters in cells instead of obeying them", async () => {
    expect((await lines([{ name: "a\u001b[31m", size: 1 }]))[1]).toContain("a\\u001b[31m");
  });

  it("prints while rows still come, and holds back only so many as it needs for widths", async () => {
    let given = 0;
    const printed = tableLines(
      COLUMNS,
      (async function* () {
        for (;;) yield { name: `row-${given++}`, size: 1 };
      })(),
      plain,
    );
    expect((await printed.next()).value).toMatch(/^NAME/);
    expect(given).toBeLessThan(1_000);
    for (let row = 0; row < 2_000; row++) expect((await printed.next()).value).toContain(`row-${row}`);
    await printed.return(undefined);
  });
});

describe("colour", () => {
  it("is for terminals, unless somebody said no", () => {
    const terminal = { isTTY: true };
    expect(paintFor(terminal, {}, true)).toBe(coloured);
    expect(paintFor({ isTTY: false }, {}, true)).toBe(plain);
    expect(paintFor(terminal, { NO_COLOR: "1" }, true)).toBe(plain);
    expect(paintFor(terminal, { NO_COLOR: "" }, true)).toBe(coloured);
    expect(paintFor(terminal, { TERM: "dumb" }, true)).toBe(plain);
    expect(paintFor(terminal, {}, false)).toBe(plain);
  });
});
