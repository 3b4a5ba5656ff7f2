/**
 * Calls 11 to 14: prompts. Their audio is checked after they were accepted, as in the service: a bad one is created and fails later.
 */
import { countCharacters } from "../watson/characters.ts";
import type { WatsonError } from "../watson/errors.ts";
import { badRequest, invalidParameter, missingParameter, notFound } from "../watson/errors.ts";
import type { Exchange } from "../watson/exchange.ts";
import { objectOf } from "../watson/exchange.ts";
import { partBytes, readMultipart } from "../watson/multipart.ts";
import type { Route } from "../watson/routes.ts";
import { route } from "../watson/routes.ts";
import { transaction } from "../http/storage.ts";
import { PROMPT_LANGUAGE } from "./languages.ts";
import type { Model, ModelStore } from "./model-store.ts";
import type { TtsParts } from "./modes.ts";
import type { PromptStore } from "./prompt-store.ts";
import { describePrompt, promptUpload } from "./prompt-store.ts";
import type { TakenAudio } from "./uploaded-audio.ts";
import { takeAudio } from "./uploaded-audio.ts";

/** Prompt ids and speaker names. */
export const PROMPT_NAME = /^\w{1,49}$/;
/** Characters. */
export const MAX_PROMPT_TEXT = 1000;
export const MAX_PROMPTS = 1000;

const MAX_PROMPT_SECONDS = 30;
const MAX_METADATA_BYTES = 64 * 1024;

export function promptRoutes(parts: TtsParts, models: ModelStore, prompts: PromptStore): readonly Route[] {
  const { clock, modes, sqlite, uploads } = parts;
  return [
    route("GET", "/v1/customizations/{id}/prompts", (exchange, { id }) => {
      const model = models.get(exchange.instance, id);
      const now = clock.now();
      exchange.json(200, { prompts: prompts.list(model.id).map((prompt) => describePrompt(prompt, now)) });
    }),
    route("POST", "/v1/customizations/{id}/prompts/{prompt}", async (exchange, { id, prompt }) => {
      refuseWhenOff(parts);
      const model = models.get(exchange.instance, id);
      checkPlace(model, prompt, prompts);
      const { text, speaker, audio } = await readPrompt(exchange, parts, prompts, promptUpload(id, prompt));
      const entry = {
        model: id,
        id: prompt,
        text,
        speaker,
        ready: clock.now() + modes.promptDelayMs,
        error: audio.fault,
      };
      try {
        transaction(sqlite, () => {
          // The model may have gone while its audio came in.
          models.touch(models.get(exchange.instance, id).id, clock.now());
          prompts.put(entry);
        });
      } catch (error) {
        uploads.remove(audio.upload.id);
        throw error;
      }
      uploads.keepOnly(audio.upload);
      exchange.json(201, describePrompt(entry, entry.ready - 1));
    }),
    route("GET", "/v1/customizations/{id}/prompts/{prompt}", (exchange, { id, prompt }) => {
      const model = models.get(exchange.instance, id);
      const found = prompts.get(model.id, prompt);
      if (found === undefined) throw unknownPrompt(prompt, id);
      exchange.json(200, describePrompt(found, clock.now()));
    }),
    route("DELETE", "/v1/customizations/{id}/prompts/{prompt}", (exchange, { id, prompt }) => {
      const model = models.get(exchange.instance, id);
      if (!prompts.delete(model.id, prompt)) throw unknownPrompt(prompt, id);
      uploads.removeNamed(exchange.instance, promptUpload(id, prompt));
      if (modes.lastModifiedOnDelete === "on") models.touch(id, clock.now());
      exchange.empty(204);
    }),
  ];
}

/** Throws 400 where prompts and speakers cannot be created any more. */
export function refuseWhenOff({ modes }: TtsParts): void {
  if (modes.tuneByExample === "off") throw badRequest("This feature is no longer supported");
}

function checkPlace(model: Model, prompt: string, prompts: PromptStore): void {
  if (model.language !== PROMPT_LANGUAGE) {
    throw badRequest(`Prompts are supported for ${PROMPT_LANGUAGE} custom models only`);
  }
  if (!PROMPT_NAME.test(prompt)) throw invalidParameter("prompt_id");
  if (prompts.get(model.id, prompt) === undefined && prompts.list(model.id).length >= MAX_PROMPTS) {
    throw badRequest(`Custom model ${model.id} holds ${MAX_PROMPTS} prompts already`);
  }
}

interface NewPrompt {
  readonly text: string;
  readonly speaker: string | undefined;
  readonly audio: TakenAudio;
}

/** Keeps no audio if anything is wrong with the request. */
async function readPrompt(
  exchange: Exchange,
  { uploads }: TtsParts,
  prompts: PromptStore,
  name: string,
): Promise<NewPrompt> {
  const { instance } = exchange;
  let metadata: Record<string, unknown> | undefined;
  const taken: TakenAudio[] = [];
  try {
    await readMultipart(exchange, async (part) => {
      if (part.name === "metadata") {
        metadata = objectOf(await partBytes(part, MAX_METADATA_BYTES));
      } else if (part.name === "file") {
        const { contentType } = part;
        taken.push(
          await takeAudio(uploads, { instance, name, contentType }, part.chunks, MAX_PROMPT_SECONDS),
        );
      } else {
        throw badRequest(`Unknown part '${part.name}'`);
      }
    });
    const [audio] = taken;
    if (metadata === undefined) throw missingParameter("metadata");
    if (audio === undefined) throw missingParameter("file");
    const { prompt_text: text, speaker_id: speaker } = metadata;
    if (text === undefined || text === "") throw missingParameter("prompt_text");
    if (typeof text !== "string" || countCharacters(text) > MAX_PROMPT_TEXT)
      throw invalidParameter("prompt_text");
    if (speaker !== undefined && typeof speaker !== "string") throw invalidParameter("speaker_id");
    if (speaker !== undefined && prompts.speaker(instance, speaker) === undefined) {
      throw notFound(`Speaker model ${speaker} not found`);
    }
    return { text, speaker, audio };
  } catch (error) {
    for (const { upload } of taken) uploads.remove(upload.id);
    throw error;
  }
}

function unknownPrompt(prompt: string, id: string): WatsonError {
  return notFound(`Prompt '${prompt}' not found in custom model ${id}`);
}
