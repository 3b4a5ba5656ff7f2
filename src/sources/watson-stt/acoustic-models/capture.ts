/**
 * Reading acoustic models: each with its audio resources.
 */
import type { CapturedVersion } from "../../../model/version.ts";
import type { CaptureEvent, CaptureRequest, SourceContext } from "../../source.ts";
import type { WatsonClient } from "../../watson/client.ts";
import { captureModels } from "../capture-models.ts";
import { modelItem, type CustomModel } from "../custom-model.ts";
import { audioItem } from "./audio.ts";
import { AcousticModelCalls } from "./calls.ts";

export async function* captureAcousticModels(
  client: WatsonClient,
  request: CaptureRequest,
  context: SourceContext,
): AsyncGenerator<CaptureEvent> {
  const calls = new AcousticModelCalls(client, context);
  const items = async (model: CustomModel): Promise<CapturedVersion[] | undefined> => {
    const audio = await calls.audio(model.id);
    if (audio.some(({ status }) => status === "being_processed")) return undefined;
    return [modelItem(model), ...audio.map((one) => audioItem(model, one))];
  };
  yield* captureModels({ calls, items, below: "audio resources" }, client.config, request, context);
}
