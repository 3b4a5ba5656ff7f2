/**
 * A configured source as listings show it; credentials as their references.
 */
import { SOURCE_DEFAULTS } from "../catalog/config/defaults.ts";
import type { SourceEntry } from "../catalog/config/schema.ts";

export interface SourceRow {
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  /** `none`, or the type with its references. */
  readonly auth: Readonly<Record<string, string>>;
  readonly databases: readonly string[];
  readonly exclude: readonly string[];
}

export function sourceRow(name: string, entry: SourceEntry): SourceRow {
  const auth = typeof entry.auth === "object" ? (entry.auth as Record<string, string>) : { type: "none" };
  return {
    name,
    kind: entry.kind,
    url: entry.url,
    auth,
    databases: entry.databases ?? SOURCE_DEFAULTS.databases,
    exclude: entry.exclude ?? SOURCE_DEFAULTS.exclude,
  };
}
