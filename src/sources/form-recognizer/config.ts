/**
 * What a Form Recognizer source is told. Secrets arrive resolved.
 */
import type { ClientLimits } from "../http/client-limits.ts";

/** The generations of the API. A list of v3 and later shows models of earlier ones from v3.0 on; v2.x knows only its own. */
export const API_VERSIONS = ["v2.0", "v2.1", "2022-08-31", "2023-07-31", "2024-11-30"] as const;
export type ApiVersion = (typeof API_VERSIONS)[number];

export type FormAuth =
  | { readonly kind: "key"; readonly key: string }
  /** A token that something else renews. */
  | { readonly kind: "bearer"; readonly token: string }
  /** Microsoft Entra: client credentials are exchanged for a token of the scope of Cognitive Services. */
  | {
      readonly kind: "entra";
      readonly tenant: string;
      readonly clientId: string;
      readonly clientSecret: string;
      /** Default: the public cloud's. */
      readonly authority?: string;
      readonly scope?: string;
    };

/** How a blob container is reached. */
export interface ContainerConfig {
  /** `https://ACCOUNT.blob.core.windows.net/CONTAINER`, without SAS. */
  readonly url: string;
  /** Query text of a shared access signature, without `?`; for capture it needs read and list, to retrain also write. */
  readonly sas?: string;
  /** Instead of a SAS: the storage account's key. */
  readonly accountName?: string;
  readonly accountKey?: string;
}

/** Training documents, labels and fields in a container of the customer. */
export interface DataSetConfig extends ContainerConfig {
  /** Part of the keys of its files; letters, digits, `-`, `_`, `.`. */
  readonly name: string;
  /** Only blobs whose names begin so. */
  readonly prefix?: string;
  /** Models and classifiers trained from it: patterns on id or name. Where the service tells the container (v4), it is found by that. */
  readonly models?: readonly string[];
}

export interface FormConfig extends ClientLimits {
  /** The resource's endpoint, without `/formrecognizer` or `/documentintelligence`. */
  readonly url: string;
  readonly apiVersion: ApiVersion;
  readonly auth: FormAuth;
  /** `/subscriptions/…/accounts/NAME`: needed where the resource is the target of copies of v2.x. */
  readonly resourceId?: string;
  /** Short lower-case name: `westus2`. Needed like `resourceId`; also shown in routing tables. */
  readonly region?: string;
  readonly dataSets?: readonly DataSetConfig[];
  /** Where a retraining puts the kept training data; it must be writable, and the resource must reach it. */
  readonly retrainInto?: ContainerConfig & { readonly prefix?: string };
  /** Time between two looks at something that the service works on, ms. */
  readonly pollMs?: number;
  /** Longest wait for one copy or training, ms. Composed and neural models are given four times as much. */
  readonly patienceMs?: number;
  /** PEM of certificates to trust beside the well-known ones. */
  readonly ca?: string;
}
