/**
 * Whether jobs and callbacks could be set going again from the timeline alone: a job needs its results or its audio, a callback what was
 * said when it was registered.
 */
import type { Version } from "../../../model/version.ts";
import type { Readiness, VersionReader } from "../../source.ts";
import { readCapture } from "../../watson/captures.ts";
import { captureKey, jobKey, parseKey } from "../../watson/keys.ts";
import { isCompleted, jobOf } from "./job.ts";

/** In byte order of key. */
export async function* jobReadiness(reader: VersionReader): AsyncGenerator<Readiness> {
  for await (const versions of reader.versions()) {
    for (const version of versions) {
      const parsed = parseKey(version.key);
      if (version.kind !== "live" || parsed === undefined) continue;
      if (parsed.kind === "job") yield await jobVerdict(parsed.id, version, reader);
      if (parsed.kind !== "capture") continue;
      const { scope, rest } = parsed.capture;
      if (scope === "callbacks") yield callbackVerdict(version);
      // Told of under the job itself, where that was listed.
      if (scope === "jobs" && (await reader.find([jobKey(rest)]))[0]?.kind !== "live")
        yield captureVerdict(version);
    }
  }
}

async function jobVerdict(id: string, { key, parts }: Version, reader: VersionReader): Promise<Readiness> {
  if (isCompleted(jobOf(parts[0] as Buffer, id))) return { key, verdict: "complete", missing: [] };
  const [capture] = await reader.find([captureKey("jobs", id)]);
  if (capture?.kind === "live") return { ...captureVerdict(capture), key };
  return {
    key,
    verdict: "lost",
    missing: [{ key, what: "Not recoverable: it has no results yet, and its audio was never captured." }],
  };
}

function captureVerdict(version: Version): Readiness {
  const { key } = version;
  const { note, content } = readCapture(version);
  if (content === undefined || note.incomplete !== undefined) {
    return {
      key,
      verdict: "lost",
      missing: [{ key, what: "Not recoverable: its audio could not be kept." }],
    };
  }
  return { key, verdict: "complete", missing: [] };
}

function callbackVerdict(version: Version): Readiness {
  const { key } = version;
  const { note } = readCapture(version);
  if (note.evidence !== "uncertain") return { key, verdict: "complete", missing: [] };
  const what =
    "The service knew this address already: whether it has the secret of this registration is uncertain.";
  return { key, verdict: "degraded", missing: [{ key, what }] };
}
