/**
 * The effective configuration: flag over environment over file over default, each value with its origin.
 */
import { dirname, resolve } from "node:path";
import { HoldfastError } from "../../model/errors.ts";
import { COUCH_SOURCE, couchEnvironment } from "./couch-environment.ts";
import { placeText, readConfig, type ConfigDocument, type MemberPath } from "./document.ts";
import { isNamed, locateConfig, type ConfigLocation } from "./locate.ts";
import { resolvePath, type Places } from "./places.ts";
import type { SourceEntry } from "./schema.ts";
import { sourceSettings } from "./source-settings.ts";
import { isSecretReference, type SecretReference } from "./secret-reference.ts";

/** Where a value comes from. `place` is the flag, the variable, or `path:line:column`; empty for a default. */
export interface Origin {
  readonly kind: "flag" | "environment" | "file" | "default";
  readonly place: string;
}

/** One effective value; secrets appear as their reference. */
export interface Setting {
  /** Dotted path as in the file: `sources.prod.url`. */
  readonly name: string;
  readonly value: string | number | boolean | readonly string[];
  readonly origin: Origin;
}

/** The key to open the repository with, not yet followed. */
export interface CredentialReference {
  readonly kind: "passphrase" | "identity";
  readonly reference: SecretReference;
  readonly origin: Origin;
}

export interface ConfigFlags {
  readonly config?: string | undefined;
  readonly repository?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly identity?: string | undefined;
}

export interface ConfigInputs {
  readonly flags: ConfigFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
}

export interface EffectiveConfig {
  readonly location: ConfigLocation;
  /** Undefined when there is no file. */
  readonly document: ConfigDocument | undefined;
  /** Absolute folder of the repository. */
  readonly folder: { readonly path: string; readonly origin: Origin } | undefined;
  readonly credential: CredentialReference | undefined;
  readonly sources: ReadonlyMap<string, SourceEntry>;
  /** Everything above and every source option, for showing; in the order of the file's schema. */
  readonly settings: readonly Setting[];
  /** Where references in the file start; references by flag or environment start at the present folder. */
  readonly places: Places;
}

/** Reads the file that counts and lays environment and flags over it. Errors: `config-invalid`, `usage`. */
export async function loadConfig(inputs: ConfigInputs): Promise<EffectiveConfig> {
  const location = await locateConfig({ ...inputs, flag: inputs.flags.config });
  const document = location.exists || isNamed(location) ? await readConfig(location.path) : undefined;
  return effective(inputs, location, document);
}

/** As `loadConfig`, for commands that make the file: one that does not exist yet counts as empty. */
export async function loadConfigForEdit(inputs: ConfigInputs): Promise<EffectiveConfig> {
  const location = await locateConfig({ ...inputs, flag: inputs.flags.config });
  return effective(inputs, location, location.exists ? await readConfig(location.path) : undefined);
}

function effective(
  inputs: ConfigInputs,
  location: ConfigLocation,
  document: ConfigDocument | undefined,
): EffectiveConfig {
  const couch = couchEnvironment(inputs.env);
  const env = { ...inputs.env, ...couch?.secrets };
  const places: Places = { env, home: inputs.home, base: dirname(location.path) };
  const folder = effectiveFolder(inputs, document, places);
  const credential = effectiveCredential(inputs, document);
  const settings: Setting[] = [];
  if (folder) settings.push({ name: "repository.folder", value: folder.path, origin: folder.origin });
  if (credential) {
    settings.push({
      name: `repository.${credential.kind}`,
      value: credential.reference,
      origin: credential.origin,
    });
  }
  const sources = new Map(Object.entries(document?.value.sources ?? {}));
  for (const [name, entry] of sources)
    settings.push(...sourceSettings(name, entry, document as ConfigDocument));
  // Variables that are meant for another program must not redirect a source that somebody configured.
  if (couch !== undefined && !sources.has(COUCH_SOURCE)) {
    sources.set(COUCH_SOURCE, couch.entry);
    settings.push(...couch.settings);
  }
  return { location, document, folder, credential, sources, settings, places };
}

function effectiveFolder(
  inputs: ConfigInputs,
  document: ConfigDocument | undefined,
  places: Places,
): EffectiveConfig["folder"] {
  const { repository } = inputs.flags;
  if (repository !== undefined)
    return { path: resolve(inputs.cwd, repository), origin: flag("--repository") };
  const variable = inputs.env["HOLDFAST_REPOSITORY"];
  if (variable) return { path: resolve(inputs.cwd, variable), origin: environment("HOLDFAST_REPOSITORY") };
  const folder = document?.value.repository?.folder;
  if (folder === undefined) return undefined;
  return {
    path: resolvePath(folder, places),
    origin: inFile(document as ConfigDocument, ["repository", "folder"]),
  };
}

/** A passphrase and an identity are one setting: whichever stands at the higher level counts. */
function effectiveCredential(
  inputs: ConfigInputs,
  document: ConfigDocument | undefined,
): CredentialReference | undefined {
  const { passphrase, identity } = inputs.flags;
  if (passphrase !== undefined && identity !== undefined) {
    throw new HoldfastError(
      "usage",
      "--passphrase and --identity were both given: one of them opens the repository.",
    );
  }
  if (passphrase !== undefined) return fromFlag("passphrase", passphrase, inputs);
  if (identity !== undefined) return fromFlag("identity", identity, inputs);
  // An environment variable may hold the value itself: it is the one place where a secret is not on disk or in a listing.
  if (inputs.env["HOLDFAST_PASSPHRASE"]) {
    const origin = environment("HOLDFAST_PASSPHRASE");
    return { kind: "passphrase", reference: "env:HOLDFAST_PASSPHRASE", origin };
  }
  const variable = inputs.env["HOLDFAST_IDENTITY"];
  if (variable) {
    const reference = isSecretReference(variable) ? anchored(variable, inputs) : "env:HOLDFAST_IDENTITY";
    return { kind: "identity", reference, origin: environment("HOLDFAST_IDENTITY") };
  }
  for (const kind of ["passphrase", "identity"] as const) {
    const reference = document?.value.repository?.[kind];
    if (reference === undefined) continue;
    const origin = inFile(document as ConfigDocument, ["repository", kind]);
    return { kind, reference, origin };
  }
  return undefined;
}

function fromFlag(
  kind: CredentialReference["kind"],
  text: string,
  inputs: ConfigInputs,
): CredentialReference {
  return { kind, reference: flagReference(`--${kind}`, text, inputs), origin: flag(`--${kind}`) };
}

/** A secret reference given by a flag. Errors: `usage` for anything else, which is not quoted. */
export function flagReference(
  name: string,
  text: string,
  inputs: Pick<ConfigInputs, "cwd">,
): SecretReference {
  if (!isSecretReference(text)) {
    throw new HoldfastError(
      "usage",
      `${name} takes a reference, not the secret itself (others could read it in the list of processes): use env:NAME, file:PATH or cmd:COMMAND.`,
    );
  }
  return anchored(text, inputs);
}

/** A relative file named by a flag or a variable starts at the present folder, not at the configuration file's. */
function anchored(reference: SecretReference, inputs: Pick<ConfigInputs, "cwd">): SecretReference {
  if (!reference.startsWith("file:") || reference.startsWith("file:~")) return reference;
  return `file:${resolve(inputs.cwd, reference.slice("file:".length))}`;
}

const flag = (name: string): Origin => ({ kind: "flag", place: name });
const environment = (name: string): Origin => ({ kind: "environment", place: name });

function inFile(document: ConfigDocument, member: MemberPath): Origin {
  return { kind: "file", place: placeText(document.path, document.placeOf(member)) };
}
