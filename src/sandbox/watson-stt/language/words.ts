/**
 * The calls on words: the list that is worked on for a while, and the single word that is there at once.
 */
import { badRequest } from "../../watson/errors.ts";
import type { Route } from "../../watson/routes.ts";
import { route } from "../../watson/routes.ts";
import { transaction } from "../../http/storage.ts";
import type { BaseModel } from "../base-models.ts";
import { knownBaseModel } from "../base-models.ts";
import type { CustomModels } from "../custom/custom-models.ts";
import type { CustomModel } from "../custom/model.ts";
import { choice } from "../custom/queries.ts";
import { invalidWord, normalWord, storedWord, wordList } from "./word-input.ts";
import type { ListedWord } from "./word-list.ts";
import { listedWords, sortWords } from "./word-list.ts";

const OK = 200;
const CREATED = 201;
const PATH = "/v1/customizations/{id}/words";

export function words(models: CustomModels): Route[] {
  const { modes, delays, sqlite } = models.state;
  return [
    route("GET", PATH, (exchange, { id }) => {
      const type = choice(exchange, "word_type", ["all", "user", "corpora", "grammars"]) ?? "all";
      const sort =
        choice(exchange, "sort", [
          "alphabetical",
          "+alphabetical",
          "-alphabetical",
          "count",
          "+count",
          "-count",
        ]) ?? "+alphabetical";
      const model = models.open(exchange.instance, "language", id);
      exchange.json(OK, { words: sortWords(listedWords(models, model, baseOf(model), type), sort) });
    }),
    route("POST", PATH, async (exchange, { id }) => {
      const { base: baseName } = models.openFree(exchange.instance, "language", id);
      const base = knownBaseModel(baseName) as BaseModel;
      const body = await exchange.object();
      const list = wordList(body, base, modes.soundsLikeValidation, exchange.customerId);
      const model = models.openFree(exchange.instance, "language", id);
      models.start(model, { kind: "words", ends: models.now + delays.words, words: list });
      exchange.json(CREATED, {});
    }),
    route("PUT", `${PATH}/{word}`, async (exchange, { id, word }) => {
      const { base: baseName } = models.openFree(exchange.instance, "language", id);
      const base = knownBaseModel(baseName) as BaseModel;
      const body = await exchange.object();
      const stored = storedWord(word, body, base, modes.soundsLikeValidation, exchange.customerId);
      const [error] = stored.errors ?? [];
      if (error !== undefined) throw badRequest(Object.values(error).join(" "));
      const model = models.openFree(exchange.instance, "language", id);
      transaction(sqlite, () => {
        models.putWord(model, stored);
        models.changed(model);
      });
      exchange.json(CREATED, {});
    }),
    route("GET", `${PATH}/{word}`, (exchange, { id, word }) => {
      const model = models.open(exchange.instance, "language", id);
      exchange.json(OK, existing(models, model, word));
    }),
    route("DELETE", `${PATH}/{word}`, (exchange, { id, word }) => {
      const model = models.openFree(exchange.instance, "language", id);
      const { word: name } = existing(models, model, word);
      transaction(sqlite, () => {
        models.words.remove(model.id, name);
        models.changed(model);
      });
      exchange.json(OK, {});
    }),
  ];
}

function baseOf(model: CustomModel): BaseModel {
  return knownBaseModel(model.base) as BaseModel;
}

function existing(models: CustomModels, model: CustomModel, word: string): ListedWord {
  const base = baseOf(model);
  const [found] = listedWords(models, model, base, "all", normalWord(base, word));
  if (found === undefined) throw invalidWord(word);
  return found;
}
