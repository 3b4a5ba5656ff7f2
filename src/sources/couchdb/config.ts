/**
 * What must be known to reach a CouchDB-speaking service and what to keep of it. Secrets arrive resolved.
 */
import type { ClientLimits } from "../http/client-limits.ts";

export type CouchAuth =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "session"; readonly username: string; readonly password: string }
  | { readonly kind: "iam"; readonly apiKey: string; readonly tokenUrl?: string };

export interface CouchInclude {
  readonly designDocs: boolean;
  /** Tombstones. */
  readonly deleted: boolean;
  readonly attachments: boolean;
  /** `_security` and the database's settings. */
  readonly security: boolean;
  /** `_local` documents that are not replication checkpoints. */
  readonly localDocs: boolean;
}

export const INCLUDE_DEFAULT: CouchInclude = {
  designDocs: true,
  deleted: true,
  attachments: true,
  security: true,
  localDocs: false,
};

export interface CouchConfig extends ClientLimits {
  readonly url: string;
  readonly auth: CouchAuth;
  /** Send large request bodies gzip-compressed; old servers refuse it. */
  readonly compressRequests?: boolean;
  readonly include?: Partial<CouchInclude>;
  /** How a baseline is read; `auto` asks how the service charges and looks at a sample. */
  readonly readPath?: "auto" | "feed" | "bulk";
}

export function includeOf(config: CouchConfig): CouchInclude {
  return { ...INCLUDE_DEFAULT, ...config.include };
}
