/**
 * Fetching lost versions and blobs again from the live source, where they are still current there. The source captures as it
 * does in a run that compares everything; what is asked of it decides that only what is missing is read.
 */
import { errorText, isHoldfastError } from "../../model/errors.ts";
import { compareKeys, type ItemKey } from "../../model/key.ts";
import type { CapturedVersion, Version } from "../../model/version.ts";
import { blobIds } from "../../repository/blobs/blob-id.ts";
import { PackWriter } from "../../repository/blobs/pack-writer.ts";
import type { PackInfo, StoredBlob } from "../../repository/blobs/pack.ts";
import type { Manifest } from "../../repository/manifest.ts";
import { manifestSegments } from "../../repository/manifest.ts";
import { Memtable } from "../../repository/memtable.ts";
import { segmentPath } from "../../repository/paths.ts";
import { taskFingerprints } from "../../repository/segment/fingerprint.ts";
import { openPages } from "../../repository/segment/segment-pages.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";
import { writeSegment } from "../../repository/segment/segment-writer.ts";
import type { BlobContent, CaptureEngine } from "../../sources/source.ts";
import type { BlobUsers, PackPlan } from "../../timeline/repair/pack-plan.ts";
import type { SegmentPlan } from "../../timeline/repair/segment-plan.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import { sourceContext } from "../source-context.ts";
import type { Workspace } from "../workspace.ts";
import { createHash } from "node:crypto";

/** What the source is called where it is told where something came from. */
const LIVE = "the live source";
/** Fetched versions gathered in memory before they are written to a file that goes when the repair is done. */
const MEMTABLE_BYTES = 12 << 20;
/** Stands where a dry run has no pack. */
const NO_PACK = "0".repeat(32);

export interface LiveRequest {
  readonly manifest: Manifest;
  readonly segments: readonly SegmentPlan[];
  readonly packs: readonly PackPlan[];
  readonly users: ReadonlyMap<string, BlobUsers>;
  readonly apply: boolean;
}

/** What was fetched: packs that must be named, and files that are only needed until the repair is written. */
export interface Fetched {
  readonly packs: readonly PackInfo[];
  readonly temporary: readonly SegmentInfo[];
}

/**
 * Offers everything that the source still has to the plans. A source that cannot be asked is warned of. Errors:
 * `storage-*`.
 */
export async function fetchFromSource(
  workspace: Workspace,
  request: LiveRequest,
  hooks: Hooks,
): Promise<Fetched> {
  const { name, collection } = request.manifest.source;
  if (!workspace.sources.some((source) => source.name === name)) {
    hooks.warn?.(
      `${name}/${collection}: the configuration has no such source, so nothing was fetched from it.`,
    );
    return { packs: [], temporary: [] };
  }
  const fetch = new LiveFetch(workspace, request, hooks);
  try {
    await fetch.run();
  } catch (error) {
    if (!isSourceError(error)) throw error;
    hooks.warn?.(`${name}/${collection} could not be asked for all that is missing: ${errorText(error)}`);
  }
  return fetch.finish();
}

function isSourceError(error: unknown): boolean {
  return isHoldfastError(error) && (error.code.startsWith("source-") || error.code === "capture-incomplete");
}

class LiveFetch {
  readonly #workspace: Workspace;
  readonly #request: LiveRequest;
  readonly #hooks: Hooks;
  readonly #signal: AbortSignal;
  readonly #marks;
  readonly #memtables = new Map<SegmentPlan, Memtable>();
  readonly #temporary: SegmentInfo[] = [];
  readonly #packs: PackWriter;
  /** Versions whose blobs are missing, by key hash and fingerprint. */
  readonly #blobVersions: ReadonlySet<string>;
  #stored = false;

