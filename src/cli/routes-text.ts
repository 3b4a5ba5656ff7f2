/**
 * A routing table for people.
 */
import type { MissingItem, RoutedItem, RoutingTable } from "../operations/reports.ts";
import { countOf, timeText, visible } from "./format.ts";
import type { Output } from "./output.ts";

/** Whether applications find everything, as it was kept last. */
export function isWell({ routes, missing }: RoutingTable): boolean {
  return missing.length === 0 && routes.every(({ state }) => state === "ready");
}

export async function printRoutes(table: RoutingTable, out: Output): Promise<void> {
  const { target, instant } = table;
  const facts: [string, string][] = [
    ["standby", `${table.standby}: ${table.source} in ${target.name}`],
    ["endpoint", target.endpoint],
  ];
  if (target.region !== undefined) facts.push(["region", target.region]);
  if (target.apiVersion !== undefined) facts.push(["API version", target.apiVersion]);
  if (target.resourceId !== undefined) facts.push(["resource id", target.resourceId]);
  facts.push(["as of", instant === null ? "nothing kept" : timeText(instant)]);
  facts.push([
    "generation",
    table.generation === null ? "not published: it differs from the last one" : String(table.generation),
  ]);
  facts.push(["SHA-256", table.sha256]);
  await out.facts(facts);
  await out.line("");
  const rows = [...table.routes, ...table.missing].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  await out.list<RoutedItem | MissingItem>(
    rows,
    [
      { title: "ITEM", value: (row) => visible(row.item) },
      { title: "STATE", value: (row) => ("state" in row ? row.state : "MISSING") },
      { title: "ID THERE", value: (row) => ("target" in row ? visible(row.target) : "-") },
      { title: "PROVED", value: (row) => ("level" in row ? (row.level ?? "-") : "-") },
      {
        title: "EXPIRES",
        value: (row) => ("expires" in row && row.expires !== undefined ? timeText(row.expires) : "-"),
      },
    ],
    "Nothing is kept that applications could ask for.",
  );
  for (const { item, detail } of rows) {
    if (detail !== undefined) await out.line(visible(`${item}: ${detail}`));
  }
  const older = table.routes.filter(({ state }) => state === "older").length;
  if (older > 0) await out.line(`${countOf(older, "item")} only in an OLDER state.`);
  if (table.missing.length > 0) {
    await out.line(
      `${countOf(table.missing.length, "item")} MISSING. What is kept of them is in the repository: see holdfast readiness ${table.source}.`,
    );
  }
}

function placeOf({ collection, item }: RoutedItem | MissingItem): string {
  return `${collection}\n${item}`;
}
