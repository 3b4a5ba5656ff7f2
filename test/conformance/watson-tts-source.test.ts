import { MemoryIds } from "../sources/watson/memory-ids.ts";
import { startStand, type TtsInstance } from "../sources/watson-tts/stand.ts";
import { describeSource, type SourceFixture } from "./source.ts";

const COLLECTION = "voice-models";

async function fixture(): Promise<SourceFixture> {
  const stand = await startStand();
  const home = stand.instance("home");
  const words = Array.from({ length: 10 }, (_, index) => ({
    word: `word${index}`,
    translation: `saying ${index}`,
  }));
  const id = await home.makeModel("Brand names", words, "en-US", "what we sell");
  await home.makeModel("Ortsnamen", [{ word: "Ücker", translation: "Ücker" }], "de-DE");
  const key = (word: string): string => `models/Brand names [${id}]/words/${word}`;
  const targets = new Map<string, { readonly instance: TtsInstance; readonly ids: MemoryIds }>();
  const at = (name: string): { readonly instance: TtsInstance; readonly ids: MemoryIds } => {
    const known = targets.get(name) ?? {
      instance: name === COLLECTION ? home : stand.instance(name),
      ids: new MemoryIds(),
    };
    targets.set(name, known);
    return known;
  };
  return {
    source: home.source,
    collection: COLLECTION,
    async edit() {
      await home.addWords(id, [
        { word: "word3", translation: "edited" },
        { word: "fresh", translation: "added" },
      ]);
      await home.deleteWord(id, "word4");
      return { changed: key("word3"), added: key("fresh"), deleted: key("word4") };
    },
    newTarget: () => "elsewhere",
    place(target) {
      const { instance, ids } = at(target);
      const isEmpty = async (): Promise<boolean> => (await instance.models()).length === 0;
      return { source: instance.source, collection: COLLECTION, ids, isEmpty };
    },
    async tamper(target) {
      const { instance } = at(target);
      const model = (await instance.models()).find(({ name }) => name === "Brand names");
      await instance.addWords(model?.customization_id ?? "", [{ word: "word7", translation: "tampered" }]);
      return key("word7");
    },
    async [Symbol.asyncDispose]() {
      await stand[Symbol.asyncDispose]();
    },
  };
}

describeSource("watson-tts", fixture);
