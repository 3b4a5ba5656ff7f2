/**
 * A configured source as listings show it; credentials as their references.
 */
import { protectedBy } from "../catalog/config/defaults.ts";
import type { SourceEntry } from "../catalog/config/schema.ts";

export interface SourceRow {
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  /** `none`, or the type with its references. */
  readonly auth: Readonly<Record<string, string>>;
  /** Of kind `couchdb`. */
  readonly databases?: readonly string[];
  /** Of kind `couchdb`. */
  readonly exclude?: readonly string[];
  /** Of the other kinds. */
  readonly collections?: readonly string[];
}

export function sourceRow(name: string, entry: SourceEntry): SourceRow {
  const auth = typeof entry.auth === "object" ? (entry.auth as Record<string, string>) : { type: "none" };
  const { collections, exclude } = protectedBy(entry);
  return {
    name,
    kind: entry.kind,
    url: entry.url,
    auth,
    ...(entry.kind === "couchdb" ? { databases: collections, exclude } : { collections }),
  };
}
