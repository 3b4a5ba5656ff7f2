/**
 * The events of a job that a callback may be told about: which names there are, which go together, and what is told when nothing was
 * chosen.
 */
import { badRequest } from "../../watson/errors.ts";

export const JOB_EVENTS = [
  "recognitions.started",
  "recognitions.completed",
  "recognitions.completed_with_results",
  "recognitions.failed",
] as const;

export type JobEvent = (typeof JOB_EVENTS)[number];

/** What a job with a callback reports when the request chose nothing. */
export const DEFAULT_EVENTS: readonly JobEvent[] = [
  "recognitions.started",
  "recognitions.completed",
  "recognitions.failed",
];

/**
 * The events of a comma-separated list, each once, in the order of a job's life. Throws 400 for a name that is none, and for both kinds of
 * completion at once.
 */
export function parseEvents(text: string | undefined): readonly JobEvent[] {
  if (text === undefined || text === "") return DEFAULT_EVENTS;
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) {
    if (!(JOB_EVENTS as readonly string[]).includes(name)) {
      throw badRequest(`unexpected value '${name}' for query parameter 'events'`);
    }
  }
  const chosen = JOB_EVENTS.filter((event) => names.includes(event));
  if (chosen.includes("recognitions.completed") && chosen.includes("recognitions.completed_with_results")) {
    throw badRequest(
      "events 'recognitions.completed' and 'recognitions.completed_with_results' are incompatible: specify only one of them",
    );
  }
  return chosen;
}
