/**
 * The vendor's SDK against the Speech to Text stand-in, through the gateway.
 */
import { vi } from "vitest";
import { fronted } from "./fronted.ts";

vi.mock(import("../../src/sandbox/watson-stt/index.ts"), async (original) => {
  const real = await original();
  return {
    ...real,
    startWatsonStt: async (options) => fronted("watson-stt", await real.startWatsonStt(options)),
  };
});

await import("../sandbox/watson-stt-customisation-models.test.ts");
await import("../sandbox/watson-stt-customisation-resources.test.ts");
await import("../sandbox/watson-stt-customisation-words.test.ts");
await import("../sandbox/watson-stt-customisation-training.test.ts");
await import("../sandbox/watson-stt-customisation-acoustic.test.ts");
await import("../sandbox/watson-stt-jobs.test.ts");
await import("../sandbox/watson-stt-jobs-callbacks.test.ts");
await import("../sandbox/watson-stt-jobs-requests.test.ts");
