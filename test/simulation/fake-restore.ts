/**
 * Putting versions back into the service in memory, and comparing it with them. `replica` writes exactly what was kept,
 * `content` makes new revisions of what differs.
 */
import { HoldfastError } from "../../src/model/errors.ts";
import { keyOf, keyText } from "../../src/model/key.ts";
import type { Version } from "../../src/model/version.ts";
import type {
  CompareEvent,
  CompareRequest,
  Difference,
  RestoreAction,
  RestoreOutcome,
  RestoreRequest,
  SourceContext,
  VersionReader,
} from "../../src/sources/source.ts";
import { FakeCollection, type FakeBlob, type FakeItem, type FakeService } from "./fake-service.ts";

/** Errors: `target-not-empty`, `target-refused` for a mode that this kind does not have, `source-not-found`. */
export async function* restoreFake(
  service: FakeService,
  request: RestoreRequest,
  context: SourceContext,
): AsyncGenerator<RestoreOutcome> {
  const target = openTarget(service, request);
  const seen = new Set<string>();
  for await (const versions of request.reader.versions()) {
    for (const version of versions) {
      context.signal.throwIfAborted();
      seen.add(keyText(version.key));
      const state = { ...version, blobs: await readBlobs(version, request.reader) };
      yield await putBack(target, state, request, context);
    }
  }
  if (!request.whole || request.mode !== "content") return;
  for (const item of target.items.values()) {
    if (seen.has(item.key) || item.kind === "deleted") continue;
    yield await dealWithNewer(target, item, request, context);
  }
}

function openTarget(service: FakeService, { target, mode, apply, merge }: RestoreRequest): FakeCollection {
  if (mode === "exact") throw new HoldfastError("target-refused", "The fake kind has no exact restore.");
  const collection = service.collections.get(target);
  if (mode === "content" && collection === undefined) {
    throw new HoldfastError("source-not-found", `There is no collection "${target}".`);
  }
  if (mode === "replica" && !merge && (collection?.items.size ?? 0) > 0) {
    throw new HoldfastError("target-not-empty", `"${target}" holds items.`);
  }
  // A preview's collection is nobody's.
  return collection ?? (apply ? service.create(target) : new FakeCollection(""));
}

type State = Pick<Version, "key" | "kind" | "revision" | "parts"> & { readonly blobs: readonly FakeBlob[] };

async function putBack(
  target: FakeCollection,
  state: State,
  request: RestoreRequest,
  { clock }: SourceContext,
): Promise<RestoreOutcome> {
  const key = keyText(state.key);
  const present = target.items.get(key);
  const action = actionFor(state, present, request.mode);
  const outcome = { key: state.key, action, revision: present?.revision ?? "" };
  if (action === "same") return outcome;
  if (present !== undefined && (await isUnkept(present, request))) return { ...outcome, action: "unstable" };
  if (!request.apply) return outcome;
  const kind = state.kind === "live" ? "live" : "deleted";
  const body = state.parts[0] ?? Buffer.alloc(0);
  if (request.mode === "replica") {
    target.put({ key, kind, revision: state.revision, body, blobs: state.blobs, at: clock.now() });
  } else {
    target.edit(key, kind, body.toString(), state.blobs, clock.now());
  }
  return { ...outcome, revision: target.items.get(key)?.revision ?? "" };
}

function actionFor(state: State, present: FakeItem | undefined, mode: RestoreRequest["mode"]): RestoreAction {
  if (mode === "replica") {
    if (present === undefined) return "create";
    return present.revision === state.revision ? "same" : "change";
  }
  if (state.kind !== "live") return present?.kind === "live" ? "delete" : "same";
  if (present?.kind !== "live") return "create";
  return sameContent(state, present) ? "same" : "change";
}

async function dealWithNewer(
  target: FakeCollection,
  item: FakeItem,
  request: RestoreRequest,
  { clock }: SourceContext,
): Promise<RestoreOutcome> {
  const outcome = { key: keyOf(item.key), revision: item.revision };
  if (request.newerItems === "keep") return { ...outcome, action: "newer" };
  if (await isUnkept(item, request)) return { ...outcome, action: "unstable" };
  if (!request.apply) return { ...outcome, action: "delete" };
  target.edit(item.key, "deleted", "", [], clock.now());
  return { ...outcome, action: "delete", revision: target.items.get(item.key)?.revision ?? "" };
}

/** Whether an undo was asked for and the present state has not been kept for it. */
async function isUnkept({ key, revision }: FakeItem, { kept }: RestoreRequest): Promise<boolean> {
  if (kept === undefined) return false;
  return (await kept([{ key: keyOf(key), state: Buffer.from(revision) }]))[0] !== true;
}

async function readBlobs({ blobs }: Version, reader: VersionReader): Promise<FakeBlob[]> {
  const read: FakeBlob[] = [];
  for (const blob of blobs) {
    const pieces: Buffer[] = [];
    for await (const piece of reader.blob(blob)) pieces.push(Buffer.from(piece));
    read.push({ name: blob.name, content: Buffer.concat(pieces) });
  }
  return read;
}

function sameContent(state: State, present: FakeItem): boolean {
  return (state.parts[0]?.equals(present.body) ?? false) && sameBlobs(state.blobs, present.blobs);
}

function sameBlobs(blobs: readonly FakeBlob[], others: readonly FakeBlob[]): boolean {
  return (
    blobs.length === others.length &&
    blobs.every(({ name, content }, index) => {
      const other = others[index];
      return name === other?.name && content.equals(other.content);
    })
  );
}

export async function* compareFake(
  target: FakeCollection,
  request: CompareRequest,
  { signal }: SourceContext,
): AsyncGenerator<CompareEvent> {
  const seen = new Set<string>();
  let blobs = 0;
  for await (const versions of request.reader.versions()) {
    for (const version of versions) {
      signal.throwIfAborted();
      seen.add(keyText(version.key));
      blobs += version.blobs.length;
      const state = { ...version, blobs: await readBlobs(version, request.reader) };
      const difference = differenceOf(state, target.items.get(keyText(version.key)));
      if (difference === undefined) continue;
      yield { kind: "difference", difference: { key: version.key, difference, detail: "" } };
    }
  }
  for (const { key } of request.whole ? target.items.values() : []) {
    if (seen.has(key)) continue;
    yield { kind: "difference", difference: { key: keyOf(key), difference: "extra", detail: "" } };
  }
  yield { kind: "end", items: seen.size, parts: seen.size, blobs };
}

function differenceOf(state: State, present: FakeItem | undefined): Difference["difference"] | undefined {
  if (present === undefined) return "missing";
  if (!(state.parts[0]?.equals(present.body) ?? false)) return "body";
  if (!sameBlobs(state.blobs, present.blobs)) return "blob";
  return state.revision === present.revision ? undefined : "state";
}
