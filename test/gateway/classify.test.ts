import { describe, expect, it } from "vitest";
import { classify, mayChange } from "../../src/gateway/capture/classify.ts";

const named = (kind: "watson-tts" | "watson-stt", method: string, path: string): string | undefined =>
  classify(kind, method, path)?.operation.name;

describe("which requests are kept", () => {
  it.each([
    ["POST", "/v1/customizations", "createCustomModel"],
    ["POST", "/v1/customizations/a-1", "updateCustomModel"],
    ["DELETE", "/v1/customizations/a-1", "deleteCustomModel"],
    ["POST", "/v1/customizations/a-1/words", "addWords"],
    ["PUT", "/v1/customizations/a-1/words/NCAA", "addWord"],
    ["DELETE", "/v1/customizations/a-1/words/NCAA", "deleteWord"],
    ["POST", "/v1/customizations/a-1/prompts/hello", "addCustomPrompt"],
    ["DELETE", "/v1/customizations/a-1/prompts/hello", "deleteCustomPrompt"],
    ["POST", "/v1/speakers", "createSpeakerModel"],
    ["DELETE", "/v1/speakers/s-1", "deleteSpeakerModel"],
    ["DELETE", "/v1/user_data", "deleteUserData"],
  ])("of Text to Speech: %s %s is %s", (method, path, name) => {
    expect(named("watson-tts", method, path)).toBe(name);
  });

  it.each([
    ["POST", "/v1/customizations", "createLanguageModel"],
    ["DELETE", "/v1/customizations/a-1", "deleteLanguageModel"],
    ["POST", "/v1/customizations/a-1/train", "trainLanguageModel"],
    ["POST", "/v1/customizations/a-1/reset", "resetLanguageModel"],
    ["POST", "/v1/customizations/a-1/upgrade_model", "upgradeLanguageModel"],
    ["POST", "/v1/customizations/a-1/corpora/c", "addCorpus"],
    ["DELETE", "/v1/customizations/a-1/corpora/c", "deleteCorpus"],
    ["POST", "/v1/customizations/a-1/grammars/g", "addGrammar"],
    ["DELETE", "/v1/customizations/a-1/grammars/g", "deleteGrammar"],
    ["POST", "/v1/customizations/a-1/words", "addWords"],
    ["PUT", "/v1/customizations/a-1/words/w", "addWord"],
    ["DELETE", "/v1/customizations/a-1/words/w", "deleteWord"],
    ["POST", "/v1/acoustic_customizations", "createAcousticModel"],
    ["DELETE", "/v1/acoustic_customizations/a-1", "deleteAcousticModel"],
    ["POST", "/v1/acoustic_customizations/a-1/train", "trainAcousticModel"],
    ["POST", "/v1/acoustic_customizations/a-1/reset", "resetAcousticModel"],
    ["POST", "/v1/acoustic_customizations/a-1/upgrade_model", "upgradeAcousticModel"],
    ["POST", "/v1/acoustic_customizations/a-1/audio/n", "addAudio"],
    ["DELETE", "/v1/acoustic_customizations/a-1/audio/n", "deleteAudio"],
    ["POST", "/v1/register_callback", "registerCallback"],
    ["POST", "/v1/unregister_callback", "unregisterCallback"],
    ["POST", "/v1/recognitions", "createJob"],
    ["DELETE", "/v1/recognitions/j-1", "deleteJob"],
    ["DELETE", "/v1/user_data", "deleteUserData"],
  ])("of Speech to Text: %s %s is %s", (method, path, name) => {
    expect(named("watson-stt", method, path)).toBe(name);
  });

  it("are not those that only read, recognise or speak", () => {
    for (const path of [
      "/v1/customizations",
      "/v1/customizations/a-1",
      "/v1/recognitions/j-1",
      "/v1/models",
    ]) {
      expect(named("watson-stt", "GET", path)).toBeUndefined();
      expect(mayChange("GET", path)).toBe(false);
    }
    expect(named("watson-stt", "POST", "/v1/recognize")).toBeUndefined();
    expect(mayChange("POST", "/v1/recognize")).toBe(false);
    expect(mayChange("POST", "/v1/something_new")).toBe(true);
  });

  it("are not those of the other service", () => {
    expect(named("watson-tts", "POST", "/v1/recognitions")).toBeUndefined();
    expect(named("watson-stt", "POST", "/v1/speakers")).toBeUndefined();
  });

  it.each([
    "/v1/customizations/a-1/words/..",
    "/v1/customizations/a-1/words/.",
    "/v1/customizations/a-1/words/%2e%2e",
    "/v1/customizations/a-1/words/.%2E",
    "/v1/customizations/a-1/",
    "/v1/customizations/a-1/words/",
    "/v1/customizations//a-1",
    "/v1/customizations/a-1/corpora/x/../y",
    "/v1/customizations/%zz",
    "/v1/customizations/a%2Fb",
  ])("DELETE %s is taken for no deletion", (path) => {
    expect(classify("watson-stt", "DELETE", path)).toBeUndefined();
  });

  it("names are decoded once", () => {
    const found = classify("watson-stt", "PUT", "/v1/customizations/a-1/words/%EF%BC%AE%252F%2F%20x");
    expect(found?.names).toEqual({ id: "a-1", name: "Ｎ%2F/ x" });
  });

  it("an upload with a slash behind its name is one, should the service take it", () => {
    expect(classify("watson-stt", "POST", "/v1/customizations/a-1/corpora/c/")?.names).toEqual({
      id: "a-1",
      name: "c",
    });
  });
});
