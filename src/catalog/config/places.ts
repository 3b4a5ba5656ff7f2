/**
 * Where the configuration's relative names start: environment, home and the folder of the file that holds them.
 */
import { isAbsolute, join, resolve } from "node:path";

export interface Places {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder, for a leading `~/`. */
  readonly home: string;
  /** Absolute folder that relative paths start at. */
  readonly base: string;
}

/** The absolute path that a path of the configuration names. */
export function resolvePath(path: string, places: Places): string {
  if (path === "~") return places.home;
  if (path.startsWith("~/")) return join(places.home, path.slice(2));
  return isAbsolute(path) ? resolve(path) : resolve(places.base, path);
}
