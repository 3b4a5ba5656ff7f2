/**
 * What operations work on: one repository and the configured sources. Opened once, used by command line, API and library.
 */
import { systemClock, type Clock } from "../model/clock.ts";
import { HoldfastError } from "../model/errors.ts";
import type { Repository } from "../repository/repository.ts";
import { openRepositoryFile } from "../repository/repository-file.ts";
import { openKeyring, type Credential } from "../repository/sealing/slots.ts";
import { openFolder } from "../repository/storage/folder.ts";
import { openSource, type SourceOptions } from "../sources/kinds.ts";
import type { Source } from "../sources/source.ts";

/** A configured source: its name, which of its collections are protected, and how to reach it. */
export interface SourceSettings {
  /** Letters, digits, `-`, `_`, `.`: part of every task's identity, so renaming it starts new timelines. */
  readonly name: string;
  /** Patterns of collections to protect (`*` any run of characters). */
  readonly collections: readonly string[];
  /** Patterns of collections that are not protected though `collections` matches them. */
  readonly exclude: readonly string[];
  readonly options: SourceOptions;
}

export interface WorkspaceOptions {
  readonly repository: { readonly folder: string };
  readonly credential: Credential;
  readonly sources: readonly SourceSettings[];
  readonly clock?: Clock;
}

export class Workspace implements AsyncDisposable {
  readonly clock: Clock;
  readonly repository: Repository;
  readonly sources: readonly SourceSettings[];
  readonly #connect: typeof openSource;
  readonly #open = new Map<string, Source>();

  /** `connect`: how a source is opened; tests bring their own. */
  constructor(
    repository: Repository,
    sources: readonly SourceSettings[],
    clock: Clock,
    connect: typeof openSource = openSource,
  ) {
    this.repository = repository;
    this.sources = sources;
    this.clock = clock;
    this.#connect = connect;
  }

  /** The settings of a source. Errors: `source-unknown`. */
  settings(name: string): SourceSettings {
    const settings = this.sources.find((source) => source.name === name);
    if (settings === undefined) {
      const known = this.sources.map((source) => source.name).join(", ") || "none";
      throw new HoldfastError("source-unknown", `No source is called "${name}" (configured: ${known}).`, {
        source: name,
      });
    }
    return settings;
  }

  /** A source, connected on first use and kept until the workspace is closed. Errors: `source-unknown`. */
  source(name: string): Source {
    let source = this.#open.get(name);
    if (source === undefined) {
      source = this.#connect(this.settings(name).options, this.clock);
      this.#open.set(name, source);
    }
    return source;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const source of this.#open.values()) await source[Symbol.asyncDispose]();
    this.#open.clear();
    await this.repository.storage.close();
  }
}

/** Errors: `repository-missing`, `repository-foreign`, `repository-newer`, `wrong-key`, `storage-permission`. */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const storage = openFolder(options.repository.folder);
  try {
    const file = await openRepositoryFile(storage);
    const keyring = await openKeyring(storage, options.credential);
    const repository = { id: file.repository, storage, keyring };
    return new Workspace(repository, options.sources, options.clock ?? systemClock);
  } catch (error) {
    await storage.close();
    throw error;
  }
}
