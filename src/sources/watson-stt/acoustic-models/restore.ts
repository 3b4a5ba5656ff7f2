/**
 * Putting acoustic models back: each with its audio and training. Their language models come first, in a restore of their own collection.
 */
import { HoldfastError } from "../../../model/errors.ts";
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import type { WatsonClient } from "../../watson/client.ts";
import { restoreModels } from "../restore-models.ts";
import { restoreSettings } from "../settings.ts";
import { AcousticModelCalls } from "./calls.ts";
import { readKeptAcousticModel } from "./kept-model.ts";
import { audioStates } from "./plan.ts";
import { modelItem } from "../custom-model.ts";
import { restoreAcousticModel } from "./restore-model.ts";

export async function* restoreAcousticModels(
  client: WatsonClient,
  request: RestoreRequest,
  given: SourceContext,
): AsyncGenerator<RestoreOutcome> {
  const settings = restoreSettings(request.settings);
  if (settings.reset || settings.baseModels.size > 0) {
    throw new HoldfastError(
      "usage",
      "The restore settings reset and baseModels are for language models: acoustic models are put back by difference, and have no successors.",
    );
  }
  yield* restoreModels(client, request, given, (context) => {
    const calls = new AcousticModelCalls(client, context);
    let asked: ReturnType<AcousticModelCalls["offered"]> | undefined;
    const offered = async () => await (asked ??= calls.offered());
    return {
      calls,
      surplus: settings.surplus,
      async *restore(group, present, maker) {
        const kept = await readKeptAcousticModel(group, request.reader);
        const restore = { calls, maker, request, settings, context, offered };
        yield* restoreAcousticModel(restore, kept, present);
      },
      async states(model) {
        const { key, state } = modelItem(model);
        const audio = new Map((await calls.audio(model.id)).map((one) => [one.name, one]));
        return [{ key, state }, ...audioStates({ model, audio })];
      },
    };
  });
}
