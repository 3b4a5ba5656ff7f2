/**
 * Models end on a day that is fixed when they are trained, and copies inherit it: a copy does not outlive its original, and copying again does not
 * help.
 */
import type { Millis } from "../../../model/clock.ts";
import { formatInstant } from "../../../model/instant.ts";
import type { CopyStep } from "../../live-copies.ts";
import type { CopyRun } from "./copy-run.ts";

/** Two months: time to label, train and test again. */
const WARNING_MS: Millis = 60 * 86_400_000;

export function warnOfExpiry({ context, pair }: CopyRun, { key, expires, target }: CopyStep): void {
  if (expires === undefined) return;
  const now = context.clock.now();
  if (expires - now > WARNING_MS) return;
  const when = formatInstant(expires);
  const ends = expires <= now ? `expired on ${when}` : `expires on ${when}`;
  context.warn?.(
    `It ${ends}, and so does its copy ${target} in ${pair.target.name}: copies inherit the date, and only training it again makes a model that lives longer.`,
    key,
  );
}
