/**
 * Named items as they are now at the service.
 */
import { isHoldfastError } from "../../model/errors.ts";
import { sortableKey, type ItemKey } from "../../model/key.ts";
import type { CapturedVersion } from "../../model/version.ts";
import { parseKey, type Named } from "../watson/keys.ts";
import { modelItem, parseModel, resourceItems, speakerItem } from "./elements.ts";
import { isNotOffered, type TtsService } from "./service.ts";

/** In the order of the keys; undefined where there is none. Captures are at no service. */
export async function readPresentItems(
  service: TtsService,
  keys: readonly ItemKey[],
  signal: AbortSignal,
): Promise<(CapturedVersion | undefined)[]> {
  const wanted = keys.map((key) => ({ key, parsed: parseKey(key) }));
  const found = new Map<string, CapturedVersion>();
  const add = (version: CapturedVersion): void => void found.set(sortableKey(version.key), version);
  const models = new Map<string, Named>();
  const whole = new Map<string, Named>();
  for (const { parsed } of wanted) {
    if (parsed?.kind === "model") models.set(parsed.id, parsed);
    if (parsed?.kind === "resource") whole.set(parsed.id, parsed);
  }
  if (models.size > 0) {
    for (const element of await service.models(signal)) {
      const named = models.get(parseModel(element).customization_id);
      if (named !== undefined) add(modelItem({ id: named.id, name: named.name }, element).version);
    }
  }
  for (const { id, name } of whole.values()) {
    try {
      for (const item of resourceItems({ id, name }, await service.model(id, signal))) add(item.version);
    } catch (error) {
      if (!isHoldfastError(error, "source-not-found")) throw error;
    }
  }
  if (wanted.some(({ parsed }) => parsed?.kind === "speaker")) {
    try {
      for (const element of await service.speakers(signal)) add(speakerItem(element).version);
    } catch (error) {
      if (!isNotOffered(error)) throw error;
    }
  }
  return keys.map((key) => found.get(sortableKey(key)));
}
