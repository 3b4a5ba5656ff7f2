import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import { keyText, sortableKey } from "../../../src/model/key.ts";
import type { WatsonSttOptions } from "../../../src/sandbox/watson-stt/index.ts";
import { captureKey } from "../../../src/sources/watson/keys.ts";
import { jobItem, jobOf } from "../../../src/sources/watson-stt/jobs/job.ts";
import { sttReadiness } from "../../../src/sources/watson-stt/readiness.ts";
import { hmacOf, startReceiver } from "../../sandbox/watson-callback-receiver.ts";
import { audioOf } from "../../sandbox/watson-stt-jobs-stand.ts";
import { MemoryIds } from "../watson/memory-ids.ts";
import { acted, contextOf, MemoryTimeline } from "../watson/timeline.ts";
import { makeLanguageModel, note } from "./acoustic-rig.ts";
import { DEFAULT_INSTANCE, openStand, type Stand } from "./stand.ts";

const COLLECTION = "jobs";
const OTHER = "dr";
const AUDIO = audioOf("somebody speaks");
/** Long enough to stay unfinished while a test looks. */
const SLOW = { delays: { jobWaiting: 3_600_000, jobProcessing: 3_600_000 } };

async function submit(stand: Stand, query = "", instance = DEFAULT_INSTANCE): Promise<string> {
  const authorization = `Basic ${Buffer.from(`apikey:${stand.sandbox.apiKey}`).toString("base64")}`;
  const answer = await fetch(`${stand.sandbox.instance(instance)}/v1/recognitions${query}`, {
    method: "POST",
    headers: { authorization, "content-type": "audio/wav" },
    body: new Uint8Array(AUDIO),
  });
  const { id } = (await answer.json()) as { id: string };
  return id;
}

async function openJobs(options: WatsonSttOptions = {}): Promise<{ stand: Stand; kept: MemoryTimeline }> {
  return { stand: await openStand(options), kept: new MemoryTimeline(COLLECTION) };
}

function captured(kept: MemoryTimeline, id: string, query: Record<string, string> = {}): void {
  note(kept, "jobs", id, { contentType: "audio/wav", query }, AUDIO);
}

/** A callback's registration with its secret. */
function sealed(kept: MemoryTimeline, url: string, secret: string): void {
  const key = captureKey("callbacks", url);
  kept.addCapture(key, { operation: "registerCallback" }, Buffer.from(secret));
  const version = kept.versions.get(sortableKey(key));
  if (version === undefined) throw new Error("it was not kept");
  const blobs = version.blobs.map((blob) => ({ ...blob, name: "secret" }));
  kept.versions.set(sortableKey(key), { ...version, blobs });
}

async function jobsOf(stand: Stand, instance = OTHER): Promise<Record<string, unknown>[]> {
  const answer = await stand.call("GET", "/v1/recognitions", undefined, instance);
  return answer["recognitions"] as Record<string, unknown>[];
}

async function verdicts(kept: MemoryTimeline): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { key, verdict } of sttReadiness(COLLECTION, kept.reader())) found[keyText(key)] = verdict;
  return found;
}

describe("capturing jobs", () => {
  it("keeps the results of a completed job, releases its audio with them, and does not ask for them again", async () => {
    const { stand, kept } = await openJobs();
    await using _stand = stand;
    const id = await submit(stand);
    captured(kept, id);
    const source = stand.source();
    const { run, items } = await kept.capture(source);
    expect(run).toBe("baseline");
    expect(items).toEqual({ [`jobs/${id}`]: "live", [`captures/jobs/${id}`]: "deleted" });
    expect(kept.body(`jobs/${id}`)).toContain('"results"');
    const before = source.traffic.requests;
    expect((await kept.capture(source)).items).toEqual({});
    expect(source.traffic.requests - before).toBe(1);
  });

  it("keeps the audio of a job that is not done, and finds jobs that are not listed by what was captured", async () => {
    const { stand, kept } = await openJobs({ delays: SLOW.delays });
    await using _stand = stand;
    const id = await submit(stand);
    captured(kept, id);
    captured(kept, "0b1c2d3e-0000-4000-8000-000000000000");
    captured(kept, "unknown-20261121");
    const { items } = await kept.capture(stand.source());
    expect(items).toEqual({
      [`jobs/${id}`]: "live",
      // The service does not know it: it was deleted, or its time is over.
      "jobs/0b1c2d3e-0000-4000-8000-000000000000": "deleted",
      "captures/jobs/0b1c2d3e-0000-4000-8000-000000000000": "deleted",
    });
    expect(await verdicts(kept)).toEqual({
      "captures/jobs/unknown-20261121": "complete",
      [`jobs/${id}`]: "complete",
    });
  });

  it("notices with a full look that a kept job was deleted, and without the right to read says what it cannot see", async () => {
    const { stand, kept } = await openJobs();
    await using _stand = stand;
    const id = await submit(stand);
    const source = stand.source();
    await kept.capture(source);
    await stand.call("DELETE", `/v1/recognitions/${id}`).catch(() => undefined);
    expect((await kept.capture(source)).items).toEqual({});
    expect((await kept.capture(source, { reconcile: true })).items).toEqual({ [`jobs/${id}`]: "deleted" });
    kept.mayRead = false;
    const context = contextOf();
    await kept.capture(source, { context });
    expect(context.warnings).toEqual([expect.stringContaining("no audio is released")]);
  });
});

