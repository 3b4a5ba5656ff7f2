/**
 * From the entry of a Form Recognizer source to what connects to it.
 */
import type { SourceOptions } from "../../sources/kinds.ts";
import type { FormAuth } from "../../sources/form-recognizer/config.ts";
import { defined, optionalMs } from "./option-members.ts";
import { DEFAULT_API_VERSION, type FormEntry } from "./source-form-schema.ts";
import type { Follow } from "./follow.ts";

type FormOptions = Extract<SourceOptions, { readonly kind: "form-recognizer" }>;

/** What of an entry had to be followed. */
interface FormSecrets {
  readonly auth: FormAuth;
  /** In the order of the entry's data sets. */
  readonly dataSets: readonly ContainerSecrets[];
  readonly retrainInto: ContainerSecrets;
}

interface ContainerSecrets {
  readonly sas?: string;
  readonly accountKey?: string;
}

type ContainerEntry = NonNullable<FormEntry["retrainInto"]>;

/** For what only needs to know of the source. */
export const NO_FORM_SECRETS: FormSecrets = {
  auth: { kind: "bearer", token: "" },
  dataSets: [],
  retrainInto: {},
};

/** Errors: `secret-unavailable`. */
export async function formSecrets(entry: FormEntry, follow: Follow): Promise<FormSecrets> {
  const dataSets: ContainerSecrets[] = [];
  for (const set of entry.dataSets ?? []) {
    dataSets.push(await containerSecrets(set, `data set ${set.name}`, follow));
  }
  const { retrainInto } = entry;
  return {
    auth: await formAuth(entry.auth, follow),
    dataSets,
    retrainInto:
      retrainInto === undefined ? {} : await containerSecrets(retrainInto, "retrainInto container", follow),
  };
}

export function formOptions(entry: FormEntry, secrets: FormSecrets, ca: string | undefined): FormOptions {
  const { dataSets, retrainInto } = entry;
  return {
    kind: entry.kind,
    url: entry.url,
    apiVersion: entry.apiVersion ?? DEFAULT_API_VERSION,
    auth: secrets.auth,
    budget: defined({ requests: entry.requestsPerSecond }),
    ...defined({
      resourceId: entry.resourceId,
      region: entry.region,
      ca,
      parallelism: entry.parallelism,
      headroom: entry.headroom,
      requestTimeoutMs: optionalMs(entry.requestTimeout),
      pollMs: optionalMs(entry.poll),
      patienceMs: optionalMs(entry.patience),
      dataSets: dataSets?.map((set, index) => ({
        name: set.name,
        ...container(set, secrets.dataSets[index] ?? {}),
        ...defined({ models: set.models }),
      })),
      retrainInto: retrainInto && container(retrainInto, secrets.retrainInto),
    }),
  };
}

function container({ url, accountName, prefix }: ContainerEntry, secrets: ContainerSecrets) {
  return { url, ...defined({ accountName, prefix }), ...secrets };
}

async function formAuth(auth: FormEntry["auth"], follow: Follow): Promise<FormAuth> {
  switch (auth.type) {
    case "key":
      return { kind: "key", key: await follow.secret(auth.key, "key") };
    case "bearer":
      return { kind: "bearer", token: await follow.secret(auth.token, "token") };
    case "entra": {
      const { tenant, clientId, authority, scope } = auth;
      const clientSecret = await follow.secret(auth.clientSecret, "client secret");
      return { kind: "entra", tenant, clientId, clientSecret, ...defined({ authority, scope }) };
    }
  }
}

async function containerSecrets(
  { sas, accountKey }: ContainerEntry,
  what: string,
  follow: Follow,
): Promise<ContainerSecrets> {
  return defined({
    sas: sas === undefined ? undefined : await follow.secret(sas, `signature of the ${what}`),
    accountKey:
      accountKey === undefined ? undefined : await follow.secret(accountKey, `account key of the ${what}`),
  });
}
