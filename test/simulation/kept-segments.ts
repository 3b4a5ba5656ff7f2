/**
 * What segments hold, read once each: they never change. Also sees to it that merging never invents or alters a version:
 * each one was written by the run that it names.
 */
import { keyText } from "../../src/model/key.ts";
import type { TaskName } from "../../src/model/task.ts";
import type { Version } from "../../src/model/version.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { openSegment } from "../../src/repository/segment/segment-reader.ts";
import type { SegmentInfo } from "../../src/repository/segment/segment.ts";

export class KeptSegments {
  readonly #repository: Repository;
  readonly #task: TaskName;
  readonly #read = new Map<string, ReadonlyMap<string, Version>>();
  /** Versions as runs wrote them. */
  readonly #written: Set<string>;

  /** `before`: what was seen of the same task in another place. */
  constructor(repository: Repository, task: TaskName, before?: KeptSegments) {
    this.#repository = repository;
    this.#task = task;
    this.#written = new Set(before === undefined ? [] : before.#written);
  }

  /** By key. `byRun`: a run has written it, so its versions are new. Errors: `object-*`; a version nobody wrote. */
  async versions(segment: SegmentInfo, byRun: boolean): Promise<ReadonlyMap<string, Version>> {
    const known = this.#read.get(segment.id);
    if (known !== undefined) return known;
    const { storage, keyring } = this.#repository;
    const versions = new Map<string, Version>();
    const reader = await openSegment(storage, keyring, this.#task, segment);
    for await (const batch of reader.scan()) {
      for (const version of batch) {
        const { key, observation, fingerprint, kind, revision } = version;
        const mark = [
          key.toString("hex"),
          fingerprint.toString("hex"),
          kind,
          revision,
          JSON.stringify(observation),
        ];
        if (byRun) this.#written.add(mark.join());
        else if (!this.#written.has(mark.join())) {
          throw new Error(
            `${segment.id} holds a version of ${keyText(key)} that no run wrote: ${mark.join()}`,
          );
        }
        versions.set(keyText(key), version);
      }
    }
    this.#read.set(segment.id, versions);
    return versions;
  }
}