describe("restoring jobs", () => {
  it("registers callbacks with their secrets, then submits what has no results, with mapped models, once", async () => {
    const { stand, kept } = await openJobs({ delays: SLOW.delays, pgModels: "on" });
    await using _stand = stand;
    using receiver = await startReceiver();
    const language = await makeLanguageModel(stand, DEFAULT_INSTANCE);
    kept.addCapture(captureKey("callbacks", receiver.url), { operation: "registerCallback" });
    const id = await submit(stand, "?user_token=case-17&model=en-US_BroadbandModel");
    captured(kept, id, {
      user_token: "case-17",
      callback_url: receiver.url,
      events: "recognitions.completed",
      model: "en-US_BroadbandModel",
      language_customization_id: language,
    });
    await kept.capture(stand.source());
    const ids = new MemoryIds();
    const source = stand.source(OTHER);
    const without = await kept.restore(source, { ids });
    expect(without[`captures/jobs/${id}`]).toMatchObject({ action: "failed" });
    await ids.set("model", language, await makeLanguageModel(stand, OTHER));

    const preview = await kept.restore(source, { ids, apply: false });
    expect(acted(preview)).toEqual({ [`captures/jobs/${id}`]: "create" });
    const outcomes = await kept.restore(source, { ids });
    expect(acted(outcomes)).toEqual({ [`captures/jobs/${id}`]: "create" });
    expect(receiver.challenges).toHaveLength(1);
    const [job] = await jobsOf(stand);
    expect(job).toMatchObject({ user_token: "case-17", status: "waiting" });
    expect(outcomes[`captures/jobs/${id}`]?.mapped).toEqual({ group: "job", kept: id, target: job?.["id"] });
    const upload = stand.sandbox.uploads.find(OTHER, `recognitions/${String(job?.["id"])}`);
    expect(stand.sandbox.uploads.bytes(upload?.id ?? "").equals(AUDIO)).toBe(true);
    expect(await kept.differences(source, { ids })).toEqual([]);

    expect(acted(await kept.restore(source, { ids }))).toEqual({});
    expect([await jobsOf(stand), receiver.challenges].map((all) => all.length)).toEqual([1, 1]);
  });

  it("says which address does not answer, and goes on", async () => {
    const { stand, kept } = await openJobs();
    await using _stand = stand;
    const receiver = await startReceiver();
    receiver.close();
    using other = await startReceiver();
    for (const url of [receiver.url, other.url]) kept.addCapture(captureKey("callbacks", url), {});
    const outcomes = await kept.restore(stand.source(OTHER), { ids: new MemoryIds() });
    expect(acted(outcomes)).toEqual({
      [`captures/callbacks/${receiver.url}`]: "failed",
      [`captures/callbacks/${other.url}`]: "create",
    });
    expect(outcomes[`captures/callbacks/${receiver.url}`]?.reason).toContain("let the application answer");
  });

  it("does nothing for a job whose results are kept, and cannot help one whose audio never was", async () => {
    const { stand, kept } = await openJobs();
    await using _stand = stand;
    const done = await submit(stand);
    await kept.capture(stand.source());
    const { stand: slow, kept: late } = await openJobs({ delays: SLOW.delays });
    await using _slow = slow;
    const open = await submit(slow);
    await late.capture(slow.source());
    expect(acted(await kept.restore(stand.source(OTHER), { ids: new MemoryIds() }))).toEqual({});
    expect(await verdicts(kept)).toEqual({ [`jobs/${done}`]: "complete" });
    const outcomes = await late.restore(slow.source(OTHER), { ids: new MemoryIds() });
    expect(outcomes[`jobs/${open}`]).toMatchObject({
      action: "failed",
      reason: expect.stringContaining("never captured") as string,
    });
    expect(await verdicts(late)).toEqual({ [`jobs/${open}`]: "lost" });
  });

  it("in place leaves a job alone that the service still has", async () => {
    const { stand, kept } = await openJobs({ delays: SLOW.delays });
    await using _stand = stand;
    const id = await submit(stand);
    captured(kept, id);
    const source = stand.source();
    await kept.capture(source);
    expect(acted(await kept.restore(source, { mode: "content", ids: new MemoryIds() }))).toEqual({});
    expect(await jobsOf(stand, DEFAULT_INSTANCE)).toHaveLength(1);
  });

  it("submits each job once wherever it was cut off", async () => {
    const { stand, kept } = await openJobs({ delays: SLOW.delays });
    await using _stand = stand;
    using receiver = await startReceiver();
    kept.addCapture(captureKey("callbacks", receiver.url), { operation: "registerCallback" });
    for (const token of ["one", "two"]) {
      captured(kept, await submit(stand), { user_token: token, callback_url: receiver.url });
    }
    await kept.capture(stand.source());
    for (let at = 0; at < 9; at++) {
      for (const kind of ["cut", "answer-lost"] as const) {
        const instance = `${kind}-${at}`;
        const ids = new MemoryIds();
        const source = stand.source(instance);
        stand.sandbox.faults.add({ kind, match: { instance }, after: at, times: 1 });
        stand.sandbox.faults.add({ kind: "cut", match: { instance }, after: at + 1 });
        await kept.restore(source, { ids }).catch((error: unknown) => {
          if (!(error instanceof HoldfastError)) throw error;
        });
        stand.sandbox.faults.clear();
        await kept.restore(source, { ids });
        expect(acted(await kept.restore(source, { ids })), instance).toEqual({});
        expect(await jobsOf(stand, instance), instance).toHaveLength(2);
      }
    }
  }, 30_000);
});

