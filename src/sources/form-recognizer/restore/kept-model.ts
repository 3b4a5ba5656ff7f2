/**
 * A model or classifier as it is kept: the service's answer of then.
 */
import type { ItemKey } from "../../../model/key.ts";
import type { Version } from "../../../model/version.ts";
import { modelKey, type ModelRef } from "../keys.ts";
import type { ModelDetails } from "../service/face.ts";
import { detailsOfV2 } from "../service/v2-models.ts";
import { detailsOfV3 } from "../service/v3-models.ts";
import { versionKeyOf } from "../version-key.ts";

export interface KeptModel {
  readonly ref: ModelRef;
  readonly key: ItemKey;
  readonly details: ModelDetails;
  /** Tells this state of it from another. */
  readonly versionKey: string;
}

/** Undefined for one that was gone. */
export function keptModel(ref: ModelRef, version: Version | undefined): KeptModel | undefined {
  const raw = version?.kind === "live" ? version.parts[0] : undefined;
  if (raw === undefined) return undefined;
  const body = JSON.parse(raw.toString("utf8")) as Readonly<Record<string, unknown>>;
  // v2.x does not say which of its versions it is, and v3.0 not that it is v3.0.
  const details =
    "modelInfo" in body ? detailsOfV2(raw, body, "v2.1") : detailsOfV3(ref.kind, raw, body, "2022-08-31");
  return { ref, key: modelKey(ref), details, versionKey: versionKeyOf(details) };
}
