/**
 * An instance of Speech to Text has each collection once: another target of a restore is another instance, with an id map of its own.
 */
import type { Source, VersionReader } from "../../src/sources/source.ts";
import { parseKey } from "../../src/sources/watson/keys.ts";
import { Ids, type Stand } from "../sources/watson-stt/stand.ts";

export class Instances {
  readonly #stand: Stand;
  readonly #ids = new Map<string, Ids>();
  readonly #collection: string;
  readonly #originals: () => VersionReader;
  readonly #sources = new Map<string, Source>();

  /** `originals`: captures that others wrote, beside what the source has handed over. */
  constructor(stand: Stand, collection: string, originals: () => VersionReader) {
    this.#stand = stand;
    this.#collection = collection;
    this.#originals = originals;
  }

  source(): Source {
    const own = this.#stand.source();
    const at = (target: string): Source => (target === this.#collection ? own : this.#other(target));
    return {
      ...own,
      restore: (request, context) =>
        at(request.target).restore(
          {
            ...request,
            target: this.#inner(request.target),
            reader: this.#withOriginals(request.reader),
            ids: this.#map(request.target),
          },
          context,
        ),
      compare: (request, context) =>
        at(request.target).compare(
          {
            ...request,
            target: this.#inner(request.target),
            reader: this.#withOriginals(request.reader),
            ids: this.#map(request.target),
          },
          context,
        ),
    };
  }

  #inner(target: string): string {
    return target.startsWith("other-") ? this.#collection : target;
  }

  #other(instance: string): Source {
    const source = this.#sources.get(instance) ?? this.#stand.source(instance);
    this.#sources.set(instance, source);
    return source;
  }

  #map(target: string): Ids {
    const ids = this.#ids.get(target) ?? new Ids();
    this.#ids.set(target, ids);
    return ids;
  }

  #withOriginals(reader: VersionReader): VersionReader {
    const originals = this.#originals();
    return {
      ...reader,
      find: async (keys) => {
        const [kept, captured] = await Promise.all([reader.find(keys), originals.find(keys)]);
        return keys.map((key, at) => (parseKey(key)?.kind === "capture" ? captured[at] : kept[at]));
      },
      blob: (ref) => originals.blob(ref),
    };
  }
}
