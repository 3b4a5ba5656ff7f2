/**
 * Corpora: taken in as a form or as they are, counted while they pass, shown once their analysis is over.
 */
import { badRequest } from "../../watson/errors.ts";
import type { Exchange } from "../../watson/exchange.ts";
import { readMultipart } from "../../watson/multipart.ts";
import type { Route } from "../../watson/routes.ts";
import { route } from "../../watson/routes.ts";
import { transaction } from "../../http/storage.ts";
import type { BaseModel } from "../base-models.ts";
import { knownBaseModel } from "../base-models.ts";
import type { CustomModels } from "../custom/custom-models.ts";
import type { CustomModel } from "../custom/model.ts";
import { flag } from "../custom/queries.ts";
import type { Resource } from "../custom/resource-store.ts";
import { takeIn } from "../custom/taking-in.ts";
import { CorpusCount, unwrapped } from "./corpus-content.ts";
import { checkName, unknownResource } from "./resource-name.ts";

const OK = 200;
const CREATED = 201;
const PATH = "/v1/customizations/{id}/corpora";

interface CorpusFacts {
  readonly totalWords: number;
  readonly newWords: number;
}

export function corpora(models: CustomModels): Route[] {
  return [
    route("GET", PATH, (exchange, { id }) => {
      const model = models.open(exchange.instance, "language", id);
      const found = models.resources.list(model.id, "corpus");
      exchange.json(OK, { corpora: found.map((resource) => corpusObject(resource, models.now)) });
    }),
    route("POST", `${PATH}/{name}`, async (exchange, { id, name }) => {
      await addCorpus(exchange, models, id, name);
    }),
    route("GET", `${PATH}/{name}`, (exchange, { id, name }) => {
      const model = models.open(exchange.instance, "language", id);
      exchange.json(OK, corpusObject(existing(models, model, name), models.now));
    }),
    route("DELETE", `${PATH}/{name}`, (exchange, { id, name }) => {
      const model = models.openFree(exchange.instance, "language", id);
      existing(models, model, name);
      transaction(models.state.sqlite, () => {
        models.forgetResource(model, "corpus", name);
        models.changed(model);
      });
      exchange.json(OK, {});
    }),
  ];
}

function existing(models: CustomModels, model: CustomModel, name: string): Resource {
  const resource = models.resources.find(model.id, "corpus", name);
  if (resource === undefined) throw unknownResource("corpus", name);
  return resource;
}

async function addCorpus(exchange: Exchange, models: CustomModels, id: string, name: string): Promise<void> {
  const { state } = models;
  const allowOverwrite = flag(exchange, "allow_overwrite", false);
  const open = (): CustomModel => {
    const model = models.openFree(exchange.instance, "language", id);
    checkName(models, model, "corpus", name, allowOverwrite);
    return model;
  };
  const model = open();
  const limits = { words: state.modes.maxWords, newWords: state.modes.maxNewWords };
  const count = new CorpusCount(knownBaseModel(model.base) as BaseModel, limits);
  let taken = 0;
  await corpusContent(exchange, async (content, contentType) => {
    if (taken++ > 0) throw badRequest("More than one corpus file");
    const label = {
      instance: exchange.instance,
      name: `customizations/${model.id}/corpora/${name}`,
      contentType,
    };
    await takeIn(state.uploads, label, count.watch(content), (upload) => {
      if (count.bytes === 0) throw badRequest(NO_CONTENT);
      // The upload may have taken hours; meanwhile somebody else may have had the lock.
      commit(models, open(), { name, customer: exchange.customerId, upload: upload.id }, count);
    });
  });
  if (taken === 0) throw badRequest(NO_CONTENT);
  exchange.json(CREATED, {});
}

const NO_CONTENT = "Corpus file not specified or empty";

/** Hands over what the request brings, out of its form if it is one. */
async function corpusContent(
  exchange: Exchange,
  take: (content: AsyncIterable<Buffer>, contentType: string | undefined) => Promise<void>,
): Promise<void> {
  if (exchange.mediaType !== "multipart/form-data") {
    await take(exchange.bodyChunks(), exchange.header("content-type"));
    return;
  }
  await readMultipart(exchange, async (part) => {
    if (part.name !== "corpus_file") throw badRequest(`Unexpected form part '${part.name}'`);
    // The SDK names a file whenever it was given bytes.
    const content = part.filename === undefined ? unwrapped(part.chunks) : part.chunks;
    await take(content, part.contentType);
  });
}

function commit(
  models: CustomModels,
  model: CustomModel,
  added: Pick<Resource, "name" | "customer" | "upload">,
  count: CorpusCount,
): void {
  const { state } = models;
  const { name } = added;
  checkCount(models, model, name, count);
  const valid = !count.binary && count.totalWords > 0;
  const ends = models.now + state.delays.corpus;
  const facts: CorpusFacts = {
    totalWords: valid ? count.totalWords : 0,
    newWords: valid ? count.newWords.size : 0,
  };
  transaction(state.sqlite, () => {
    models.forgetResource(model, "corpus", name);
    models.resources.put(model.id, { ...added, kind: "corpus", ends, valid, facts });
    if (valid) models.words.found(model.id, name, count.newWords);
    models.start(model, { kind: "analysis", of: "corpus", ends });
  });
}

/** Throws 400 when the model's corpora would have too much together. */
function checkCount(models: CustomModels, model: CustomModel, name: string, count: CorpusCount): void {
  const { maxWords, maxNewWords } = models.state.modes;
  const others = models.resources.list(model.id, "corpus").filter((resource) => resource.name !== name);
  const words = others.reduce((sum, { facts }) => sum + (facts as CorpusFacts).totalWords, count.totalWords);
  if (words > maxWords) throw badRequest(`Total number of words ${words} exceeds maximum allowed`);
  const newWords = models.words.countFound(model.id) + count.newWords.size;
  if (newWords > maxNewWords) {
    throw badRequest(`Total number of out-of-vocabulary words ${newWords} exceeds maximum allowed`);
  }
}

function corpusObject(resource: Resource, now: number): Readonly<Record<string, unknown>> {
  const { name, valid } = resource;
  if (now < resource.ends) {
    return { name, total_words: 0, out_of_vocabulary_words: 0, status: "being_processed" };
  }
  const { totalWords, newWords } = resource.facts as CorpusFacts;
  return {
    name,
    total_words: totalWords,
    out_of_vocabulary_words: newWords,
    status: valid ? "analyzed" : "undetermined",
    ...(valid
      ? {}
      : {
          error: `Analysis of corpus '${name}' failed. Please try adding the corpus again by setting the 'allow_overwrite' flag to 'true'.`,
        }),
  };
}
