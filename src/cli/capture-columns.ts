/**
 * Originals as tables show them.
 */
import type { CaptureRow } from "../operations/reports.ts";
import { sizeText, visible } from "./format.ts";
import type { Column } from "./table.ts";

export const captureColumns: readonly Column<CaptureRow>[] = [
  {
    title: "ORIGINAL",
    value: (row) => row.evidence ?? "MISSING",
    style: (row) => (row.evidence === null ? "red" : row.evidence === "claimed" ? "yellow" : "green"),
  },
  { title: "MODEL", value: (row) => visible(row.model ?? "-") },
  { title: "RESOURCE", value: (row) => visible(`${row.resource}/${row.name}`) },
  { title: "SIZE", align: "right", value: (row) => (row.bytes === null ? "" : sizeText(row.bytes)) },
  { title: "PROBLEM", value: (row) => visible(row.problem ?? "") },
];
