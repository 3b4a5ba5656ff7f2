/**
 * Calls 6 to 10: words, in bulk and one by one.
 */
import type { WatsonError } from "../watson/errors.ts";
import { badRequest } from "../watson/errors.ts";
import type { Route } from "../watson/routes.ts";
import { route } from "../watson/routes.ts";
import type { ModelStore } from "./model-store.ts";
import { describeWord } from "./model-store.ts";
import type { TtsParts } from "./modes.ts";
import { checkWord } from "./word-rules.ts";
import { readWords, writeWords } from "./word-writing.ts";

export function wordRoutes(parts: TtsParts, models: ModelStore): readonly Route[] {
  return [
    route("POST", "/v1/customizations/{id}/words", async (exchange, { id }) => {
      const { words } = await exchange.object();
      const model = models.get(exchange.instance, id);
      writeWords(parts, models, model, readWords(words, model.language), exchange.customerId);
      exchange.json(200, {});
    }),
    route("GET", "/v1/customizations/{id}/words", (exchange, { id }) => {
      const model = models.get(exchange.instance, id);
      exchange.json(200, { words: models.words(model.id).map((word) => describeWord(word)) });
    }),
    route("GET", "/v1/customizations/{id}/words/{word}", (exchange, { id, word }) => {
      const model = models.get(exchange.instance, id);
      const found = models.word(model.id, word);
      if (found === undefined) throw unknownWord(word, id);
      const { word: _, ...entry } = describeWord(found);
      exchange.json(200, entry);
    }),
    route("PUT", "/v1/customizations/{id}/words/{word}", async (exchange, { id, word }) => {
      const body = await exchange.object();
      const model = models.get(exchange.instance, id);
      const entry = checkWord({ ...body, word }, model.language);
      writeWords(parts, models, model, [entry], exchange.customerId);
      exchange.json(200, {});
    }),
    route("DELETE", "/v1/customizations/{id}/words/{word}", (exchange, { id, word }) => {
      const model = models.get(exchange.instance, id);
      if (!models.deleteWord(model.id, word)) throw unknownWord(word, id);
      if (parts.modes.lastModifiedOnDelete === "on") models.touch(model.id, parts.clock.now());
      exchange.empty(204);
    }),
  ];
}

function unknownWord(word: string, id: string): WatsonError {
  return badRequest(`Word '${word}' not found in custom model ${id}`);
}
