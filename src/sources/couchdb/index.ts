/**
 * The source kind `couchdb`: Cloudant, Apache CouchDB and what speaks their protocol.
 */
import type { Clock } from "../../model/clock.ts";
import type { ItemKey } from "../../model/key.ts";
import type { Source, SourceContext } from "../source.ts";
import { COUCHDB_ABILITIES, POUCHDB_ABILITIES, type CouchAbilities } from "./abilities.ts";
import { captureCouch } from "./capture/capture.ts";
import { CouchClient } from "./client.ts";
import { compareCouch } from "./compare.ts";
import type { CouchConfig } from "./config.ts";
import { discoverDatabases } from "./discover.ts";
import { readPresentItems } from "./present-items.ts";
import { restoreCouch } from "./restore/restore.ts";
import { checkSource } from "./source-check.ts";

/** The source; connections are made at first use. Errors: `config-invalid` when the address is none. */
export function openCouchSource(config: CouchConfig, clock: Clock): Source {
  const client = new CouchClient(config, clock);
  let known: Promise<CouchAbilities> | undefined;
  const abilities = async (context: SourceContext): Promise<CouchAbilities> => {
    known ??= readAbilities(client, context.signal);
    try {
      return await known;
    } catch (error) {
      known = undefined;
      throw error;
    }
  };
  return {
    kind: "couchdb",
    traffic: client.http.traffic,
    test: (context) => checkSource(client, context.signal),
    discover: (patterns, context) => discoverDatabases(client, patterns, context.signal),
    capture: (request, context) => captureCouch(client, config, request, context),
    async *restore(request, context) {
      yield* restoreCouch(client, { abilities: await abilities(context) }, request, context);
    },
    async *compare(request, context) {
      yield* compareCouch(client, { abilities: await abilities(context) }, request, context);
    },
    readItems: async (collection: string, keys: readonly ItemKey[], context) =>
      await readPresentItems(client.database(collection), await abilities(context), keys, context.signal),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** PouchDB's servers introduce themselves by another name than CouchDB and Cloudant, which both say `couchdb`. */
async function readAbilities(client: CouchClient, signal: AbortSignal): Promise<CouchAbilities> {
  const { product } = await client.server(signal);
  return product === "express-pouchdb" ? POUCHDB_ABILITIES : COUCHDB_ABILITIES;
}
