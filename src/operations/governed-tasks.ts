/**
 * Tasks that a policy is known for: what rollup and cleanup work on.
 */
import { HoldfastError } from "../model/errors.ts";
import type { Policy } from "../model/policy/policy.ts";
import type { TaskName } from "../model/task.ts";
import type { ManifestSource } from "../repository/manifest.ts";
import { listTaskNames } from "../repository/repository.ts";
import { readNewestManifest } from "../repository/task-store.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { resolveTask } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

export interface GovernedTask {
  readonly task: TaskName;
  readonly source: ManifestSource;
  readonly policy: Policy;
}

/**
 * The named tasks, or all. A task whose source is not configured has no policy: it is passed over with a warning, or refused
 * where it was named. Errors: `source-unknown`.
 */
export async function* governedTasks(
  workspace: Workspace,
  names: readonly string[],
  hooks: Hooks,
): AsyncGenerator<GovernedTask> {
  const { repository } = workspace;
  const signal = signalOf(hooks);
  const named = await Promise.all(names.map(async (text) => resolveTask(workspace, text, hooks)));
  for await (const task of named.length > 0 ? named : listTaskNames(repository, signal)) {
    const source = (await readNewestManifest(repository, task, signal))?.manifest.source;
    if (source === undefined) {
      if (named.length === 0) continue;
      throw new HoldfastError("source-unknown", `Nothing has been kept for ${task} yet.`, { task });
    }
    if (named.length === 0 && !workspace.sources.some(({ name }) => name === source.name)) {
      const name = `${source.name}/${source.collection}`;
      hooks.warn?.(`${name} was passed over: its source is not configured, so its policy is unknown.`);
      continue;
    }
    yield { task, source, policy: workspace.policyOf(source.name, source.collection).policy };
  }
}
