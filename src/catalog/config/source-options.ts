/**
 * From a source's entry in the configuration to what connects to it: secrets followed, files read. Only for sources that a
 * command reaches.
 */
import { readFile } from "node:fs/promises";
import { HoldfastError } from "../../model/errors.ts";
import type { CouchAuth } from "../../sources/couchdb/config.ts";
import type { SourceOptions } from "../../sources/kinds.ts";
import type { WatsonAuth } from "../../sources/watson/config.ts";
import type { Follow } from "./follow.ts";
import { formOptions, formSecrets, NO_FORM_SECRETS } from "./form-options.ts";
import { defined, optionalMs } from "./option-members.ts";
import { resolvePath, type Places } from "./places.ts";
import type { SourceEntry } from "./schema.ts";
import { resolveSecret, type SecretReference } from "./secret-reference.ts";
import type { CouchEntry } from "./source-couchdb-schema.ts";
import type { WatsonEntry } from "./source-watson-schema.ts";

/** What reaches the source. Errors: `secret-unavailable`, `config-invalid` for a certificate file that cannot be read. */
export async function sourceOptions(
  name: string,
  entry: SourceEntry,
  places: Places,
  signal?: AbortSignal,
): Promise<SourceOptions> {
  const follow: Follow = {
    secret: async (reference, what) =>
      resolveSecret(reference, `the ${what} of source ${name}`, places, signal),
    file: async (path, what) => readText(resolvePath(path, places), `the ${what} of source ${name}`),
  };
  if (entry.kind === "couchdb") return couchOptions(entry, await couchAuth(entry.auth, follow));
  const ca = entry.ca === undefined ? undefined : await follow.file(entry.ca, "certificates");
  if (entry.kind === "form-recognizer") return formOptions(entry, await formSecrets(entry, follow), ca);
  return watsonOptions(entry, await watsonAuth(entry.auth, follow), ca);
}

/** The same without any secret, for what only needs to know of the source. */
export function openOptions(entry: SourceEntry): SourceOptions {
  switch (entry.kind) {
    case "couchdb":
      return couchOptions(entry, NO_AUTH);
    case "form-recognizer":
      return formOptions(entry, NO_FORM_SECRETS, undefined);
    default:
      return watsonOptions(entry, NO_AUTH, undefined);
  }
}

const NO_AUTH = { kind: "none" } as const;

function couchOptions(entry: CouchEntry, auth: CouchAuth): SourceOptions {
  const limits = {
    requests: entry.requestsPerSecond,
    reads: entry.readsPerSecond,
    writes: entry.writesPerSecond,
    queries: entry.queriesPerSecond,
  };
  return {
    kind: entry.kind,
    url: entry.url,
    auth,
    include: defined(entry.include ?? {}),
    budget: defined(limits),
    ...defined({
      parallelism: entry.parallelism,
      headroom: entry.headroom,
      requestTimeoutMs: optionalMs(entry.requestTimeout),
      compressRequests: entry.compressRequests,
    }),
  };
}

function watsonOptions(entry: WatsonEntry, auth: WatsonAuth, ca: string | undefined): SourceOptions {
  return {
    kind: entry.kind,
    url: entry.url,
    auth,
    budget: defined({ requests: entry.requestsPerSecond }),
    ...defined({
      ca,
      insecureTls: entry.insecureTls,
      parallelism: entry.parallelism,
      headroom: entry.headroom,
      requestTimeoutMs: optionalMs(entry.requestTimeout),
      pollMs: optionalMs(entry.poll),
      patienceMs: optionalMs(entry.patience),
      fullReadEveryMs: optionalMs(entry.fullReadEvery),
    }),
  };
}

async function couchAuth(auth: CouchEntry["auth"], follow: Follow): Promise<CouchAuth> {
  if (auth === undefined || auth === "none" || auth.type === "none") return NO_AUTH;
  if (auth.type === "iam") return iamAuth(auth, follow);
  const password = await follow.secret(auth.password, "password");
  return { kind: auth.type, username: auth.username, password };
}

async function watsonAuth(auth: WatsonEntry["auth"], follow: Follow): Promise<WatsonAuth> {
  if (auth === undefined || auth === "none") return NO_AUTH;
  switch (auth.type) {
    case "none":
      return NO_AUTH;
    case "iam":
      return iamAuth(auth, follow);
    case "apikey":
      return { kind: "apikey", apiKey: await follow.secret(auth.apiKey, "API key") };
    case "bearer":
      return { kind: "bearer", token: await follow.secret(auth.token, "token") };
    case "cp4d": {
      const { authUrl, username, password, apiKey } = auth;
      const secrets = {
        password: password === undefined ? undefined : await follow.secret(password, "password"),
        apiKey: apiKey === undefined ? undefined : await follow.secret(apiKey, "API key"),
      };
      return { kind: "cp4d", authUrl, username, ...defined(secrets) };
    }
  }
}

async function iamAuth(
  auth: { readonly apiKey: SecretReference; readonly tokenUrl?: string | undefined },
  follow: Follow,
): Promise<{ readonly kind: "iam"; readonly apiKey: string; readonly tokenUrl?: string }> {
  const apiKey = await follow.secret(auth.apiKey, "API key");
  return { kind: "iam", apiKey, ...defined({ tokenUrl: auth.tokenUrl }) };
}

/** A PEM file. Errors: `config-invalid`, which quotes nothing of it. */
export async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new HoldfastError("config-invalid", `Could not read ${what} from ${path} (${code}).`, { path });
  }
}
