/**
 * Calls 20 to 23: voices, pronunciations and synthesis. Nothing here can speak: a synthesis is silence, and says so in a header.
 */
import { jitter } from "../../model/clock.ts";
import { badRequest, invalidParameter, missingParameter, notFound } from "../watson/errors.ts";
import type { Exchange } from "../watson/exchange.ts";
import type { Route } from "../watson/routes.ts";
import { route } from "../watson/routes.ts";
import type { Voice } from "./languages.ts";
import { DEFAULT_VOICE, findVoice, voices } from "./languages.ts";
import type { Model, ModelStore } from "./model-store.ts";
import { describeModel } from "./model-store.ts";
import type { PromptStore } from "./prompt-store.ts";
import { pronounce } from "./pronunciation.ts";
import { silence } from "./wav.ts";

/** What an answer that would be speech in the service says about itself. */
export const NOTICE_HEADER = "X-Sandbox-Notice";

/** Longest text of one synthesis, bytes of UTF-8. */
export const MAX_TEXT_BYTES = 5 * 1024;

const PROMPT_REFERENCE = /<ibm:prompt\b[^>]*?\bid\s*=\s*["']([^"']*)["']/g;

export function voiceRoutes(models: ModelStore, prompts: PromptStore): readonly Route[] {
  const customModel = (exchange: Exchange): Model | undefined => {
    const id = exchange.query.get("customization_id");
    return id === null ? undefined : models.get(exchange.instance, id);
  };
  const synthesize = (exchange: Exchange, text: unknown): void => {
    voiceOf(exchange.query.get("voice"));
    const model = customModel(exchange);
    if (text === undefined || text === null || text === "") throw missingParameter("text");
    if (typeof text !== "string" || Buffer.byteLength(text) > MAX_TEXT_BYTES) throw invalidParameter("text");
    for (const [, id = ""] of text.matchAll(PROMPT_REFERENCE)) {
      if (model === undefined || prompts.get(model.id, id) === undefined) {
        throw badRequest(`Prompt '${id}' does not exist`);
      }
    }
    exchange.bytes(200, silence(), {
      "Content-Type": "audio/wav",
      [NOTICE_HEADER]: "silence: this stand-in does not speak",
    });
  };
  return [
    route("GET", "/v1/voices", (exchange) => {
      // The service promises no order; nor may anybody who tries his luck here rely on one.
      const shuffled = voices()
        .map((voice) => ({ voice, at: jitter() }))
        .sort((a, b) => a.at - b.at);
      exchange.json(200, { voices: shuffled.map(({ voice }) => describeVoice(voice, exchange)) });
    }),
    route("GET", "/v1/voices/{voice}", (exchange, { voice }) => {
      const found = voiceOf(voice);
      const model = customModel(exchange);
      exchange.json(200, {
        ...describeVoice(found, exchange),
        ...(model === undefined ? {} : { customization: describeModel(model) }),
      });
    }),
    route("GET", "/v1/pronunciation", (exchange) => {
      voiceOf(exchange.query.get("voice"));
      const model = customModel(exchange);
      const text = exchange.query.get("text");
      const format = exchange.query.get("format") ?? "ipa";
      if (text === null || text === "") throw missingParameter("text");
      if (format !== "ipa" && format !== "ibm") throw invalidParameter("format");
      const pronunciation = pronounce(text, format, (word) =>
        model === undefined ? undefined : models.word(model.id, word),
      );
      exchange.json(200, { pronunciation }, { [NOTICE_HEADER]: "made up from the stored translations" });
    }),
    route("GET", "/v1/synthesize", (exchange) => {
      synthesize(exchange, exchange.query.get("text"));
    }),
    route("POST", "/v1/synthesize", async (exchange) => {
      synthesize(exchange, (await exchange.object())["text"]);
    }),
  ];
}

function voiceOf(name: string | null): Voice {
  const voice = findVoice(name ?? DEFAULT_VOICE);
  if (voice === undefined) throw notFound(`Model '${name ?? ""}' not found`);
  return voice;
}

function describeVoice(voice: Voice, exchange: Exchange): Record<string, unknown> {
  return {
    name: voice.name,
    language: voice.language,
    gender: voice.gender,
    url: `${exchange.serviceUrl}/v1/voices/${voice.name}`,
    customizable: true,
    supported_features: { custom_pronunciation: true, voice_transformation: false },
    description: `A ${voice.gender} voice of a stand-in, for ${voice.language}; it does not speak.`,
  };
}
