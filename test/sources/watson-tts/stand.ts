/**
 * A Text to Speech stand-in with Holdfast's source at one of its instances, and direct calls behind Holdfast's back.
 */
import { systemClock } from "../../../src/model/clock.ts";
import {
  startWatsonTts,
  type WatsonTtsOptions,
  type WatsonTtsSandbox,
} from "../../../src/sandbox/watson-tts/index.ts";
import type { Source } from "../../../src/sources/source.ts";
import type { WatsonConfig } from "../../../src/sources/watson/config.ts";
import { openWatsonTts } from "../../../src/sources/watson-tts/index.ts";

/** Waits that a test can afford, ms. */
const QUICK = {
  retry: { baseDelayMs: 1, maxDelayMs: 2, attempts: 4 },
  pollMs: 1,
} as const;

export interface Word {
  readonly word: string;
  readonly translation: string;
  readonly part_of_speech?: string;
}

export class TtsInstance implements AsyncDisposable {
  readonly url: string;
  readonly source: Source;
  readonly #sandbox: WatsonTtsSandbox;

  constructor(sandbox: WatsonTtsSandbox, guid: string, config: Partial<WatsonConfig> = {}) {
    this.#sandbox = sandbox;
    this.url = sandbox.instance(guid);
    const auth = { kind: "apikey", apiKey: sandbox.apiKey } as const;
    this.source = openWatsonTts({ url: this.url, auth, ...QUICK, ...config }, systemClock);
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<unknown> {
    const init: RequestInit = {
      method,
      headers: {
        authorization: `Basic ${btoa(`apikey:${this.#sandbox.apiKey}`)}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
    };
    if (body !== undefined)
      init.body = body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
    const answer = await fetch(`${this.url}/v1${path}`, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  async makeModel(
    name: string,
    words: readonly Word[],
    language = "en-US",
    description?: string,
  ): Promise<string> {
    const made = await this.call("POST", "/customizations", { name, language, description });
    const { customization_id: id } = made as { customization_id: string };
    await this.addWords(id, words);
    return id;
  }

  async addWords(id: string, words: readonly Word[]): Promise<void> {
    await this.call("POST", `/customizations/${id}/words`, { words });
  }

  async deleteWord(id: string, word: string): Promise<void> {
    await this.call("DELETE", `/customizations/${id}/words/${encodeURIComponent(word)}`);
  }

  async models(): Promise<
    { customization_id: string; name: string; language: string; description?: string }[]
  > {
    const { customizations } = (await this.call("GET", "/customizations")) as { customizations: never[] };
    return customizations;
  }

  async words(id: string): Promise<Word[]> {
    return ((await this.call("GET", `/customizations/${id}`)) as { words: Word[] }).words;
  }

  /** Names and words of everything there, by model name. */
  async content(): Promise<Record<string, Record<string, string>>> {
    const content: Record<string, Record<string, string>> = {};
    for (const { customization_id: id, name } of await this.models()) {
      const words = await this.words(id);
      content[name] = Object.fromEntries(words.map(({ word, translation }) => [word, translation]));
    }
    return content;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source[Symbol.asyncDispose]();
  }
}

export async function startStand(options: WatsonTtsOptions = {}): Promise<
  {
    readonly sandbox: WatsonTtsSandbox;
    readonly instance: (guid: string, config?: Partial<WatsonConfig>) => TtsInstance;
  } & AsyncDisposable
> {
  const sandbox = await startWatsonTts(options);
  const opened: TtsInstance[] = [];
  return {
    sandbox,
    instance(guid, config) {
      const made = new TtsInstance(sandbox, guid, config);
      opened.push(made);
      return made;
    },
    async [Symbol.asyncDispose]() {
      for (const one of opened) await one[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}
