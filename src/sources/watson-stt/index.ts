/**
 * The source kind `watson-stt`.
 */
import type { Clock } from "../../model/clock.ts";
import { HoldfastError } from "../../model/errors.ts";
import type { Source } from "../source.ts";
import type { WatsonConfig } from "../watson/config.ts";

/** The source; connections are made at first use. Errors: `config-invalid` when the address is none. */
export function openWatsonStt(_config: WatsonConfig, _clock: Clock): Source {
  throw new HoldfastError("internal", "watson-stt is being built");
}
