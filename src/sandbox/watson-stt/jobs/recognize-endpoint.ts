/**
 * The synchronous recognition, as far as a proof of a restore needs it: the same checks of models and audio as for a job, and the same
 * answer. The audio is not kept.
 */
import { createHash } from "node:crypto";

import type { Exchange } from "../../watson/exchange.ts";
import type { Route } from "../../watson/routes.ts";
import { route } from "../../watson/routes.ts";
import type { SttState } from "../state.ts";
import { AudioIntake } from "./audio-intake.ts";
import { checkedModels, warningsOf } from "./recognition-parameters.ts";
import { resultsOf } from "./transcript.ts";

/** Most audio of a synchronous recognition, bytes (100 MB). */
const MAX_SYNCHRONOUS_AUDIO_BYTES = 100 * 2 ** 20;
const OK = 200;

export function recognizeEndpoint(state: SttState): Route {
  return route("POST", "/v1/recognize", (exchange) => recognize(exchange, state));
}

async function recognize(exchange: Exchange, state: SttState): Promise<void> {
  const parameters = new Map(exchange.query);
  const customModels = checkedModels(parameters, state.models(exchange.instance));
  const audio = new AudioIntake(exchange, MAX_SYNCHRONOUS_AUDIO_BYTES);
  const hash = createHash("sha256");
  for await (const chunk of audio.chunks()) hash.update(chunk);
  const bytes = audio.end();
  const warnings = warningsOf(parameters, "recognition");
  exchange.json(OK, resultsOf({ sha256: hash.digest("hex"), bytes }, customModels, warnings));
}
