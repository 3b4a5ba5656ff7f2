/**
 * The source kind `form-recognizer`: custom models and classifiers of Azure Form Recognizer and Document Intelligence, and the data they were
 * trained from.
 */
import type { Clock } from "../../model/clock.ts";
import { matchesPattern } from "../../model/pattern.ts";
import type { Source } from "../source.ts";
import { captureResource } from "./capture/capture.ts";
import { compareResource } from "./compare.ts";
import type { FormConfig } from "./config.ts";
import { liveCopies } from "./copy/live-copies.ts";
import { COLLECTION } from "./keys.ts";
import { readPresentItems } from "./present-items.ts";
import { registerResource, type FormResource } from "./resource.ts";
import { restoreResource } from "./restore/restore.ts";
import { openFormService } from "./service/open.ts";
import { checkFormSource } from "./source-check.ts";

/** Connections are made at first use. Errors: `config-invalid`. */
export function openFormSource(config: FormConfig, clock: Clock): Source {
  const service = openFormService(config, clock);
  const resource: FormResource = { config, service, clock };
  const source: Source = {
    kind: "form-recognizer",
    traffic: service.traffic,
    test: (context) => checkFormSource(resource, context),
    async *discover(patterns) {
      if (patterns.some((pattern) => matchesPattern(pattern, COLLECTION))) {
        yield { collection: COLLECTION, identity: "" };
      }
    },
    capture: (request, context) => captureResource(resource, request, context),
    restore: (request, context) => restoreResource(resource, request, context),
    compare: (request, context) => compareResource(resource, request, context),
    copies: liveCopies(resource),
    readItems: (_collection, keys, context) => readPresentItems(resource, keys, context),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
  registerResource(source, resource);
  return source;
}
