/**
 * Details of a model or classifier in the common form, read from an answer's bytes alone: also from one that was kept.
 */
import { parseJson } from "../../http/whole-answer.ts";
import type { ModelRef } from "../keys.ts";
import { objectIn } from "./bounded-answer.ts";
import type { ModelDetails } from "./face.ts";
import { detailsOfV2 } from "./v2-models.ts";
import { detailsOfV3 } from "./v3-models.ts";

/** v2.x does not say which of its versions made a model; its last one can do all that the others can. */
const VERSION_WHERE_NONE_IS_TOLD = "v2.1";

/** `raw`: as `ModelDetails.raw`, of any generation. Errors: `UnreadableAnswer` when it is none. */
export function detailsOf({ kind }: Pick<ModelRef, "kind">, raw: Buffer): ModelDetails {
  const body = objectIn(parseJson(raw));
  return "modelInfo" in body
    ? detailsOfV2(raw, body, VERSION_WHERE_NONE_IS_TOLD)
    : detailsOfV3(kind, raw, body, "2022-08-31");
}
