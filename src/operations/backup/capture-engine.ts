/**
 * What a capture may ask of the engine, answered from the repository.
 */
import { keyAfterPrefix, type ItemKey } from "../../model/key.ts";
import type { TaskName } from "../../model/task.ts";
import { newestEntry } from "../../repository/manifest.ts";
import type { Repository } from "../../repository/repository.ts";
import type { RunWriter } from "../../repository/run-writer.ts";
import type { StoredManifest } from "../../repository/task-store.ts";
import type { CaptureEngine } from "../../sources/source.ts";
import { Timeline } from "../../timeline/timeline.ts";

export interface EngineParts {
  readonly repository: Repository;
  readonly task: TaskName;
  /** The manifest that the run starts from. */
  readonly base: StoredManifest | undefined;
  /** The run's writer: there once the capture has said what kind of run it is. */
  readonly writer: () => RunWriter;
  readonly signal: AbortSignal;
  /** Called for each blob that is stored. */
  readonly stored: () => void;
}

export function captureEngine({
  repository,
  task,
  base,
  writer,
  signal,
  stored,
}: EngineParts): CaptureEngine {
  return {
    known: async (states) => writer().known(states),
    findBlob: async (alias) => writer().findBlob(alias),
    storeBlob: async (alias, { content, encoding }) => {
      stored();
      return writer().storeBlob(alias, content, encoding);
    },
    keptKeys: (prefix) => {
      if (repository.keyring.right !== "read" || base === undefined) return undefined;
      return keptKeys(new Timeline(repository, task, base), prefix, signal);
    },
  };
}

async function* keptKeys(
  timeline: Timeline,
  prefix: ItemKey | undefined,
  signal: AbortSignal,
): AsyncGenerator<ItemKey[]> {
  const view = timeline.at(newestEntry(timeline.manifest).to);
  const before = prefix && keyAfterPrefix(prefix);
  const range = {
    ...(prefix === undefined ? {} : { from: prefix }),
    ...(before === undefined ? {} : { before }),
  };
  for await (const versions of view.scanPresent(range, signal)) yield versions.map((version) => version.key);
}
