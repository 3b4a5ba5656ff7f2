/**
 * The calls of what hangs below language models, beside those that all custom models have.
 */
import type { SourceContext } from "../../source.ts";
import type { StreamedBody, WatsonClient } from "../../watson/client.ts";
import { labelOf, ModelCalls, type ModelKind } from "../model-calls.ts";
import type { FileKind } from "./items.ts";
import { resourceOf, wordOf, type Resource, type Word } from "./objects.ts";
import type { WordDefinition } from "./word-definition.ts";

const LANGUAGE_MODELS: ModelKind = {
  path: "/v1/customizations",
  noun: "language model",
  feature: "custom_language_model",
};

/** A corpus or grammar on its way. */
export interface Upload {
  readonly kind: FileKind;
  readonly name: string;
  readonly content: StreamedBody;
  readonly contentType: string;
  readonly customer: string | undefined;
}

export class LanguageModelCalls extends ModelCalls {
  constructor(client: WatsonClient, context: SourceContext) {
    super(client, context, LANGUAGE_MODELS);
  }

  async files(id: string, kind: FileKind): Promise<Resource[]> {
    const elements = await this.list(this.at(id, kind), kind, `list the ${kind} of language model ${id}`);
    return elements.map(resourceOf);
  }

  /** Every word, those that the service derived included. */
  async words(id: string): Promise<Word[]> {
    const elements = await this.list(
      this.at(id, "words"),
      "words",
      `list the words of language model ${id}`,
      {
        word_type: "all",
      },
    );
    return elements.map(wordOf);
  }

  /** Sent once unless it `overwrites`: then sending it again does no harm. */
  async upload(id: string, upload: Upload, overwrites: boolean): Promise<void> {
    const { kind, name, content, contentType, customer } = upload;
    await this.send(
      {
        method: "POST",
        path: this.at(id, kind, name),
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
    const found = await this.until(`the analysis of ${shown(kind)} "${name}"`, async () => {
      const resource = (await this.files(id, kind)).find((one) => one.name === name);
      return resource?.status === "being_processed" ? undefined : { resource };
    });
    return found.resource;
  }

  async deleteFile(id: string, kind: FileKind, name: string): Promise<void> {
    await this.send(
      { method: "DELETE", path: this.at(id, kind, name), purpose: `delete ${shown(kind)} "${name}"` },
      true,
    );
  }

  /** The service takes all of them or none. It works on them after it has answered. */
  async addWords(id: string, words: readonly WordDefinition[], customer: string | undefined): Promise<void> {
    await this.send(
      {
        method: "POST",
        path: this.at(id, "words"),
        headers: labelOf(customer),
        body: { json: { words } },
        purpose: `add ${words.length} words to language model ${id}`,
      },
      true,
    );
  }

  async deleteWord(id: string, word: string): Promise<void> {
    await this.send(
      { method: "DELETE", path: this.at(id, "words", word), purpose: `delete word "${word}"` },
      true,
    );
  }
}

export function shown(kind: FileKind): string {
  return kind === "corpora" ? "corpus" : "grammar";
}
