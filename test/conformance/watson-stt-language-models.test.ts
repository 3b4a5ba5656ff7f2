import { COLLECTION, Kept, openStand } from "../sources/watson-stt/stand.ts";
import { describeSource, type SourceFixture } from "./source.ts";
import { Instances } from "./watson-instances.ts";

const TEXT = "The claim was filed.\nNobody saw it.\n";

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
    source: new Instances(stand, COLLECTION, () => originals.reader()).source(),
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
