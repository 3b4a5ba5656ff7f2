/**
 * The Speech to Text stand-in as the tests of jobs need it: jobs take their time on a clock at rest, callbacks must be quick.
 */
import type { WatsonSttOptions } from "../../src/sandbox/watson-stt/index.ts";
import type { Stand } from "./watson-stt-customisation-stand.ts";
import { startStand } from "./watson-stt-customisation-stand.ts";

export { START, refusal } from "./watson-stt-customisation-stand.ts";
export type { Stand } from "./watson-stt-customisation-stand.ts";

export const WAITING_MS = 1000;
export const PROCESSING_MS = 9000;
/** Of a callback's answer, so that a test need not wait for five seconds. */
const CALLBACK_TIMEOUT_MS = 150;

export async function startJobs(options: WatsonSttOptions = {}): Promise<Stand> {
  return startStand({
    delays: { jobWaiting: WAITING_MS, jobProcessing: PROCESSING_MS },
    callbackTimeoutMs: CALLBACK_TIMEOUT_MS,
    ...options,
  });
}

/** Audio that nobody could mistake for other audio: a WAV header and the text. */
export function audioOf(text: string, bytes = 200): Buffer {
  const head = Buffer.from("RIFF\0\0\0\0WAVEfmt ", "latin1");
  return Buffer.concat([head, Buffer.alloc(bytes - head.length, text)]);
}

/** The first transcript of results as the SDK gives them. */
export function transcriptIn(results: readonly { readonly results?: unknown }[] | undefined): string {
  const [first] = results as { results: { alternatives: { transcript: string }[] }[] }[];
  return first?.results[0]?.alternatives[0]?.transcript ?? "";
}
