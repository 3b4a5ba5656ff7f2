import { wav } from "../operations/captures/wav.ts";
import { addAudio, BASE, COLLECTION, note } from "../sources/watson-stt/acoustic-rig.ts";
import { DEFAULT_INSTANCE, openStand } from "../sources/watson-stt/stand.ts";
import { MemoryTimeline } from "../sources/watson/timeline.ts";
import { describeSource, type SourceFixture } from "./source.ts";
import { Instances } from "./watson-instances.ts";

const RECORDINGS = 10;

/** Each lasts longer than the one before, so that they differ by their figures. */
const recording = (seconds: number): Buffer => wav({ seconds, frequency: 16_000 });

async function makeFixture(): Promise<SourceFixture> {
  const stand = await openStand({ pgModels: "on" });
  const originals = new MemoryTimeline(COLLECTION);
  const made = await stand.call("POST", "/v1/acoustic_customizations", {
    name: "Phone",
    base_model_name: BASE,
  });
  const id = String(made["customization_id"]);
  const add = async (
    name: string,
    seconds: number,
    model = id,
    instance = DEFAULT_INSTANCE,
  ): Promise<void> => {
    const path = `/v1/acoustic_customizations/${model}`;
    await addAudio(stand, path, `${name}?allow_overwrite=true`, recording(seconds), "audio/wav", instance);
  };
  for (let number = 1; number <= RECORDINGS; number++) {
    await add(`audio-${number}`, number);
    note(originals, id, `audio/audio-${number}`, { contentType: "audio/wav" }, recording(number));
  }
  const key = (name: string): string => `models/Phone [${id}]/audio/${name}`;
  let targets = 0;
  return {
    source: new Instances(stand, COLLECTION, () => originals.reader()).source(),
    collection: COLLECTION,
    newTarget: () => `other-${++targets}`,
    async edit() {
      await add("audio-1", RECORDINGS + 2);
      await add("added", RECORDINGS + 4);
      await stand.call("DELETE", `/v1/acoustic_customizations/${id}/audio/audio-2`);
      return { changed: key("audio-1"), added: key("added"), deleted: key("audio-2") };
    },
    async tamper(target) {
      const { customizations } = await stand.call("GET", "/v1/acoustic_customizations", undefined, target);
      const [{ customization_id: model }] = customizations as [{ customization_id: string }];
      await add("audio-3", RECORDINGS + 6, model, target);
      return key("audio-3");
    },
    [Symbol.asyncDispose]: () => stand[Symbol.asyncDispose](),
  };
}

describeSource("watson-stt, acoustic models", makeFixture);
