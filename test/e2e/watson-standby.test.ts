/**
 * A second account kept in step from the repository: by changes only, without touching what others made there.
 */
import SpeechToTextV1 from "ibm-watson/speech-to-text/v1.js";
import TextToSpeechV1 from "ibm-watson/text-to-speech/v1.js";
import { BasicAuthenticator } from "ibm-watson/auth/index.js";
import { expect, it } from "vitest";
import { backup } from "../../src/operations/backup.ts";
import type { StandbyRunRow, StandbyStatusRow } from "../../src/operations/reports.ts";
import { failover } from "../../src/operations/failover.ts";
import { runStandbys, standbyStatus, type StandbySettings } from "../../src/operations/standby.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { collect } from "./house.ts";
import {
  openWatsonHouse,
  sourcesOf,
  startServices,
  type Services,
  type WatsonHouse,
} from "./watson-house.ts";

const STANDBYS: readonly StandbySettings[] = [
  { name: "stt", source: "prod-stt", target: "dr-stt" },
  { name: "tts", source: "prod-tts", target: "dr-tts" },
];

interface Pair extends AsyncDisposable {
  readonly house: WatsonHouse;
  readonly second: Services;
  readonly workspace: Workspace;
  backUp(): Promise<void>;
  run(apply?: boolean): Promise<StandbyRunRow[]>;
  status(): Promise<StandbyStatusRow[]>;
}

