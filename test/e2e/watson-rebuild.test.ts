/**
 * The day it is all for: applications upload through the gateway, backups run, the instances are wiped, and everything is rebuilt in a
 * fresh account from the repository alone.
 */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { backup } from "../../src/operations/backup.ts";
import { catBlob } from "../../src/operations/cat.ts";
import { compare } from "../../src/operations/compare.ts";
import type { Hooks } from "../../src/operations/hooks.ts";
import { readiness } from "../../src/operations/readiness.ts";
import { restore } from "../../src/operations/restore.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { wav } from "../operations/captures/wav.ts";
import { startReceiver } from "../sandbox/watson-callback-receiver.ts";
import { collect } from "./house.ts";
import {
  openWatsonHouse,
  sourcesOf,
  startServices,
  type Services,
  type WatsonHouse,
} from "./watson-house.ts";

const API_KEY = "mark-ApiKey+93/c1";
/** By which an application knows that a notification comes from the service. */
const USER_SECRET = "mark-UserSecret-31";

const CORPUS = Buffer.from("The claim was filed with Holdfast Mutual.\nZyxomax was prescribed twice.\n");
const GRAMMAR = Buffer.from(
  "#ABNF 1.0 UTF-8;\nlanguage en-US;\nmode voice;\nroot $yesno;\n$yesno = yes | no ;\n",
);

interface Made {
  readonly language: string;
  readonly acoustic: string;
  readonly job: string;
  readonly voice: string;
}

/** What applications do, through the gateway. `callback`: where they want to hear of their jobs. */
async function work({ stt, tts }: WatsonHouse, callback: string): Promise<Made> {
  const model = await stt.createLanguageModel({
    name: "Claims",
    baseModelName: "en-US_Telephony",
    description: "motor claims",
  });
  const customizationId = model.result.customization_id;
  await stt.addCorpus({ customizationId, corpusName: "2026-q1", corpusFile: CORPUS });
  await stt.addGrammar({
    customizationId,
    grammarName: "yesno",
    grammarFile: GRAMMAR,
    contentType: "application/srgs",
  });
  await stt.addWords({
    customizationId,
    words: [{ word: "IBM", sounds_like: ["I B M"] }, { word: "Holdfast" }],
  });
  await stt.trainLanguageModel({ customizationId, customizationWeight: 0.4 });
  const sound = wav({ seconds: 2, frequency: 16_000 });
  const acoustic = await stt.createAcousticModel({ name: "Phone", baseModelName: "en-US_BroadbandModel" });
  const acousticId = acoustic.result.customization_id;
  const recording = { customizationId: acousticId, audioName: "call", audioResource: sound };
  await stt.addAudio({ ...recording, contentType: "audio/wav" });
  await stt.trainAcousticModel({ customizationId: acousticId });
  await stt.registerCallback({ callbackUrl: callback, userSecret: USER_SECRET });
  const job = await stt.createJob({
    audio: sound,
    contentType: "audio/wav",
    model: "en-US_Telephony",
    languageCustomizationId: customizationId,
    callbackUrl: callback,
    userToken: "case-17",
  });
  const voice = await tts.createCustomModel({
    name: "Announcements",
    language: "en-US",
    description: "lifts",
  });
  const voiceId = voice.result.customization_id;
  await tts.addWords({
    customizationId: voiceId,
    words: [
      { word: "NCAA", translation: "N C double A" },
      { word: "gif", translation: "jif" },
    ],
  });
  const speaker = await tts.createSpeakerModel({ speakerName: "anna", audio: sound });
  await tts.addCustomPrompt({
    customizationId: voiceId,
    promptId: "greeting",
    metadata: { prompt_text: "Good morning", speaker_id: speaker.result.speaker_id },
    file: sound,
  });
  return { language: customizationId, acoustic: acousticId, job: job.result.id, voice: voiceId };
}

function hooksOf(said: string[]): Hooks {
  return {
    warn: (text) => said.push(text),
    note: (text) => said.push(text),
    progress: (step) => said.push(JSON.stringify(step)),
  };
}

/** In the order in which they are restored. */
const TASKS = [
  ["prod-stt/language-models", "dr-stt"],
  ["prod-stt/acoustic-models", "dr-stt"],
  ["prod-stt/jobs", "dr-stt"],
  ["prod-tts/voice-models", "dr-tts"],
] as const;

async function backUp(house: WatsonHouse): Promise<void> {
  await house.gateway.flush();
  const select = TASKS.map(([task]) => task);
  for (const report of await collect(backup(house.workspace, { select }, hooksOf(house.said)))) {
    house.said.push(JSON.stringify(report));
    expect([report.collection, report.state, report.error]).toEqual([
      report.collection,
      "committed",
      undefined,
    ]);
  }
}

/** The repository and a fresh account: nothing of the old one is left, not even its configuration. */
function afterwards(house: WatsonHouse, fresh: Services): Workspace {
  return new Workspace(house.repository, sourcesOf(fresh, "dr"));
}

