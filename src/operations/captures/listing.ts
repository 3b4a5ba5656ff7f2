/**
 * What the newest kept listing of a Watson source says there is, and which originals are kept of it.
 */
import { HoldfastError } from "../../model/errors.ts";
import { keyText, type ItemKey } from "../../model/key.ts";
import type { BlobRef, Version } from "../../model/version.ts";
import { newestEntry } from "../../repository/manifest.ts";
import { readNewestManifest } from "../../repository/task-store.ts";
import { traitsOf } from "../../sources/kinds.ts";
import { readCapture, type KeptCapture, type WatsonCollection } from "../../sources/watson/captures.ts";
import { captureKey, parseKey, type Named } from "../../sources/watson/keys.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import { openLeasedTimeline } from "../leased.ts";
import type { Workspace } from "../workspace.ts";

/** What applications upload and the services never give back. */
const UPLOADED = ["corpora", "grammars", "audio", "prompts", "speakers"] as const;
export type Uploaded = (typeof UPLOADED)[number];

/** One listed resource that was made of an upload. */
export interface ListedResource {
  readonly collection: WatsonCollection;
  readonly uploaded: Uploaded;
  /** Undefined for speakers, which belong to no model. */
  readonly model: Named | undefined;
  /** Its name; a speaker's id. */
  readonly name: string;
  /** What people call it, where that is not its name: a speaker's name. */
  readonly shown: string;
  readonly key: ItemKey;
  readonly captureKey: ItemKey;
  /** The listing's own entry. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** The newest original that is kept of it. */
  readonly original: KeptCapture | undefined;
}

export interface SourceListing extends AsyncDisposable {
  readonly models: readonly (Named & { readonly collection: WatsonCollection })[];
  readonly resources: readonly ListedResource[];
  /** Stored bytes of an original. Errors: `object-*`. */
  content(resource: Pick<ListedResource, "collection">, ref: BlobRef): AsyncIterable<Buffer>;
}

/**
 * Dispose of it when its contents are no longer read. Errors: `usage` for a source of another kind, `source-unknown` when nothing of it was
 * backed up yet, `no-read-right`, `object-*`.
 */
export async function openListing(
  workspace: Workspace,
  source: string,
  hooks: Hooks,
): Promise<SourceListing> {
  const { kind } = workspace.settings(source).options;
  const { collections } = traitsOf(kind);
  if ((kind !== "watson-tts" && kind !== "watson-stt") || collections === undefined) {
    throw new HoldfastError(
      "usage",
      `${source} is of kind ${kind}: there is nothing that would have to be captured.`,
    );
  }
  const timelines = new Map<WatsonCollection, { readonly timeline: Timeline } & AsyncDisposable>();
  const models: (Named & { readonly collection: WatsonCollection })[] = [];
  const resources: ListedResource[] = [];
  for (const collection of collections as readonly WatsonCollection[]) {
    const task = workspace.repository.keyring.taskName(source, kind, collection);
    if ((await readNewestManifest(workspace.repository, task, signalOf(hooks))) === undefined) continue;
    const leased = await openLeasedTimeline(workspace, `${source}/${collection}`, hooks);
    timelines.set(collection, leased);
    const listed = await readListed(leased.timeline, collection, signalOf(hooks));
    models.push(...listed.models);
    resources.push(...listed.resources);
  }
  if (timelines.size === 0) {
    throw new HoldfastError(
      "source-unknown",
      `Nothing has been kept of ${source} yet, so nobody knows what there is: holdfast backup ${source} first.`,
    );
  }
  return {
    models,
    resources,
    content: ({ collection }, ref) => {
      const { timeline } = timelines.get(collection) as { readonly timeline: Timeline };
      return timeline.blobs.stream(ref, signalOf(hooks));
    },
    async [Symbol.asyncDispose]() {
      for (const leased of timelines.values()) await leased[Symbol.asyncDispose]();
    },
  };
}

async function readListed(
  timeline: Timeline,
  collection: WatsonCollection,
  signal: AbortSignal,
): Promise<Pick<SourceListing, "models" | "resources">> {
  const models: (Named & { readonly collection: WatsonCollection })[] = [];
  const found: Omit<ListedResource, "original">[] = [];
  /** By capture key. Captures come before models in order of key. */
  const originals = new Map<string, KeptCapture>();
  const view = timeline.at(newestEntry(timeline.manifest).to);
  for await (const versions of view.scanPresent({}, signal)) {
    for (const version of versions) {
      if (version.kind !== "live") continue;
      const parsed = parseKey(version.key);
      if (parsed?.kind === "capture") {
        if (holdsOriginal(parsed.capture)) originals.set(keyText(version.key), readCapture(version));
      } else if (parsed?.kind === "model") {
        models.push({ collection, name: parsed.name, id: parsed.id });
      } else if (parsed?.kind === "speaker") {
        found.push({
          collection,
          uploaded: "speakers",
          model: undefined,
          name: parsed.id,
          shown: parsed.name,
          key: version.key,
          captureKey: captureKey("speakers", parsed.id),
          figures: figuresOf(version),
        });
      } else if (parsed?.kind === "resource" && isUploaded(parsed.resource)) {
        const { name, id, resource, of } = parsed;
        found.push({
          collection,
          uploaded: resource,
          model: { name, id },
          name: of,
          shown: of,
          key: version.key,
          captureKey: captureKey(id, `${resource}/${of}`),
          figures: figuresOf(version),
        });
      }
    }
  }
  const resources = found.map((one) => ({ ...one, original: originals.get(keyText(one.captureKey)) }));
  return { models, resources };
}

/** Of the many captures only those are remembered that a listed resource can have. */
function holdsOriginal({ scope, rest }: { readonly scope: string; readonly rest: string }): boolean {
  return scope === "speakers" || UPLOADED.some((uploaded) => rest.startsWith(`${uploaded}/`));
}

export function isUploaded(text: string): text is Uploaded {
  return (UPLOADED as readonly string[]).includes(text);
}

function figuresOf({ parts }: Version): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse((parts[0] ?? Buffer.from("{}")).toString("utf8")) as Record<string, unknown>;
  } catch {
    return {};
  }
}
