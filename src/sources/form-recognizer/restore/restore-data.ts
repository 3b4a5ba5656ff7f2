/**
 * Putting the files of data sets back into their containers. What is there is compared first; what is equal is not written again.
 */
import type { ItemKey } from "../../../model/key.ts";
import type { Version } from "../../../model/version.ts";
import { inParallel } from "../../parallel.ts";
import type { RestoreOutcome } from "../../source.ts";
import { stateOf } from "../data/blob-version.ts";
import type { BlobEntry, BlobProperties, Container } from "../data/face.ts";
import { dataKey, parseKey } from "../keys.ts";
import { isKeptContent, writeKeptContent } from "./kept-content.ts";
import { merged, type Pair } from "./merged.ts";
import { failed, refusedBecause, same, unstable, type FormRestore } from "./run.ts";

/** So few chosen files are asked for one by one; for more, the container is listed. */
const FEW = 200;

/** Files compared or written at once: one waits while another is on the wire. */
const FILES_AT_ONCE = 4;

/** A chosen file of a data set, there or gone at the instant. */
interface ChosenFile {
  readonly key: ItemKey;
  readonly set: string;
  readonly name: string;
  readonly version: Version;
}

/** Where the files of one set go. */
interface Place {
  readonly set: string;
  readonly container: Container;
}

export async function* restoreData(run: FormRestore): AsyncGenerator<RestoreOutcome> {
  for await (const { set, files } of bySet(chosenFiles(run))) {
    const config = run.resource.config.dataSets?.find(({ name }) => name === set);
    if (config === undefined) {
      for await (const { key } of files) yield failed(key, noContainer(set));
      continue;
    }
    await using container = run.open(config, run.resource.clock);
    yield* restoreSet(run, { set, container }, config.prefix ?? "", files);
  }
}

function noContainer(set: string): string {
  return `there is no container to put it into: the source that is restored into has no data set ${set}`;
}

async function* restoreSet(
  run: FormRestore,
  place: Place,
  prefix: string,
  files: AsyncIterator<ChosenFile> & AsyncIterable<ChosenFile>,
): AsyncGenerator<RestoreOutcome> {
  const { request, context } = run;
  const few = request.whole ? [] : await taken(files, FEW);
  const isFew = !request.whole && few.length < FEW;
  let done = 0;
  yield* inParallel({
    elements: isFew
      ? unlisted(few)
      : merged(chain(few, files), entriesOf(place.container, prefix, context.signal)),
    atOnce: FILES_AT_ONCE,
    stop: run.stop,
    work: async function* (pair) {
      if (pair.kept === undefined) {
        if (request.whole && request.mode === "content") yield* settleUnknown(run, place, pair.present);
        return;
      }
      const isAbsent = pair.present === undefined && pair.sure;
      yield await restoreFile(run, place, pair.kept, isAbsent ? undefined : (pair.present ?? "unknown"));
      context.progress?.({ phase: "data", done: ++done, bytes: 0 });
    },
  });
}

/** The first ones, `most` at most. */
async function taken<T>(all: AsyncIterator<T>, most: number): Promise<T[]> {
  const first: T[] = [];
  while (first.length < most) {
    const next = await all.next();
    if (next.done === true) break;
    first.push(next.value);
  }
  return first;
}

/** To be asked for one by one. */
async function* unlisted(files: readonly ChosenFile[]): AsyncGenerator<Pair<ChosenFile, BlobEntry>> {
  for (const kept of files) yield { kept, present: undefined, sure: false };
}

/** `listed`: what the container has under its name; `unknown`: it has to be asked. */
async function restoreFile(
  run: FormRestore,
  place: Place,
  file: ChosenFile,
  listed: BlobEntry | "unknown" | undefined,
): Promise<RestoreOutcome> {
  const { container } = place;
  const { signal } = run.context;
  const { key, name, version } = file;
  try {
    const present = listed === "unknown" ? await container.find(name, signal) : listed;
    const part = version.kind === "live" ? version.parts[0] : undefined;
    if (part === undefined) {
      // Chosen as a file that was not there.
      const deletes = !run.request.whole;
      return present === undefined ? same(key) : await settleNewer(run, place, present, deletes);
    }
    const [content] = version.blobs;
    if (content === undefined) return failed(key, "its content was never kept");
    const kept = { properties: JSON.parse(part.toString("utf8")) as BlobProperties, content };
    if (present !== undefined) {
      if (await isKeptContent(container, present, kept, signal)) return same(key);
      if (!(await mayOverwrite(run, place, present))) return unstable(key);
    }
    if (run.request.apply) await writeKeptContent(run, container, name, kept);
    return { key, action: present === undefined ? "create" : "change" };
  } catch (error) {
    const reason = refusedBecause(error);
    if (reason === undefined) throw error;
    return failed(key, reason);
  }
}

/** A file that the list shows and the chosen ones do not: unless the instant has it all the same, it is newer. */
async function* settleUnknown(
  run: FormRestore,
  place: Place,
  present: BlobEntry,
): AsyncGenerator<RestoreOutcome> {
  const [version] = await run.request.reader.find([dataKey(place.set, present.name)]);
  if (version === undefined) yield await settleNewer(run, place, present);
}

async function settleNewer(
  run: FormRestore,
  place: Place,
  present: BlobEntry,
  deletes = false,
): Promise<RestoreOutcome> {
  const { request, context } = run;
  const key = dataKey(place.set, present.name);
  if (request.newerItems === "keep" && !deletes) return { key, action: "newer" };
  if (!(await mayOverwrite(run, place, present))) return unstable(key);
  if (request.apply) await place.container.remove(present.name, context.signal);
  return { key, action: "delete" };
}

async function mayOverwrite({ request }: FormRestore, { set }: Place, present: BlobEntry): Promise<boolean> {
  const state = { key: dataKey(set, present.name), state: stateOf(set, present) };
  return (await request.kept?.([state]))?.[0] ?? true;
}

async function* chosenFiles({ request }: FormRestore): AsyncGenerator<ChosenFile> {
  for await (const versions of request.reader.versions()) {
    for (const version of versions) {
      const parsed = parseKey(version.key);
      if (parsed?.what === "data") yield { key: version.key, set: parsed.set, name: parsed.blob, version };
    }
  }
}

/** Files come in byte order of key, so those of one set are together. Each group must be read to its end before the next. */
async function* bySet(
  files: AsyncGenerator<ChosenFile>,
): AsyncGenerator<{ readonly set: string; readonly files: AsyncGenerator<ChosenFile> }> {
  let next = await files.next();
  async function* ofSet(set: string): AsyncGenerator<ChosenFile> {
    while (next.done !== true && next.value.set === set) {
      const file = next.value;
      next = await files.next();
      yield file;
    }
  }
  try {
    while (next.done !== true) {
      const { set } = next.value;
      yield { set, files: ofSet(set) };
    }
  } finally {
    await files.return(undefined);
  }
}

async function* chain<T>(first: readonly T[], rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield* first;
  yield* rest;
}

async function* entriesOf(
  container: Container,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<BlobEntry> {
  for await (const entries of container.list(prefix, signal)) yield* entries;
}
