/**
 * The course of a build or composition of 2022-08-31 and later: it stands in line for the first half of its time and runs for the second.
 */
import type { FormState } from "../state.ts";
import type { V3Call } from "./call.ts";

const RUN = "v3-run";

interface Run {
  readonly resource: string;
  readonly operation: string;
}

/** Has the job done when its time comes, unless a fault keeps the operation where it is. */
export function schedule(call: V3Call, operation: string, job: string, payload: unknown): void {
  const { state, now, resource, exchange } = call;
  const stuck = exchange.formFault("stuck");
  if (stuck?.at === "notStarted") return;
  const run: Run = { resource: resource.name, operation };
  state.jobs.add(now + Math.floor(state.delays.buildMs / 2), RUN, run);
  if (stuck === undefined) state.jobs.add(now + state.delays.buildMs, job, payload);
}

export function stepJobs(state: FormState): void {
  state.jobs.handle(RUN, (payload, due) => {
    const { resource, operation } = payload as Run;
    const found = state.operations.find(resource, operation);
    if (found !== undefined) state.operations.put({ ...found, status: "running", updated: due });
  });
}
