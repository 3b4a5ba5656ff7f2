/**
 * What operations work on: one repository and the configured sources. Opened once, used by command line, API and library.
 */
import { systemClock, type Clock } from "../model/clock.ts";
import { isHoldfastError } from "../model/errors.ts";
import type { Repository } from "../repository/repository.ts";
import { openRepositoryFile } from "../repository/repository-file.ts";
import { openKeyring, type Credential } from "../repository/sealing/slots.ts";
import { removeLeftovers } from "../repository/storage/folder-leftovers.ts";
import { openFolder } from "../repository/storage/folder.ts";
import type { openSource } from "../sources/kinds.ts";
import { Connections, type SourceSettings } from "./connections.ts";

export interface WorkspaceOptions {
  readonly repository: { readonly folder: string };
  readonly credential: Credential;
  readonly sources: readonly SourceSettings[];
  readonly clock?: Clock;
}

export class Workspace extends Connections {
  readonly repository: Repository;

  constructor(
    repository: Repository,
    sources: readonly SourceSettings[],
    clock?: Clock,
    connect?: typeof openSource,
  ) {
    super(sources, clock, connect);
    this.repository = repository;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.repository.storage.close();
  }
}

/** Errors: `repository-missing`, `repository-foreign`, `repository-newer`, `wrong-key`, `storage-permission`. */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const storage = openFolder(options.repository.folder);
  try {
    const file = await openRepositoryFile(storage);
    const keyring = await openKeyring(storage, options.credential);
    await tidy(options);
    return new Workspace({ id: file.repository, storage, keyring }, options.sources, options.clock);
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** Removes what crashed writers left a day ago or earlier. Best effort: whoever may only read leaves it to others. */
async function tidy({ repository, clock = systemClock }: WorkspaceOptions): Promise<void> {
  try {
    await removeLeftovers(repository.folder, clock);
  } catch (error) {
    if (!isHoldfastError(error, "storage-permission")) throw error;
  }
}
