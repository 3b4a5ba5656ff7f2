/**
 * Which configuration file counts: `--config`, then `HOLDFAST_CONFIG`, then `./holdfast.yaml`, then the user's own.
 */
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";

export const CONFIG_NAME = "holdfast.yaml";

export interface ConfigLocation {
  /** Absolute path. */
  readonly path: string;
  readonly exists: boolean;
  /** How it was chosen, in words for people. */
  readonly chosenBy:
    | "--config"
    | "HOLDFAST_CONFIG"
    | "the present folder"
    | "the user's configuration folder";
}

export interface LocateOptions {
  readonly flag?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
}

/**
 * The file to read, or, when there is none, the file to make: a place named by flag or environment even if nothing is
 * there, else the first that exists, else `./holdfast.yaml`.
 */
export async function locateConfig(options: LocateOptions): Promise<ConfigLocation> {
  if (options.flag !== undefined) return located(resolve(options.cwd, options.flag), "--config");
  const named = options.env["HOLDFAST_CONFIG"];
  if (named !== undefined && named !== "") return located(resolve(options.cwd, named), "HOLDFAST_CONFIG");
  const here = await located(join(options.cwd, CONFIG_NAME), "the present folder");
  if (here.exists) return here;
  const user = await located(
    join(userFolder(options), "holdfast", CONFIG_NAME),
    "the user's configuration folder",
  );
  return user.exists ? user : here;
}

/** Whether a missing file at this location is an error: somebody named it. */
export function isNamed(location: ConfigLocation): boolean {
  return location.chosenBy === "--config" || location.chosenBy === "HOLDFAST_CONFIG";
}

function userFolder(options: LocateOptions): string {
  const xdg = options.env["XDG_CONFIG_HOME"];
  return xdg === undefined || xdg === "" ? join(options.home, ".config") : xdg;
}

async function located(path: string, chosenBy: ConfigLocation["chosenBy"]): Promise<ConfigLocation> {
  const exists = await stat(path).then(
    () => true,
    // Only a certain absence counts: a file that may not be read must not silently give way to another one.
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT" && error.code !== "ENOTDIR",
  );
  return { path, exists, chosenBy };
}
