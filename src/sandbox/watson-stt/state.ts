/**
 * What the parts of the Speech to Text stand-in share: the database, the uploads, the clock and the modes. Customisation asks the jobs
 * only to forget a customer's data; the jobs ask customisation only which models may be used.
 */
import type { DatabaseSync } from "node:sqlite";

import type { SandboxClock } from "../http/clock.ts";
import type { Uploads } from "../watson/uploads.ts";
import type { ModelDirectory } from "./jobs/recognition-parameters.ts";
import type { CallbackHmac } from "./jobs/signature.ts";

/** How long things take, ms; 0: finished by the next request. */
export interface SttDelays {
  readonly corpus: number;
  readonly grammar: number;
  readonly words: number;
  readonly train: number;
  readonly upgrade: number;
  readonly audio: number;
  /** From a job's creation to its start. */
  readonly jobWaiting: number;
  /** From a job's start to its end. */
  readonly jobProcessing: number;
}

export const NO_DELAYS: SttDelays = {
  corpus: 0,
  grammar: 0,
  words: 0,
  train: 0,
  upgrade: 0,
  audio: 0,
  jobWaiting: 0,
  jobProcessing: 0,
};

/** What the stand-in pretends to be. Modes may be changed while it runs. */
export interface SttModes {
  /** The Lite plan has no customisation. */
  plan: "lite" | "paid";
  /** Whether there are models of the previous generation: not on IBM Cloud, perhaps on Cloud Pak for Data. */
  pgModels: "off" | "on";
  /** `legacy`: pronunciations of the newer families are not checked, as before December 2025. */
  soundsLikeValidation: "strict" | "legacy";
  /** Hours of audio that an acoustic model may hold. */
  acousticMaxHours: number;
  /** Seconds that one second of audio counts for in the limits of acoustic training. */
  acousticScale: number;
  /** Language models of an instance, and acoustic models. */
  maxModels: number;
  /** Of all corpora of a language model. */
  maxWords: number;
  /** Of a language model of the previous generation: words that its base does not know. */
  maxNewWords: number;
  /** Every n-th customisation request meets a lock that nobody holds; 0: none. */
  conflictEvery: number;
  /** Algorithm of callbacks' signatures. */
  callbackHmac: CallbackHmac;
}

export interface SttState {
  readonly sqlite: DatabaseSync;
  readonly clock: SandboxClock;
  readonly delays: SttDelays;
  readonly modes: SttModes;
  /** Every body that was taken in, named `customizations/<id>/corpora/<name>` and so on; a job's audio `recognitions/<id>`. */
  readonly uploads: Uploads;
  /** The models that an instance sees now. */
  models(instance: string): ModelDirectory;
  /** Aborted when the stand-in closes. */
  readonly closing: AbortSignal;
}
