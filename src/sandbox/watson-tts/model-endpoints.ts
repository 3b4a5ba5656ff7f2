/**
 * Calls 1 to 5: create, list, read, change and delete voice models; and call 19, the erasure of a customer's data.
 */
import { countCharacters } from "../watson/characters.ts";
import { badRequest, invalidParameter, missingParameter } from "../watson/errors.ts";
import type { Route } from "../watson/routes.ts";
import { route } from "../watson/routes.ts";
import { transaction } from "../http/storage.ts";
import { DEFAULT_LANGUAGE, LANGUAGES, LEGACY_LANGUAGES } from "./languages.ts";
import type { ModelStore } from "./model-store.ts";
import { describeModel, describeWord } from "./model-store.ts";
import type { TtsModes, TtsParts } from "./modes.ts";
import type { PromptStore } from "./prompt-store.ts";
import { describePrompt, promptUpload } from "./prompt-store.ts";
import { readWords, writeWords } from "./word-writing.ts";

/** Limits of the service, characters. */
export const MAX_NAME_LENGTH = 256;
export const MAX_DESCRIPTION_LENGTH = 128;

const FORBIDDEN_IN_NAMES = /[\\/:=&?]/;

export function modelRoutes(parts: TtsParts, models: ModelStore, prompts: PromptStore): readonly Route[] {
  const { clock, modes, sqlite, uploads } = parts;
  return [
    route("POST", "/v1/customizations", async (exchange) => {
      const body = await exchange.object();
      const name = readName(body["name"]);
      if (name === undefined) throw missingParameter("name");
      const description = readDescription(body["description"]);
      const language = readLanguage(body["language"], modes) ?? DEFAULT_LANGUAGE;
      const { instance } = exchange;
      const id = models.create({ instance, name, language, description }, clock.now());
      exchange.json(201, { customization_id: id });
    }),
    route("GET", "/v1/customizations", (exchange) => {
      const language = readLanguage(exchange.query.get("language") ?? undefined, modes);
      const found = models.list(exchange.instance, language);
      exchange.json(200, { customizations: found.map((model) => describeModel(model)) });
    }),
    route("GET", "/v1/customizations/{id}", (exchange, { id }) => {
      const model = models.get(exchange.instance, id);
      exchange.json(200, {
        ...describeModel(model),
        words: models.words(id).map((word) => describeWord(word)),
        prompts: prompts.list(id).map((prompt) => describePrompt(prompt, clock.now())),
      });
    }),
    route("POST", "/v1/customizations/{id}", async (exchange, { id }) => {
      const body = await exchange.object();
      const model = models.get(exchange.instance, id);
      const name = readName(body["name"]);
      const description = readDescription(body["description"]);
      const words = body["words"] === undefined ? [] : readWords(body["words"], model.language);
      writeWords(parts, models, model, words, exchange.customerId, () => {
        models.describe(model, name, description);
      });
      exchange.json(200, {});
    }),
    route("DELETE", "/v1/customizations/{id}", (exchange, { id }) => {
      models.get(exchange.instance, id);
      transaction(sqlite, () => {
        prompts.deleteAll(id);
        models.delete(id);
        uploads.removeNamed(exchange.instance, promptUpload(id, ""));
      });
      exchange.empty(204);
    }),
    route("DELETE", "/v1/user_data", (exchange) => {
      const customer = exchange.query.get("customer_id");
      if (customer === null || customer === "") throw missingParameter("customer_id");
      transaction(sqlite, () => {
        for (const id of models.eraseCustomer(exchange.instance, customer)) {
          if (modes.lastModifiedOnDelete === "on") models.touch(id, clock.now());
        }
      });
      exchange.json(200, {});
    }),
  ];
}

function readName(value: unknown): string | undefined {
  const name = readText(value, "name", MAX_NAME_LENGTH);
  if (name === "" || (name !== undefined && FORBIDDEN_IN_NAMES.test(name))) throw invalidParameter("name");
  return name;
}

function readDescription(value: unknown): string | undefined {
  return readText(value, "description", MAX_DESCRIPTION_LENGTH);
}

function readText(value: unknown, parameter: string, maxLength: number): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || countCharacters(value) > maxLength) throw invalidParameter(parameter);
  return value;
}

function readLanguage(value: unknown, modes: TtsModes): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") {
    if (LANGUAGES.has(value)) return value;
    if (modes.legacyLanguages === "on" && LEGACY_LANGUAGES.has(value)) return value;
  }
  throw badRequest(`Language ${JSON.stringify(value)} is not supported`);
}
