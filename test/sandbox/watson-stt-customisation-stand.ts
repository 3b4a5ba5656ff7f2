/**
 * A Speech to Text stand-in with the vendor's SDK as its client, and audio to send it.
 */
import { IamAuthenticator } from "ibm-watson/auth/index.js";
import SpeechToTextV1 from "ibm-watson/speech-to-text/v1.js";

import type { WatsonSttOptions, WatsonSttSandbox } from "../../src/sandbox/watson-stt/index.ts";
import { startWatsonStt } from "../../src/sandbox/watson-stt/index.ts";
import { waveFile } from "../wave-file.ts";

export const START = Date.parse("2026-07-01T08:00:00.000Z");
export const NG = "en-US_Telephony";
export const PG = "en-US_BroadbandModel";
export const LSM = "en-US";

/** How long everything takes in tests that look at the time between. */
export const DELAY_MS = 1000;
export const SLOW = {
  corpus: DELAY_MS,
  grammar: DELAY_MS,
  words: DELAY_MS,
  train: DELAY_MS,
  upgrade: DELAY_MS,
  audio: DELAY_MS,
};

export const GRAMMAR = Buffer.from(
  "#ABNF 1.0 UTF-8;\nlanguage en-US;\nmode voice;\nroot $yesno;\n$yesno = yes | no ;\n",
);

export interface Stand extends AsyncDisposable {
  readonly sandbox: WatsonSttSandbox;
  readonly sdk: SpeechToTextV1;
  /** A client of another instance of the same service. */
  readonly stranger: SpeechToTextV1;
  /** Calls the service without the SDK. */
  raw(method: string, path: string, init?: RequestInit): Promise<Response>;
}

export async function startStand(options: WatsonSttOptions = {}): Promise<Stand> {
  const sandbox = await startWatsonStt({ manualClockFrom: START, ...options });
  const authorization = `Basic ${Buffer.from(`apikey:${sandbox.apiKey}`).toString("base64")}`;
  return {
    sandbox,
    sdk: clientOf(sandbox, sandbox.url),
    stranger: clientOf(sandbox, sandbox.instance("another")),
    raw: async (method, path, init = {}) =>
      fetch(`${sandbox.url}${path}`, {
        ...init,
        method,
        headers: { ...(init.headers as Record<string, string>), authorization },
      }),
    [Symbol.asyncDispose]: async () => sandbox.close(),
  };
}

function clientOf(sandbox: WatsonSttSandbox, serviceUrl: string): SpeechToTextV1 {
  const authenticator = new IamAuthenticator({ apikey: sandbox.apiKey, url: sandbox.iamUrl });
  return new SpeechToTextV1({ authenticator, serviceUrl });
}

/** A new language model. */
export async function languageModel(sdk: SpeechToTextV1, baseModelName: string = NG): Promise<string> {
  const { result } = await sdk.createLanguageModel({ name: "Claims", baseModelName });
  return result.customization_id;
}

/** A new acoustic model. */
export async function acousticModel(sdk: SpeechToTextV1, baseModelName: string = PG): Promise<string> {
  const { result } = await sdk.createAcousticModel({ name: "Hall", baseModelName });
  return result.customization_id;
}

export async function statusOf(sdk: SpeechToTextV1, customizationId: string): Promise<string | undefined> {
  return (await sdk.getLanguageModel({ customizationId })).result.status;
}

/** What the SDK throws: a status and the service's own words. */
export interface SdkError {
  readonly status: number;
  readonly message: string;
  readonly body: string;
}

export async function refusal(call: Promise<unknown>): Promise<SdkError> {
  return call.then(
    () => {
      throw new Error("the call succeeded");
    },
    (error: unknown) => error as SdkError,
  );
}

export interface Sound {
  readonly seconds: number;
  /** Hz. */
  readonly rate?: number;
  /** Makes one sound differ from another. */
  readonly mark?: string;
}

/** A WAV file: one channel, 16 bits. */
export function wavOf({ seconds, rate = 16_000, mark = "\0" }: Sound): Buffer {
  return waveFile(Buffer.alloc(Math.round(seconds * rate) * 2, mark), rate);
}

/** The instance that the SDK talks to. */
export function instanceOf(stand: Stand): string {
  return stand.sandbox.url.split("/").at(-1) as string;
}