async function openPair(): Promise<Pair> {
  const house = await openWatsonHouse("first-key");
  const second = await startServices("second-key");
  const sources = [...sourcesOf(house.services, "prod"), ...sourcesOf(second, "dr")];
  const workspace = new Workspace(house.repository, sources);
  const request = { standbys: STANDBYS, names: [] };
  return {
    house,
    second,
    workspace,
    backUp: async () => {
      await house.gateway.flush();
      await collect(backup(workspace, { select: ["prod-stt", "prod-tts"] }));
    },
    run: async (apply = true) => collect(runStandbys(workspace, { ...request, apply })),
    status: async () => collect(standbyStatus(workspace, request)),
    async [Symbol.asyncDispose]() {
      await workspace[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
}

function clientOf({ second }: Pair): SpeechToTextV1 {
  const authenticator = new BasicAuthenticator({ username: "apikey", password: second.apiKey });
  return new SpeechToTextV1({ authenticator, serviceUrl: second.stt.url });
}

const rowOf = (rows: readonly StandbyRunRow[], collection: string): StandbyRunRow | undefined =>
  rows.find((row) => row.collection === collection);

async function corpusNames(client: SpeechToTextV1, customizationId: string): Promise<string[]> {
  const { corpora } = (await client.listCorpora({ customizationId })).result;
  return corpora.map(({ name }) => name).toSorted();
}

it("has what the source had, then costs nothing until something changes, and then takes changes only", async () => {
  await using pair = await openPair();
  const { stt, tts } = pair.house;
  const made = await stt.createLanguageModel({ name: "Claims", baseModelName: "en-US_Telephony" });
  const customizationId = made.result.customization_id;
  await stt.addCorpus({ customizationId, corpusName: "q1", corpusFile: Buffer.from("one sentence\n") });
  await stt.trainLanguageModel({ customizationId });
  const voice = await tts.createCustomModel({ name: "Lifts", language: "en-US" });
  await tts.addWords({
    customizationId: voice.result.customization_id,
    words: [{ word: "gif", translation: "jif" }],
  });
  await pair.backUp();

  const preview = await pair.run(false);
  expect(rowOf(preview, "language-models")).toMatchObject({ state: "preview", failed: 0 });
  const client = clientOf(pair);
  expect((await client.listLanguageModels({})).result.customizations).toEqual([]);

  const first = await pair.run();
  expect(first.map(({ collection, failures }) => [collection, failures])).toEqual(
    first.map(({ collection }) => [collection, []]),
  );
  expect(rowOf(first, "language-models")?.state).toBe("applied");
  expect(rowOf(first, "voice-models")?.state).toBe("applied");
  const [there] = (await client.listLanguageModels({})).result.customizations;
  expect(there).toMatchObject({ name: "Claims", status: "available" });
  const standingFor = there?.customization_id as string;
  expect(await corpusNames(client, standingFor)).toEqual(["q1"]);

  pair.second.stt.requests.reset();
  pair.second.tts.requests.reset();
  const idle = await pair.run();
  expect(rowOf(idle, "language-models")?.state).toBe("in-step");
  expect([pair.second.stt.requests.count(), pair.second.tts.requests.count()]).toEqual([0, 0]);

  const foreign = await client.createLanguageModel({ name: "Of others", baseModelName: "en-US_Telephony" });
  await stt.addCorpus({ customizationId, corpusName: "q2", corpusFile: Buffer.from("another one\n") });
  await stt.deleteCorpus({ customizationId, corpusName: "q1" });
  await stt.trainLanguageModel({ customizationId });
  await pair.backUp();
  expect((await pair.status()).find(({ collection }) => collection === "language-models")).toMatchObject({
    failed: 0,
  });
  const second = await pair.run();
  expect(rowOf(second, "language-models")).toMatchObject({ state: "applied", failures: [] });
  expect(await corpusNames(client, standingFor)).toEqual(["q2"]);
  const lag = (await pair.status()).find(({ collection }) => collection === "language-models");
  expect(lag).toMatchObject({ behind: 0, failed: 0 });

  await stt.deleteLanguageModel({ customizationId });
  await tts.deleteCustomModel({ customizationId: voice.result.customization_id });
  await pair.backUp();
  await pair.run();
  const left = (await client.listLanguageModels({})).result.customizations;
  expect(left.map(({ customization_id }) => customization_id)).toEqual([foreign.result.customization_id]);
  const authenticator = new BasicAuthenticator({ username: "apikey", password: pair.second.apiKey });
  const voices = new TextToSpeechV1({ authenticator, serviceUrl: pair.second.tts.url });
  expect((await voices.listCustomModels({})).result.customizations).toEqual([]);
  expect(rowOf(await pair.run(), "voice-models")?.state).toBe("in-step");
});

it("says what it could not be given, and tries again", async () => {
  await using pair = await openPair();
  const { stt } = pair.house;
  const made = await stt.createLanguageModel({ name: "Claims", baseModelName: "en-US_Telephony" });
  const customizationId = made.result.customization_id;
  stt.setServiceUrl(pair.house.services.stt.url);
  await stt.addCorpus({ customizationId, corpusName: "unseen", corpusFile: Buffer.from("one sentence\n") });
  await pair.backUp();
  for (let round = 0; round < 2; round++) {
    const row = rowOf(await pair.run(), "language-models");
    expect(row?.state).toBe("incomplete");
    expect(row?.failures.map(({ key }) => key)).toEqual([
      `models/Claims [${customizationId}]/corpora/unseen`,
    ]);
  }
  const [status] = await pair.status();
  expect(status).toMatchObject({ collection: "language-models", failed: 1 });
});

it("finds every model for applications when the first instance is gone, and says what differs or is missing", async () => {
  await using pair = await openPair();
  const { stt, tts } = pair.house;
  const claims = (await stt.createLanguageModel({ name: "Claims", baseModelName: "en-US_Telephony" })).result;
  const customizationId = claims.customization_id;
  await stt.addCorpus({ customizationId, corpusName: "q1", corpusFile: Buffer.from("one sentence\n") });
  await stt.trainLanguageModel({ customizationId });
  const calls = (await stt.createLanguageModel({ name: "Calls", baseModelName: "en-US_Telephony" })).result;
  const voice = (await tts.createCustomModel({ name: "Lifts", language: "en-US" })).result;
  await pair.backUp();
  await pair.run();
  pair.house.services.stt.faults.add({ kind: "cut" });
  pair.house.services.tts.faults.add({ kind: "cut" });

  const client = clientOf(pair);
  const there = (await client.listLanguageModels({})).result.customizations;
  const idOf = (name: string): string =>
    there.find((model) => model.name === name)?.customization_id as string;
  const speech = async () => failover(pair.workspace, { standbys: STANDBYS, name: "stt" });
  const table = await speech();
  const routed = (name: string, kept: string) => ({
    item: `models/${name} [${kept}]`,
    collection: "language-models",
    state: "ready",
    target: idOf(name),
    kept,
  });
  expect(table).toMatchObject({
    format: "holdfast-routing/1",
    generation: null,
    target: { name: "dr-stt", endpoint: pair.second.stt.url },
    routes: [routed("Calls", calls.customization_id), routed("Claims", customizationId)],
    missing: [],
  });
  const voices = await failover(pair.workspace, { standbys: STANDBYS, name: "tts" });
  expect(voices.routes).toMatchObject([{ kept: voice.customization_id, state: "ready" }]);

  await client.deleteLanguageModel({ customizationId: idOf("Calls") });
  await client.deleteCorpus({ customizationId: idOf("Claims"), corpusName: "q1" });
  const worse = await speech();
  expect(worse.routes).toMatchObject([
    { kept: customizationId, state: "older", detail: expect.stringContaining("corpora/q1") },
  ]);
  expect(worse.missing).toMatchObject([
    {
      item: `models/Calls [${calls.customization_id}]`,
      detail: expect.stringContaining("holdfast restore prod-stt/language-models"),
    },
  ]);
});
