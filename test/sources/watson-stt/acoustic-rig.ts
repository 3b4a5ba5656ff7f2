/**
 * An instance with a language model and an acoustic model that was trained with it, and what is kept of the second.
 */
import { createHash } from "node:crypto";
import { zipSync } from "fflate";
import { captureKey } from "../../../src/sources/watson/keys.ts";
import { wav } from "../../operations/captures/wav.ts";
import { MemoryTimeline } from "../watson/timeline.ts";
import { DEFAULT_INSTANCE, openStand, type Stand } from "./stand.ts";

export const BASE = "en-US_BroadbandModel";
export const COLLECTION = "acoustic-models";

/** So few seconds count as the hours that a training needs. */
const SCALE = 1_000;

export const CALL = wav({ seconds: 2, frequency: 16_000 });
export const MORE_CALLS = Buffer.from(
  zipSync({
    "a.wav": wav({ seconds: 1, frequency: 16_000 }),
    "b.wav": wav({ seconds: 2, frequency: 16_000 }),
  }),
);

export interface AcousticRig extends AsyncDisposable {
  readonly stand: Stand;
  readonly kept: MemoryTimeline;
  readonly language: string;
  readonly acoustic: string;
}

export async function openAcoustic(): Promise<AcousticRig> {
  const stand = await openStand({ acousticScale: SCALE, pgModels: "on" });
  const language = await makeLanguageModel(stand, DEFAULT_INSTANCE);
  const made = await stand.call("POST", "/v1/acoustic_customizations", {
    name: "Call centre",
    base_model_name: BASE,
    description: "noisy",
  });
  const acoustic = String(made["customization_id"]);
  const kept = new MemoryTimeline(COLLECTION);
  const path = `/v1/acoustic_customizations/${acoustic}`;
  await addAudio(stand, path, "call", CALL, "audio/wav");
  await addAudio(stand, path, "more", MORE_CALLS, "application/zip");
  await stand.call("POST", `${path}/train?custom_language_model_id=${language}`);
  note(kept, acoustic, "audio/call", { contentType: "audio/wav" }, CALL);
  note(kept, acoustic, "audio/more", { contentType: "application/zip" }, MORE_CALLS);
  kept.addCapture(captureKey(acoustic, "training"), { query: { custom_language_model_id: language } });
  return { stand, kept, language, acoustic, [Symbol.asyncDispose]: () => stand[Symbol.asyncDispose]() };
}

export async function makeLanguageModel(stand: Stand, instance: string): Promise<string> {
  const body = { name: "Claims", base_model_name: BASE };
  const made = await stand.call("POST", "/v1/customizations", body, instance);
  const id = String(made["customization_id"]);
  await stand.call("POST", `/v1/customizations/${id}/corpora/claims`, "A claim was filed.\n", instance);
  await stand.call("POST", `/v1/customizations/${id}/train`, undefined, instance);
  return id;
}

export function note(
  kept: MemoryTimeline,
  model: string,
  name: string,
  more: Parameters<MemoryTimeline["addCapture"]>[1],
  content: Buffer,
): void {
  const sha256 = createHash("sha256").update(content).digest("hex");
  kept.addCapture(captureKey(model, name), { sha256, length: content.length, ...more }, content);
}

export async function addAudio(
  { sandbox }: Stand,
  path: string,
  name: string,
  content: Buffer,
  type: string,
  instance = DEFAULT_INSTANCE,
): Promise<void> {
  const authorization = `Basic ${Buffer.from(`apikey:${sandbox.apiKey}`).toString("base64")}`;
  const answer = await fetch(`${sandbox.instance(instance)}${path}/audio/${name}`, {
    method: "POST",
    headers: { authorization, "content-type": type },
    body: new Uint8Array(content),
  });
  if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
}
