/**
 * Whether a word of the command line names a time. What the time means is for operations to say.
 */
import { parseTime } from "../model/instant.ts";

const LATEST = /^latest(~\d+)?$/;

export function isTimeSpec(text: string): boolean {
  if (LATEST.test(text)) return true;
  try {
    parseTime(text, 0);
    return true;
  } catch {
    return false;
  }
}
