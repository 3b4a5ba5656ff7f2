/**
 * Items of acoustic models as they are now.
 */
import { keyText, type ItemKey } from "../../../model/key.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { SourceContext } from "../../source.ts";
import type { WatsonClient } from "../../watson/client.ts";
import { parseKey } from "../../watson/keys.ts";
import { audioItem } from "./audio.ts";
import { modelItem } from "../custom-model.ts";
import { AcousticModelCalls } from "./calls.ts";

/** In the order of the keys; undefined for what is not there, and for captures, which no service holds. */
export async function readAcousticModelItems(
  client: WatsonClient,
  keys: readonly ItemKey[],
  context: SourceContext,
): Promise<(CapturedVersion | undefined)[]> {
  const calls = new AcousticModelCalls(client, context);
  const wanted = new Map<string, boolean>();
  for (const key of keys) {
    const parsed = parseKey(key);
    if (parsed?.kind === "model") wanted.set(parsed.id, wanted.get(parsed.id) ?? false);
    if (parsed?.kind === "resource") wanted.set(parsed.id, true);
  }
  if (wanted.size === 0) return keys.map(() => undefined);
  const found = new Map<string, CapturedVersion>();
  for (const model of await calls.models()) {
    const deep = wanted.get(model.id);
    if (deep === undefined) continue;
    const items = [modelItem(model)];
    if (deep) items.push(...(await calls.audio(model.id)).map((one) => audioItem(model, one)));
    for (const item of items) found.set(keyText(item.key), item);
  }
  return keys.map((key) => found.get(keyText(key)));
}
