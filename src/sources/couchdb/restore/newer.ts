/**
 * Documents that exist now and did not at the instant: reported and left alone, or removed.
 */
import { keyOf, keyText, type ItemKey } from "../../../model/key.ts";
import type { RestoreOutcome } from "../../source.ts";
import { readLeaves } from "../leaves.ts";
import { failureText, writeInBulk, type WriteResult } from "./bulk-write.ts";
import { NOT_KEPT, unkeptDocuments } from "./edit.ts";
import { tombstoneText } from "./leaf-document.ts";
import { purgeDocuments } from "./rewind.ts";
import type { RestoreRun } from "./run.ts";
import { NOT_THERE, notThere, revisionName } from "./write-leaves.ts";

/** Rows in a page of the target's documents: about 100 kB. */
const PAGE_ROWS = 1000;

/**
 * `designs`: whether the instant holds design documents. When it holds none they may have been left out of the backup, so
 * present ones are never removed.
 */
export async function* restoreNewer(run: RestoreRun, designs: boolean): AsyncGenerator<RestoreOutcome> {
  for await (const keys of newerKeys(run)) {
    const removable = (key: ItemKey): boolean =>
      run.request.newerItems === "delete" && (designs || !keyText(key).startsWith("_design/"));
    for (const key of keys) if (!removable(key)) yield { key, action: "newer" };
    const doomed = keys.filter(removable);
    if (doomed.length === 0) continue;
    if (!run.request.apply) yield* doomed.map((key) => ({ key, action: "delete" as const }));
    else if (run.request.mode === "exact") yield* await purgeDocuments(run, doomed);
    else yield* await remove(run, doomed);
  }
}

async function* newerKeys(run: RestoreRun): AsyncGenerator<ItemKey[]> {
  let after: string | undefined;
  for (;;) {
    const { rows } = await run.database.allDocs(
      after === undefined ? { limit: PAGE_ROWS } : { startKey: after, limit: PAGE_ROWS + 1 },
      run.context.signal,
    );
    // The page begins with the last one's end, unless that has been removed since.
    const fresh = rows.filter((row) => row.id !== after).map((row) => row.id);
    const keys = fresh.map(keyOf);
    const kept = await run.request.reader.contains(keys);
    const newer = keys.filter((_, index) => kept[index] !== true);
    if (newer.length > 0) yield newer;
    if (fresh.length < PAGE_ROWS) return;
    after = fresh.at(-1);
  }
}

/** Deletes every live leaf, so that no conflict takes the winner's place. */
async function remove(run: RestoreRun, keys: readonly ItemKey[]): Promise<RestoreOutcome[]> {
  const { database, abilities, context } = run;
  const leaves = await readLeaves(database, keys.map(keyText), abilities, context.signal);
  const documents = keys.map((key) => ({ item: key, key, present: leaves.get(keyText(key)) ?? [] }));
  const unkept = new Set(await unkeptDocuments(run, documents));
  const live = documents
    .filter(({ key }) => !unkept.has(key))
    .flatMap(({ key, present }) => present.filter((leaf) => !leaf.deleted).map((leaf) => ({ key, leaf })));
  const results = await writeInBulk(
    database,
    live.map(({ leaf }) => ({ id: leaf.id, rev: leaf.rev, text: tombstoneText(leaf.id, leaf.rev) })),
    true,
    context.signal,
  );
  const written = live.flatMap(({ key, leaf }, index) => {
    const result = results[index] as WriteResult;
    return result.ok ? [{ key, id: leaf.id, rev: result.rev }] : [];
  });
  const missing = await notThere(run, written);
  return documents.map(({ key, present }): RestoreOutcome => {
    if (unkept.has(key)) return { key, action: "unstable", reason: NOT_KEPT };
    for (const [index, write] of live.entries()) {
      const result = results[index] as WriteResult;
      if (write.key !== key || result.ok) continue;
      if (result.error === "conflict") {
        return { key, action: "unstable", reason: "it changed while it was being removed" };
      }
      return { key, action: "failed", reason: failureText(result) };
    }
    if (written.some((write) => write.key === key && missing.has(revisionName(write.id, write.rev)))) {
      return { key, action: "failed", reason: NOT_THERE };
    }
    const previous = present[0]?.rev;
    return { key, action: "delete", ...(previous === undefined ? {} : { previousRevision: previous }) };
  });
}
