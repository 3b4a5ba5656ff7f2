/**
 * Kept training data on their way back into a container that the service can read. One folder for each generation of data: models that were
 * trained from the same files share it, and what is there already is not sent again.
 */
import { HoldfastError } from "../../../model/errors.ts";
import { inParallel } from "../../parallel.ts";
import type { BlobEntry, Container } from "../data/face.ts";
import { trainingFileKey, type ModelRef } from "../keys.ts";
import { fileListFor, listsOf } from "./file-lists.ts";
import { isKeptContent, writeKeptContent } from "./kept-content.ts";
import { keptFiles, type KeptFile, type KeptTraining } from "./kept-training.ts";
import { merged, type Pair } from "./merged.ts";
import type { FormRestore, OpenContainer } from "./run.ts";

/** Files written at once: one waits while another is on the wire. */
const FILES_AT_ONCE = 4;

/** Everything that a retraining writes lies below this folder of the container. */
const FOLDER = "holdfast-retrain";

export interface UploadedData {
  /** Container URL with its signature: a secret. */
  readonly container: string;
  /** What the names of the files begin with, before their own names. */
  readonly base: string;
}

export class TrainingUploads implements AsyncDisposable {
  readonly #openContainer: OpenContainer;
  #container: Container | undefined;
  /** By generation, what the names of its files begin with. */
  readonly #uploads = new Map<string, Promise<string>>();

  constructor(open: OpenContainer) {
    this.#openContainer = open;
  }

  /** The data of a model's training, where the service can read them. Errors: `usage`, `object-*`, `source-*`, `target-refused`. */
  async upload(run: FormRestore, training: KeptTraining): Promise<UploadedData> {
    const { generation } = training.note;
    const container = this.#open(run);
    let upload = this.#uploads.get(generation);
    if (upload === undefined) {
      upload = this.#upload(run, container, training);
      this.#uploads.set(generation, upload);
      upload.catch(() => this.#uploads.delete(generation));
    }
    const base = await upload;
    // Signed when it is needed: signatures run out.
    return { base, container: container.readableUrl() };
  }

  async #upload(run: FormRestore, container: Container, { ref, note }: KeptTraining): Promise<string> {
    const { context, request } = run;
    const { signal } = context;
    const base = `${folderOf(run.resource.config.retrainInto?.prefix)}${FOLDER}/${note.generation}/`;
    const lists = listsOf(note);
    let done = 0;
    const uploads = inParallel({
      elements: merged(keptFiles(request.reader, ref), below(container, base, signal)),
      atOnce: FILES_AT_ONCE,
      stop: run.stop,
      work: async function* (pair) {
        if (pair.kept === undefined) {
          await removeForeign(run, container, ref, base, pair.present);
          return;
        }
        if (lists.has(pair.kept.name)) {
          const list = await fileListFor(run, pair.kept, base);
          await container.write(`${base}${pair.kept.name}`, list, signal);
        } else await settleFile(run, container, base, pair);
        yield pair.kept.name;
      },
    });
    for await (const _ of uploads) {
      context.progress?.({ phase: "training data", done: ++done, total: note.files, bytes: 0 });
    }
    return base;
  }

  #open({ resource: { config, clock } }: FormRestore): Container {
    if (config.retrainInto === undefined) throw new HoldfastError("usage", NOWHERE);
    return (this.#container ??= this.#openContainer(config.retrainInto, clock));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#container?.[Symbol.asyncDispose]();
  }
}

/** Said where a retraining was asked for and has no container. */
export const NOWHERE =
  "to train it again, the service must be able to read the kept data: name a container that Holdfast may write and the resource can reach " +
  "as retrainInto of the source";

async function settleFile(
  run: FormRestore,
  container: Container,
  base: string,
  pair: Exclude<Pair<KeptFile, BlobEntry>, { readonly kept: undefined }>,
): Promise<void> {
  const { signal } = run.context;
  const { kept, present: listed } = pair;
  const name = `${base}${kept.name}`;
  const isAbsent = listed === undefined && pair.sure;
  const present = isAbsent ? undefined : (listed ?? (await container.find(name, signal)));
  const isThere =
    present !== undefined && (await isKeptContent(container, { ...present, name }, kept, signal));
  if (!isThere) await writeKeptContent(run, container, name, kept);
}

/** What lies there beside the kept files would be learnt too. */
async function removeForeign(
  { request, context }: FormRestore,
  container: Container,
  ref: ModelRef,
  base: string,
  { name }: BlobEntry,
): Promise<void> {
  const [version] = await request.reader.find([trainingFileKey(ref, name)]);
  if (version?.kind !== "live") await container.remove(`${base}${name}`, context.signal);
}

/** The files of a folder under their own names. */
async function* below(container: Container, base: string, signal: AbortSignal): AsyncGenerator<BlobEntry> {
  for await (const entries of container.list(base, signal)) {
    for (const entry of entries) yield { ...entry, name: entry.name.slice(base.length) };
  }
}

function folderOf(prefix = ""): string {
  return prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
}