  constructor(workspace: Workspace, request: LiveRequest, hooks: Hooks) {
    const { task } = request.manifest;
    const { repository } = workspace;
    this.#workspace = workspace;
    this.#request = request;
    this.#hooks = hooks;
    this.#signal = signalOf(hooks);
    this.#marks = taskFingerprints(repository.keyring, task);
    this.#packs = new PackWriter(repository, task, this.#signal);
    const wanted = [...request.users].filter(([blob]) => this.#lacksBlob(blob));
    this.#blobVersions = new Set(
      wanted.flatMap(([, { versions }]) => versions.map((version) => this.#name(version))),
    );
  }

  async run(): Promise<void> {
    const { manifest } = this.#request;
    const { name, collection } = manifest.source;
    const events = this.#workspace.source(name).capture(
      {
        collection,
        cursor: manifest.cursor,
        resume: undefined,
        reconcile: true,
        include: this.#workspace.policyOf(name, collection).policy.include,
        engine: this.#engine(),
      },
      sourceContext(this.#workspace, "repair", `${name}/${collection}`, this.#hooks),
    );
    for await (const event of events) {
      // Another incarnation of the collection: what is in it was never in this timeline's newest epoch.
      if (event.kind === "start" && event.run === "baseline") return;
      if (event.kind === "versions") for (const version of event.versions) await this.#take(version);
    }
  }

  async finish(): Promise<Fetched> {
    for (const [plan, memtable] of this.#memtables) await this.#spill(plan, memtable);
    const packs = this.#stored ? await this.#packs.finish() : [];
    await this.#packs[Symbol.asyncDispose]();
    return { packs, temporary: this.#temporary };
  }

  #engine(): CaptureEngine {
    return {
      known: async (states) => states.map((state) => !this.#wants(state)),
      findBlob: async (alias) => this.#findBlob(this.#marks.alias(alias)),
      storeBlob: async (alias, content) => this.#storeBlob(this.#marks.alias(alias), content),
      keptKeys: () => this.#namedKeys(),
    };
  }

  #wants({ key, state }: { readonly key: ItemKey; readonly state: Buffer }): boolean {
    const version = { key, fingerprint: this.#marks.fingerprint(key, state) };
    // Every plan is asked: a key that is told names what is missing.
    const wanted = this.#request.segments.map((plan) => plan.wants(version));
    return wanted.includes(true) || this.#blobVersions.has(this.#name(version));
  }

  #name({ key, fingerprint }: Pick<Version, "key" | "fingerprint">): string {
    return `${this.#marks.keyHash(key).toString(16)} ${fingerprint.toString("hex")}`;
  }

  #lacksBlob(blob: string): boolean {
    return this.#request.packs.some(({ missing }) => missing.has(blob));
  }

  /** Items whose versions are missing: the source says which of them it has forgotten. */
  async *#namedKeys(): AsyncGenerator<readonly ItemKey[]> {
    const keys = this.#request.segments.flatMap(({ named }) => named).sort(compareKeys);
    if (keys.length > 0) yield keys;
  }

  async #take({ state, ...captured }: CapturedVersion): Promise<void> {
    const fingerprint = this.#marks.fingerprint(captured.key, state);
    for (const plan of this.#request.segments) {
      const [use] = plan.file.uses;
      if (use === undefined) continue;
      const observation = { run: use.entry.id, at: use.instant, sequence: "" };
      const version: Version = { ...captured, fingerprint, observation };
      if (!plan.accept(version, LIVE) || !this.#request.apply) continue;
      const memtable = this.#memtables.get(plan) ?? new Memtable();
      this.#memtables.set(plan, memtable);
      memtable.add(version);
      if (memtable.bytes >= MEMTABLE_BYTES) {
        this.#memtables.delete(plan);
        await this.#spill(plan, memtable);
      }
    }
  }

  async #spill(plan: SegmentPlan, memtable: Memtable): Promise<void> {
    const { repository } = this.#workspace;
    const info = await writeSegment({ ...repository, task: plan.task }, [memtable.toSorted()], this.#signal);
    this.#temporary.push(info);
    plan.donors.push({ label: LIVE, repository, info });
  }

  async #findBlob(alias: string): Promise<StoredBlob | undefined> {
    const { repository } = this.#workspace;
    const { manifest } = this.#request;
    for (const info of manifestSegments(manifest)) {
      if (info.counts.blobRefs === 0) continue;
      try {
        const pages = await openPages(repository.storage, repository.keyring, manifest.task, info);
        const found = await pages.blob(alias, this.#signal);
        if (found !== undefined) return this.#lacksBlob(found.blob) ? undefined : found;
      } catch (error) {
        // Its tables are damaged: the blob is fetched once more.
        if (!isHoldfastError(error, "object-damaged", "object-missing")) throw error;
      }
    }
    return undefined;
  }

  async #storeBlob(alias: string, { content, encoding }: BlobContent): Promise<StoredBlob> {
    const stored = this.#request.apply
      ? await this.#packs.add(content, encoding, alias)
      : await this.#digest(content, encoding, alias);
    this.#stored ||= this.#request.apply;
    for (const plan of this.#request.packs) plan.accept(stored.blob, LIVE);
    return stored;
  }

  /** What storing would have returned; nothing is kept. */
  async #digest(
    content: AsyncIterable<Buffer>,
    encoding: StoredBlob["encoding"],
    alias: string,
  ): Promise<StoredBlob> {
    const hash = createHash("sha256");
    let length = 0;
    for await (const piece of content) {
      hash.update(piece);
      length += piece.length;
    }
    const digest = hash.digest();
    const blob = blobIds(this.#workspace.repository.keyring, this.#request.manifest.task)(digest);
    return { blob, pack: NO_PACK, length, encoding, sha256: digest.toString("hex"), alias };
  }
}

/** Removes files that no manifest ever named. Errors: `storage-*`. */
export async function removeTemporary(
  workspace: Workspace,
  manifest: Manifest,
  fetched: Fetched,
): Promise<void> {
  for (const { id } of fetched.temporary)
    await workspace.repository.storage.remove(segmentPath(manifest.task, id));
}
