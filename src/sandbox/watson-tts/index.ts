/**
 * A stand-in for Watson Text to Speech: the whole customisation API as the vendor's SDK calls it, on IBM Cloud and on Cloud Pak for Data,
 * with its limits, errors and odd status codes. It keeps its data in SQLite, fails on demand, and never pretends to speak. See
 * docs/watson-stand-ins.md for what it covers and what it does not.
 */
import { badRequest } from "../watson/errors.ts";
import type { WatsonSandbox, WatsonServerOptions } from "../watson/index.ts";
import { startWatson } from "../watson/index.ts";
import type { Route } from "../watson/routes.ts";
import { modelRoutes } from "./model-endpoints.ts";
import { ModelStore } from "./model-store.ts";
import type { TtsModes } from "./modes.ts";
import { promptRoutes } from "./prompt-endpoints.ts";
import { PromptStore } from "./prompt-store.ts";
import { speakerRoutes } from "./speaker-endpoints.ts";
import { voiceRoutes } from "./voice-endpoints.ts";
import { wordRoutes } from "./word-endpoints.ts";

export type { TtsModes } from "./modes.ts";

/** The modes default to IBM Cloud as it is today, with a paid plan and no waiting. */
export interface WatsonTtsOptions extends WatsonServerOptions, Readonly<Partial<TtsModes>> {}

export interface WatsonTtsSandbox extends WatsonSandbox {
  /** May be changed while it runs. */
  readonly modes: TtsModes;
}

/** Starts a server and resolves when it listens. Rejects if the port is taken or the folder cannot be used. */
export async function startWatsonTts(options: WatsonTtsOptions = {}): Promise<WatsonTtsSandbox> {
  const modes: TtsModes = {
    tuneByExample: options.tuneByExample ?? "off",
    plan: options.plan ?? "standard",
    legacyLanguages: options.legacyLanguages ?? "off",
    lastModifiedOnDelete: options.lastModifiedOnDelete ?? "on",
    promptDelayMs: options.promptDelayMs ?? 0,
  };
  const sandbox = await startWatson("watson-tts", options, (made) => {
    const parts = { ...made, modes };
    const models = new ModelStore(made.sqlite);
    const prompts = new PromptStore(made.sqlite);
    return {
      routes: [
        ...modelRoutes(parts, models, prompts),
        ...wordRoutes(parts, models),
        ...promptRoutes(parts, models, prompts),
        ...speakerRoutes(parts, prompts),
        ...voiceRoutes(models, prompts),
      ],
      admit: (_exchange, { pattern }) => {
        if (modes.plan === "lite" && isCustomisation(pattern)) throw liteRefusal();
      },
    };
  });
  return { ...sandbox, modes };
}

function isCustomisation(pattern: Route["pattern"]): boolean {
  return pattern.startsWith("/v1/customizations") || pattern.startsWith("/v1/speakers");
}

function liteRefusal(): Error {
  return badRequest(
    "This feature is not available for the IBM Cloud Lite plan. Please upgrade to a paid plan to activate this feature: https://cloud.ibm.com/catalog/services/text-to-speech",
  );
}
