/**
 * One capture of a resource: the models and classifiers, then the data sets, then, of each model that was met in this state for the first time,
 * what it was trained from. In this order, because a file that is newer than a model then shows as newer. It hands over every model it finds or
 * throws; a data set that cannot be read stays as it was kept, and the operator is warned.
 */
import type { Clock } from "../../../model/clock.ts";
import { HoldfastError } from "../../../model/errors.ts";
import { newsOf } from "../../news.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { CaptureEvent, CaptureRequest, SourceContext } from "../../source.ts";
import type { ContainerConfig } from "../config.ts";
import { captureDataSet } from "../data/capture-data.ts";
import { openContainer } from "../data/container.ts";
import type { Container, DataSetMemory, OpenDataSet } from "../data/face.ts";
import { COLLECTION } from "../keys.ts";
import type { FormResource } from "../resource.ts";
import { versionKeyOf } from "../version-key.ts";
import { deletionsOf, goneModels } from "./gone.ts";
import { Memory } from "./memory.ts";
import { readModels } from "./models.ts";
import { Ties } from "./ties.ts";

/** Models read, or tied, between two checkpoints: little is done again after a cut, and a checkpoint holds a line for each model. */
const MODELS_PER_CHECKPOINT = 500;

export function requireCollection(collection: string): void {
  if (collection === COLLECTION) return;
  throw new HoldfastError(
    "source-not-found",
    `Form Recognizer has no collection "${collection}": its only one is ${COLLECTION}.`,
  );
}

/** How a data set's container is reached. */
export type OpenContainer = (config: ContainerConfig, clock: Clock) => Container;

export async function* captureResource(
  resource: FormResource,
  request: CaptureRequest,
  context: SourceContext,
  open: OpenContainer = openContainer,
): AsyncGenerator<CaptureEvent> {
  requireCollection(request.collection);
  const configured = resource.config.dataSets ?? [];
  const memory = Memory.recall(request, configured);
  yield { kind: "start", run: request.cursor === undefined ? "baseline" : "delta", identity: "" };

  const completeAsOf = context.clock.now();
  yield* captureModels(resource, request, context, memory);
  await using opened = new AsyncDisposableStack();
  const sets: OpenDataSet[] = [];
  for (const set of configured) {
    const container = opened.use(open(set, resource.clock));
    const before = memory.data.get(set.name);
    const now = yield* captureData(captureDataSet(set, container, request.engine, context, before), context);
    if (now !== undefined) memory.data.set(set.name, now);
    sets.push({ set, container, ...(now === undefined ? {} : { memory: now }) });
    yield { kind: "checkpoint", cursor: memory.cursor() };
  }
  if (sets.length > 0) yield* captureTies(new Ties(resource.service, memory, sets), memory, request, context);
  const through = Math.max(completeAsOf, context.clock.now());
  yield { kind: "end", cursor: memory.cursor(), completeAsOf, through };
}

async function* captureModels(
  { service, config }: FormResource,
  { engine, reconcile }: CaptureRequest,
  context: SourceContext,
  memory: Memory,
): AsyncGenerator<CaptureEvent> {
  const present = { names: new Set<string>() };
  let read = 0;
  for await (const found of readModels(service, memory, reconcile, context, present)) {
    yield* handOverNews(engine, found.versions, context);
    for (const { listed, details } of found.read) memory.remember(listed, versionKeyOf(details));
    read += found.read.length;
    if (read >= MODELS_PER_CHECKPOINT) {
      read = 0;
      yield { kind: "checkpoint", cursor: memory.cursor() };
    }
  }
  let gone = 0;
  const unlisted = {
    engine,
    memory,
    everything: reconcile,
    present: present.names,
    called: service.apiVersion,
  };
  for await (const ref of goneModels(unlisted, context)) {
    yield* handOverNews(engine, deletionsOf(engine, ref), context);
    memory.forget(ref);
    gone++;
  }
  if (gone > 0 && config.dataSets !== undefined && engine.keptKeys() === undefined) {
    context.warn?.(
      "This key may not read what is kept, so the training data of models that are gone is not marked as gone; the models are.",
    );
  }
  yield { kind: "checkpoint", cursor: memory.cursor() };
}

async function* captureData(
  captured: ReturnType<typeof captureDataSet>,
  context: SourceContext,
): AsyncGenerator<CaptureEvent, DataSetMemory | undefined> {
  for (;;) {
    const next = await captured.next();
    if (next.done === true) return next.value;
    yield* handOver(next.value, context);
  }
}

async function* captureTies(
  ties: Ties,
  memory: Memory,
  { engine }: CaptureRequest,
  context: SourceContext,
): AsyncGenerator<CaptureEvent> {
  let done = 0;
  for await (const versions of ties.versions(engine, context)) {
    yield* handOver(versions, context);
    if (ties.done - done < MODELS_PER_CHECKPOINT) continue;
    done = ties.done;
    yield { kind: "checkpoint", cursor: memory.cursor() };
  }
}

async function* handOverNews(
  engine: CaptureRequest["engine"],
  versions: Iterable<CapturedVersion> | AsyncIterable<CapturedVersion>,
  context: SourceContext,
): AsyncGenerator<CaptureEvent> {
  for await (const news of newsOf(engine, versions)) yield* handOver(news, context);
}

function* handOver(versions: readonly CapturedVersion[], { signal }: SourceContext): Generator<CaptureEvent> {
  signal.throwIfAborted();
  if (versions.length > 0) yield { kind: "versions", versions, sequence: "" };
}
