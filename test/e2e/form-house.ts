/**
 * Resources of Form Recognizer in two regions, a repository and a workspace on loopback and in memory.
 */
import type { SourceSettings } from "../../src/operations/connections.ts";
import { backup } from "../../src/operations/backup.ts";
import { failover } from "../../src/operations/failover.ts";
import type { StandbyRunRow, StandbyStatusRow } from "../../src/operations/reports.ts";
import { runStandbys, standbyStatus, type StandbySettings } from "../../src/operations/standby.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import type { RoutingTable } from "../../src/model/routing-table.ts";
import type { Repository } from "../../src/repository/repository.ts";
import type { Storage } from "../../src/repository/storage/storage.ts";
import {
  startFormRecognizer,
  type FormRecognizerSandbox,
  type ResourceOptions,
} from "../../src/sandbox/form-recognizer/index.ts";
import type { ApiVersion } from "../../src/sources/form-recognizer/config.ts";
import { collect, newRepository, TestClock } from "./house.ts";

/** Retries are part of what is tested; their pauses are not. */
const QUICK = { pollMs: 0, retry: { attempts: 2, baseDelayMs: 1, maxDelayMs: 2 } };

export const TASK = "east/resource";

export interface FormHouse extends AsyncDisposable {
  readonly sandbox: FormRecognizerSandbox;
  readonly repository: Repository;
  readonly workspace: Workspace;
  readonly clock: TestClock;
  readonly standbys: readonly StandbySettings[];
  /** Everything that was said to the operator. */
  readonly warnings: string[];
  backUp(): Promise<void>;
  run(options?: { readonly apply?: boolean; readonly verify?: boolean }): Promise<StandbyRunRow[]>;
  status(): Promise<StandbyStatusRow[]>;
  /** Another workspace on the same repository, with these resources as sources. */
  reconnect(names: readonly string[]): Promise<Workspace>;
  /** Through the service, as somebody does by mistake. */
  deleteModel(resource: string, id: string): Promise<void>;
  failover(more?: { readonly at?: string; readonly out?: string }): Promise<RoutingTable>;
}

/** `more`: beside `source` and `target` of the standby. `east`: of that resource. `storage`: default in memory. */
export async function openFormHouse(
  apiVersion: ApiVersion = "2024-11-30",
  more: Partial<StandbySettings> = {},
  east: Partial<ResourceOptions> = {},
  storage?: Storage,
): Promise<FormHouse> {
  const clock = new TestClock();
  const sandbox = await startFormRecognizer({
    resources: [
      { name: "east", region: "eastus", ...east },
      { name: "west", region: "westus2" },
    ],
    manualClockFrom: clock.now(),
  });
  const repository = await newRepository(storage);
  const workspace = new Workspace(repository, formSources(sandbox, ["east", "west"], apiVersion), clock);
  const standbys = [{ name: "dr", source: "east", target: "west", ...more }];
  const warnings: string[] = [];
  const hooks = { warn: (text: string) => warnings.push(text) };
  return {
    sandbox,
    repository,
    workspace,
    clock,
    standbys,
    warnings,
    backUp: async () => {
      clock.advance(60_000);
      const reports = await collect(backup(workspace, { select: ["east"] }, hooks));
      const failed = reports.find(({ error }) => error !== undefined);
      if (failed !== undefined) throw new Error(failed.error?.message);
    },
    run: async ({ apply = true, verify = false } = {}) =>
      collect(runStandbys(workspace, { standbys, names: [], apply, verify }, hooks)),
    status: async () => collect(standbyStatus(workspace, { standbys, names: [] }, hooks)),
    reconnect: async (names) => new Workspace(repository, formSources(sandbox, names, apiVersion), clock),
    deleteModel: async (resource, id) => {
      const { url, keys } = sandbox.resource(resource);
      const path = `/documentintelligence/documentModels/${id}?api-version=${apiVersion}`;
      const headers = { "Ocp-Apim-Subscription-Key": keys[0] };
      const { status } = await fetch(`${url}${path}`, { method: "DELETE", headers });
      if (status !== 204) throw new Error(`deleting ${id}: ${status}`);
    },
    failover: async (asked = {}) => failover(workspace, { standbys, name: "dr", ...asked }, hooks),
    async [Symbol.asyncDispose]() {
      await workspace[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}

export function formSources(
  sandbox: FormRecognizerSandbox,
  names: readonly string[],
  apiVersion: ApiVersion,
): SourceSettings[] {
  return names.map((name) => {
    const { url, keys, region, resourceId } = sandbox.resource(name);
    const auth = { kind: "key", key: keys[0] } as const;
    return {
      name,
      collections: ["*"],
      exclude: [],
      options: { kind: "form-recognizer", url, apiVersion, auth, region, resourceId, ...QUICK },
    };
  });
}
