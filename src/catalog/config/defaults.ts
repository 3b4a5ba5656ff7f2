/**
 * What a source gets where the configuration says nothing. `config show --origin` lists these as `default`.
 */
import { INCLUDE_DEFAULT } from "../../sources/couchdb/config.ts";
import type { SourceEntry } from "./schema.ts";

export const SOURCE_DEFAULTS = {
  auth: "none",
  databases: ["*"],
  exclude: [],
  include: INCLUDE_DEFAULT,
  /** Of the kinds whose collections are known beforehand. */
  collections: ["*"],
} as const;

/** Which of a source's collections are protected, as patterns. */
export function protectedBy(entry: SourceEntry): {
  readonly collections: readonly string[];
  readonly exclude: readonly string[];
} {
  return entry.kind === "couchdb"
    ? {
        collections: entry.databases ?? SOURCE_DEFAULTS.databases,
        exclude: entry.exclude ?? SOURCE_DEFAULTS.exclude,
      }
    : {
        collections: ("collections" in entry ? entry.collections : undefined) ?? SOURCE_DEFAULTS.collections,
        exclude: [],
      };
}
