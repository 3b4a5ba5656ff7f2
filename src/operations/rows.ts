/**
 * Versions in the words of reports.
 */
import { formatInstant } from "../model/instant.ts";
import { keyText } from "../model/key.ts";
import type { Version } from "../model/version.ts";
import type { KeptVersion } from "../timeline/timeline.ts";
import type { ItemRow, VersionRow } from "./reports.ts";

export function itemRow(version: Version): ItemRow {
  return {
    key: keyText(version.key),
    kind: version.kind,
    revision: version.revision,
    seen: new Date(version.observation.at).toISOString(),
    bytes: version.parts.reduce((sum, part) => sum + part.length, 0),
    parts: version.parts.length,
    blobs: version.blobs.length,
  };
}

export function versionRow({ entry, instant, version }: KeptVersion): VersionRow {
  return {
    ...itemRow(version),
    level: entry.level,
    epoch: entry.epoch,
    instant: formatInstant(instant),
    sequence: version.observation.sequence,
  };
}
