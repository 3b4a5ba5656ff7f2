/**
 * Compares kept data sets with the containers that are configured for the resource: each file by its etag, or, in a container to which the data
 * were brought, by length and MD5. A set that is not configured or cannot be read is left out, and the operator is told.
 */
import { isHoldfastError } from "../../model/errors.ts";
import type { Version } from "../../model/version.ts";
import type { CompareRequest, Difference, SourceContext } from "../source.ts";
import type { OpenContainer } from "./capture/capture.ts";
import type { BlobEntry, BlobProperties, Container } from "./data/face.ts";
import { dataKey } from "./keys.ts";
import { ListedFiles } from "./listed-files.ts";
import type { FormResource } from "./resource.ts";

/** Names of a container that are looked up in the instant at once. */
const CONTAINS_KEYS = 1_000;

interface OpenSet {
  readonly name: string;
  readonly prefix: string;
  readonly container: Container;
  /** Where everything is compared. */
  readonly listed: ListedFiles | undefined;
}

export class DataComparison implements AsyncDisposable {
  readonly #resource: FormResource;
  readonly #request: CompareRequest;
  readonly #context: SourceContext;
  readonly #open: OpenContainer;
  readonly #opened = new AsyncDisposableStack();
  /** Undefined for those that are left out. */
  readonly #sets = new Map<string, OpenSet | undefined>();

  constructor(resource: FormResource, request: CompareRequest, context: SourceContext, open: OpenContainer) {
    this.#resource = resource;
    this.#request = request;
    this.#context = context;
    this.#open = open;
  }

  /** Undefined: it is as it was kept, or cannot be compared. */
  async file(
    { set, blob }: { readonly set: string; readonly blob: string },
    { key, kind, parts: [part] }: Version,
  ): Promise<Difference | undefined> {
    const open = this.#set(set);
    if (open === undefined) return undefined;
    const { container, listed } = open;
    const now = await this.#reading(
      open,
      () => listed?.find(blob) ?? container.find(blob, this.#context.signal),
    );
    if (now === UNREADABLE) return undefined;
    if (kind !== "live" || part === undefined) {
      return now && { key, difference: "extra", detail: "it was deleted at the instant" };
    }
    if (now === undefined) {
      return { key, difference: "missing", detail: "the container does not have it" };
    }
    const detail = changeOf(JSON.parse(part.toString("utf8")) as BlobProperties, now);
    return detail === undefined ? undefined : { key, difference: "blob", detail };
  }

  /** Files that the instant does not have, in every configured set. */
  async *extra(): AsyncGenerator<Difference> {
    for (const { name } of this.#resource.config.dataSets ?? []) {
      const open = this.#set(name);
      if (open === undefined) continue;
      const pages = open.container.list(open.prefix, this.#context.signal)[Symbol.asyncIterator]();
      for (;;) {
        const page = await this.#reading(open, () => pages.next());
        if (page === UNREADABLE || page.done === true) break;
        yield* this.#unknown(name, page.value);
      }
    }
  }

  async *#unknown(set: string, entries: readonly BlobEntry[]): AsyncGenerator<Difference> {
    for (let from = 0; from < entries.length; from += CONTAINS_KEYS) {
      const keys = entries.slice(from, from + CONTAINS_KEYS).map(({ name }) => dataKey(set, name));
      const contained = await this.#request.reader.contains(keys);
      for (const [at, key] of keys.entries()) {
        if (contained[at] !== true)
          yield { key, difference: "extra", detail: "the instant does not have it" };
      }
    }
  }

  #set(name: string): OpenSet | undefined {
    if (this.#sets.has(name)) return this.#sets.get(name);
    const config = this.#resource.config.dataSets?.find((set) => set.name === name);
    if (config === undefined) {
      this.#context.warn?.(`The data set ${name} is not configured for this resource: it is not compared.`);
      this.#sets.set(name, undefined);
      return undefined;
    }
    const container = this.#opened.use(this.#open(config, this.#resource.clock));
    const { prefix = "" } = config;
    const listed = this.#request.whole ? new ListedFiles(container, prefix, this.#context.signal) : undefined;
    const opened = { name, prefix, container, listed };
    this.#sets.set(name, opened);
    return opened;
  }

  async #reading<T>({ name }: OpenSet, read: () => Promise<T>): Promise<T | typeof UNREADABLE> {
    try {
      return await read();
    } catch (error) {
      if (!isHoldfastError(error) || !error.code.startsWith("source-")) throw error;
      // Files are read side by side: it is said once.
      if (this.#sets.get(name) === undefined) return UNREADABLE;
      this.#context.warn?.(
        `The data set ${name} cannot be read, so it is not compared further: ${error.message}`,
      );
      this.#sets.set(name, undefined);
      return UNREADABLE;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened[Symbol.asyncDispose]();
  }
}

const UNREADABLE = Symbol("unreadable");

/** Content that was written again has another etag and may be the same all the same; without MD5 nobody can tell. */
function changeOf(kept: BlobProperties, now: BlobEntry): string | undefined {
  if (kept.etag === now.etag) return undefined;
  if (kept.length !== now.length) return `it has ${now.length} bytes, kept with ${kept.length}`;
  if (kept.md5 === "" || now.md5 === "") {
    return "it was written again; whether its content differs is not told, because it has no MD5";
  }
  return kept.md5 === now.md5 ? undefined : "its content differs";
}
