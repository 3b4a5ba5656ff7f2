/**
 * What a source gets where the configuration says nothing. `config show --origin` lists these as `default`.
 */
import { INCLUDE_DEFAULT } from "../../sources/couchdb/config.ts";

export const SOURCE_DEFAULTS = {
  auth: "none",
  databases: ["*"],
  exclude: [],
  include: INCLUDE_DEFAULT,
} as const;
