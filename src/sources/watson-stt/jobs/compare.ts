/**
 * Comparing jobs with an instant. Callback addresses cannot be listed, so nothing is told of them; of a completed job the results count,
 * where the service still has them.
 */
import type { Version } from "../../../model/version.ts";
import type { CompareEvent, CompareRequest, Difference, SourceContext } from "../../source.ts";
import { canonicalBytes } from "../../../model/json/canonical.ts";
import type { WatsonClient } from "../../watson/client.ts";
import { parseKey } from "../../watson/keys.ts";
import { JobCalls } from "./calls.ts";
import { isCompleted, jobOf, type Job } from "./job.ts";
import { JOB_GROUP } from "./submit.ts";

/** Differ between a job and the one that was submitted in its place. */
const OF_THE_JOB = ["id", "created", "updated"];

export async function* compareJobs(
  client: WatsonClient,
  { reader, ids }: CompareRequest,
  context: SourceContext,
): AsyncGenerator<CompareEvent> {
  const calls = new JobCalls(client, context);
  let items = 0;
  for await (const versions of reader.versions()) {
    for (const version of versions) {
      const parsed = parseKey(version.key);
      if (parsed?.kind !== "job" || version.kind !== "live") continue;
      items += 1;
      const present = await calls.job(ids?.get(JOB_GROUP, parsed.id) ?? parsed.id);
      const found = differenceOf(parsed.id, version, present);
      if (found !== undefined) yield { kind: "difference", difference: found };
    }
  }
  yield { kind: "end", items, parts: items, blobs: 0 };
}

function differenceOf(id: string, { key, parts }: Version, present: Job | undefined): Difference | undefined {
  const kept = jobOf(parts[0] as Buffer, id);
  if (present === undefined) {
    // The service forgets results after a week; the timeline has them.
    if (isCompleted(kept)) return undefined;
    return {
      key,
      difference: "missing",
      detail: "the target has no such job, and no results of it are kept",
    };
  }
  if (!isCompleted(kept)) return undefined;
  if (!isCompleted(present)) {
    return { key, difference: "state", detail: "it is not completed in the target" };
  }
  const [then, now] = [kept.raw, present.raw].map((raw) => canonicalBytes(raw, OF_THE_JOB));
  if (then?.equals(now as Buffer) === true) return undefined;
  return { key, difference: "body", detail: "the target has other results" };
}
