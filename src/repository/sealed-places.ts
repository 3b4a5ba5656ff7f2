/**
 * Which sealed object belongs at a path: what check and repair need to tell whether any small object opens in its place.
 */
import { HoldfastError } from "../model/errors.ts";
import type { Repository } from "./repository.ts";
import { openObject, type ObjectPlace } from "./sealed-object.ts";

const PATH =
  /^tasks\/(?<task>backup-[0-9a-f]{32})\/(?<folder>[a-z]+)\/(?<name>[0-9a-f-]+)(?:\/(?<part>\d+|record))?$/;

/** Folders of sealed objects by what is in them. */
const PURPOSES: Readonly<Record<string, ObjectPlace["purpose"]>> = {
  manifests: "manifest",
  runs: "run",
  restores: "restore",
  leases: "lease",
  journal: "journal",
  checks: "check",
  erasures: "erasure",
  standbys: "standby",
  ids: "ids",
  copies: "copies",
  routes: "routes",
  claims: "claim",
};

/** Undefined for a path at which no sealed object belongs. */
export function sealedPlaceAt(path: string): ObjectPlace | undefined {
  const { task = "", folder = "", name = "", part } = PATH.exec(path)?.groups ?? {};
  const purpose = PURPOSES[folder];
  if (purpose === undefined) return undefined;
  if (purpose === "manifest") return { purpose, scope: [task, String(Number(name))] };
  if (part === undefined) return { purpose, scope: [task, name] };
  return { purpose, scope: [task, name, part === "record" ? part : String(Number(part))] };
}

/** The value of the sealed object at a path. Errors: `object-missing`, `object-damaged`, `storage-*`. */
export async function openSealedAt(
  repository: Repository,
  path: string,
  signal?: AbortSignal,
): Promise<unknown> {
  const place = sealedPlaceAt(path);
  if (place === undefined)
    throw new HoldfastError("object-damaged", `No object of Holdfast's belongs at ${path}.`, { path });
  return openObject(repository.keyring, place, path, await repository.storage.read(path, undefined, signal));
}