describe("a wiped Watson account", () => {
  it("is rebuilt in a fresh one from the repository alone, and compares clean", async () => {
    await using house = await openWatsonHouse(API_KEY);
    using receiver = await startReceiver();
    const made = await work(house, receiver.url);
    await backUp(house);
    await house.services[Symbol.asyncDispose]();
    await using fresh = await startServices("mark-OtherKey-77");
    await using workspace = afterwards(house, fresh);
    const hooks = hooksOf(house.said);

    const verdicts = await collect(readiness(workspace, {}, hooks));
    expect(verdicts.map(({ key, verdict }) => [key, verdict])).toEqual([
      [`models/Phone [${made.acoustic}]`, "complete"],
      [`captures/callbacks/${receiver.url}`, "complete"],
      [`jobs/${made.job}`, "complete"],
      [`models/Claims [${made.language}]`, "complete"],
      [`models/Announcements [${made.voice}]`, "complete"],
      [expect.stringMatching(/^speakers\/anna \[/), "complete"],
    ]);

    for (const [task, source] of TASKS) {
      const request = { task, scope: {}, target: { source }, mode: "replica" } as const;
      const preview = await restore(workspace, { ...request, apply: false }, hooks);
      expect([task, preview.failures, preview.counts.create > 0]).toEqual([task, [], true]);
      const report = await restore(workspace, { ...request, apply: true }, hooks);
      house.said.push(JSON.stringify(report));
      expect([task, report.failures]).toEqual([task, []]);
      const anew = report.ids?.filter(({ group }) => group === "model" || group === "job");
      expect([task, anew?.length]).toEqual([task, 1]);
      expect(anew?.[0]?.target).not.toBe(anew?.[0]?.kept);
      const proof = await compare(workspace, { task, target: { source } }, hooks);
      expect([task, proof.differences]).toEqual([task, []]);
      // Repeated, it makes nothing a second time.
      const again = await restore(workspace, { ...request, merge: true, apply: true }, hooks);
      expect([task, again.counts.create, again.counts.change, again.ids]).toEqual([task, 0, 0, report.ids]);
    }

    // The application is asked once by each account, and trusts both by the same secret.
    expect(receiver.challenges).toHaveLength(2);
    expect(receiver.challenges.map(({ signature }) => signature === undefined)).toEqual([false, false]);

    // What the new account got is, byte for byte, what the old one was given: recording and job are of the same sound.
    const uploads = fresh.stt.uploads.list();
    const sound = wav({ seconds: 2, frequency: 16_000 });
    const given = [CORPUS, GRAMMAR, sound, sound].map((content) =>
      createHash("sha256").update(content).digest("hex"),
    );
    expect(uploads.map(({ sha256 }) => sha256).toSorted()).toEqual(given.toSorted());
  });

  it("cannot be rebuilt where the gateway never saw the uploads, and everything says so", async () => {
    await using house = await openWatsonHouse(API_KEY);
    const { stt } = house;
    stt.setServiceUrl(house.services.stt.url);
    const model = await stt.createLanguageModel({ name: "Unseen", baseModelName: "en-US_Telephony" });
    const customizationId = model.result.customization_id;
    await stt.addCorpus({ customizationId, corpusName: "secret", corpusFile: CORPUS });
    const [task] = TASKS[0];
    const [report] = await collect(backup(house.workspace, { select: [task] }));
    expect(report?.readiness?.counts).toMatchObject({ lost: 1 });
    expect(report?.readiness?.notRecoverable[0]?.key).toBe(`models/Unseen [${customizationId}]`);
  });
});

describe("credentials of a Watson account", () => {
  it("are in nothing that is stored and nothing that is said", async () => {
    await using house = await openWatsonHouse(API_KEY);
    using receiver = await startReceiver();
    await work(house, receiver.url);
    const spooled = house.spooled();
    await backUp(house);
    const item = `captures/callbacks/${receiver.url}`;
    const kept = await collect(catBlob(house.workspace, { task: "prod-stt/jobs", item, name: "secret" }));
    expect(Buffer.concat(kept).toString("utf8")).toBe(USER_SECRET);
    await using fresh = await startServices("mark-OtherKey-77");
    await using workspace = afterwards(house, fresh);
    for (const [task, source] of TASKS) {
      const request = { task, scope: {}, target: { source }, apply: true } as const;
      house.said.push(JSON.stringify(await restore(workspace, request, hooksOf(house.said))));
      house.said.push(
        JSON.stringify(await compare(workspace, { task, target: { source } }, hooksOf(house.said))),
      );
    }
    // A key that the service refuses makes errors, which are said too.
    const refused = sourcesOf({ ...house.services, apiKey: "mark-WrongKey-55" }, "prod");
    await using failing = new Workspace(house.repository, refused);
    for (const [task] of TASKS) {
      const [report] = await collect(backup(failing, { select: [task] }, hooksOf(house.said)));
      expect(report?.error?.code).toBe("source-unauthorized");
      house.said.push(JSON.stringify(report));
    }
    const { storage } = house.repository;
    expect(spooled.length).toBeGreaterThan(0);
    const stored: Buffer[] = [...spooled, ...house.spooled()];
    for await (const { path } of storage.list("", {})) stored.push(await storage.read(path));
    expect(stored.length).toBeGreaterThan(10);
    expect(house.said.length).toBeGreaterThan(5);
    const marks = ["mark-ApiKey", "mark-OtherKey", "mark-WrongKey", USER_SECRET].flatMap((mark) => [
      mark,
      Buffer.from(`apikey:${mark}`).toString("base64").slice(0, -4),
    ]);
    for (const mark of marks) {
      expect(stored.filter((bytes) => bytes.includes(mark))).toEqual([]);
      expect(house.said.filter((text) => text.includes(mark))).toEqual([]);
    }
  });
});
