/**
 * The source kind `watson-tts`: the custom models of one instance of Watson Text to Speech, on IBM Cloud or Cloud Pak for Data.
 */
import type { Clock } from "../../model/clock.ts";
import { matchesPattern } from "../../model/pattern.ts";
import type { Source } from "../source.ts";
import { WatsonClient } from "../watson/client.ts";
import type { WatsonConfig } from "../watson/config.ts";
import { captureTts, requireCollection } from "./capture.ts";
import { compareTts } from "./compare.ts";
import { COLLECTION } from "./elements.ts";
import { readPresentItems } from "./present-items.ts";
import { restoreTts } from "./restore/restore.ts";
import { TtsService } from "./service.ts";
import { checkTts } from "./source-check.ts";

/** The source; connections are made at first use. Errors: `config-invalid` when the address is none. */
export function openWatsonTts(config: WatsonConfig, clock: Clock): Source {
  const client = new WatsonClient(config, "/v1/voices", clock);
  const service = new TtsService(client);
  return {
    kind: "watson-tts",
    traffic: client.http.traffic,
    test: async (context) => await checkTts(service, context.signal),
    async *discover(patterns) {
      if (patterns.some((pattern) => matchesPattern(pattern, COLLECTION))) {
        yield { collection: COLLECTION, identity: "" };
      }
    },
    capture: (request, context) => captureTts(service, request, context),
    restore: (request, context) => restoreTts(service, request, context),
    compare: (request, context) => compareTts(service, request, context),
    readItems: async (collection, keys, context) => {
      requireCollection(collection);
      return await readPresentItems(service, keys, context.signal);
    },
    [Symbol.asyncDispose]: async () => await client[Symbol.asyncDispose](),
  };
}
