/**
 * The source kind `watson-stt`: custom language models, custom acoustic models, and asynchronous jobs with their callbacks.
 */
import type { Clock } from "../../model/clock.ts";
import { HoldfastError } from "../../model/errors.ts";
import { matchesPattern } from "../../model/pattern.ts";
import type { Discovered, Source, SourceContext } from "../source.ts";
import { WatsonClient } from "../watson/client.ts";
import type { WatsonConfig } from "../watson/config.ts";
import type { SttCollection } from "./collection.ts";
import { STT_COLLECTIONS } from "./collections.ts";
import { checkStt, hasAcousticModels } from "./source-check.ts";

/** The source; connections are made at first use. Errors: `config-invalid` when the address is none. */
export function openWatsonStt(config: WatsonConfig, clock: Clock): Source {
  const client = new WatsonClient(config, "/v1/models", clock);
  return {
    kind: "watson-stt",
    traffic: client.http.traffic,
    test: (context) => checkStt(client, context.signal),
    discover: (patterns, context) => discover(client, patterns, context),
    async *capture(request, context) {
      yield* collectionNamed(request.collection).capture(client, request, context);
    },
    async *restore(request, context) {
      yield* collectionNamed(request.target).restore(client, request, context);
    },
    async *compare(request, context) {
      yield* collectionNamed(request.target).compare(client, request, context);
    },
    readItems: async (collection, keys, context) =>
      await collectionNamed(collection).readItems(client, keys, context),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

async function* discover(
  client: WatsonClient,
  patterns: readonly string[],
  { signal }: SourceContext,
): AsyncGenerator<Discovered> {
  for (const collection of STT_COLLECTIONS.keys()) {
    if (!patterns.some((pattern) => matchesPattern(pattern, collection))) continue;
    if (collection === "acoustic-models" && !(await hasAcousticModels(client, signal))) continue;
    yield { collection, identity: "" };
  }
}

/** Errors: `source-not-found`. */
function collectionNamed(name: string): SttCollection {
  const collection = STT_COLLECTIONS.get(name);
  if (collection !== undefined) return collection;
  throw new HoldfastError(
    "source-not-found",
    `Speech to Text has no collection "${name}": it has ${[...STT_COLLECTIONS.keys()].join(", ")}.`,
  );
}
