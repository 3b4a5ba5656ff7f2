/**
 * `import`: makes a task's first baseline from a file: of couchbackup, or of `holdfast export`.
 */
import { HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import type { TaskName } from "../model/task.ts";
import type { ExchangeFormat } from "../exchange/detect.ts";
import { ImportNotes } from "../exchange/imported.ts";
import { newTimedId } from "../repository/ids.ts";
import { readNewestManifest } from "../repository/task-store.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { commitImport } from "./import/commit-import.ts";
import { chooseInstant, type ChosenInstant } from "./import/instant.ts";
import { openImport, type ImportFile } from "./import/open-file.ts";
import { ImportTally, readLeaves, type LeafRules } from "./import/read-leaves.ts";
import { ImportWriter } from "./import/import-writer.ts";
import type { ImportReport } from "./reports.ts";
import type { Workspace } from "./workspace.ts";

export interface ImportRequest extends LeafRules {
  /** A path, or a stream. */
  readonly input: string | AsyncIterable<Buffer>;
  /** The task that is made: a source, configured or not, and its collection. */
  readonly source: string;
  readonly collection: string;
  /** When the data was like this; default: what the file says, else the file's own time. */
  readonly at?: string;
  /** Default: found out. */
  readonly format?: ExchangeFormat;
  /** False: a preview; the file is read to its end and nothing is written. */
  readonly apply: boolean;
  /** Default: what a run holds. */
  readonly memtableBytes?: number;
}

/** The only kind of source whose items these formats hold. */
const KIND = "couchdb";

/**
 * Errors: `target-not-empty` when the task has a timeline, `no-read-right`, `import-unusable`, `import-unsafe`, `file-failed`,
 * `usage` for an instant that cannot be, `storage-*`. Nothing is committed after any of them.
 */
export async function importFile(
  workspace: Workspace,
  request: ImportRequest,
  hooks: Hooks = {},
): Promise<ImportReport> {
  const { repository, clock } = workspace;
  const { source, collection } = request;
  const startedAt = clock.now();
  const task = repository.keyring.taskName(source, KIND, collection);
  await refuseTimeline(workspace, request, task, hooks);
  const file = await openImport(request.input, request.format, signalOf(hooks));
  const notes = new ImportNotes();
  const tally = new ImportTally();
  const run = newTimedId(startedAt);
  const place = { repository, task, run, clock, signal: signalOf(hooks) };
  const memtable = request.memtableBytes === undefined ? {} : { memtableBytes: request.memtableBytes };
  await using writer = request.apply ? new ImportWriter({ ...place, ...memtable }) : undefined;
  const reading = { file, notes, tally, name: `${source}/${collection}`, request, hooks };
  const choose = (): ChosenInstant => chooseInstant(request.at, file, notes, startedAt);
  // Other formats say it in their first lines: those are read when the first revision comes.
  let chosen = file.format === "couchbackup" ? choose() : undefined;
  for await (const leaf of readLeaves(reading, writer?.store)) {
    chosen ??= choose();
    await writer?.add(leaf, chosen.instant);
  }
  chosen ??= choose();
  const frame = { workspace, request, task, run, startedAt, file, notes, tally, chosen };
  if (writer === undefined) return report(frame, undefined, clock.now());
  const warnings = warningsOf(frame);
  const target = { source: { name: source, kind: KIND, collection }, task, run, startedAt };
  const committed = await commitImport(
    workspace,
    { ...target, writer, chosen, warnings, tally, file },
    hooks,
  );
  return report(frame, committed, clock.now());
}

interface Frame {
  readonly request: ImportRequest;
  readonly workspace: Workspace;
  readonly task: TaskName;
  readonly run: string;
  readonly startedAt: number;
  readonly file: ImportFile;
  readonly notes: ImportNotes;
  readonly tally: ImportTally;
  readonly chosen: ChosenInstant;
}

async function refuseTimeline(
  { repository }: Workspace,
  { source, collection, apply }: ImportRequest,
  task: TaskName,
  hooks: Hooks,
): Promise<void> {
  const name = `${source}/${collection}`;
  const stored = await readNewestManifest(repository, task, signalOf(hooks));
  if (stored !== undefined) {
    throw new HoldfastError(
      "target-not-empty",
      `${name} already has a timeline (its newest instant is ${formatInstant(stored.manifest.entries.at(-1)?.to ?? 0)}), and an import makes the first baseline of a new one: choose another name for --as.`,
      { task },
    );
  }
  if (apply && repository.keyring.right !== "read") {
    throw new HoldfastError(
      "no-read-right",
      `An import into ${name} reads back what it sorts: it needs a key with the read right.`,
      { task },
    );
  }
}

function warningsOf({ request, workspace, notes, tally, chosen }: Frame): string[] {
  const warnings: string[] = [];
  if (chosen.from === "the file's own time") {
    warnings.push(
      `When the data was like this is unknown: the file's own time, ${formatInstant(chosen.instant)}, was taken.`,
    );
  }
  if (notes.withoutRevision > 0) {
    warnings.push(
      `${notes.withoutRevision} documents had no _rev: their content was taken under made-up revisions, which no database knows.`,
    );
  }
  if (tally.contentMissing > 0) {
    warnings.push(
      `${tally.contentMissing} documents have attachments whose content is not in the file (it was written without attachments): only their names were imported.`,
    );
  }
  if (notes.tornLines > 0) {
    warnings.push(
      `${notes.tornLines} lines were left unfinished by a backup that was interrupted and resumed; what they held stands in the file once more.`,
    );
  }
  if (notes.truncated) warnings.push("The file is cut off: documents that stood behind its end are missing.");
  if (!notes.frame.whole) warnings.push("The file holds a part of its instant only, not all items.");
  if (!workspace.sources.some(({ name }) => name === request.source)) {
    warnings.push(
      `No source is called "${request.source}": the timeline can be read and exported, and a source of that name continues it.`,
    );
  }
  return warnings;
}

function report(
  frame: Frame,
  committed: { readonly writer: ImportWriter; readonly storedBytes: number } | undefined,
  now: number,
): ImportReport {
  const { request, task, run, startedAt, file, notes, tally, chosen } = frame;
  const writer = committed?.writer;
  return {
    task,
    source: request.source,
    collection: request.collection,
    file: file.name,
    format: file.format,
    origin: notes.frame.origin,
    instant: formatInstant(chosen.instant),
    instantFrom: chosen.from,
    applied: committed !== undefined,
    run: committed === undefined ? null : run,
    documents: writer?.documents ?? null,
    deleted: writer?.deleted ?? null,
    revisions: tally.revisions,
    repeated: writer === undefined ? null : tally.revisions - writer.leaves,
    otherItems: tally.otherItems,
    blobs: tally.blobs,
    madeUpRevisions: notes.withoutRevision,
    contentMissing: { documents: tally.contentMissing, examples: tally.missing },
    tornLines: notes.tornLines,
    truncated: notes.truncated,
    bytes: tally.bytes,
    storedBytes: committed?.storedBytes ?? 0,
    warnings: warningsOf(frame),
    durationMs: now - startedAt,
  };
}
