/**
 * The environment variables of couchbackup: whoever sets COUCH_URL has a source named `couch` without any configuration file.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { Setting } from "./effective.ts";
import type { CouchAuthEntry, CouchEntry } from "./source-couchdb-schema.ts";
import { addressProblem } from "./service-url.ts";

/** Name of the source that the variables describe. */
export const COUCH_SOURCE = "couch";

/** couchbackup's own default. */
const DEFAULT_DATABASE = "test";
/** Where the password out of COUCH_URL can be had by reference, so that no listing and no message holds it. */
const PASSWORD_VARIABLE = "COUCH_URL_PASSWORD";
/** As the schema of the configuration file. */
const MOST_PARALLEL = 64;

type Env = Readonly<Record<string, string | undefined>>;

export interface CouchEnvironment {
  readonly entry: CouchEntry;
  /** Variables that its references name beside those that are set. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly settings: readonly Setting[];
}

/** The source; undefined without COUCH_URL. Errors: `config-invalid`, which never quotes the address. */
export function couchEnvironment(env: Env): CouchEnvironment | undefined {
  const address = env["COUCH_URL"];
  if (address === undefined || address === "") return undefined;
  const { url, username, password } = parseAddress(address);
  const settings: Setting[] = [];
  const add = (member: string, value: Setting["value"] | undefined, variable: string): void => {
    if (value === undefined) return;
    const origin = { kind: "environment", place: variable } as const;
    settings.push({ name: `sources.${COUCH_SOURCE}.${member}`, value, origin });
  };
  const auth = authOf(env, username);
  const options = {
    parallelism: numberOf(env, "COUCH_PARALLELISM", MOST_PARALLEL),
    requestTimeoutMs: numberOf(env, "COUCH_REQUEST_TIMEOUT", Number.MAX_SAFE_INTEGER),
  };
  const attachments = attachmentsOf(env);
  const databases = [databaseOf(env)];
  const { requestTimeoutMs } = options;
  const requestTimeout = requestTimeoutMs === undefined ? undefined : `${requestTimeoutMs}ms`;
  add("kind", "couchdb", "COUCH_URL");
  add("url", url, "COUCH_URL");
  const authVariable = auth?.type === "iam" ? "CLOUDANT_IAM_API_KEY" : "COUCH_URL";
  for (const [member, value] of Object.entries(auth ?? {})) {
    add(`auth.${member}`, value, member === "tokenUrl" ? "CLOUDANT_IAM_TOKEN_URL" : authVariable);
  }
  if (env["COUCH_DATABASE"]) add("databases", databases, "COUCH_DATABASE");
  else {
    const origin = { kind: "default", place: "" } as const;
    settings.push({ name: `sources.${COUCH_SOURCE}.databases`, value: databases, origin });
  }
  add("include.attachments", attachments, "COUCH_ATTACHMENTS");
  add("parallelism", options.parallelism, "COUCH_PARALLELISM");
  add("requestTimeout", requestTimeout, "COUCH_REQUEST_TIMEOUT");
  return {
    entry: {
      kind: "couchdb",
      url,
      databases,
      ...(auth === undefined ? {} : { auth }),
      ...(attachments === undefined ? {} : { include: { attachments } }),
      ...(options.parallelism === undefined ? {} : { parallelism: options.parallelism }),
      ...(requestTimeout === undefined ? {} : { requestTimeout }),
    },
    secrets: auth?.type === "session" ? { [PASSWORD_VARIABLE]: password } : {},
    settings,
  };
}

/** What `export` takes from the environment for the source `couch`. */
export interface CouchExportDefaults {
  readonly task: string;
  readonly output: string | undefined;
  readonly lineDocuments: number | undefined;
  readonly attachments: boolean | undefined;
}

/** Undefined without COUCH_URL. Errors: `config-invalid`. */
export function couchExportDefaults(env: Env): CouchExportDefaults | undefined {
  if (!env["COUCH_URL"]) return undefined;
  return {
    task: `${COUCH_SOURCE}/${databaseOf(env)}`,
    output: env["COUCH_OUTPUT"] === "" ? undefined : env["COUCH_OUTPUT"],
    lineDocuments: numberOf(env, "COUCH_BUFFER_SIZE", Number.MAX_SAFE_INTEGER),
    attachments: attachmentsOf(env),
  };
}

function databaseOf(env: Env): string {
  // A database name that is also a pattern does not exist: CouchDB allows no asterisk.
  return env["COUCH_DATABASE"] || DEFAULT_DATABASE;
}

function parseAddress(text: string): {
  readonly url: string;
  readonly username: string;
  readonly password: string;
} {
  let parsed: URL;
  try {
    parsed = new URL(text);
  } catch {
    throw invalid("COUCH_URL", "it is not an address; write it like https://user:password@host");
  }
  const { username, password } = parsed;
  parsed.username = "";
  parsed.password = "";
  const url = parsed.href.replace(/\/$/, "");
  const problem = addressProblem(url);
  if (problem !== undefined) throw invalid("COUCH_URL", problem);
  try {
    return { url, username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw invalid("COUCH_URL", "its credentials are not percent-encoded");
  }
}

/** An API key counts before credentials in the address, as in couchbackup. */
function authOf(env: Env, username: string): CouchAuthEntry | undefined {
  if (env["CLOUDANT_IAM_API_KEY"]) {
    const tokenUrl = env["CLOUDANT_IAM_TOKEN_URL"];
    const problem = tokenUrl ? addressProblem(tokenUrl) : undefined;
    if (problem !== undefined) throw invalid("CLOUDANT_IAM_TOKEN_URL", problem);
    return {
      type: "iam",
      apiKey: "env:CLOUDANT_IAM_API_KEY",
      ...(tokenUrl ? { tokenUrl: tokenEndpoint(tokenUrl) } : {}),
    };
  }
  return username === "" ? undefined : { type: "session", username, password: `env:${PASSWORD_VARIABLE}` };
}

/** couchbackup is given the service's address, Holdfast the endpoint. */
function tokenEndpoint(address: string): string {
  const url = new URL(address);
  if (url.pathname === "/") url.pathname = "/identity/token";
  return url.href;
}

/** couchbackup leaves attachments out unless it is told otherwise; Holdfast keeps them unless it is told not to. */
function attachmentsOf(env: Env): boolean | undefined {
  const text = env["COUCH_ATTACHMENTS"];
  return text === "true" ? true : text === "false" ? false : undefined;
}

function numberOf(env: Env, name: string, most: number): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > most) {
    throw invalid(name, `"${text}" is not a whole number from 1 to ${most}`);
  }
  return value;
}

function invalid(name: string, problem: string): HoldfastError {
  return new HoldfastError("config-invalid", `The environment variable ${name}: ${problem}.`);
}
