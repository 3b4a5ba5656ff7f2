/**
 * A blob container as a training sees it: names and contents below a URL that carries its own signature. A container is stood for by a local
 * folder when the stand-in was told so, and else read over HTTP.
 */
import { readFile, readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";

import { webContainer } from "./web-container.ts";

export interface TrainingContainer {
  /** Names that begin with the prefix, in no order. Rejects with `ContainerUnreadable`. */
  list(prefix: string): Promise<readonly string[]>;
  /** Rejects with `ContainerUnreadable`. */
  read(name: string): Promise<Buffer>;
}

/** The container does not exist, or the URL does not open it. */
export class ContainerUnreadable extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "ContainerUnreadable";
  }
}

/** The option of the stand-in, in the form in which URLs are looked up. */
export function containerMap(folders: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(folders).map(([url, folder]) => [plainUrl(url), folder]));
}

/** `url` with its signature. Throws `ContainerUnreadable` for a text that is no URL of a container. */
export function openContainer(folders: ReadonlyMap<string, string>, url: string): TrainingContainer {
  const folder = folders.get(plainUrl(url));
  if (folder !== undefined) return new FolderContainer(folder);
  if (!URL.canParse(url) || new URL(url).pathname.length <= 1) {
    throw new ContainerUnreadable("not the URL of a container");
  }
  return webContainer(url, (reason) => new ContainerUnreadable(reason));
}

/** Without query and final slash, in lower case, as names of accounts and containers are. */
function plainUrl(url: string): string {
  return (url.split("?")[0] ?? "").replace(/\/+$/, "").toLowerCase();
}

class FolderContainer implements TrainingContainer {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(prefix: string): Promise<readonly string[]> {
    const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch(() => {
      throw new ContainerUnreadable("no such folder");
    });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.#folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
      .filter((name) => name.startsWith(prefix));
  }

  async read(name: string): Promise<Buffer> {
    return readFile(join(this.#folder, ...name.split("/"))).catch(() => {
      throw new ContainerUnreadable(`no such file ${name}`);
    });
  }
}
