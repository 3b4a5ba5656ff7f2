/**
 * Corpora: taken in as a form or as they are, counted while they pass, shown once their analysis is over.
 */
import { badRequest } from "../../watson/errors.ts";
import type { Exchange } from "../../watson/exchange.ts";
import { readMultipart } from "../../watson/multipart.ts";
import type { Route } from "../../watson/routes.ts";
import { route } from "../../watson/routes.ts";
import { transaction } from "../../watson/storage.ts";
import type { Upload } from "../../watson/uploads.ts";
import type { BaseModel } from "../base-models.ts";
import { knownBaseModel } from "../base-models.ts";
import type { CustomModels } from "../custom/custom-models.ts";
import type { CustomModel } from "../custom/model.ts";
import { flag } from "../custom/queries.ts";
import type { Resource } from "../custom/resource-store.ts";
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
  const base = knownBaseModel(open().base) as BaseModel;
  const limits = { words: state.modes.maxWords, newWords: state.modes.maxNewWords };
  const count = new CorpusCount(base, limits);
  const upload = await takeIn(exchange, models, `customizations/${id}/corpora/${name}`, count);
  try {
    // The upload may have taken hours; meanwhile somebody else may have had the lock.
    const model = open();
    checkCount(models, model, name, count);
    transaction(state.sqlite, () => {
      models.forgetResource(model, "corpus", name);
      const valid = !count.binary && count.totalWords > 0;
      const ends = models.now + state.delays.corpus;
      const facts: CorpusFacts = {
        totalWords: valid ? count.totalWords : 0,
        newWords: valid ? count.newWords.size : 0,
      };
      models.resources.put(model.id, {
        kind: "corpus",
        name,
        customer: exchange.customerId,
        upload: upload.id,
        ends,
        valid,
        facts,
      });
      if (valid) models.words.found(model.id, name, count.newWords);
      models.start(model, { kind: "analysis", of: "corpus", ends });
    });
  } catch (error) {
    state.uploads.remove(upload.id);
    throw error;
  }
  exchange.json(CREATED, {});
}

/** Throws 400 when there is no content. */
async function takeIn(
  exchange: Exchange,
  models: CustomModels,
  name: string,
  count: CorpusCount,
): Promise<Upload> {
  const { uploads } = models.state;
  const { instance } = exchange;
  let upload: Upload | undefined;
  const take = async (content: AsyncIterable<Buffer>, contentType: string | undefined): Promise<void> => {
    upload = await uploads.put({ instance, name, contentType }, count.watch(content));
  };
  if (exchange.mediaType === "multipart/form-data") {
    await readMultipart(exchange, async (part) => {
      if (part.name !== "corpus_file" || upload !== undefined) {
        throw badRequest(`Unexpected form part '${part.name}'`);
      }
      await take(part.filename === undefined ? unwrapped(part.chunks) : part.chunks, part.contentType);
    });
  } else {
    await take(exchange.bodyChunks(), exchange.header("content-type"));
  }
  if (upload === undefined || count.bytes === 0) {
    if (upload !== undefined) uploads.remove(upload.id);
    throw badRequest("Corpus file not specified or empty");
  }
  return upload;
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
