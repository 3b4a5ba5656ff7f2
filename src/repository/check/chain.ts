/**
 * Checking a task's chain of manifests: every generation that cleanup has left is there, opens, names its predecessor's
 * digest, and is the one that its run's record speaks of.
 */
import { formatInstant } from "../../model/instant.ts";
import type { TaskName } from "../../model/task.ts";
import { manifestPath } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { generations, readManifest, type StoredManifest } from "../task-store.ts";
import { blank, damageFinding, type CheckFinding } from "./finding.ts";
import type { SeenManifest } from "./read-history.ts";
import type { RunsFound } from "./runs.ts";

export interface ChainFound {
  /** The newest that reads. */
  readonly newest: StoredManifest | undefined;
  /** The newest that is there; 0 for none. */
  readonly highest: number;
  /** The newest that anything speaks of: a run's record or an earlier check may know more than is there. */
  readonly spokenOf: number;
  /**
   * Generations that are missing, damaged or not the ones they must be, with the digest that the successor or a run's
   * record gives them, where one does.
   */
  readonly broken: ReadonlyMap<number, { readonly digest: string | null }>;
}

/** Errors: `storage-*`; damage is yielded. */
export async function* checkChain(
  repository: Repository,
  task: TaskName,
  { commits }: Pick<RunsFound, "commits">,
  seen: SeenManifest | undefined,
  signal: AbortSignal,
  checked: (path: string) => void,
): AsyncGenerator<CheckFinding, ChainFound> {
  const present: number[] = [];
  for await (const generation of generations(repository, task, signal)) present.push(generation);
  const findings: (CheckFinding & { readonly generation: number })[] = [];
  const digests = new Map<number, string | null>();
  const report = (generation: number, message: string, more: Partial<CheckFinding> = {}): void => {
    const place = manifestPlace(task, generation, commits);
    findings.push({ ...place, severity: "error", code: "chain-broken", message, ...more, generation });
    digests.set(generation, commits.get(generation)?.manifest ?? null);
  };
  let newest: StoredManifest | undefined;
  let chainFrom = 1;
  let highest = 0;
  /** The generation before, where it reads. */
  let previous: StoredManifest | undefined;
  for (const generation of present) {
    for (let missing = highest + 1; missing < generation; missing++) {
      report(missing, `The manifest of generation ${missing} is missing.`);
      previous = undefined;
    }
    highest = generation;
    try {
      const stored = await readManifest(repository, task, generation, signal);
      checked(manifestPath(task, generation));
      chainFrom = Math.max(chainFrom, stored.manifest.chainFrom);
      const named = stored.manifest.previous;
      if (previous !== undefined && named !== previous.digest) {
        const message = `Generation ${generation} names another predecessor than the one that is there.`;
        const place = manifestPlace(task, generation, commits);
        // It is the predecessor that is not what it must be; one from before the chain may have been made anew by a writer that slept.
        const concerned = generation - 1;
        findings.push({ ...place, severity: "error", code: "chain-broken", message, generation: concerned });
        digests.set(concerned, named);
      }
      if (digests.has(generation - 1)) digests.set(generation - 1, named);
      const { run, manifest: committed = stored.digest } = commits.get(generation) ?? {};
      if (committed !== stored.digest)
        report(generation, `Generation ${generation} is not the manifest that run ${run} committed.`);
      previous = stored;
      newest = stored;
    } catch (error) {
      const { severity, code, message } = damageFinding(task, manifestPath(task, generation), error);
      report(generation, message, { severity, code });
      previous = undefined;
    }
  }
  for (const [generation, { run }] of commits) {
    if (generation <= highest) continue;
    const is = highest === 0 ? "there is none" : `the newest is ${highest}`;
    report(
      generation,
      `Run ${run} committed generation ${generation}, but ${is}: the timeline was rolled back.`,
    );
  }
  if (seen !== undefined && seen.generation > highest && !digests.has(seen.generation)) {
    const is = highest === 0 ? "there is none" : `the newest is ${highest}`;
    report(
      seen.generation,
      `An earlier check saw generation ${seen.generation}, but ${is}: the timeline was rolled back.`,
    );
  }
  if (seen !== undefined && digests.get(seen.generation) === null) digests.set(seen.generation, seen.digest);
  // Older ones may be gone: cleanup took them after it had committed that.
  for (const { generation, ...finding } of findings) if (generation >= chainFrom) yield finding;
  const broken = new Map(
    [...digests].filter(([generation]) => generation >= chainFrom).map(([at, digest]) => [at, { digest }]),
  );
  const spokenOf = Math.max(highest, seen?.generation ?? 0, ...commits.keys());
  return { newest, highest, spokenOf, broken };
}

/** The manifest, with the run and the instant that it committed where a run record tells. */
function manifestPlace(task: TaskName, generation: number, commits: RunsFound["commits"]) {
  const record = commits.get(generation);
  return {
    ...blank(task, manifestPath(task, generation)),
    runs: record === undefined ? [] : [record.run],
    instants: typeof record?.instant === "number" ? [formatInstant(record.instant)] : [],
  };
}
