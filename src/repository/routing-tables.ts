/**
 * The routing tables that runs of a standby have published: one small sealed object for each generation.
 */
import { HoldfastError, isHoldfastError } from "../model/errors.ts";
import type { RoutingTable } from "../model/routing-table.ts";
import type { TaskName } from "../model/task.ts";
import {
  appendNumbered,
  hiddenName,
  listOrdinals,
  ordinalPath,
  readNumbered,
  type Series,
} from "./numbered-objects.ts";
import { routingTablesFor } from "./paths.ts";
import type { Repository } from "./repository.ts";

/** Which tables. */
export interface RoutingPlace {
  readonly repository: Repository;
  readonly task: TaskName;
  readonly standby: string;
  readonly signal: AbortSignal;
}

/** `make`: the table with this generation. Returns it as it was published. Errors: `task-busy`, `storage-*`. */
export async function publishRoutingTable(
  place: RoutingPlace,
  make: (generation: number) => RoutingTable,
): Promise<RoutingTable> {
  const series = seriesOf(place);
  const newest = (await listOrdinals(series)).at(-1) ?? 0;
  const busy = `Other runs of standby ${place.standby} kept publishing their routing tables.`;
  return make(await appendNumbered(series, newest, make, busy));
}

/**
 * The newest table, or that of a generation; undefined when there is none. Errors: `object-damaged`, naming the other generations there
 * are, `storage-*`.
 */
export async function readRoutingTable(
  place: RoutingPlace,
  generation?: number,
): Promise<RoutingTable | undefined> {
  const series = seriesOf(place);
  const ordinals = await listOrdinals(series);
  const wanted = generation ?? ordinals.at(-1);
  if (wanted === undefined || !ordinals.includes(wanted)) return undefined;
  try {
    return (await readNumbered(series, wanted)) as RoutingTable;
  } catch (error) {
    if (!isHoldfastError(error, "object-damaged")) throw error;
    const others = ordinals.filter((ordinal) => ordinal !== wanted).join(", ") || "none";
    throw new HoldfastError(
      "object-damaged",
      `Generation ${wanted} of the routing table of standby ${place.standby} does not read (others kept: ${others}). ` +
        `\`holdfast standby failover\` makes one from what the standby has now.`,
      { path: ordinalPath(series, wanted), task: place.task },
      error,
    );
  }
}

function seriesOf({ repository, task, standby, signal }: RoutingPlace): Series {
  const name = hiddenName(repository, "standby", standby);
  return { repository, task, purpose: "routes", folder: routingTablesFor(task, name), name, signal };
}
