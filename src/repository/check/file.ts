/**
 * Checking one file that a timeline needs, and telling whose versions its damage concerns.
 */
import { formatInstant } from "../../model/instant.ts";
import { keyText } from "../../model/key.ts";
import type { Version } from "../../model/version.ts";
import { verifyPack } from "../blobs/pack-verify.ts";
import type { PackInfo } from "../blobs/pack.ts";
import type { Manifest } from "../manifest.ts";
import type { Repository } from "../repository.ts";
import { openSegment } from "../segment/segment-reader.ts";
import { verifySegment } from "../segment/segment-verify.ts";
import { blank, damageFinding, type CheckFinding } from "./finding.ts";
import {
  concernOf,
  neededSegments,
  type NeededFile,
  type NeededPack,
  type NeededSegment,
} from "./needed-files.ts";

export interface FileOptions {
  /** Read every byte; else: that the file is there with its size, its ends and its tables. */
  readonly readData: boolean;
  readonly signal: AbortSignal;
}

/** Nothing for a sound file. Errors: `storage-*`; damage is yielded. */
export function checkFile(
  repository: Repository,
  manifest: Manifest,
  file: NeededFile,
  options: FileOptions,
): AsyncGenerator<CheckFinding> {
  return file.kind === "segment"
    ? checkSegment(repository, manifest, file, options)
    : checkPack(repository, manifest, file, options);
}

async function* checkSegment(
  repository: Repository,
  { task }: Manifest,
  file: NeededSegment,
  { readData, signal }: FileOptions,
): AsyncGenerator<CheckFinding> {
  const { info, path, restore } = file;
  const { severity, ...concerned } = concernOf(file);
  const place = { ...blank(task, path), ...concerned, severity };
  const undone = restore === null ? [] : [`what restore ${restore} touched: it cannot be taken back whole`];
  const told = (message: string): string =>
    severity === "warning" ? `${message} Only a retired instant needs it: the timeline is whole.` : message;
  try {
    const { storage, keyring } = repository;
    const findings = verifySegment(storage, keyring, task, info, { readData }, signal);
    for await (const { code, message, items } of findings)
      yield { ...place, code, message: told(message), items: restore === null ? items : undone };
  } catch (error) {
    const { live, deleted, purged } = info.counts;
    const items = restore === null ? [`all ${live + deleted + purged} versions in the file`] : undone;
    const { code, message } = damageFinding(task, path, error);
    yield { ...place, code, message: told(message), items };
  }
}

async function* checkPack(
  repository: Repository,
  manifest: Manifest,
  { info, path }: NeededPack,
  { readData, signal }: FileOptions,
): AsyncGenerator<CheckFinding> {
  const { task } = manifest;
  try {
    const findings = verifyPack(repository.storage, repository.keyring, task, info, { readData }, signal);
    for await (const { code, message, items } of findings) {
      const users = items.length === 0 ? noUsers : await usersOf(repository, manifest, info, items, signal);
      const named = users.items.length > 0 ? users.items : items;
      yield { ...blank(task, path), severity: "error", code, message, ...users, items: named };
    }
  } catch (error) {
    yield { ...damageFinding(task, path, error), items: [`all ${info.blobs} blobs in the pack`] };
  }
}

const noUsers = { runs: [], instants: [], items: [] } as const;

/** A blob as a finding names it; anything else is a description. */
const BLOB_ID = /^[0-9a-f]{64}$/;

/**
 * The items, and the runs and instants that keep them, whose versions refer to damaged blobs: those of `blobs`, or all of
 * the pack where `blobs` is a description. Nothing without the read right, and nothing from a segment that is damaged too.
 */
async function usersOf(
  repository: Repository,
  manifest: Manifest,
  pack: PackInfo,
  blobs: readonly string[],
  signal: AbortSignal,
): Promise<Pick<CheckFinding, "runs" | "instants" | "items">> {
  if (repository.keyring.right !== "read") return noUsers;
  const { task } = manifest;
  const runs = new Set<string>();
  const instants = new Set<number>();
  const items = new Set<string>();
  const whole = !blobs.every((blob) => BLOB_ID.test(blob));
  const concerned = (version: Version): boolean =>
    version.blobs.some((ref) => (whole ? ref.pack === pack.id : blobs.includes(ref.blob)));
  for (const { info, path, uses } of neededSegments(manifest)) {
    if (info.counts.blobRefs === 0) continue;
    try {
      const reader = await openSegment(repository.storage, repository.keyring, task, info);
      for await (const versions of reader.scan({}, {}, signal)) {
        for (const version of versions.filter(concerned)) {
          for (const { entry, instant } of uses) {
            runs.add(entry.id);
            instants.add(instant);
          }
          items.add(keyText(version.key));
        }
      }
    } catch (error) {
      // Told where that segment itself is checked.
      damageFinding(task, path, error);
    }
  }
  return { runs: [...runs], instants: [...instants].map(formatInstant), items: [...items] };
}
