/**
 * The calls of Text to Speech that concern custom models, as far as they are needed here. Everything that is kept is handed over as the
 * service sent it.
 */
import { isHoldfastError, type HoldfastError } from "../../model/errors.ts";
import { refusalOf } from "../http/answer-failure.ts";
import { readJson } from "../http/whole-answer.ts";
import { skipSpace, walkElements, walkMembers } from "../http/raw-json.ts";
import { component, type StreamedBody, type WatsonClient } from "../watson/client.ts";
import type { TtsWord } from "./elements.ts";

/** A model with everything that belongs to it, read in one answer and so at one point in time. */
export interface RawModel {
  readonly words: readonly Buffer[];
  readonly prompts: readonly Buffer[];
}

export interface NewModel {
  readonly name: string;
  readonly language: string;
  readonly description: string | undefined;
}

const MODELS = "/v1/customizations";

export class TtsService {
  readonly client: WatsonClient;

  constructor(client: WatsonClient) {
    this.client = client;
  }

  /** Call 2: every model without its words. */
  async models(signal: AbortSignal): Promise<Buffer[]> {
    const about = { purpose: "list the custom models" };
    return await this.client.listRaw(MODELS, "customizations", about, signal);
  }

  /** Call 3. Errors: `source-not-found`. */
  async model(id: string, signal: AbortSignal): Promise<RawModel> {
    const bytes = await this.client.raw(
      { method: "GET", path: modelPath(id), purpose: `read custom model ${id}`, repeatable: true },
      signal,
    );
    const members: Record<string, Buffer[]> = { words: [], prompts: [] };
    walkMembers(bytes, skipSpace(bytes, 0), (name, from) => {
      const elements = Object.hasOwn(members, name) ? members[name] : undefined;
      // Old releases leave `prompts` out, or send null.
      if (elements === undefined || bytes[from] !== OPEN_ARRAY) return;
      walkElements(bytes, from, (start, end) => void elements.push(bytes.subarray(start, end)));
    });
    return { words: members["words"] as Buffer[], prompts: members["prompts"] as Buffer[] };
  }

  /** Call 15. */
  async speakers(signal: AbortSignal): Promise<Buffer[]> {
    const about = { purpose: "list the speaker models" };
    return await this.client.listRaw("/v1/speakers", "speakers", about, signal);
  }

  /** Languages that some voice speaks. */
  async languages(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { voices = [] } = (await this.client.probe(signal)) as { voices?: { language?: unknown }[] };
    return new Set(voices.map(({ language }) => String(language)));
  }

  /** Call 1; never repeated by itself, because each success makes a model. */
  async createModel(model: NewModel, signal: AbortSignal): Promise<string> {
    const answer = (await this.client.json(
      {
        method: "POST",
        path: MODELS,
        purpose: `create the custom model "${model.name}"`,
        repeatable: false,
        body: { json: model },
        class: "write",
      },
      signal,
    )) as { customization_id?: unknown } | undefined;
    return String(answer?.customization_id);
  }

  /** Call 4, without words. */
  async updateModel(
    id: string,
    change: { readonly name: string; readonly description?: string },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#write("POST", modelPath(id), `rename custom model ${id}`, { json: change }, {}, signal);
  }

  /** Call 5. A model that is gone already is no error. */
  async deleteModel(id: string, signal: AbortSignal): Promise<void> {
    await this.#write("DELETE", modelPath(id), `delete custom model ${id}`, undefined, {}, signal);
  }

  /** Call 6: upserts. `customer`: the label that a later erasure of the customer's data goes by. */
  async writeWords(
    id: string,
    words: readonly TtsWord[],
    customer: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const headers = customer === undefined ? {} : { "x-watson-metadata": `customer_id=${customer}` };
    const purpose = `write ${words.length} words to custom model ${id}`;
    await this.#write("POST", `${modelPath(id)}/words`, purpose, { json: { words } }, headers, signal);
  }

  /** Call 10. Errors: `target-refused` for a word that cannot be named in an address. */
  async deleteWord(id: string, word: string, signal: AbortSignal): Promise<void> {
    const path = `${modelPath(id)}/words/${component(word)}`;
    await this.#write("DELETE", path, `delete a word of custom model ${id}`, undefined, {}, signal);
  }

  /** Call 14. */
  async deletePrompt(id: string, prompt: string, signal: AbortSignal): Promise<void> {
    const path = `${modelPath(id)}/prompts/${component(prompt)}`;
    await this.#write("DELETE", path, `delete a prompt of custom model ${id}`, undefined, {}, signal);
  }

  /** Call 18. */
  async deleteSpeaker(id: string, signal: AbortSignal): Promise<void> {
    const path = `/v1/speakers/${component(id)}`;
    await this.#write("DELETE", path, `delete speaker model ${id}`, undefined, {}, signal);
  }

  /** Call 12: writes over a prompt of the same id, so it may be repeated. */
  async writePrompt(
    id: string,
    prompt: string,
    body: StreamedBody,
    contentType: string,
    signal: AbortSignal,
  ): Promise<void> {
    const path = `${modelPath(id)}/prompts/${component(prompt)}`;
    await this.#write("POST", path, `write prompt ${prompt}`, body, { "content-type": contentType }, signal);
  }

  /** Call 16; never repeated by itself. */
  async createSpeaker(name: string, body: StreamedBody, signal: AbortSignal): Promise<string> {
    const answer = (await this.client.exchange(
      {
        method: "POST",
        path: "/v1/speakers",
        query: { speaker_name: name },
        purpose: `create the speaker model "${name}"`,
        repeatable: false,
        body,
        headers: { "content-type": "audio/wav" },
        class: "write",
      },
      readJson,
      signal,
    )) as { speaker_id?: unknown };
    return String(answer.speaker_id);
  }

  async #write(
    method: "POST" | "DELETE",
    path: string,
    purpose: string,
    body: StreamedBody | { readonly json: unknown } | undefined,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.client.raw(
      {
        method,
        path,
        purpose,
        repeatable: true,
        headers,
        class: "write",
        ...(body === undefined ? {} : { body }),
      },
      signal,
    );
  }
}

/** Whether the service refused the call as such: withdrawn calls are answered so. Other failures tell nothing about what is there. */
export function isNotOffered(error: unknown): error is HoldfastError {
  if (!isHoldfastError(error, "source-not-found", "source-protocol")) return false;
  const status = refusalOf(error)?.status ?? 0;
  return status >= 400 && status < 500;
}

const OPEN_ARRAY = 0x5b;

function modelPath(id: string): string {
  return `${MODELS}/${component(id)}`;
}
