/**
 * The files of a container in the order in which they are asked for, read from its list: a page of names costs what one name does.
 */
import { keyOf, sortableKey } from "../../model/key.ts";
import type { BlobEntry, Container } from "./data/face.ts";

export class ListedFiles {
  readonly #container: Container;
  readonly #signal: AbortSignal;
  readonly #pages: AsyncIterator<readonly BlobEntry[]>;
  #page: readonly BlobEntry[] = [];
  #at = 0;
  /** Questions are answered one after another, in the order in which they were put. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(container: Container, prefix: string, signal: AbortSignal) {
    this.#container = container;
    this.#signal = signal;
    this.#pages = container.list(prefix, signal)[Symbol.asyncIterator]();
  }

  /** Names are best asked for in byte order. Some services list rare characters otherwise, so what the list does not show is asked for by name. */
  async find(name: string): Promise<BlobEntry | undefined> {
    const found = this.#last.then(() => this.#advance(name));
    this.#last = found.catch(() => undefined);
    return (await found) ?? (await this.#container.find(name, this.#signal));
  }

  async #advance(name: string): Promise<BlobEntry | undefined> {
    const wanted = sortableKey(keyOf(name));
    for (;;) {
      const entry = this.#page[this.#at];
      if (entry === undefined) {
        const next = await this.#pages.next();
        if (next.done === true) return undefined;
        this.#page = next.value;
        this.#at = 0;
      } else if (sortableKey(keyOf(entry.name)) >= wanted) {
        return entry.name === name ? entry : undefined;
      } else this.#at++;
    }
  }
}
