/**
 * Mode `content`: forward edits in place. Each document's present winner gets the old content as its next revision, so
 * that replicas and clients follow. A document that changes between reading and writing is looked at anew.
 */
import { isHoldfastError } from "../../../model/errors.ts";
import { keyText } from "../../../model/key.ts";
import type { Version } from "../../../model/version.ts";
import type { RestoreOutcome } from "../../source.ts";
import { leafState } from "../items.ts";
import { readLeaves, type PresentLeaf } from "../leaves.ts";
import { failureText, writeInBulk, type WriteResult } from "./bulk-write.ts";
import { planEdit, type EditPlan } from "./edit-plan.ts";
import { tombstoneText } from "./leaf-document.ts";
import type { RestoreRun } from "./run.ts";
import { NOT_THERE, notThere, revisionName, writeLeaves } from "./write-leaves.ts";

/** Times that a document is read and written anew when it changes in between, before it is called unstable. */
const EDIT_ATTEMPTS = 3;

/** What the target says when a document is no longer what was read: its winner or an attachment has changed. */
const CHANGED_IN_BETWEEN: ReadonlySet<string> = new Set(["conflict", "missing_stub"]);

/** What has been done to a document so far. */
interface Done {
  action: EditPlan["action"];
  previousRevision: string | undefined;
  revision: string | undefined;
}

/** The edits of one batch; a second run over the same batch finds everything equal. */
export async function edit(run: RestoreRun, versions: readonly Version[]): Promise<RestoreOutcome[]> {
  const outcomes = new Map<Version, RestoreOutcome>();
  const done = new Map<Version, Done>();
  let pending: readonly Version[] = versions;
  for (let attempt = 1; pending.length > 0 && attempt <= EDIT_ATTEMPTS; attempt++) {
    const plans = await plan(run, pending);
    const acting: EditPlan[] = [];
    for (const each of plans) {
      if (run.request.apply && each.action !== "same") acting.push(each);
      else outcomes.set(each.version, settled(each, done.get(each.version)));
    }
    const allowed = await onlyKept(run, acting, outcomes);
    pending = await act(run, allowed, done, outcomes, attempt === EDIT_ATTEMPTS);
  }
  for (const version of pending) {
    outcomes.set(version, {
      key: version.key,
      action: "unstable",
      reason: `it changed ${EDIT_ATTEMPTS} times while it was being restored`,
    });
  }
  await readBack(run, done, outcomes);
  return versions.map((version) => outcomes.get(version) as RestoreOutcome);
}

async function plan(run: RestoreRun, versions: readonly Version[]): Promise<EditPlan[]> {
  const ids = versions.map((version) => keyText(version.key));
  const leaves = await readLeaves(run.database, ids, run.abilities, run.context.signal);
  const plans: EditPlan[] = [];
  for (const [index, version] of versions.entries()) {
    plans.push(await planEdit(run, version, leaves.get(ids[index] as string) ?? []));
  }
  return plans;
}

/** Leaves out documents whose present state has not been kept: overwriting them could not be undone. */
async function onlyKept(
  run: RestoreRun,
  plans: readonly EditPlan[],
  outcomes: Map<Version, RestoreOutcome>,
): Promise<readonly EditPlan[]> {
  const unkept = new Set(
    await unkeptDocuments(
      run,
      plans.map(({ version, present }) => ({ item: version, key: version.key, present })),
    ),
  );
  for (const version of unkept) {
    outcomes.set(version, { key: version.key, action: "unstable", reason: NOT_KEPT });
  }
  return plans.filter((each) => !unkept.has(each.version));
}

export const NOT_KEPT = "its present state is not in the timeline, so overwriting it could not be undone";

