/**
 * One instant as files (docs/format/exchange.md):
 *
 *     manifest.json
 *     security.json  settings.json  local/NAME.json
 *     documents/ID/REVISION.json
 *     documents/ID/REVISION.attachments/NAME
 *     index/000001.json …
 *     index.json
 */
import type { ExportFrame } from "../exported.ts";

export const TAR_FORMAT = "holdfast-tar";
export const TAR_VERSION = 1;

export const MANIFEST = "manifest.json";
export const SECURITY = "security.json";
export const SETTINGS = "settings.json";
export const LOCAL = "local";
export const DOCUMENTS = "documents";
export const INDEX_FOLDER = "index";
export const INDEX = "index.json";
export const JSON_SUFFIX = ".json";
export const ATTACHMENTS_SUFFIX = ".attachments";

export interface TarManifest extends ExportFrame {
  readonly format: typeof TAR_FORMAT;
  readonly version: number;
}

/** The files since the index before, in their order. */
export interface TarIndexPiece {
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

/** The last file: nothing is missing when it is there and agrees. */
export interface TarIndex {
  readonly items: number;
  readonly files: number;
  /** SHA-256 of each `index/…` file, in their order. */
  readonly pieces: readonly string[];
}
