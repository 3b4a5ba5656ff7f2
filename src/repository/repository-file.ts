/**
 * `holdfast.json`: says that a place is a Holdfast repository, of which format, and which one. Plain, so that every
 * version of Holdfast can tell what it has before it; it is the last object that `init` makes, so a place without it
 * was never a repository. Described in docs/format/keys.md.
 */
import { z } from "zod";
import { HoldfastError, isHoldfastError } from "../model/errors.ts";
import type { CreateOutcome, Storage } from "./storage/storage.ts";

export const REPOSITORY_FILE = "holdfast.json";
/** Format of the repository as a whole; a reader refuses higher ones. */
export const REPOSITORY_FORMAT = 1;
/** Bytes; the file and each key object take a few hundred. A larger one is not ours and is not read. */
export const SMALL_OBJECT_BYTES = 64 * 1024;

/** Names of features this Holdfast can read beside the base format. */
const KNOWN_FEATURES: ReadonlySet<string> = new Set();

export interface RepositoryFile {
  readonly format: number;
  /** The repository's id, 32 hex digits, drawn at random by `init`. */
  readonly repository: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** What a reader must know beside the base format. */
  readonly features: readonly string[];
}

/** Only this much is trusted of a file of unknown format. */
const versionSchema = z.object({ format: z.int().positive() });

const fileSchema = z.object({
  format: z.literal(REPOSITORY_FORMAT),
  repository: z.string().regex(/^[0-9a-f]{32}$/),
  created: z.iso.datetime(),
  features: z.array(z.string()),
});

/**
 * Reads what kind of repository lies in the storage.
 * Errors: `repository-missing`; `repository-foreign` when the file is none of ours; `repository-newer` for a higher
 * format or an unknown feature; `storage-*`.
 */
export async function openRepositoryFile(storage: Storage, signal?: AbortSignal): Promise<RepositoryFile> {
  const json = await readJson(storage, signal);
  const version = versionSchema.safeParse(json);
  if (!version.success) throw foreign(storage);
  if (version.data.format > REPOSITORY_FORMAT) {
    throw newer(storage, `format ${version.data.format}, this Holdfast knows ${REPOSITORY_FORMAT}`);
  }
  const file = fileSchema.safeParse(json);
  if (!file.success) throw foreign(storage);
  const unknown = file.data.features.filter((feature) => !KNOWN_FEATURES.has(feature));
  if (unknown.length > 0) throw newer(storage, `features unknown to this Holdfast: ${unknown.join(", ")}`);
  return file.data;
}

/** Makes the file, and with it the repository. `exists`: somebody else's repository is there. */
export async function createRepositoryFile(
  storage: Storage,
  repository: string,
  created: string,
  signal?: AbortSignal,
): Promise<CreateOutcome> {
  const file: RepositoryFile = { format: REPOSITORY_FORMAT, repository, created, features: [] };
  return await storage.create(
    REPOSITORY_FILE,
    Buffer.from(`${JSON.stringify(file, undefined, 2)}\n`),
    signal,
  );
}

/** Undefined for what is not JSON. */
async function readJson(storage: Storage, signal: AbortSignal | undefined): Promise<unknown> {
  const found = await storage.stat(REPOSITORY_FILE, signal);
  if (found === undefined) throw missing(storage);
  if (found.size > SMALL_OBJECT_BYTES) return undefined;
  let bytes: Buffer;
  try {
    bytes = await storage.read(REPOSITORY_FILE, undefined, signal);
  } catch (error) {
    throw isHoldfastError(error, "object-missing") ? missing(storage) : error;
  }
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

function missing(storage: Storage): HoldfastError {
  return new HoldfastError(
    "repository-missing",
    `There is no repository in ${storage.location}: it has no ${REPOSITORY_FILE}.`,
    {
      path: REPOSITORY_FILE,
    },
  );
}

function foreign(storage: Storage): HoldfastError {
  return new HoldfastError(
    "repository-foreign",
    `The ${REPOSITORY_FILE} in ${storage.location} is not one that Holdfast has written.`,
    { path: REPOSITORY_FILE },
  );
}

function newer(storage: Storage, what: string): HoldfastError {
  return new HoldfastError(
    "repository-newer",
    `The repository in ${storage.location} was written by a newer Holdfast (${what}).`,
    { path: REPOSITORY_FILE },
  );
}
