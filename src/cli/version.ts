/**
 * Holdfast's own version, from its package.
 */
import { readFileSync } from "node:fs";

// Two levels up from here lies package.json, in the sources (src/cli) as in the build (dist/cli).
const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  readonly version: string;
};

export const VERSION = manifest.version;
