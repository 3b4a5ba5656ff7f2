/**
 * Reading recognition jobs. The service lists the latest hundred; older ones are known from what was captured when they were submitted, and
 * from what is kept. Results are kept as soon as there are any, and with that the job's audio is released: nobody needs it again.
 */
import { keyOf, keyText } from "../../../model/key.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { CaptureEngine, CaptureEvent, CaptureRequest, Cursor, SourceContext } from "../../source.ts";
import type { WatsonClient } from "../../watson/client.ts";
import { captureKey, jobKey, parseKey } from "../../watson/keys.ts";
import { goneVersion, newsOf } from "../../news.ts";
import { DEFAULT_FULL_READ_EVERY_MS } from "../../watson/listing.ts";
import { JobCalls } from "./calls.ts";
import { isCompleted, jobItem, type Job } from "./job.ts";

/** Keys asked of the engine at once. */
const BATCH = 500;

interface Memory {
  /** When every kept job was last looked at, ms UTC. */
  readonly readAllAt: number;
}

export async function* captureJobs(
  client: WatsonClient,
  request: CaptureRequest,
  context: SourceContext,
): AsyncGenerator<CaptureEvent> {
  const { engine, cursor, reconcile } = request;
  const { clock } = context;
  const calls = new JobCalls(client, context);
  const completeAsOf = clock.now();
  const listed = new Map((await calls.jobs()).map((job) => [job.id, job]));
  yield { kind: "start", run: cursor === undefined ? "baseline" : "delta", identity: "" };

  const { fullReadEveryMs = DEFAULT_FULL_READ_EVERY_MS } = client.config;
  const before = memoryOf(cursor);
  const readsAll = reconcile || before === undefined || completeAsOf - before.readAllAt >= fullReadEveryMs;
  const captured = await idsUnder(engine, "captures/jobs/");
  const kept = readsAll ? await idsUnder(engine, "jobs/") : [];
  if (cursor !== undefined && (captured === undefined || kept === undefined)) {
    context.warn?.(
      `This key may not read what was kept: jobs beyond the latest ${listed.size} are not looked at, and no audio is released.`,
    );
  }
  const ids = new Set([...listed.keys(), ...(captured ?? []), ...(kept ?? [])]);
  const open = new Set(captured ?? []);
  const settled = await keptWithResults(engine, [...listed.values()]);
  let done = 0;
  for (const id of ids) {
    context.signal.throwIfAborted();
    context.progress?.({ phase: "recognition jobs", done: done++, total: ids.size, bytes: 0 });
    const release = open.has(id) ? [goneVersion(captureKey("jobs", id))] : [];
    // Completed and kept with its results already: they do not change any more.
    const news = settled.has(id) ? release : await versionsOf(calls, id, listed.get(id), release);
    for await (const versions of newsOf(engine, news)) {
      yield { kind: "versions", versions, sequence: "" };
    }
  }
  const memory: Memory = { readAllAt: readsAll ? completeAsOf : before.readAllAt };
  yield { kind: "end", cursor: { jobs: memory }, completeAsOf, through: clock.now() };
}

/** What is to be kept of a job now. `release`: what gives its audio up, where that is kept. */
async function versionsOf(
  calls: JobCalls,
  id: string,
  listed: Job | undefined,
  release: readonly CapturedVersion[],
): Promise<CapturedVersion[]> {
  if (listed !== undefined && !isCompleted(listed)) return [jobItem(listed)];
  const job = await calls.job(id);
  // Deleted, or forgotten by the service when its time was over: there is nothing to be done for it.
  if (job === undefined) return [goneVersion(jobKey(id)), ...release];
  return isCompleted(job) ? [jobItem(job), ...release] : [jobItem(job)];
}

/** Ids of the completed jobs among these that are kept with their results. */
async function keptWithResults(engine: CaptureEngine, jobs: readonly Job[]): Promise<ReadonlySet<string>> {
  const completed = jobs.filter((job) => isCompleted(job));
  const known = await engine.known(completed.map((job) => jobItem(job)));
  return new Set(completed.filter((_job, at) => known[at] === true).map(({ id }) => id));
}

/** The ids in kept keys of items that are not deleted; undefined where the engine may not read its keys. */
async function idsUnder(engine: CaptureEngine, prefix: string): Promise<string[] | undefined> {
  const keys = engine.keptKeys(keyOf(prefix));
  if (keys === undefined) return undefined;
  const ids: string[] = [];
  for await (const batch of keys) {
    for (let from = 0; from < batch.length; from += BATCH) {
      const some = batch.slice(from, from + BATCH).filter((key) => keyText(key).startsWith(prefix));
      const gone = await engine.known(some.map((key) => goneVersion(key)));
      for (const [at, key] of some.entries()) {
        const id = gone[at] === true ? undefined : jobIdOf(keyText(key));
        if (id !== undefined) ids.push(id);
      }
    }
  }
  return ids;
}

/** Undefined for a submission whose id was lost with the service's answer. */
function jobIdOf(key: string): string | undefined {
  const parsed = parseKey(keyOf(key));
  if (parsed?.kind === "job") return parsed.id;
  const id = parsed?.kind === "capture" ? parsed.capture.rest : undefined;
  return id?.startsWith("unknown-") === true ? undefined : id;
}

function memoryOf(cursor: Cursor | undefined): Memory | undefined {
  const memory = cursor?.["jobs"];
  return typeof memory === "object" && memory !== null ? (memory as Memory) : undefined;
}
