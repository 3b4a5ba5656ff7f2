/**
 * Text to Speech's own SDK through the gateway to the stand-in.
 */
import { BasicAuthenticator } from "ibm-watson/auth/index.js";
import TextToSpeechV1 from "ibm-watson/text-to-speech/v1.js";
import { describe, expect, it } from "vitest";
import { startWatsonTts } from "../../src/sandbox/watson-tts/index.ts";
import { wav } from "../sandbox/watson-tts-client.ts";
import { openHouse, send } from "./house.ts";

describe("the SDK of Text to Speech works through the gateway", () => {
  it("models, words, prompts and speakers, from their creation to their end", async () => {
    await using sandbox = await startWatsonTts({ tuneByExample: "on" });
    await using house = await openHouse({
      instances: [{ source: "tts", kind: "watson-tts", prefix: "/voices/eu", target: new URL(sandbox.url) }],
    });
    const sdk = new TextToSpeechV1({
      authenticator: new BasicAuthenticator({ username: "apikey", password: sandbox.apiKey }),
      serviceUrl: `${house.gateway.url}/voices/eu`,
    });
    const created = await sdk.createCustomModel({ name: "Brands", language: "en-US" });
    const customizationId = created.result.customization_id;
    const words = [
      { word: "NCAA", translation: "N C double A" },
      { word: "ＮＹ", translation: "New York" },
    ];
    await sdk.addWords({ customizationId, words });
    await sdk.addWord({ customizationId, word: "a/b%", translation: "a over b" });
    await sdk.updateCustomModel({ customizationId, description: "lexicon" });
    await sdk.deleteWord({ customizationId, word: "NCAA" });
    const audio = wav(16_000, 1);
    const speaker = await sdk.createSpeakerModel({ speakerName: "Ann", audio });
    const speakerId = speaker.result.speaker_id;
    const metadata = { prompt_text: "Hello & welcome", speaker_id: speakerId };
    await sdk.addCustomPrompt({ customizationId, promptId: "hello", metadata, file: audio });
    const { result } = await sdk.listWords({ customizationId });
    expect(result.words.map(({ word }) => word)).toEqual(["a/b%", "ＮＹ"]);
    expect((await sdk.synthesize({ text: "hi", accept: "audio/wav" })).status).toBe(200);

    const kept = new Map((await house.flushed()).map((capture) => [capture.key, capture]));
    const at = (rest: string) => kept.get(`captures/${customizationId}/${rest}`);
    expect(at("model")?.note.body).toEqual({ name: "Brands", language: "en-US" });
    expect(at("words/ＮＹ")?.note.body).toEqual(words[1]);
    expect(at("words/a/b%")?.note.body).toEqual({ translation: "a over b" });
    expect(at("words/NCAA")?.kind).toBe("deleted");
    expect(at("prompts/hello")?.content?.equals(audio)).toBe(true);
    expect(at("prompts/hello")?.note.body).toEqual(metadata);
    expect(kept.get(`captures/speakers/${speakerId}`)?.content?.equals(audio)).toBe(true);

    // The SDK turns the word `..` into a path that names the model: nothing may be concluded from it.
    await send(`${house.gateway.url}/voices/eu`, "DELETE", `/v1/customizations/${customizationId}/`, {
      headers: { authorization: `Basic ${Buffer.from(`apikey:${sandbox.apiKey}`).toString("base64")}` },
    });
    const before = (await house.flushed()).length;
    await sdk.deleteCustomPrompt({ customizationId, promptId: "hello" });
    await sdk.deleteSpeakerModel({ speakerId });
    await sdk.deleteUserData({ customerId: "c" });
    await sdk.deleteCustomModel({ customizationId });
    expect((await house.flushed()).slice(before).map(({ note }) => note.operation)).toEqual([
      "deleteCustomPrompt",
      "deleteSpeakerModel",
      "deleteUserData",
      "deleteCustomModel",
    ]);
    expect(house.alarms).toEqual([]);
  });
});
