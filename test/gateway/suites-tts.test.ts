/**
 * The vendor's SDK against the Text to Speech stand-in, through the gateway.
 */
import { vi } from "vitest";
import { fronted } from "./fronted.ts";

vi.mock(import("../../src/sandbox/watson-tts/index.ts"), async (original) => {
  const real = await original();
  return {
    ...real,
    startWatsonTts: async (options) => fronted("watson-tts", await real.startWatsonTts(options)),
  };
});

await import("../sandbox/watson-tts.test.ts");
await import("../sandbox/watson-tts-words.test.ts");
await import("../sandbox/watson-tts-prompts.test.ts");
