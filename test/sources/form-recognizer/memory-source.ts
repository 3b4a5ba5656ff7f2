/**
 * The parts of the source that read, over a fake service and containers in memory; and a timeline that keeps files too.
 */
import { matchesPattern } from "../../../src/model/pattern.ts";
import { captureResource, type OpenContainer } from "../../../src/sources/form-recognizer/capture/capture.ts";
import { compareResource } from "../../../src/sources/form-recognizer/compare.ts";
import type { DataSetConfig } from "../../../src/sources/form-recognizer/config.ts";
import { COLLECTION } from "../../../src/sources/form-recognizer/keys.ts";
import { readPresentItems } from "../../../src/sources/form-recognizer/present-items.ts";
import type { FormResource } from "../../../src/sources/form-recognizer/resource.ts";
import type { CaptureEngine, Source, StoredBlob } from "../../../src/sources/source.ts";
import { MemoryTimeline } from "../watson/timeline.ts";
import type { FakeService } from "./fake-service.ts";
import type { MemoryContainer } from "./memory-container.ts";

export interface MemorySet {
  readonly set: Omit<DataSetConfig, "url">;
  readonly container: MemoryContainer;
}

export function resourceOf(service: FakeService, sets: readonly MemorySet[] = []): FormResource {
  const { endpoint: url, apiVersion, cloud } = service;
  const dataSets = sets.map(({ set, container }) => ({ ...set, url: container.url }));
  const config = { url, apiVersion, auth: { kind: "key", key: "not secret" }, dataSets } as const;
  return { config, service, clock: { now: () => cloud.now } };
}

export function memorySource(service: FakeService, sets: readonly MemorySet[] = []): Source {
  const resource = resourceOf(service, sets);
  const open: OpenContainer = ({ url }) => {
    const found = sets.find(({ container }) => container.url === url);
    if (found === undefined) throw new Error(`no container ${url}`);
    return found.container;
  };
  return {
    kind: "form-recognizer",
    traffic: service.traffic,
    test: () => Promise.reject(new Error("not part of this")),
    async *discover(patterns) {
      if (patterns.some((pattern) => matchesPattern(pattern, COLLECTION))) {
        yield { collection: COLLECTION, identity: "" };
      }
    },
    capture: (request, context) => captureResource(resource, request, context, open),
    restore: () => {
      throw new Error("not part of this");
    },
    compare: (request, context) => compareResource(resource, request, context, open),
    readItems: (_collection, keys, context) => readPresentItems(resource, keys, context, open),
    async [Symbol.asyncDispose]() {},
  };
}

export class FormTimeline extends MemoryTimeline {
  readonly #stored = new Map<string, StoredBlob>();

  constructor() {
    super(COLLECTION);
  }

  override engine(): CaptureEngine {
    return {
      ...super.engine(),
      findBlob: async (alias) => this.#stored.get(alias),
      storeBlob: async (alias, { encoding, content }) => {
        let length = 0;
        for await (const piece of content) length += piece.length;
        const blob = String(this.#stored.size + 1).padStart(64, "0");
        const stored = { blob, pack: "", length, encoding, sha256: "", alias };
        this.#stored.set(alias, stored);
        return stored;
      },
    };
  }
}
