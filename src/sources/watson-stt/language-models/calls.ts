/**
 * The calls of language models, one method each. Reads repeat themselves; what changes a model is sent once, and the caller settles what
 * a broken connection left open. While the service works on a model it refuses nearly everything with 409: every call waits that out.
 */
import { HoldfastError } from "../../../model/errors.ts";
import type { RequestClass } from "../../http/request-budget.ts";
import type { SourceContext } from "../../source.ts";
import { component, type StreamedBody, type WatsonClient, type WatsonRequest } from "../../watson/client.ts";
import { waitFor, whenNotBusy, type Wait } from "../../watson/waiting.ts";
import type { OfferedModel } from "./base-models.ts";
import type { FileKind } from "./items.ts";
import {
  languageModelOf,
  resourceOf,
  wordOf,
  type LanguageModel,
  type Resource,
  type Word,
} from "./objects.ts";
import type { WordDefinition } from "./word-definition.ts";

const MODELS = "/v1/customizations";

/** What is said of a model when it is made; it can never be changed. */
export interface ModelCreation {
  readonly name: string;
  readonly base_model_name: string;
  readonly dialect?: string;
  readonly description?: string;
}

/** A corpus or grammar on its way. */
export interface Upload {
  readonly kind: FileKind;
  readonly name: string;
  readonly content: StreamedBody;
  readonly contentType: string;
  readonly customer: string | undefined;
}

export class LanguageModelCalls {
  readonly #client: WatsonClient;
  readonly #context: SourceContext;

  constructor(client: WatsonClient, context: SourceContext) {
    this.#client = client;
    this.#context = context;
  }

  async models(): Promise<LanguageModel[]> {
    const elements = await this.#list(MODELS, "customizations", "list the language models");
    return elements.map(languageModelOf);
  }