describe("restoring again", () => {
  it("submits a job without a token twice rather than not at all when an answer is lost, and says so", async () => {
    const { stand, kept } = await openJobs({ delays: SLOW.delays });
    await using _stand = stand;
    captured(kept, await submit(stand));
    const context = contextOf();
    stand.sandbox.faults.add({
      kind: "answer-lost",
      match: { instance: OTHER, method: "POST", path: "/v1/recognitions$" },
      times: 1,
    });
    const outcomes = await kept.restore(stand.source(OTHER), { ids: new MemoryIds() }, context);
    expect(Object.values(acted(outcomes))).toEqual(["create"]);
    expect(context.warnings).toEqual([expect.stringContaining("may run twice")]);
    expect(await jobsOf(stand)).toHaveLength(2);
  });

  it("does not take a job that the application submitted meanwhile for one that was refused before", async () => {
    const { stand, kept } = await openJobs({ delays: SLOW.delays, pgModels: "on" });
    await using _stand = stand;
    const language = await makeLanguageModel(stand, DEFAULT_INSTANCE);
    const id = await submit(stand, "?model=en-US_BroadbandModel");
    captured(kept, id, { model: "en-US_BroadbandModel", language_customization_id: language });
    const source = stand.source(OTHER);
    const ids = new MemoryIds();
    expect(acted(await kept.restore(source, { ids }))).toEqual({ [`captures/jobs/${id}`]: "failed" });
    await submit(stand, "", OTHER);
    await ids.set("model", language, await makeLanguageModel(stand, OTHER));
    expect(acted(await kept.restore(source, { ids }))).toEqual({ [`captures/jobs/${id}`]: "create" });
    expect(await jobsOf(stand)).toHaveLength(2);
  });

  it("gives an address its new secret, and says when it cannot know which one the target has", async () => {
    const { stand, kept } = await openJobs();
    await using _stand = stand;
    using receiver = await startReceiver();
    const source = stand.source(OTHER);
    const ids = new MemoryIds();
    const key = `captures/callbacks/${receiver.url}`;
    for (const [secret, action] of [
      ["old", "create"],
      ["new", "change"],
    ] as const) {
      sealed(kept, receiver.url, secret);
      expect(acted(await kept.restore(source, { ids, apply: false }))).toEqual({ [key]: action });
      expect(acted(await kept.restore(source, { ids }))).toEqual({ [key]: action });
      const { text, signature } = receiver.challenges.at(-1) ?? {};
      expect(signature).toBe(hmacOf("sha256", secret, text ?? ""));
    }
    const context = contextOf();
    expect(acted(await kept.restore(source, { ids: new MemoryIds() }, context))).toEqual({});
    expect(context.warnings).toEqual([expect.stringContaining("kept secret is not known")]);
    expect(receiver.challenges).toHaveLength(2);
  });
});

it("an answer about one job may leave out its id", async () => {
  const raw = Buffer.from('{"status":"completed","results":[]}');
  const kept = new MemoryTimeline(COLLECTION);
  const item = jobItem(jobOf(raw, "b81f2e6a"));
  kept.versions.set(sortableKey(item.key), item);
  expect(await verdicts(kept)).toEqual({ "jobs/b81f2e6a": "complete" });
});
