/**
 * Items of language models as they are now.
 */
import { keyText, type ItemKey } from "../../../model/key.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { SourceContext } from "../../source.ts";
import type { WatsonClient } from "../../watson/client.ts";
import { modelKey, parseKey } from "../../watson/keys.ts";
import { LanguageModelCalls } from "./calls.ts";
import { resourceItem, wordItem } from "./items.ts";
import { modelItem } from "../custom-model.ts";
import { readContents } from "./present-model.ts";

/** In the order of the keys; undefined for what is not there, and for captures, which no service holds. */
export async function readLanguageModelItems(
  client: WatsonClient,
  keys: readonly ItemKey[],
  context: SourceContext,
): Promise<(CapturedVersion | undefined)[]> {
  const calls = new LanguageModelCalls(client, context);
  const wanted = new Set(keys.flatMap((key) => idOf(key) ?? []));
  const deep = new Set(keys.flatMap((key) => (parseKey(key)?.kind === "resource" ? (idOf(key) ?? []) : [])));
  const found = new Map<string, CapturedVersion>();
  if (wanted.size === 0) return keys.map(() => undefined);
  for (const model of await calls.models()) {
    if (!wanted.has(model.id)) continue;
    const contents = deep.has(model.id) ? await readContents(calls, model) : undefined;
    const items = [
      modelItem(model),
      ...[...(contents?.corpora.values() ?? [])].map((file) => resourceItem(model, "corpora", file)),
      ...[...(contents?.grammars.values() ?? [])].map((file) => resourceItem(model, "grammars", file)),
      ...[...(contents?.words.values() ?? [])].map((word) => wordItem(model, word)),
    ];
    // A key may hold an older name of the model: the id is what counts.
    const own = modelKey(model).length;
    for (const item of items) found.set(`${model.id}${keyText(item.key.subarray(own))}`, item);
  }
  return keys.map((key) => {
    const parsed = parseKey(key);
    if (parsed?.kind !== "model" && parsed?.kind !== "resource") return undefined;
    const own = modelKey(parsed).length;
    const item = found.get(`${parsed.id}${keyText(key.subarray(own))}`);
    return item && { ...item, key };
  });
}

function idOf(key: ItemKey): string | undefined {
  const parsed = parseKey(key);
  return parsed?.kind === "model" || parsed?.kind === "resource" ? parsed.id : undefined;
}
