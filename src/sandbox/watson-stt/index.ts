/**
 * A stand-in for Watson Speech to Text: custom language and acoustic models with everything that is uploaded to them, asynchronous jobs
 * and callbacks. It recognises nothing and says so. See docs/watson-stand-ins.md for what it covers and what it does not.
 */
import type { WatsonSandbox, WatsonServerOptions } from "../watson/index.ts";
import { startWatson } from "../watson/index.ts";
import { offeredBaseModel, speechModel } from "./base-models.ts";
import { CustomModels } from "./custom/custom-models.ts";
import type { Training } from "./custom/model.ts";
import { createTables } from "./custom/tables.ts";
import type { NotificationFaults, SttJobs } from "./jobs/index.ts";
import { openJobs } from "./jobs/index.ts";
import type { ModelDirectory } from "./jobs/recognition-parameters.ts";
import { admission, sttRoutes } from "./routes.ts";
import type { SttDelays, SttModes, SttState } from "./state.ts";
import { NO_DELAYS } from "./state.ts";

export type { Training } from "./custom/model.ts";
export type { NotificationFault, NotificationFaultKind } from "./jobs/index.ts";
export type { SttDelays, SttModes } from "./state.ts";

export interface WatsonSttOptions extends WatsonServerOptions, Partial<SttModes> {
  /** Those that are not named take no time. */
  readonly delays?: Partial<SttDelays>;
  /** How long a callback may take to answer, ms; default 5000. */
  readonly callbackTimeoutMs?: number;
}

export interface WatsonSttSandbox extends WatsonSandbox {
  /** May be changed while it runs. */
  readonly modes: SttModes;
  /** For tests only: the options of a custom model's last training, which no call of the service shows. */
  training(instance: string, kind: "language" | "acoustic", id: string): Training | undefined;
  /** The next training that is accepted ends as `failed`, with this error. */
  failTraining(error: string): void;
  /** So many jobs that are created from now on will fail. */
  failJobs(count: number): void;
  /** What goes wrong with notifications. */
  readonly notificationFaults: NotificationFaults;
}

/** Hours of audio of an acoustic model on Cloud Pak for Data, where the previous generation lives on. */
const PRIVATE_ACOUSTIC_HOURS = 200;

/** Those of IBM Cloud. */
const DEFAULT_MODES: SttModes = {
  plan: "paid",
  pgModels: "off",
  soundsLikeValidation: "strict",
  acousticMaxHours: 50,
  acousticScale: 1,
  maxModels: 1024,
  maxWords: 10_000_000,
  maxNewWords: 90_000,
  conflictEvery: 0,
  callbackHmac: "sha256",
};

/** Starts a server and resolves when it listens. Rejects if the port is taken or the folder cannot be used. */
export async function startWatsonStt(options: WatsonSttOptions = {}): Promise<WatsonSttSandbox> {
  const closing = new AbortController();
  const modes = modesOf(options);
  let models: CustomModels | undefined;
  let jobs: SttJobs | undefined;
  const sandbox = await startWatson("speech-to-text", options, ({ sqlite, uploads, clock }) => {
    createTables(sqlite);
    const state: SttState = {
      sqlite,
      uploads,
      clock,
      modes,
      delays: { ...NO_DELAYS, ...options.delays },
      models: (instance) => directory(made, instance, modes),
      closing: closing.signal,
    };
    const made = new CustomModels(state);
    models = made;
    jobs = openJobs(
      state,
      options.callbackTimeoutMs === undefined ? {} : { callbackTimeoutMs: options.callbackTimeoutMs },
    );
    return {
      routes: sttRoutes(made, jobs),
      admit: admission(modes),
      close: () => {
        closing.abort();
      },
    };
  });
  const [started, running] = [models as CustomModels, jobs as SttJobs];
  return {
    ...sandbox,
    modes,
    training: (instance, kind, id) => started.find(instance, kind, id)?.training,
    failTraining: (error) => {
      started.failTraining(error);
    },
    failJobs: (count) => {
      running.failNext(count);
    },
    notificationFaults: running.notificationFaults,
  };
}

function modesOf(options: WatsonSttOptions): SttModes {
  const defaults: SttModes =
    options.pgModels === "on"
      ? { ...DEFAULT_MODES, acousticMaxHours: PRIVATE_ACOUSTIC_HOURS }
      : DEFAULT_MODES;
  const named = Object.entries(defaults).map(([name, value]) => [
    name,
    options[name as keyof SttModes] ?? value,
  ]);
  return Object.fromEntries(named) as SttModes;
}

/** What recognitions may know of an instance's models. */
function directory(models: CustomModels, instance: string, modes: SttModes): ModelDirectory {
  const custom = (kind: "language" | "acoustic", id: string): ReturnType<ModelDirectory["language"]> => {
    const model = models.find(instance, kind, id);
    return model === undefined ? undefined : { baseModel: model.base, trained: model.trained };
  };
  return {
    base: (name) => {
      const model = offeredBaseModel(name, modes.pgModels);
      return model === undefined ? undefined : { features: speechModel(model, "").supported_features };
    },
    language: (id) => custom("language", id),
    acoustic: (id) => custom("acoustic", id),
  };
}
