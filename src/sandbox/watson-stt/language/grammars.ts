/**
 * Grammars: checked as a whole when they arrive; one that cannot be compiled shows in itself and in its model.
 */
import { WatsonError, badRequest } from "../../watson/errors.ts";
import type { Exchange } from "../../watson/exchange.ts";
import type { Route } from "../../watson/routes.ts";
import { route } from "../../watson/routes.ts";
import { transaction } from "../../http/storage.ts";
import type { BaseModel } from "../base-models.ts";
import { knownBaseModel } from "../base-models.ts";
import type { CustomModels, ModelFault } from "../custom/custom-models.ts";
import type { CustomModel } from "../custom/model.ts";
import { flag } from "../custom/queries.ts";
import type { Resource } from "../custom/resource-store.ts";
import { takeIn } from "../custom/taking-in.ts";
import { isBaseWord } from "../text/base-vocabulary.ts";
import type { GrammarForm } from "./grammar-check.ts";
import { grammarWords } from "./grammar-check.ts";
import { checkName, unknownResource } from "./resource-name.ts";

const OK = 200;
const CREATED = 201;
const UNSUPPORTED_MEDIA_TYPE = 415;
const PATH = "/v1/customizations/{id}/grammars";
/** The service names no limit; a grammar is compiled as a whole, and the stand-in reads it as a whole. Bytes. */
const MAX_GRAMMAR_BYTES = 16 * 2 ** 20;
/** What the service puts into a model whose grammar cannot be compiled. */
const COMPILE_ERROR = JSON.stringify({
  code: 500,
  code_description: "Internal Server Error",
  error: "Cannot compile grammar",
});

interface GrammarFacts extends ModelFault {
  readonly newWords: number;
}

const FORMS: Readonly<Record<string, GrammarForm>> = {
  "application/srgs": "abnf",
  "application/srgs+xml": "xml",
};

export function grammars(models: CustomModels): Route[] {
  return [
    route("GET", PATH, (exchange, { id }) => {
      const model = opened(models, exchange, id);
      const found = models.resources.list(model.id, "grammar");
      exchange.json(OK, { grammars: found.map((resource) => grammarObject(resource, models.now)) });
    }),
    route("POST", `${PATH}/{name}`, async (exchange, { id, name }) => {
      await addGrammar(exchange, models, id, name);
    }),
    route("GET", `${PATH}/{name}`, (exchange, { id, name }) => {
      const model = opened(models, exchange, id);
      exchange.json(OK, grammarObject(existing(models, model, name), models.now));
    }),
    route("DELETE", `${PATH}/{name}`, (exchange, { id, name }) => {
      opened(models, exchange, id);
      const model = models.openFree(exchange.instance, "language", id);
      existing(models, model, name);
      transaction(models.state.sqlite, () => {
        models.forgetResource(model, "grammar", name);
        models.changed(model);
      });
      exchange.json(OK, {});
    }),
  ];
}

/** Throws 400 for a base model that takes no grammars. */
function opened(models: CustomModels, exchange: Exchange, id: string): CustomModel {
  const model = models.open(exchange.instance, "language", id);
  if (knownBaseModel(model.base)?.grammars !== true) {
    throw badRequest(`grammars is not a supported feature for model ${model.base}`);
  }
  return model;
}

function existing(models: CustomModels, model: CustomModel, name: string): Resource {
  const resource = models.resources.find(model.id, "grammar", name);
  if (resource === undefined) throw unknownResource("grammar", name);
  return resource;
}

async function addGrammar(exchange: Exchange, models: CustomModels, id: string, name: string): Promise<void> {
  const { state } = models;
  const allowOverwrite = flag(exchange, "allow_overwrite", false);
  opened(models, exchange, id);
  const open = (): CustomModel => {
    const model = models.openFree(exchange.instance, "language", id);
    checkName(models, model, "grammar", name, allowOverwrite);
    return model;
  };
  const model = open();
  const form = FORMS[exchange.mediaType ?? ""];
  if (form === undefined) {
    throw new WatsonError(
      UNSUPPORTED_MEDIA_TYPE,
      `The grammar's content type must be one of ${Object.keys(FORMS).join(", ")}`,
    );
  }
  const bytes = await exchange.body(MAX_GRAMMAR_BYTES);
  if (bytes.length === 0) throw badRequest("Grammar file not specified or empty");
  const words = grammarWords(bytes.toString("utf8"), form);
  const label = {
    instance: exchange.instance,
    name: `customizations/${model.id}/grammars/${name}`,
    contentType: exchange.header("content-type"),
  };
  await takeIn(state.uploads, label, pieces(bytes), (upload) => {
    // Meanwhile somebody else may have had the lock.
    commit(models, open(), { name, customer: exchange.customerId, upload: upload.id }, words);
  });
  exchange.json(CREATED, {});
}

/** `words`: undefined if it cannot be compiled. */
function commit(
  models: CustomModels,
  model: CustomModel,
  added: Pick<Resource, "name" | "customer" | "upload">,
  words: readonly string[] | undefined,
): void {
  const { state } = models;
  const found = newWordsOf(knownBaseModel(model.base) as BaseModel, words ?? []);
  const ends = models.now + state.delays.grammar;
  const facts: GrammarFacts = {
    newWords: found.size,
    ...(words === undefined ? { modelError: COMPILE_ERROR } : {}),
  };
  transaction(state.sqlite, () => {
    models.forgetResource(model, "grammar", added.name);
    models.resources.put(model.id, { ...added, kind: "grammar", ends, valid: words !== undefined, facts });
    models.words.found(model.id, added.name, found);
    models.start(model, { kind: "analysis", of: "grammar", ends });
  });
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function newWordsOf(base: BaseModel, words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  if (base.family !== "pg") return counts;
  for (const word of words) {
    if (!isBaseWord(base.language, word)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

function grammarObject(resource: Resource, now: number): Readonly<Record<string, unknown>> {
  const { name, valid } = resource;
  if (now < resource.ends) return { name, out_of_vocabulary_words: 0, status: "being_processed" };
  return {
    name,
    out_of_vocabulary_words: (resource.facts as GrammarFacts).newWords,
    status: valid ? "analyzed" : "undetermined",
    ...(valid
      ? {}
      : {
          error: `Analysis of grammar '${name}' failed. Please try fixing the error or adding the grammar again by setting the 'allow_overwrite' flag to 'true'.`,
        }),
  };
}
