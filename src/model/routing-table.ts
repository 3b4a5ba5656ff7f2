/**
 * A routing table: where applications find each protected object when they are pointed at a standby. Published and written as JSON.
 */
import { createHash } from "node:crypto";
import { canonicalText } from "./json/canonical.ts";

/** Where one object is found. */
export interface RoutedItem {
  /** Its key in the timeline. */
  readonly item: string;
  readonly collection: string;
  /** `ready`: the newest kept state is there. `older`: only an earlier one. */
  readonly state: "ready" | "older";
  /** Its id in the standby. */
  readonly target: string;
  /** Its id in the source, where that is another. */
  readonly kept?: string;
  /** How far it was proved equal: `exists`: only that it is there; `metadata`: everything that the service tells. */
  readonly level?: "exists" | "metadata";
  /** When the copy expires; absent: it does not. */
  readonly expires?: string;
  /** Names inside the object that are others in the standby: document types. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** What is wrong with it, for people. */
  readonly detail?: string;
}

/** What applications would look for in vain. */
export interface MissingItem {
  readonly item: string;
  readonly collection: string;
  /** Why, and what helps. */
  readonly detail: string;
}

export interface RoutingTable {
  readonly format: "holdfast-routing/1";
  readonly standby: string;
  /** The source that it stands in for. */
  readonly source: string;
  /** The number under which the repository keeps it; null: it was made on the spot and is not kept. */
  readonly generation: number | null;
  /** When it was made. */
  readonly at: string;
  /** The newest kept instant that it was made for; of several collections the oldest. Null: nothing was kept. */
  readonly instant: string | null;
  readonly target: {
    readonly name: string;
    readonly endpoint: string;
    readonly region?: string;
    readonly apiVersion?: string;
    readonly resourceId?: string;
  };
  readonly routes: readonly RoutedItem[];
  readonly missing: readonly MissingItem[];
  /** SHA-256 (hex) over the canonical JSON of `routes`: members sorted by name, no spaces. */
  readonly sha256: string;
}

/** A table with its digest. */
export function sealRoutes(table: Omit<RoutingTable, "format" | "sha256">): RoutingTable {
  return { format: "holdfast-routing/1", ...table, sha256: digestOf(table.routes) };
}

/** Whether applications would be sent to the same places. */
export function routesAlike(a: RoutingTable, b: RoutingTable): boolean {
  const placeOf = ({ target, missing }: RoutingTable): string =>
    canonicalText([target, missing.map(({ item, collection }) => [collection, item])]);
  return a.sha256 === b.sha256 && placeOf(a) === placeOf(b);
}

function digestOf(routes: readonly RoutedItem[]): string {
  return createHash("sha256").update(canonicalText(routes), "utf8").digest("hex");
}
