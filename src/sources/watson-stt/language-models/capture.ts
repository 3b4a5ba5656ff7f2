/**
 * Reading language models: each with its corpora, grammars and words.
 */
import type { CapturedVersion } from "../../../model/version.ts";
import type { CaptureEvent, CaptureRequest, SourceContext } from "../../source.ts";
import type { WatsonClient } from "../../watson/client.ts";
import { captureModels } from "../capture-models.ts";
import { modelItem, type CustomModel } from "../custom-model.ts";
import { LanguageModelCalls } from "./calls.ts";
import { resourceItem, wordItem } from "./items.ts";
import { readContents } from "./present-model.ts";

export async function* captureLanguageModels(
  client: WatsonClient,
  request: CaptureRequest,
  context: SourceContext,
): AsyncGenerator<CaptureEvent> {
  const calls = new LanguageModelCalls(client, context);
  const reading = {
    calls,
    items: async (model: CustomModel) => await itemsOf(calls, model),
    below: "words, corpora and grammars",
  };
  yield* captureModels(reading, client.config, request, context);
}

async function itemsOf(
  calls: LanguageModelCalls,
  model: CustomModel,
): Promise<CapturedVersion[] | undefined> {
  const { corpora, grammars, words } = await readContents(calls, model);
  const files = [...corpora.values(), ...grammars.values()];
  if (files.some(({ status }) => status === "being_processed")) return undefined;
  return [
    modelItem(model),
    ...[...corpora.values()].map((corpus) => resourceItem(model, "corpora", corpus)),
    ...[...grammars.values()].map((grammar) => resourceItem(model, "grammars", grammar)),
    ...[...words.values()].map((word) => wordItem(model, word)),
  ];
}
