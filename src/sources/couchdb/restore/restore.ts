/**
 * Puts the versions of a timeline back into a database, in one of three modes: `replica` brings exact trees into a new
 * place, `content` makes forward edits in place, `exact` purges and rewrites. Whatever the mode: documents in the order
 * given, several batches at once, then what must come later, then what is newer.
 *
 * Repeating a restore is safe at any time and writes only what is missing. Every revision that was written is read
 * back before its outcome is told. A preview takes the same way and leaves the writing out.
 */
import { HoldfastError } from "../../../model/errors.ts";
import type { ItemKey } from "../../../model/key.ts";
import type { Version } from "../../../model/version.ts";
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import { COUCHDB_ABILITIES, type CouchAbilities } from "../abilities.ts";
import type { CouchClient } from "../client.ts";
import { batched } from "./batches.ts";
import { edit } from "./edit.ts";
import { inParallel } from "./in-parallel.ts";
import { itemKind } from "./item-kind.ts";
import { restoreLater } from "./later.ts";
import { restoreNewer } from "./newer.ts";
import { closeReplicaTarget, openReplicaTarget } from "./replica-target.ts";
import { replicate } from "./replicate.ts";
import { rewind } from "./rewind.ts";
import { PARALLEL_BATCHES, type RestoreRun } from "./run.ts";
import { refuseValidators } from "./validators.ts";

export interface CouchRestoreOptions {
  /** What the target's server can do; CouchDB's by default. */
  readonly abilities?: CouchAbilities;
}

type Step = (versions: readonly Version[]) => Promise<RestoreOutcome[]>;

/**
 * Throws `target-not-empty`, `restore-unsafe`, `target-refused` before anything is written, and what the service or the
 * timeline throws at any time; what one item does wrong is its outcome.
 */
export async function* restoreCouch(
  client: CouchClient,
  options: CouchRestoreOptions,
  request: RestoreRequest,
  context: SourceContext,
): AsyncGenerator<RestoreOutcome> {
  const run: RestoreRun = {
    database: client.database(request.target),
    abilities: options.abilities ?? COUCHDB_ABILITIES,
    request,
    context,
  };
  if (request.mode === "replica") {
    yield* restoreReplica(run);
    return;
  }
  if (request.mode === "exact" && request.apply && !request.replicationStopped) throw unsafe(run);
  await run.database.info(context.signal);
  let checked: Promise<void> | undefined;
  const documentStep: Step = async (versions) =>
    request.mode === "content"
      ? await edit(run, versions)
      : await rewind(run, versions, async () => await (checked ??= refuseValidators(run)));
  // Design documents are not validated themselves.
  const laterStep: Step = async (versions) =>
    request.mode === "content"
      ? await edit(run, versions)
      : await rewind(run, versions, () => Promise.resolve());
  const later: ItemKey[] = [];
  yield* restoreDocuments(run, later, documentStep);
  yield* restoreLater(run, later, true, laterStep);
  if (request.whole) {
    const designs = later.some((key) => itemKind(key) === "design");
    yield* restoreNewer(run, designs);
  }
}

async function* restoreReplica(run: RestoreRun): AsyncGenerator<RestoreOutcome> {
  const { exists, look } = await openReplicaTarget(run);
  const step: Step = async (versions) => await replicate(run, versions, look);
  const later: ItemKey[] = [];
  let complete = true;
  for await (const outcome of restoreDocuments(run, later, step)) {
    complete &&= outcome.action !== "failed";
    yield outcome;
  }
  for await (const outcome of restoreLater(run, later, exists, step)) {
    complete &&= outcome.action !== "failed";
    yield outcome;
  }
  await closeReplicaTarget(run, complete);
}

async function* restoreDocuments(
  run: RestoreRun,
  later: ItemKey[],
  step: Step,
): AsyncGenerator<RestoreOutcome> {
  const { request, context } = run;
  let done = 0;
  let bytes = 0;
  // Only their keys are held: what must come later may be many megabytes, and is found again then.
  const batches = batched(request.reader.versions(), ({ key }) => {
    const isLater = itemKind(key) !== "document";
    if (isLater) later.push(key);
    return isLater;
  });
  const results = inParallel(batches, PARALLEL_BATCHES, async (versions) => {
    context.signal.throwIfAborted();
    return { versions, outcomes: await step(versions) };
  });
  for await (const { versions, outcomes } of results) {
    done += versions.length;
    for (const { parts } of versions) for (const part of parts) bytes += part.length;
    context.progress?.({ phase: request.apply ? "restore" : "preview", done, bytes });
    yield* outcomes;
  }
}

function unsafe(run: RestoreRun): HoldfastError {
  return new HoldfastError(
    "restore-unsafe",
    `an exact restore purges revisions of database "${run.database.name}"; every replica and client that still holds them ` +
      "will bring them back, so replication must be stopped first and that be confirmed (--replication-stopped)",
  );
}
