/**
 * Brings versions back as exact trees (`new_edits=false`): the step that the modes `replica` and `exact` share.
 */
import type { Version } from "../../../model/version.ts";
import type { RestoreOutcome } from "../../source.ts";
import { knownRevisions, type KnownRevisions } from "../leaves.ts";
import { failureText } from "./bulk-write.ts";
import { replicaText, storedLeaves, type StoredLeaf } from "./leaf-document.ts";
import type { RestoreRun } from "./run.ts";
import { NOT_THERE, notThere, revisionName, writeLeaves } from "./write-leaves.ts";

interface Item {
  readonly version: Version;
  readonly leaves: readonly StoredLeaf[];
  readonly known: KnownRevisions | undefined;
  readonly todo: readonly StoredLeaf[];
}

/** Writes what is missing of one batch and reads it back. With `look` false the target is known to hold none of it. */
export async function replicate(
  run: RestoreRun,
  versions: readonly Version[],
  look: boolean,
): Promise<RestoreOutcome[]> {
  const items = await examine(run, versions, look);
  const failures = run.request.apply ? await write(run, items) : new Map<string, string>();
  return items.map((item) => outcome(item, failures));
}

async function examine(run: RestoreRun, versions: readonly Version[], look: boolean): Promise<Item[]> {
  const leaves = new Map(versions.map((version) => [version, storedLeaves(version)]));
  const known = look
    ? await knownRevisions(
        run.database,
        new Map(
          [...leaves.values()].flatMap((some) => (some[0] ? [[some[0].id, some.map(({ rev }) => rev)]] : [])),
        ),
        run.abilities,
        run.context.signal,
      )
    : undefined;
  return [...leaves].map(([version, some]) => {
    const here = known?.get(some[0]?.id ?? "");
    return {
      version,
      leaves: some,
      known: here,
      todo: here === undefined ? some : some.filter(({ rev }) => here.missing.has(rev)),
    };
  });
}

/** Failures by `id rev`. */
async function write(run: RestoreRun, items: readonly Item[]): Promise<Map<string, string>> {
  const failures = new Map<string, string>();
  const todo = items.flatMap((item) => item.todo);
  const results = await writeLeaves(
    run,
    todo.map((leaf) => ({ leaf, text: replicaText(leaf) })),
    false,
  );
  const written: StoredLeaf[] = [];
  results.forEach((result, index) => {
    const leaf = todo[index] as StoredLeaf;
    if (result.ok) written.push(leaf);
    else failures.set(revisionName(leaf.id, leaf.rev), failureText(result));
  });
  for (const name of await notThere(run, written)) failures.set(name, NOT_THERE);
  return failures;
}

function outcome(
  { version, leaves, known, todo }: Item,
  failures: ReadonlyMap<string, string>,
): RestoreOutcome {
  const { key, revision } = version;
  if (leaves.length === 0) return { key, action: "failed", reason: "no revision of it was kept" };
  for (const { id, rev } of todo) {
    const reason = failures.get(revisionName(id, rev));
    if (reason !== undefined) return { key, action: "failed", revision, reason };
  }
  const present = new Set(known?.leaves);
  if (todo.length > 0) return { key, action: present.size === 0 ? "create" : "change", revision };
  // All of it is in the target's tree. Where a kept leaf is no leaf any more, the document has gone on since.
  if (leaves.every(({ rev }) => present.has(rev))) return { key, action: "same", revision };
  return {
    key,
    action: "newer",
    revision,
    reason: "the target holds later revisions of it, which a replica cannot undo",
  };
}
