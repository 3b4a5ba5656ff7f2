import type { Source, VersionReader } from "../../src/sources/source.ts";
import { parseKey } from "../../src/sources/watson/keys.ts";
import { COLLECTION, Ids, Kept, openStand, type Stand } from "../sources/watson-stt/stand.ts";
import { describeSource, type SourceFixture } from "./source.ts";

const TEXT = "The claim was filed.\nNobody saw it.\n";

const inner = (target: string): string => (target.startsWith("other-") ? COLLECTION : target);

/** An instance has each collection once: another target is another instance, with a map of its own. */
class Instances {
  readonly #stand: Stand;
  readonly #ids = new Map<string, Ids>();
  readonly #originals: Kept;
  readonly #sources = new Map<string, Source>();

  constructor(stand: Stand, originals: Kept) {
    this.#stand = stand;
    this.#originals = originals;
  }

  source(): Source {
    const own = this.#stand.source();
    const at = (target: string): Source => (target === COLLECTION ? own : this.#other(target));
    return {
      ...own,
      restore: (request, context) =>
        at(request.target).restore(
          {
            ...request,
            target: inner(request.target),
            reader: this.#withOriginals(request.reader),
            ids: this.#map(request.target),
          },
          context,
        ),
      compare: (request, context) =>
        at(request.target).compare(
          {
            ...request,
            target: inner(request.target),
            reader: this.#withOriginals(request.reader),
            ids: this.#map(request.target),
          },
          context,
        ),
    };
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

  /** Captures are written by others: the timeline has them beside what the source has handed over. */
  #withOriginals(reader: VersionReader): VersionReader {
    const originals = this.#originals.reader();
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

async function makeFixture(): Promise<SourceFixture> {
  const stand = await openStand();
  const originals = new Kept();
  const { customization_id: id } = await stand.call("POST", "/v1/customizations", {
    name: "Claims",
    base_model_name: "en-US_Telephony",
  });
  const at = `/v1/customizations/${String(id)}`;
  await stand.call("POST", `${at}/corpora/claims`, TEXT);
  originals.addCapture(String(id), "corpora/claims", { operation: "addCorpus" }, TEXT);
  const words = Array.from({ length: 10 }, (_, number) => ({
    word: `word-${number}`,
    display_as: `Word ${number}`,
  }));
  await stand.call("POST", `${at}/words`, { words });
  const key = (word: string): string => `models/Claims [${String(id)}]/words/${word}`;
  const changeWord = async (word: string, model: string, instance?: string): Promise<void> => {
    await stand.call("PUT", `/v1/customizations/${model}/words/${word}`, { display_as: "changed" }, instance);
  };
  let targets = 0;
  return {
    source: new Instances(stand, originals).source(),
    collection: COLLECTION,
    newTarget: () => `other-${++targets}`,
    async edit() {
      await changeWord("word-1", String(id));
      await changeWord("added", String(id));
      await stand.call("DELETE", `${at}/words/word-2`);
      return { changed: key("word-1"), added: key("added"), deleted: key("word-2") };
    },
    async tamper(target) {
      const { customizations } = await stand.call("GET", "/v1/customizations", undefined, target);
      const [{ customization_id: model }] = customizations as [{ customization_id: string }];
      await changeWord("word-3", model, target);
      return key("word-3");
    },
    [Symbol.asyncDispose]: () => stand[Symbol.asyncDispose](),
  };
}

describeSource("watson-stt, language models", makeFixture);
