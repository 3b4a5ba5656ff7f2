/**
 * What restores are tried on: kept items put together by hand, fakes of resources, and containers in memory.
 */
import { createHash } from "node:crypto";
import { HoldfastError } from "../../../src/model/errors.ts";
import { compareKeys, keyOf, keyText, sortableKey, type ItemKey } from "../../../src/model/key.ts";
import type { BlobRef, CapturedVersion, Version } from "../../../src/model/version.ts";
import type { ContainerConfig } from "../../../src/sources/form-recognizer/config.ts";
import type { BlobProperties, TrainingNote } from "../../../src/sources/form-recognizer/data/face.ts";
import {
  dataKey,
  trainingFileKey,
  trainingKey,
  type ModelRef,
} from "../../../src/sources/form-recognizer/keys.ts";
import { modelItem } from "../../../src/sources/form-recognizer/model-item.ts";
import { registerResource, type FormResource } from "../../../src/sources/form-recognizer/resource.ts";
import { restoreResource } from "../../../src/sources/form-recognizer/restore/restore.ts";
import { versionKeyOf } from "../../../src/sources/form-recognizer/version-key.ts";
import type { CopyLedger, CopyStep } from "../../../src/sources/live-copies.ts";
import type {
  IdMap,
  RestoreOutcome,
  RestoreRequest,
  Source,
  VersionReader,
} from "../../../src/sources/source.ts";
import { MemoryIds } from "../watson/memory-ids.ts";
import { contextOf, type Context } from "../watson/timeline.ts";
import { FakeCloud, FakeService, type FakeOptions } from "./fake-service.ts";
import { MemoryContainer, type StoredFile } from "./memory-container.ts";

/** Where retrainings go in these tests. */
export const RETRAIN_URL = "https://retrain.example.test/data";

/** Items of one instant. */
export class KeptItems {
  readonly versions = new Map<string, CapturedVersion>();
  readonly #blobs = new Map<string, Buffer>();
  /** The content of these blobs cannot be read. */
  readonly damaged = new Set<string>();

  add(version: CapturedVersion): void {
    this.versions.set(sortableKey(version.key), version);
  }

  remove(key: string): void {
    this.versions.delete(sortableKey(keyOf(key)));
  }

  gone(key: ItemKey): void {
    this.add({ key, kind: "deleted", revision: "", state: Buffer.from("gone"), parts: [], blobs: [] });
  }

  /** The resource's model as it is now; the version key of its state. */
  async keep(service: FakeService, ref: ModelRef): Promise<string> {
    const details = await service.details(ref, new AbortController().signal);
    if (details === undefined) throw new Error(`the fake shows no ${ref.id}`);
    this.add(modelItem(details));
    return versionKeyOf(details);
  }

  /** What a model was trained from. `note`: what differs from a proved set without prefix. */
  keepTraining(
    ref: ModelRef,
    version: string,
    files: readonly StoredFile[],
    note: Partial<TrainingNote> = {},
  ): void {
    const whole: TrainingNote = {
      format: 1,
      version,
      buildMode: "template",
      set: "invoices",
      prefix: "",
      evidence: "proved",
      doubts: [],
      generation: "9".repeat(64),
      files: files.length,
      bytes: files.reduce((sum, { content }) => sum + content.length, 0),
      ...note,
    };
    const part = Buffer.from(JSON.stringify(whole));
    this.add({ key: trainingKey(ref), kind: "live", revision: "", state: part, parts: [part], blobs: [] });
    for (const file of files) this.#addFile(trainingFileKey(ref, file.name), file);
  }

  keepData(set: string, files: readonly StoredFile[]): void {
    for (const file of files) this.#addFile(dataKey(set, file.name), file, set);
  }

