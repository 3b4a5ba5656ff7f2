/**
 * Putting callbacks and jobs back: addresses are registered first, because jobs name them, then every job whose results were never kept is
 * submitted again with its own audio. A job that was completed needs nothing: its results are in the timeline.
 */
import type { Version } from "../../../model/version.ts";
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import type { WatsonClient } from "../../watson/client.ts";
import { captureKey, jobKey, parseKey } from "../../watson/keys.ts";
import { JobCalls } from "./calls.ts";
import { CallbackRegistrar } from "./callbacks.ts";
import { isCompleted, jobOf } from "./job.ts";
import { JobSubmitter } from "./submit.ts";

export async function* restoreJobs(
  client: WatsonClient,
  request: RestoreRequest,
  context: SourceContext,
): AsyncGenerator<RestoreOutcome> {
  const calls = new JobCalls(client, context);
  const registrar = new CallbackRegistrar(calls, request, context);
  const submitter = new JobSubmitter(calls, request, context);
  /** Jobs that were dealt with by their captures; a capture's key comes before its job's. */
  const submitted = new Set<string>();
  for await (const versions of request.reader.versions()) {
    for (const version of versions) {
      const parsed = parseKey(version.key);
      const { key } = version;
      if (version.kind !== "live" || parsed === undefined) yield { key, action: "same" };
      else if (parsed.kind === "job") {
        if (!submitted.has(parsed.id)) yield await restoreJob(parsed.id, version, { request, submitter });
      } else if (parsed.kind !== "capture") yield { key, action: "same" };
      else {
        const { scope, rest } = parsed.capture;
        if (scope === "callbacks") yield await registrar.restore(rest, version);
        else if (scope === "jobs") {
          submitted.add(rest);
          yield await restoreCaptured(rest, version, { request, submitter });
        } else yield { key, action: "same" };
      }
    }
  }
}

interface JobRestore {
  readonly request: RestoreRequest;
  readonly submitter: JobSubmitter;
}

/** A job whose audio is kept: it had no results yet. */
async function restoreCaptured(
  id: string,
  version: Version,
  { request, submitter }: JobRestore,
): Promise<RestoreOutcome> {
  const [item] = await request.reader.find([jobKey(id)]);
  if (item?.kind === "live" && isCompleted(jobOf(item.parts[0] as Buffer, id))) {
    return { key: version.key, action: "same" };
  }
  return await submitter.restore(id, version);
}

/** A job that was chosen by itself, or whose audio is not kept. */
async function restoreJob(
  id: string,
  version: Version,
  { request, submitter }: JobRestore,
): Promise<RestoreOutcome> {
  const { key } = version;
  if (isCompleted(jobOf(version.parts[0] as Buffer, id))) return { key, action: "same" };
  const [capture] = await request.reader.find([captureKey("jobs", id)]);
  if (capture?.kind !== "live") {
    return { key, action: "failed", reason: "not recoverable: its audio was never captured" };
  }
  return { ...(await submitter.restore(id, capture)), key };
}
