/**
 * A model or classifier as an item: its body the service's answer byte for byte, its state what the answer says.
 */
import { canonicalText } from "../../model/json/canonical.ts";
import type { CapturedVersion } from "../../model/version.ts";
import { modelKey } from "./keys.ts";
import type { ModelDetails } from "./service/face.ts";

export function modelItem(model: ModelDetails): CapturedVersion {
  return {
    key: modelKey(model),
    kind: "live",
    revision: model.modified ?? model.created,
    state: Buffer.from(canonicalText(model.body), "utf8"),
    parts: [model.raw],
    blobs: [],
  };
}