/** Of documents about to be overwritten, those whose present state the engine has not kept; none when no undo is wanted. */
export async function unkeptDocuments<T>(
  run: RestoreRun,
  documents: readonly { readonly item: T; readonly key: Buffer; readonly present: readonly PresentLeaf[] }[],
): Promise<T[]> {
  const { kept } = run.request;
  const existing = documents.filter(({ present }) => present.length > 0);
  if (kept === undefined || existing.length === 0) return [];
  const known = await kept(
    existing.map(({ key, present }) => ({ key, state: leafState(present.map((leaf) => leaf.rev)) })),
  );
  return existing.filter((_, index) => known[index] !== true).map(({ item }) => item);
}

/** Writes winners, then deletes surplus leaves. Returns what changed in between and must be looked at anew. */
async function act(
  run: RestoreRun,
  plans: readonly EditPlan[],
  done: Map<Version, Done>,
  outcomes: Map<Version, RestoreOutcome>,
  last: boolean,
): Promise<Version[]> {
  const again = new Set<Version>();
  const note = (each: EditPlan, result: WriteResult): boolean => {
    if (result.ok) return true;
    if (CHANGED_IN_BETWEEN.has(result.error)) again.add(each.version);
    else outcomes.set(each.version, failed(each, failureText(result)));
    return false;
  };
  for (const each of plans) remember(done, each);
  try {
    const writing = plans.filter((each) => each.write !== undefined);
    const results = await writeLeaves(
      run,
      writing.flatMap((each) => each.write ?? []),
      true,
    );
    const standing = new Set(plans.filter((each) => each.write === undefined));
    writing.forEach((each, index) => {
      const result = results[index] as WriteResult;
      if (!note(each, result)) return;
      standing.add(each);
      if (result.ok) (done.get(each.version) as Done).revision = result.rev;
    });
    const surplus = [...standing].flatMap((each) => each.surplus.map((leaf) => ({ each, leaf })));
    const deleted = await writeInBulk(
      run.database,
      surplus.map(({ leaf }) => ({ id: leaf.id, rev: leaf.rev, text: tombstoneText(leaf.id, leaf.rev) })),
      true,
      run.context.signal,
    );
    surplus.forEach(({ each }, index) => note(each, deleted[index] as WriteResult));
  } catch (error) {
    // A lost answer leaves open what was written. Reading again settles it: what was is found equal.
    if (last || !isHoldfastError(error, "source-unreachable")) throw error;
    run.context.signal.throwIfAborted();
    return plans.filter((each) => !outcomes.has(each.version)).map((each) => each.version);
  }
  for (const each of plans) {
    if (!again.has(each.version) && !outcomes.has(each.version)) {
      outcomes.set(each.version, settled(each, done.get(each.version)));
    }
  }
  return [...again].filter((version) => !outcomes.has(version));
}

function remember(done: Map<Version, Done>, each: EditPlan): void {
  if (done.has(each.version)) return;
  done.set(each.version, {
    action: each.action,
    previousRevision: each.present[0]?.rev,
    revision: undefined,
  });
}

/** In a preview, and for what is equal, the present revision; after acts, the one they made. */
function settled(each: EditPlan, done: Done | undefined): RestoreOutcome {
  const present = each.present[0]?.rev;
  const revision = done?.revision ?? present;
  return {
    key: each.version.key,
    action: done?.action ?? each.action,
    ...(revision === undefined ? {} : { revision }),
    ...(done?.previousRevision === undefined ? {} : { previousRevision: done.previousRevision }),
  };
}

function failed(each: EditPlan, reason: string): RestoreOutcome {
  return { key: each.version.key, action: "failed", reason };
}

/** The proof after the writing (D6): every revision that was made must be there. */
async function readBack(
  run: RestoreRun,
  done: ReadonlyMap<Version, Done>,
  outcomes: Map<Version, RestoreOutcome>,
): Promise<void> {
  const written = [...done].flatMap(([version, { revision }]) =>
    revision === undefined ? [] : [{ version, id: keyText(version.key), rev: revision }],
  );
  const missing = await notThere(run, written);
  for (const { version, id, rev } of written) {
    if (missing.has(revisionName(id, rev))) {
      outcomes.set(version, { key: version.key, action: "failed", reason: NOT_THERE });
    }
  }
}
