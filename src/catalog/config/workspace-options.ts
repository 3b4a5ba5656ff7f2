/**
 * From the effective configuration to what operations work on. Secrets are followed here and nowhere else, and only
 * those that a command needs.
 */
import { HoldfastError, isHoldfastError } from "../../model/errors.ts";
import type { SourceSettings } from "../../operations/connections.ts";
import type { WorkspaceOptions } from "../../operations/workspace.ts";
import { protectedBy } from "./defaults.ts";
import type { EffectiveConfig } from "./effective.ts";
import type { SourceEntry } from "./schema.ts";
import { policyLayers } from "./policy-layers.ts";
import { resolveSecret } from "./secret-reference.ts";
import { openOptions, sourceOptions } from "./source-options.ts";

export type Credential = WorkspaceOptions["credential"];

/**
 * Which sources a command may reach. The others come without credentials: kept data can be read on a machine that
 * has none of the services' secrets.
 */
export type Reach = "none" | "all" | readonly string[];

export interface ResolveOptions {
  readonly reach: Reach;
  /** Asks the person for the passphrase when none is configured; undefined when there is nobody to ask. */
  readonly askPassphrase?: (() => Promise<string>) | undefined;
  /** Told of a source whose secrets cannot be had, which is then left out; without it that is an error. */
  readonly unavailable?: ((source: string, error: HoldfastError) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Errors: `config-invalid` when a part is missing, `secret-unavailable`, `source-unknown` for a name in `reach`. */
export async function workspaceOptions(
  config: EffectiveConfig,
  options: ResolveOptions,
): Promise<WorkspaceOptions> {
  const folder = repositoryFolder(config);
  const sources = await sourceSettings(config, options);
  return { repository: { folder }, credential: await credential(config, options), sources };
}

/** The repository's folder. Errors: `config-invalid` when nothing names one. */
export function repositoryFolder(config: EffectiveConfig): string {
  if (config.folder) return config.folder.path;
  const where = config.document
    ? `${config.location.path}:1:1: repository.folder is missing`
    : `There is no configuration file (${config.location.path} would be read), so no repository is named`;
  throw new HoldfastError(
    "config-invalid",
    `${where}: set it there, with HOLDFAST_REPOSITORY or --repository; holdfast init makes a new repository.`,
  );
}

/** The credential that opens the repository. Errors: `secret-unavailable`. */
export async function credential(
  config: EffectiveConfig,
  options: Pick<ResolveOptions, "askPassphrase" | "signal">,
): Promise<Credential> {
  const configured = config.credential;
  if (configured === undefined) {
    if (options.askPassphrase) return { kind: "passphrase", passphrase: await options.askPassphrase() };
    throw new HoldfastError(
      "secret-unavailable",
      "No passphrase or identity for the repository is configured: set HOLDFAST_PASSPHRASE, or repository.passphrase in the configuration file.",
    );
  }
  const secret = await resolveSecret(
    configured.reference,
    `the repository's ${configured.kind}`,
    config.places,
    options.signal,
  );
  return configured.kind === "passphrase"
    ? { kind: "passphrase", passphrase: secret }
    : { kind: "identity", identity: secret };
}

/** The sources alone, for what needs no repository. Errors: `secret-unavailable`, `source-unknown` for a name in `reach`. */
export async function sourceSettings(
  config: EffectiveConfig,
  options: Omit<ResolveOptions, "askPassphrase">,
): Promise<SourceSettings[]> {
  const { reach } = options;
  if (typeof reach === "object") {
    for (const name of reach) sourceEntry(config, name);
  }
  const settings: SourceSettings[] = [];
  for (const [name, entry] of config.sources) {
    const reached = typeof reach === "object" ? reach.includes(name) : reach !== "none";
    try {
      const reaching = reached
        ? await sourceOptions(name, entry, config.places, options.signal)
        : openOptions(entry);
      const policy = policyLayers(config.document, name);
      settings.push({ name, ...protectedBy(entry), options: reaching, policy });
    } catch (error) {
      if (!options.unavailable || !isHoldfastError(error, "secret-unavailable")) throw error;
      options.unavailable(name, error);
    }
  }
  return settings;
}

/** A source of the configuration. Errors: `source-unknown`, naming those there are. */
export function sourceEntry(config: EffectiveConfig, name: string): SourceEntry {
  const entry = config.sources.get(name);
  if (entry) return entry;
  const known = [...config.sources.keys()].join(", ");
  throw new HoldfastError(
    "source-unknown",
    `No source is called "${name}" in ${config.location.path}: ${known === "" ? "it has no sources yet" : `its sources are ${known}`}.`,
    { source: name },
  );
}
