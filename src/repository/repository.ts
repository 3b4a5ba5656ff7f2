/**
 * An opened repository: storage, keys, and the tasks that lie in it.
 */
import { isTaskName, type TaskName } from "../model/task.ts";
import { TASKS } from "./paths.ts";
import type { Keyring } from "./sealing/keyring.ts";
import type { Storage } from "./storage/storage.ts";

export interface Repository {
  /** 32 hex digits. */
  readonly id: string;
  readonly storage: Storage;
  readonly keyring: Keyring;
}

/** Names of all tasks, in byte order; one short listing for each, however much lies in it. */
export async function* listTaskNames(repository: Repository, signal?: AbortSignal): AsyncGenerator<TaskName> {
  let after = TASKS;
  for (;;) {
    const folder = await firstFolder(repository.storage.list(TASKS, signal ? { after, signal } : { after }));
    if (folder === undefined) return;
    if (isTaskName(folder)) yield folder;
    // "0" is the byte after "/": everything inside the folder comes before it.
    after = `${TASKS}${folder}0`;
  }
}

async function firstFolder(listing: AsyncIterable<{ readonly path: string }>): Promise<string | undefined> {
  for await (const { path } of listing) return path.split("/")[1];
  return undefined;
}