  #addFile(
    key: ItemKey,
    { name, content, type = "application/octet-stream" }: StoredFile,
    set = "invoices",
  ): void {
    const properties: BlobProperties = {
      set,
      length: content.length,
      etag: `kept-${name}`,
      lastModified: 0,
      contentType: type,
      md5: createHash("md5").update(content).digest("base64"),
    };
    const sha256 = createHash("sha256").update(content).digest("hex");
    const ref: BlobRef = {
      part: 0,
      name,
      blob: sha256,
      pack: "",
      length: content.length,
      encoding: "identity",
      sha256,
      alias: "",
    };
    this.#blobs.set(sha256, content);
    const part = Buffer.from(JSON.stringify(properties));
    this.add({ key, kind: "live", revision: "", state: part, parts: [part], blobs: [ref] });
  }

  reader(chosen?: (key: string) => boolean): VersionReader {
    return readerOf(this.versions.values(), (ref) => this.#content(ref), chosen);
  }

  async *#content({ blob }: BlobRef): AsyncGenerator<Buffer> {
    if (this.damaged.has(blob)) throw new HoldfastError("object-damaged", "the stored content does not read");
    yield this.#blobs.get(blob) as Buffer;
  }
}

/** What is kept now; later additions do not change it. `chosen`: only these keys. */
export function readerOf(
  kept: Iterable<CapturedVersion>,
  blob: (ref: BlobRef) => AsyncIterable<Buffer>,
  chosen: (key: string) => boolean = () => true,
): VersionReader {
  const all = [...kept].sort((a, b) => compareKeys(a.key, b.key)).map(stored);
  const byKey = new Map(all.map((version) => [sortableKey(version.key), version]));
  return {
    async *versions() {
      for (const version of all) if (chosen(keyText(version.key))) yield [version];
    },
    find: async (keys) => keys.map((key) => byKey.get(sortableKey(key))),
    async *within(prefix) {
      yield all.filter(({ key }) => key.subarray(0, prefix.length).equals(prefix));
    },
    contains: async (keys) => keys.map((key) => byKey.has(sortableKey(key))),
    blob,
  };
}

function stored({ key, kind, revision, parts, blobs }: CapturedVersion): Version {
  const observation = { run: "", at: 0, sequence: "" };
  return { key, kind, revision, parts, blobs, observation, fingerprint: Buffer.alloc(8) };
}

export class MemoryLedger implements CopyLedger {
  readonly #steps = new Map<string, CopyStep>();

  steps(): readonly CopyStep[] {
    return [...this.#steps.values()];
  }

  async record(step: CopyStep): Promise<void> {
    this.#steps.set(`${step.key}\n${step.version}\n${step.target}`, step);
  }
}

export interface RestoreOptions extends Partial<RestoreRequest> {
  readonly context?: Context;
}

/** Resources of one cloud, and containers by URL. */
export class Stand {
  readonly cloud = new FakeCloud();
  readonly kept = new KeptItems();
  readonly containers = new Map<string, MemoryContainer>();
  readonly clock = { now: (): number => this.cloud.now };
  ids: IdMap = new MemoryIds();

  resource(
    name: string,
    apiVersion: FakeOptions["apiVersion"],
    config: Partial<FormResource["config"]> = {},
  ): {
    readonly service: FakeService;
    readonly resource: FormResource;
    readonly source: Source;
  } {
    const service = new FakeService({ name, apiVersion, cloud: this.cloud });
    const resource: FormResource = {
      service,
      clock: this.clock,
      config: {
        url: service.endpoint,
        apiVersion,
        auth: { kind: "key", key: "k" },
        pollMs: 0,
        retry: { attempts: 3, throttledAttempts: 3, baseDelayMs: 0, maxDelayMs: 0 },
        retrainInto: { url: RETRAIN_URL },
        ...config,
      },
    };
    const source = { kind: "form-recognizer" } as Source;
    registerResource(source, resource);
    return { service, resource, source };
  }

  container(url: string): MemoryContainer {
    const known = this.containers.get(url) ?? new MemoryContainer(url);
    this.containers.set(url, known);
    return known;
  }

  readonly open = ({ url }: ContainerConfig): MemoryContainer => this.container(url);

  /** Outcomes by key. */
  async restore(resource: FormResource, more: RestoreOptions = {}): Promise<Record<string, RestoreOutcome>> {
    const { context = contextOf(this.clock), ...request } = more;
    const whole: RestoreRequest = {
      target: "resource",
      mode: "replica",
      apply: true,
      reader: this.kept.reader(),
      whole: true,
      merge: false,
      newerItems: "keep",
      replicationStopped: false,
      ids: this.ids,
      ...request,
    };
    const outcomes: Record<string, RestoreOutcome> = {};
    for await (const outcome of restoreResource(resource, whole, context, this.open)) {
      outcomes[keyText(outcome.key)] = outcome;
    }
    return outcomes;
  }
}
