/**
 * Putting language models back: each with its corpora, grammars, words and training.
 */
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import type { WatsonClient } from "../../watson/client.ts";
import { restoreModels } from "../restore-models.ts";
import { LanguageModelCalls } from "./calls.ts";
import { readKeptModel } from "./kept-model.ts";
import { statesOf } from "./plan.ts";
import { readContents } from "./present-model.ts";
import { restoreModel } from "./restore-model.ts";
import { modelItem } from "../custom-model.ts";
import { restoreSettings } from "../settings.ts";

export async function* restoreLanguageModels(
  client: WatsonClient,
  request: RestoreRequest,
  given: SourceContext,
): AsyncGenerator<RestoreOutcome> {
  const settings = restoreSettings(request.settings);
  yield* restoreModels(client, request, given, (context) => {
    const calls = new LanguageModelCalls(client, context);
    let asked: ReturnType<LanguageModelCalls["offered"]> | undefined;
    const offered = async () => await (asked ??= calls.offered());
    return {
      calls,
      surplus: settings.surplus,
      async *restore(group, present, maker) {
        const kept = await readKeptModel(group, request.reader);
        yield* restoreModel({ calls, maker, request, settings, context, offered }, kept, present);
      },
      async states(model) {
        const { key, state } = modelItem(model);
        const below = statesOf({ model, ...(await readContents(calls, model)) });
        return [{ key, state }, ...[...below].map(([name, of]) => ({ key: Buffer.from(name), state: of }))];
      },
    };
  });
}
