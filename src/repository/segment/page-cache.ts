/**
 * Opened pages, bounded in bytes: the least recently used leave first. One cache may serve many segments.
 */

/** A delta's newest segments are asked again and again during a run; this holds a few hundred of their pages. */
export const DEFAULT_PAGE_CACHE_BYTES = 16 * 1024 * 1024;

export class PageCache {
  readonly #maxBytes: number;
  readonly #pages = new Map<string, Buffer>();
  #bytes = 0;

  constructor(maxBytes = DEFAULT_PAGE_CACHE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get(name: string): Buffer | undefined {
    const page = this.#pages.get(name);
    if (page !== undefined) {
      this.#pages.delete(name);
      this.#pages.set(name, page);
    }
    return page;
  }

  put(name: string, page: Buffer): void {
    this.#bytes += page.length - (this.#pages.get(name)?.length ?? 0);
    this.#pages.delete(name);
    this.#pages.set(name, page);
    for (const [oldest, bytes] of this.#pages) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#pages.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }
}
