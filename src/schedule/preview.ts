/**
 * Which jobs will begin when, if nothing comes between: the same rules that the scheduler goes by, run forward.
 */
import type { Millis } from "../model/clock.ts";
import type { Job, JobMemories } from "./job.ts";
import { earliestStart, type StartRules } from "./next-start.ts";
import { nextOpening } from "./windows.ts";

export interface NextRun {
  readonly at: Millis;
  readonly job: Job;
  readonly why: "now" | "retry" | "regular";
}

/** A job whose regular times are known for ever. */
export interface RecurringJob {
  readonly job: Job;
  /** The job after a run that began then; undefined: it is not known before that run. */
  readonly after: (start: Millis) => Job | undefined;
}

/** The first `count` starts of all jobs together, in order. Runs are taken to last no time. */
export function nextRuns(
  jobs: readonly RecurringJob[],
  memories: Pick<JobMemories, "get">,
  rules: StartRules,
  now: Millis,
  count: number,
): NextRun[] {
  const coming = jobs.map(({ job, after }) => {
    const memory = memories.get(job.id);
    const earliest = earliestStart(job, memory, rules);
    const failed = memory !== undefined && memory.failures > 0;
    return { after, next: startOf(job, earliest, failed && earliest > job.regular, rules, now) };
  });
  const runs: NextRun[] = [];
  while (runs.length < count) {
    const first = coming.reduce<(typeof coming)[number] | undefined>(
      (best, one) => (best === undefined || isEarlier(one.next, best.next) ? one : best),
      undefined,
    );
    if (first === undefined) break;
    runs.push(first.next);
    const job = first.after(first.next.at);
    if (job === undefined) coming.splice(coming.indexOf(first), 1);
    else first.next = startOf(job, earliestStart(job, undefined, rules), false, rules, first.next.at);
  }
  return runs;
}

function startOf(job: Job, earliest: Millis, retried: boolean, rules: StartRules, now: Millis): NextRun {
  const at = nextOpening(rules.windows, rules.timezone, Math.max(now, earliest));
  const why = retried ? "retry" : at === now ? "now" : "regular";
  return { at, job, why };
}

function isEarlier(one: NextRun, other: NextRun): boolean {
  return one.at === other.at ? one.job.id < other.job.id : one.at < other.at;
}
