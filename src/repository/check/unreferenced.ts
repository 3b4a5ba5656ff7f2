/**
 * Files in a task's folders that nothing needs: condemned ones that cleanup will delete, and those of runs that were cut
 * off. Harmless; they only take room.
 */
import type { Millis } from "../../model/clock.ts";
import { formatInstant } from "../../model/instant.ts";
import { manifestPaths, type CondemnedObject, type Manifest } from "../manifest.ts";
import { packsOf, segmentsOf } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { blank, type CheckFinding } from "./finding.ts";

const REASONS: Readonly<Record<CondemnedObject["why"], string>> = {
  retired: "a rollup replaced it",
  unreferenced: "nothing names it",
  erased: "an erasure replaced it",
  repaired: "a repair replaced it",
};

export interface UnreferencedOptions {
  /** Paths of segments that others than manifests name: undo records. */
  readonly known: ReadonlySet<string>;
  /** How long condemned files stay; null: for ever; undefined where no policy is known. */
  readonly cleanupAfter: Millis | null | undefined;
  readonly signal: AbortSignal;
}

/** Errors: `storage-*`. */
export async function* findUnreferenced(
  repository: Repository,
  manifest: Manifest,
  { known, cleanupAfter, signal }: UnreferencedOptions,
): AsyncGenerator<CheckFinding> {
  const { task } = manifest;
  const needed = manifestPaths(manifest);
  const condemned = new Map(manifest.condemned.map((object) => [object.path, object]));
  for (const prefix of [segmentsOf(task), packsOf(task)]) {
    for await (const { path, size } of repository.storage.list(prefix, { signal })) {
      if (needed.has(path) || known.has(path)) continue;
      const note = { ...blank(task, path), severity: "note" } as const;
      const object = condemned.get(path);
      if (object === undefined) {
        const message = `No manifest names this file of ${size} bytes: a run that was cut off or is under way left it, or an undo record that is gone.`;
        yield { ...note, code: "unreferenced", message };
      } else {
        const message = `Condemned, ${deletedWhen(object, cleanupAfter)}: ${REASONS[object.why]} (${size} bytes).`;
        yield { ...note, code: "condemned", message };
      }
    }
  }
}

function deletedWhen({ since, deleting }: CondemnedObject, cleanupAfter: Millis | null | undefined): string {
  if (deleting) return "to be deleted by the next cleanup";
  if (cleanupAfter === null) return "never to be deleted, as its policy says";
  if (cleanupAfter === undefined) return `to be deleted by a cleanup (condemned ${timeText(since)})`;
  return `to be deleted after ${timeText(since + cleanupAfter)}`;
}

/** In whole seconds. */
function timeText(at: Millis): string {
  return formatInstant(Math.floor(at / SECOND_MS) * SECOND_MS);
}

const SECOND_MS = 1_000;
