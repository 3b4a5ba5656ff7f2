/**
 * How far a standby has been brought: one small sealed object for each instant that was applied to it. What ids its objects have is
 * kept elsewhere (the id map); without any of both, a standby is compared anew and nothing is lost.
 */
import type { Millis } from "../model/clock.ts";
import type { TaskName } from "../model/task.ts";
import { HoldfastError } from "../model/errors.ts";
import { standbyRecordPath, standbyRecordsOf } from "./paths.ts";
import type { Repository } from "./repository.ts";
import { openObject, sealObject } from "./sealed-object.ts";

/** Hex digits of a standby's name in paths: it is derived, so that the listing does not tell names. */
const NAME_DIGITS = 32;
const ORDINAL_DIGITS = 6;
/** Runs of one standby that end at the same time may take the same number this often. */
const WRITE_ATTEMPTS = 20;

export interface StandbyRecord {
  /** The instant that was applied. */
  readonly instant: Millis;
  /** When it had been applied. */
  readonly at: Millis;
  /** Items that the target has as of that instant. */
  readonly applied: number;
  /** Items that it could not be given. */
  readonly failed: number;
}

/** The newest record; undefined for a standby that was never run. Errors: `object-damaged`, `storage-*`. */
export async function readStandbyRecord(
  repository: Repository,
  task: TaskName,
  standby: string,
  signal?: AbortSignal,
): Promise<StandbyRecord | undefined> {
  const newest = await newestOrdinal(repository, task, standby, signal);
  if (newest === 0) return undefined;
  const path = standbyRecordPath(task, nameOf(repository, standby), ordinalText(newest));
  const object = await repository.storage.read(path, undefined, signal);
  return openObject(
    repository.keyring,
    placeOf(repository, task, standby, newest),
    path,
    object,
  ) as StandbyRecord;
}

/** Errors: `task-busy`, `storage-*`. */
export async function writeStandbyRecord(
  repository: Repository,
  task: TaskName,
  standby: string,
  record: StandbyRecord,
  signal?: AbortSignal,
): Promise<void> {
  for (let attempt = 1; attempt <= WRITE_ATTEMPTS; attempt++) {
    const ordinal = (await newestOrdinal(repository, task, standby, signal)) + 1;
    const path = standbyRecordPath(task, nameOf(repository, standby), ordinalText(ordinal));
    const object = sealObject(repository.keyring, placeOf(repository, task, standby, ordinal), record);
    if ((await repository.storage.create(path, object, signal)) === "created") return;
  }
  throw new HoldfastError("task-busy", `Other runs of standby ${standby} kept recording what they did.`, {
    task,
  });
}

async function newestOrdinal(
  repository: Repository,
  task: TaskName,
  standby: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const folder = standbyRecordsOf(task, nameOf(repository, standby));
  let newest = 0;
  for await (const { path } of repository.storage.list(folder, signal ? { signal } : {})) {
    newest = Math.max(newest, Number(path.slice(folder.length)));
  }
  return newest;
}

function nameOf({ keyring }: Repository, standby: string): string {
  return keyring.derive("standby", standby).toString("hex").slice(0, NAME_DIGITS);
}

function ordinalText(ordinal: number): string {
  return String(ordinal).padStart(ORDINAL_DIGITS, "0");
}

function placeOf(repository: Repository, task: TaskName, standby: string, ordinal: number) {
  return { purpose: "standby", scope: [task, nameOf(repository, standby), String(ordinal)] } as const;
}
