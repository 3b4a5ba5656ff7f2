import { describe, expect, it } from "vitest";
import { keyText } from "../../../src/model/key.ts";
import { MemoryIds } from "../watson/memory-ids.ts";
import { MemoryTimeline } from "../watson/timeline.ts";
import { startStand } from "./stand.ts";

describe("a comparison", () => {
  it("names every difference, also one that nobody would see, and no difference of ids and times", async () => {
    await using stand = await startStand();
    const [home, away] = [stand.instance("home"), stand.instance("away")];
    const model = await home.makeModel("m", [
      { word: "same", translation: "1" },
      { word: "changed", translation: "2" },
      { word: "gone", translation: "3" },
      { word: "coffee", translation: "caf\u00e9" },
    ]);
    const timeline = new MemoryTimeline("voice-models");
    const ids = new MemoryIds();
    await timeline.capture(home.source);
    await timeline.restore(away.source, { ids });
    expect(await timeline.differences(away.source, { ids })).toEqual([]);
    const target = ids.get("model", model) ?? "";
    await away.addWords(target, [
      { word: "changed", translation: "other" },
      { word: "coffee", translation: "cafe\u0301" },
      { word: "extra", translation: "4" },
    ]);
    await away.deleteWord(target, "gone");
    await away.call("POST", `/customizations/${target}`, { description: "another" });
    const foreign = await away.makeModel("theirs", []);
    const differences = await timeline.differences(away.source, { ids });
    expect(differences.map(({ key, difference, detail }) => [keyText(key), difference, detail])).toEqual([
      [`models/m [${model}]`, "body", "its description differs"],
      [`models/m [${model}]/words/changed`, "body", "its translation differs"],
      [`models/m [${model}]/words/coffee`, "body", "its translation differs only by Unicode normalisation"],
      [`models/m [${model}]/words/gone`, "missing", "it is not in the target"],
      [`models/m [${model}]/words/extra`, "extra", "the instant does not have it"],
      [`models/theirs [${foreign}]`, "extra", "the instant does not have this model"],
    ]);
    const one = { ids, whole: false, reader: timeline.reader((key) => key.endsWith("/words/same")) };
    expect(await timeline.differences(away.source, one)).toEqual([]);
  });

  it("finds everything missing in an instance that was wiped", async () => {
    await using stand = await startStand();
    const home = stand.instance("home");
    const model = await home.makeModel("m", [{ word: "x", translation: "1" }]);
    const timeline = new MemoryTimeline("voice-models");
    await timeline.capture(home.source);
    await home.call("DELETE", `/customizations/${model}`);
    const differences = await timeline.differences(home.source);
    expect(differences.map(({ difference }) => difference)).toEqual(["missing", "missing"]);
  });
});
