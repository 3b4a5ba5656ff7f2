/**
 * What a corpus request really brings, whatever it is wrapped in, and what is found in it while it passes. The vendor's SDK sends a string as a
 * form field that holds JSON; its text is taken out.
 */
import type { BaseModel } from "../base-models.ts";
import { isBaseWord } from "../text/base-vocabulary.ts";
import { Tokenizer } from "../text/tokenizer.ts";

/** How a wrapped string begins. */
const WRAPPED = Buffer.from('{"data":"');
/** A string that the SDK wraps was in its caller's memory; longer ones are taken as they are. */
const MAX_WRAPPED_BYTES = 16 * 2 ** 20;

/** The text inside the SDK's JSON; anything else passes unchanged. */
export async function* unwrapped(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  let wrapped: boolean | undefined;
  for await (const piece of content) {
    if (wrapped === false) {
      yield piece;
      continue;
    }
    held.push(piece);
    size += piece.length;
    if (wrapped === undefined && size >= WRAPPED.length) {
      wrapped = Buffer.concat(held).subarray(0, WRAPPED.length).equals(WRAPPED);
    }
    if (size > MAX_WRAPPED_BYTES) wrapped = false;
    if (wrapped === false) {
      yield* held;
      held = [];
    }
  }
  if (wrapped === true) yield textOf(Buffer.concat(held));
  else yield* held;
}

function textOf(bytes: Buffer): Buffer {
  try {
    const { data } = JSON.parse(bytes.toString("utf8")) as { data?: unknown };
    return typeof data === "string" ? Buffer.from(data) : bytes;
  } catch {
    return bytes;
  }
}

export interface CorpusLimits {
  readonly words: number;
  readonly newWords: number;
}

/** Counts a corpus while it passes. */
export class CorpusCount {
  /** Words that the base model does not know; of the previous generation only. */
  readonly newWords = new Map<string, number>();
  totalWords = 0;
  bytes = 0;
  /** It holds bytes that no text has: the analysis will fail. */
  binary = false;
  readonly #limits: CorpusLimits;
  readonly #tokenizer: Tokenizer;

  constructor(base: BaseModel, limits: CorpusLimits) {
    this.#limits = limits;
    this.#tokenizer = new Tokenizer(base.language, (word) => {
      this.totalWords++;
      if (base.family !== "pg" || isBaseWord(base.language, word)) return;
      this.newWords.set(word, (this.newWords.get(word) ?? 0) + 1);
    });
  }

  /** It has more than a model may have; the rest is not counted. */
  get exceeds(): boolean {
    return this.totalWords > this.#limits.words || this.newWords.size > this.#limits.newWords;
  }

  async *watch(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of content) {
      this.bytes += piece.length;
      this.binary ||= piece.includes(0);
      if (!this.exceeds && !this.binary) this.#tokenizer.push(piece);
      yield piece;
    }
    if (!this.exceeds && !this.binary) this.#tokenizer.end();
  }
}
