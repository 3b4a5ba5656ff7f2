/**
 * What the instance is and what may be done there, found out without changing anything.
 */
import type { SourceCheck } from "../source.ts";
import { attempt } from "../ability.ts";
import type { TtsService } from "./service.ts";

/** The only version of the API there is. */
const API_VERSION = "v1";

export async function checkTts(service: TtsService, signal: AbortSignal): Promise<SourceCheck> {
  const { auth } = service.client.config;
  const languages = await service.languages(signal);
  const models = await attempt("list custom models", "backing models and words up", () =>
    service.models(signal),
  );
  return {
    service: "Watson Text to Speech",
    version: API_VERSION,
    user: auth.kind === "cp4d" ? auth.username : "",
    abilities: [
      models,
      {
        name: "create custom models",
        ok: models.ok,
        detail: models.ok
          ? `restoring models and words, in ${languages.size} languages: ${[...languages].sort().join(", ")}`
          : `restoring models and words: ${models.detail}`,
      },
      await attempt(
        "list speaker models",
        "backing prompts and speakers up; whether new ones may be made shows only when one is restored",
        () => service.speakers(signal),
      ),
    ],
  };
}
