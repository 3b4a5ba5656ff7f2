/**
 * What must be known to reach an instance of a Watson speech service. Secrets arrive resolved.
 */
import type { ClientLimits } from "../http/client-limits.ts";

export type WatsonAuth =
  | { readonly kind: "none" }
  /** IBM Cloud: the API key is exchanged for a token at `tokenUrl` (default: IBM Cloud's own). */
  | { readonly kind: "iam"; readonly apiKey: string; readonly tokenUrl?: string }
  /** IBM Cloud: the API key itself with every request (`apikey:KEY`). */
  | { readonly kind: "apikey"; readonly apiKey: string }
  | { readonly kind: "bearer"; readonly token: string }
  /** Cloud Pak for Data: a platform token from `authUrl` + `/v1/authorize`. One of `password` and `apiKey`. */
  | {
      readonly kind: "cp4d";
      readonly authUrl: string;
      readonly username: string;
      readonly password?: string;
      readonly apiKey?: string;
    };

export interface WatsonConfig extends ClientLimits {
  /** Everything in front of `/v1`. */
  readonly url: string;
  readonly auth: WatsonAuth;
  /** PEM of certificates to trust beside the system's: Cloud Pak for Data often signs its own. */
  readonly ca?: string;
  /** True: any certificate is taken. For trials only. */
  readonly insecureTls?: boolean;
  /** Time between two looks at something that the service works on, ms; default 10 s (acoustic models 60 s). */
  readonly pollMs?: number;
  /** Longest wait for one resource or training, ms; default 4 days (an acoustic model trains as long as its audio lasts). */
  readonly patienceMs?: number;
  /** A listing that has not changed is trusted this long, ms, before everything is read again; default a day. */
  readonly fullReadEveryMs?: number;
}