  /** Errors: `source-not-found`. */
  async model(id: string): Promise<LanguageModel> {
    const raw = await this.#wait(`model ${id}`, () =>
      this.#client.raw(
        { method: "GET", path: at(id), purpose: `read language model ${id}`, repeatable: true },
        this.#context.signal,
      ),
    );
    return languageModelOf(raw);
  }

  /** Base models that the service offers. */
  async offered(): Promise<OfferedModel[]> {
    const elements = await this.#list("/v1/models", "models", "list the base models");
    return elements.map((element) => {
      const { name, supported_features: features } = JSON.parse(element.toString("utf8")) as {
        readonly name?: unknown;
        readonly supported_features?: { readonly custom_language_model?: unknown };
      };
      return { name: String(name), languageModels: features?.custom_language_model === true };
    });
  }

  async files(id: string, kind: FileKind): Promise<Resource[]> {
    const elements = await this.#list(at(id, kind), kind, `list the ${kind} of language model ${id}`);
    return elements.map(resourceOf);
  }

  /** Every word, those that the service derived included. */
  async words(id: string): Promise<Word[]> {
    const elements = await this.#list(at(id, "words"), "words", `list the words of language model ${id}`, {
      word_type: "all",
    });
    return elements.map(wordOf);
  }

  /** Sent once. Errors: `source-unreachable` when it is open whether and which model was made. */
  async create(creation: ModelCreation): Promise<string> {
    const answer = (await this.#send({
      method: "POST",
      path: MODELS,
      purpose: `create language model "${creation.name}"`,
      body: { json: creation },
    })) as { customization_id?: unknown } | undefined;
    const id = answer?.customization_id;
    if (typeof id === "string" && id !== "") return id;
    // As with a lost answer: whether there is a model, and which, only the listing tells.
    throw new HoldfastError(
      "source-unreachable",
      `the service did not say which model it made for "${creation.name}"`,
    );
  }

  async deleteModel(id: string): Promise<void> {
    await this.#send({ method: "DELETE", path: at(id), purpose: `delete language model ${id}` }, true);
  }

  async reset(id: string): Promise<void> {
    await this.#send({ method: "POST", path: at(id, "reset"), purpose: `empty language model ${id}` }, true);
  }

  /** Sent once unless it `overwrites`: then sending it again does no harm. */
  async upload(id: string, upload: Upload, overwrites: boolean): Promise<void> {
    const { kind, name, content, contentType, customer } = upload;
    await this.#send(
      {
        method: "POST",
        path: at(id, kind, name),
        query: { allow_overwrite: overwrites },
        headers: {
          "content-type": contentType,
          ...labelOf(customer),
        },
        body: content,
        purpose: `add ${shown(kind)} "${name}" to language model ${id}`,
      },
      overwrites,
    );
  }

  /** Waits until the service has analysed it. Undefined when it is not there. */
  async analysed(id: string, kind: FileKind, name: string): Promise<Resource | undefined> {
    const found = await waitFor(
      async () => {
        const resource = (await this.files(id, kind)).find((one) => one.name === name);
        return resource?.status === "being_processed" ? undefined : { resource };
      },
      this.#waiting(`the analysis of ${shown(kind)} "${name}"`),
      this.#context,
    );
    return found.resource;
  }

  async deleteFile(id: string, kind: FileKind, name: string): Promise<void> {
    await this.#send(
      { method: "DELETE", path: at(id, kind, name), purpose: `delete ${shown(kind)} "${name}"` },
      true,
    );
  }

  /** The service takes all of them or none. It works on them after it has answered. */
  async addWords(id: string, words: readonly WordDefinition[], customer: string | undefined): Promise<void> {
    await this.#send(
      {
        method: "POST",
        path: at(id, "words"),
        headers: labelOf(customer),
        body: { json: { words } },
        purpose: `add ${words.length} words to language model ${id}`,
      },
      true,
    );
  }

  async deleteWord(id: string, word: string): Promise<void> {
    await this.#send(
      { method: "DELETE", path: at(id, "words", word), purpose: `delete word "${word}"` },
      true,
    );
  }

  /** Sent once. What the service skipped: it says so in this answer and nowhere else. */
  async train(id: string, query: NonNullable<WatsonRequest["query"]>): Promise<string[]> {
    const answer = (await this.#send({
      method: "POST",
      path: at(id, "train"),
      query,
      purpose: `train language model ${id}`,
    })) as { warnings?: readonly { message?: unknown; description?: unknown }[] } | undefined;
    const warnings = Array.isArray(answer?.warnings) ? answer.warnings : [];
    return warnings.map(({ message, description }) => String(message ?? description));
  }

  /** Waits while one of these is the model's status. */
  async whileStatus(id: string, what: string, statuses: readonly string[]): Promise<LanguageModel> {
    return await waitFor(
      async () => {
        const model = await this.model(id);
        return statuses.includes(model.status) ? undefined : model;
      },
      this.#waiting(what),
      this.#context,
    );
  }

  /** Waits until `look` gives something. */
  async until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    return await waitFor(look, this.#waiting(what), this.#context);
  }

  async #list(
    path: string,
    member: string,
    purpose: string,
    query?: NonNullable<WatsonRequest["query"]>,
  ): Promise<Buffer[]> {
    return await this.#wait("a busy model", () =>
      this.#client.listRaw(
        path,
        member,
        { purpose, ...(query === undefined ? {} : { query }) },
        this.#context.signal,
      ),
    );
  }

  async #send(request: Omit<WatsonRequest, "repeatable" | "class">, repeatable = false): Promise<unknown> {
    const kind: RequestClass = "write";
    return await this.#wait("a model that the service works on", () =>
      this.#client.json({ ...request, repeatable, class: kind }, this.#context.signal),
    );
  }

  async #wait<T>(what: string, act: () => Promise<T>): Promise<T> {
    return await whenNotBusy(act, this.#waiting(what), this.#context);
  }

  #waiting(what: string): Wait {
    const { pollMs, patienceMs } = this.#client.config;
    return { what, pollMs, patienceMs };
  }
}

export function shown(kind: FileKind): string {
  return kind === "corpora" ? "corpus" : "grammar";
}

/** With it the service finds the data when the customer asks for their deletion. */
function labelOf(customer: string | undefined): Record<string, string> {
  return customer === undefined ? {} : { "x-watson-metadata": `customer_id=${customer}` };
}

function at(id: string, ...below: readonly string[]): string {
  return [MODELS, ...[id, ...below].map(component)].join("/");
}
