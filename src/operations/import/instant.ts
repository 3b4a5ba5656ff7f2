/**
 * Which instant an imported baseline stands for.
 */
import { HoldfastError } from "../../model/errors.ts";
import { formatInstant, parseTime } from "../../model/instant.ts";
import type { ImportNotes } from "../../exchange/imported.ts";
import type { ImportReport } from "../reports.ts";
import type { ImportFile } from "./open-file.ts";

const SECOND_MS = 1_000;
/** How far the clock that stamped a file (a file server's, or ours before it was set) may be ahead of ours. */
const CLOCK_SKEW_MS = 5 * 60 * SECOND_MS;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

export interface ChosenInstant {
  /** Whole seconds, ms UTC. */
  readonly instant: number;
  readonly from: ImportReport["instantFrom"];
}

/** What the operator says, else what the file says, else the file's own time. Errors: `usage`, `instant-unknown`. */
export function chooseInstant(
  at: string | undefined,
  file: ImportFile,
  notes: ImportNotes,
  now: number,
): ChosenInstant {
  const chosen = choose(at, file, notes, now);
  if (chosen.instant > now) {
    const time = formatInstant(wholeSecond(chosen.instant));
    throw new HoldfastError(
      "usage",
      `The instant ${time} (${chosen.from}) lies in the future: give --at TIME.`,
    );
  }
  return { ...chosen, instant: wholeSecond(chosen.instant) };
}

function choose(
  at: string | undefined,
  { modified }: ImportFile,
  { frame }: ImportNotes,
  now: number,
): ChosenInstant {
  if (at !== undefined) {
    const time = parseTime(at, now);
    // A date means the end of that day; of this one there is no more than until now.
    const today = DATE.test(at) && formatInstant(now).startsWith(at);
    return { instant: today ? Math.min(time, now) : time, from: "--at" };
  }
  if (frame.instant !== undefined) return { instant: frame.instant, from: "the file's header" };
  if (modified !== undefined) {
    const skewed = modified > now && modified <= now + CLOCK_SKEW_MS;
    return { instant: skewed ? now : modified, from: "the file's own time" };
  }
  throw new HoldfastError("usage", "A stream does not say when its data was like this: give --at TIME.");
}

function wholeSecond(time: number): number {
  return Math.floor(time / SECOND_MS) * SECOND_MS;
}
