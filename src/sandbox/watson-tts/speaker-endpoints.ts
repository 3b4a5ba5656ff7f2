/**
 * Calls 15 to 18: speaker models. They are created at once, without a status.
 */
import type { WatsonError } from "../watson/errors.ts";
import {
  badRequest,
  invalidParameter,
  missingParameter,
  notFound,
  unsupportedMediaType,
} from "../watson/errors.ts";
import type { Route } from "../watson/routes.ts";
import { route } from "../watson/routes.ts";
import type { TtsParts } from "./modes.ts";
import { PROMPT_NAME, refuseWhenOff } from "./prompt-endpoints.ts";
import type { PromptStore, Speaker } from "./prompt-store.ts";
import { describePrompt, newSpeaker } from "./prompt-store.ts";
import { takeAudio } from "./uploaded-audio.ts";

const MAX_SPEAKER_SECONDS = 60;

export function speakerRoutes(parts: TtsParts, prompts: PromptStore): readonly Route[] {
  const { clock, uploads } = parts;
  const find = (instance: string, id: string): Speaker => {
    const speaker = prompts.speaker(instance, id);
    if (speaker === undefined) throw unknownSpeaker(id);
    return speaker;
  };
  return [
    route("GET", "/v1/speakers", (exchange) => {
      const speakers = prompts.speakers(exchange.instance);
      exchange.json(200, { speakers: speakers.map(({ id, name }) => ({ speaker_id: id, name })) });
    }),
    route("POST", "/v1/speakers", async (exchange) => {
      refuseWhenOff(parts);
      const { instance } = exchange;
      const name = exchange.query.get("speaker_name");
      if (name === null || name === "") throw missingParameter("speaker_name");
      if (!PROMPT_NAME.test(name)) throw invalidParameter("speaker_name");
      if (exchange.mediaType !== "audio/wav") throw unsupportedMediaType(exchange.mediaType ?? "");
      const speaker = newSpeaker(name);
      const description = { instance, name: speakerUpload(speaker.id), contentType: "audio/wav" };
      const { upload, fault } = await takeAudio(
        uploads,
        description,
        exchange.bodyChunks(),
        MAX_SPEAKER_SECONDS,
      );
      const isTaken = prompts.speakers(instance).some((other) => other.name === name);
      if (isTaken || fault !== undefined) {
        uploads.remove(upload.id);
        throw badRequest(fault ?? `Speaker model '${name}' already exists`);
      }
      prompts.addSpeaker(instance, speaker);
      exchange.json(201, { speaker_id: speaker.id });
    }),
    route("GET", "/v1/speakers/{id}", (exchange, { id }) => {
      const speaker = find(exchange.instance, id);
      const byModel = new Map<string, Record<string, string>[]>();
      for (const prompt of prompts.ofSpeaker(speaker.id)) {
        const { speaker_id: _, ...shown } = describePrompt(prompt, clock.now());
        byModel.set(prompt.model, [...(byModel.get(prompt.model) ?? []), shown]);
      }
      const customizations = [...byModel].map(([model, shown]) => ({
        customization_id: model,
        prompts: shown,
      }));
      exchange.json(200, { customizations });
    }),
    route("DELETE", "/v1/speakers/{id}", (exchange, { id }) => {
      const speaker = find(exchange.instance, id);
      prompts.deleteSpeaker(speaker.id);
      uploads.removeNamed(exchange.instance, speakerUpload(speaker.id));
      exchange.empty(204);
    }),
  ];
}

function speakerUpload(id: string): string {
  return `speakers/${id}`;
}

function unknownSpeaker(id: string): WatsonError {
  return notFound(`Speaker model ${id} not found`);
}
