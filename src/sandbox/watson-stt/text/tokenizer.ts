/**
 * How the stand-in takes a corpus apart. It is an approximation of the service's own parsing, deterministic and independent of how the
 * bytes were cut on their way:
 *
 * - UTF-8; a mark at the beginning is skipped. Words are separated by white space; each line is a sentence of its own.
 * - What stands inside `( ) < > [ ] { }` is left out, up to the end of its line at most (not for Korean).
 * - English numbers become words (`500`: two, `$100`: three); in other languages a number is one word.
 * - Of other symbols only `'`, `-` and `.` inside a word stay; what is left without a letter or digit is no word.
 */
import { numberWords } from "./number-words.ts";

const OPENING = "(<[{";
const CLOSING = ")>]}";
const SPACES = /[\p{Cc}\s]/gu;
const SPACES_AND_BRACKETS = /[\p{Cc}\s()<>[\]{}]/gu;
/** A run of characters without white space is cut here: memory stays bounded whatever is uploaded. */
const MAX_WORD_CHARACTERS = 256;

export class Tokenizer {
  readonly #decoder = new TextDecoder("utf-8");
  readonly #english: boolean;
  readonly #separators: RegExp;
  readonly #take: (word: string) => void;
  #word = "";
  #depth = 0;

  /** `take` gets every word as it would be counted. */
  constructor(language: string, take: (word: string) => void) {
    this.#english = language.startsWith("en");
    this.#separators = language.startsWith("ko") ? SPACES : SPACES_AND_BRACKETS;
    this.#take = take;
  }

  push(bytes: Uint8Array): void {
    this.#text(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): void {
    this.#text(this.#decoder.decode());
    this.#finish();
  }

  #text(text: string): void {
    let start = 0;
    for (const { index, 0: separator } of text.matchAll(this.#separators)) {
      this.#keep(text, start, index);
      this.#finish();
      start = index + separator.length;
      if (separator === "\n") this.#depth = 0;
      else if (OPENING.includes(separator)) this.#depth++;
      else if (CLOSING.includes(separator)) this.#depth = Math.max(0, this.#depth - 1);
    }
    this.#keep(text, start, text.length);
  }

  /** What stands inside brackets is not kept. */
  #keep(text: string, from: number, to: number): void {
    if (this.#depth > 0) return;
    for (let at = from; at < to;) {
      const end = Math.min(to, at + MAX_WORD_CHARACTERS - this.#word.length);
      this.#word += text.slice(at, end);
      at = end;
      if (this.#word.length === MAX_WORD_CHARACTERS) this.#finish();
    }
  }

  #finish(): void {
    const raw = this.#word;
    if (raw === "") return;
    this.#word = "";
    for (const word of this.#words(raw)) this.#take(word);
  }

  #words(raw: string): string[] {
    if (/^[A-Za-z]+$/.test(raw)) return [raw];
    const number = /^(\$?)(\d{1,3}(?:,\d{3})+|\d+)[.,;:!?]*$/.exec(raw);
    if (number !== null) {
      const digits = (number[2] as string).replaceAll(",", "");
      if (!this.#english) return [digits];
      return [...numberWords(digits), ...(number[1] === "$" ? ["dollars"] : [])];
    }
    const word = raw
      .replaceAll(/[^\p{L}\p{M}\p{N}'’.-]/gu, "")
      .replaceAll("’", "'")
      .replaceAll(/^['.-]+|['-]+$/g, "")
      .replace(/^((?:\p{L}\.)*\p{L}\.\p{L}\.)$|\.+$/u, "$1");
    return /[\p{L}\p{N}]/u.test(word) ? [word] : [];
  }
}
