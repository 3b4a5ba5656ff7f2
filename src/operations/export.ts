/**
 * `export`: one instant, or part of it, as a stream in a format that others read. Needs the repository and no server.
 */
import { createHash } from "node:crypto";
import { HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import { LINE_DOCUMENTS, writeCouchbackup } from "../exchange/couchbackup/write.ts";
import type { ExchangeFormat } from "../exchange/detect.ts";
import { ExportTally, type ExportInput } from "../exchange/exported.ts";
import { writeNdjson } from "../exchange/ndjson/write.ts";
import { joined } from "../exchange/pieces.ts";
import { writeTar } from "../exchange/tar/write.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { View } from "../timeline/view.ts";
import { FileTarget } from "./export/file-target.ts";
import { resolveAsOf, type AsOf } from "./as-of.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { openLeasedTimeline } from "./leased.ts";
import type { ExportReport } from "./reports.ts";
import { isWhole, scopeReader, type Scope } from "./restore/scope.ts";
import type { Workspace } from "./workspace.ts";

export interface ExportRequest {
  readonly task: string;
  /** Default `latest`. */
  readonly at?: string;
  readonly format: ExchangeFormat;
  readonly scope: Scope;
  /** With the contents of attachments. */
  readonly attachments: boolean;
  /** A file, which appears under its name when it is whole; or whoever takes the bytes, each call awaited. */
  readonly output: string | ((piece: Buffer) => Promise<void>);
  /** couchbackup: most revisions on one line. */
  readonly lineDocuments?: number;
}

/**
 * Errors: `source-unknown`, `instant-unknown`, `item-not-kept` when none of the chosen items was there, `no-read-right`,
 * `object-*`, `file-failed`; whatever `output` throws. No file is left by an export that fails.
 */
export async function exportInstant(
  workspace: Workspace,
  request: ExportRequest,
  hooks: Hooks = {},
): Promise<ExportReport> {
  const startedAt = workspace.clock.now();
  await using opened = await openLeasedTimeline(workspace, request.task, hooks);
  const { timeline } = opened;
  let lost = 0;
  const warnOfLost = timeline.onLost;
  timeline.onLost = (item) => {
    lost += 1;
    warnOfLost(item);
  };
  const asOf = await resolveAsOf(timeline, request.at ?? "latest", startedAt, hooks, request.scope);
  const tally = new ExportTally();
  const input = inputOf(timeline, asOf, request, hooks);
  const written = await write(formatted(input, tally, request), request, timeline, tally, hooks);
  return {
    task: timeline.task,
    source: input.frame.source.name,
    collection: input.frame.source.collection,
    instant: input.frame.instant,
    exactness: asOf.exactness,
    completeAsOf: input.frame.exactness.completeAsOf,
    format: request.format,
    output: typeof request.output === "string" ? request.output : null,
    attachments: request.attachments,
    items: tally.items,
    documents: tally.documents,
    revisions: tally.revisions,
    deleted: tally.deleted,
    blobs: tally.blobs,
    contentMissing: tally.contentMissing,
    lost,
    leftOut: tally.leftOut,
    validators: tally.validators,
    ...written,
    durationMs: workspace.clock.now() - startedAt,
  };
}

function inputOf(
  timeline: Timeline,
  { instant, exactness }: AsOf,
  request: ExportRequest,
  hooks: Hooks,
): ExportInput {
  const signal = signalOf(hooks);
  const { source } = timeline.manifest;
  if (source.kind !== "couchdb") {
    throw new HoldfastError("usage", `Items of the kind ${source.kind} cannot be exported.`);
  }
  const view = timeline.at(instant);
  const entry = timeline.entryAt(instant);
  return {
    frame: {
      task: timeline.task,
      source,
      instant: formatInstant(instant),
      exactness: {
        precision: exactness.precision,
        next: exactness.next,
        // Of an instant at which only single items are held, no more is known than that they were so.
        completeAsOf: entry === undefined ? null : new Date(entry.completeAsOf).toISOString(),
      },
      whole: isWhole(request.scope),
      attachments: request.attachments && (request.format !== "couchbackup" || holdsBlobs(timeline, view)),
    },
    reader: scopeReader(timeline, view, request.scope, signal),
    decoded: (ref) => timeline.blobs.streamDecoded(ref, signal),
  };
}

/** couchrestore wants to be told of attachments by an option, so a file without any must not announce them. */
function holdsBlobs(timeline: Timeline, { epoch, instant }: View): boolean {
  return timeline.points
    .filter(({ entry, to }) => entry.epoch === epoch && to <= instant)
    .flatMap(({ entry, held }) => held?.segments ?? entry.groups.flat())
    .some(({ counts }) => counts.blobRefs > 0);
}

function formatted(input: ExportInput, tally: ExportTally, request: ExportRequest): AsyncGenerator<Buffer> {
  switch (request.format) {
    case "couchbackup":
      return writeCouchbackup(input, tally, request.lineDocuments ?? LINE_DOCUMENTS);
    case "ndjson":
      return writeNdjson(input, tally);
    case "tar":
      return writeTar(input, tally);
  }
}

async function write(
  pieces: AsyncIterable<Buffer>,
  { output, scope }: ExportRequest,
  { task, manifest }: Timeline,
  tally: ExportTally,
  hooks: Hooks,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const name = `${manifest.source.name}/${manifest.source.collection}`;
  await using file = typeof output === "string" ? await FileTarget.create(output) : undefined;
  const digest = createHash("sha256");
  let bytes = 0;
  for await (const piece of joined(pieces)) {
    signalOf(hooks).throwIfAborted();
    digest.update(piece);
    bytes += piece.length;
    if (typeof output === "string") await file?.write(piece);
    else await output(piece);
    hooks.progress?.({ operation: "export", task: name, phase: "items", done: tally.items, bytes });
  }
  if (scope.items !== undefined && tally.items === 0) {
    throw new HoldfastError("item-not-kept", "None of the chosen items was there at this instant.", { task });
  }
  await file?.finish();
  return { bytes, sha256: digest.digest("hex") };
}
