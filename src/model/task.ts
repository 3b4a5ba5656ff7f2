/**
 * Tasks: one timeline of one source.
 */

/** `backup-` and 32 hex digits, stable for life. */
export type TaskName = `backup-${string}`;

const TASK_NAME = /^backup-[0-9a-f]{32}$/;

export function isTaskName(text: string): text is TaskName {
  return TASK_NAME.test(text);
}
