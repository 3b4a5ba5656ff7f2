/**
 * The routing table that was published last, as far as it reads.
 */
import { isHoldfastError } from "../../model/errors.ts";
import type { RoutingTable } from "../../model/routing-table.ts";
import { readRoutingTable, type RoutingPlace } from "../../repository/routing-tables.ts";
import type { Hooks } from "../hooks.ts";

/** Undefined where there is none, and for one that does not read, which is told. Errors: `storage-*`. */
export async function newestTable(place: RoutingPlace, hooks: Hooks): Promise<RoutingTable | undefined> {
  try {
    return await readRoutingTable(place);
  } catch (error) {
    if (!isHoldfastError(error, "object-damaged")) throw error;
    hooks.warn?.(error.message);
    return undefined;
  }
}
