/**
 * Whether a version is what it should be: its kind, revision and body, and that each of its blobs can be read from a pack.
 */
import type { TaskName } from "../../src/model/task.ts";
import type { Version } from "../../src/model/version.ts";
import { openPack, type PackReader } from "../../src/repository/blobs/pack-reader.ts";
import type { PackInfo } from "../../src/repository/blobs/pack.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { sha256, type Believed } from "./fake-service.ts";

export class VersionProof {
  readonly #repository: Repository;
  readonly #task: TaskName;
  readonly #broken: (what: string) => void;
  readonly #packs = new Map<string, PackReader>();
  /** Packs and blobs that were read from them once: packs never change. */
  readonly #soundBlobs = new Set<string>();

  constructor(repository: Repository, task: TaskName, broken: (what: string) => void) {
    this.#repository = repository;
    this.#task = task;
    this.#broken = broken;
  }

  /** Tells what is broken. `mayBeForgotten`: an item that is gone may as well be absent. */
  async same(
    packs: readonly PackInfo[],
    where: string,
    version: Version | undefined,
    believed: Believed | undefined,
    mayBeForgotten: boolean,
  ): Promise<void> {
    if (version === undefined) {
      if (believed === undefined || (mayBeForgotten && isGone(believed))) return;
      this.#broken(`${where} is not there; it should be ${summary(believed)}`);
    } else if (believed === undefined) this.#broken(`${where} is ${version.kind}; it was never there`);
    else if (believed === "purged") {
      if (version.kind !== "purged") this.#broken(`${where} is ${version.kind}; it was purged`);
    } else {
      const [body] = version.parts;
      const same =
        version.kind === believed.kind &&
        version.revision === believed.revision &&
        body?.equals(believed.body);
      if (same !== true) {
        this.#broken(`${where} is ${version.kind} ${version.revision}; it should be ${summary(believed)}`);
      }
      for (const [index, { name, content }] of believed.blobs.entries()) {
        const ref = version.blobs[index];
        if (ref?.name !== name || ref.sha256 !== sha256(content)) this.#broken(`${where} lacks blob ${name}`);
        else await this.#blob(packs, where, ref.blob);
      }
    }
  }

  /** Some pack of the manifest gives the blob's bytes. */
  async #blob(packs: readonly PackInfo[], where: string, blob: string): Promise<void> {
    for (const info of packs) {
      if (this.#soundBlobs.has(`${info.id} ${blob}`)) return;
      const pack = this.#packs.get(info.id) ?? (await openPack(this.#repository, this.#task, info));
      this.#packs.set(info.id, pack);
      if (!pack.has(blob)) continue;
      for await (const _ of pack.stream(blob));
      this.#soundBlobs.add(`${info.id} ${blob}`);
      return;
    }
    this.#broken(`${where} refers to blob ${blob}, which no pack holds`);
  }
}

/** Deleted or purged. */
export function isGone(believed: Believed): boolean {
  return believed === "purged" || believed.kind === "deleted";
}

function summary(believed: Believed): string {
  return believed === "purged" ? "purged" : `${believed.kind} ${believed.revision}`;
}
