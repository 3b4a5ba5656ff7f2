/**
 * Which files a cleanup of a task may delete: its own segments and packs, and nothing else, whatever a manifest says.
 */
import type { TaskName } from "../../model/task.ts";
import { packPath, segmentPath } from "../paths.ts";

const FILE_ID = /[0-9a-f]{32}$/;

export function isOwnFile(task: TaskName, path: string): boolean {
  const id = FILE_ID.exec(path)?.[0] ?? "";
  return path === segmentPath(task, id) || path === packPath(task, id);
}
