/**
 * What the target has and the instant did not, in place: left alone, or deleted when that was asked for.
 */
import type { RestoreOutcome } from "../../source.ts";
import { modelItem, resourceItems, speakerItem } from "../elements.ts";
import { MODEL_GROUP, SPEAKER_GROUP } from "../target.ts";
import { mayOverwrite, unstable, type TtsRestore } from "./run.ts";

/** `seen`: kept ids that the restore was about. */
export async function* restoreNewer(
  run: TtsRestore,
  seen: { readonly models: ReadonlySet<string>; readonly speakers: ReadonlySet<string> },
): AsyncGenerator<RestoreOutcome> {
  const { request, service, context, target } = run;
  const deletes = request.newerItems === "delete";
  const models = standingFor(run, MODEL_GROUP, seen.models);
  for (const [id, { value, element }] of target.models) {
    if (models.has(id)) continue;
    const named = { id, name: value.name };
    const item = modelItem(named, element);
    if (!deletes) {
      yield { key: item.key, action: "newer" };
      continue;
    }
    const items = [item, ...resourceItems(named, await service.model(id, context.signal))];
    if ((await mayOverwrite(request, items)).includes(false)) {
      for (const { key } of items) yield unstable(key);
      continue;
    }
    if (request.apply) {
      await service.deleteModel(id, context.signal);
      target.remove(id);
    }
    for (const { key } of items) yield { key, action: "delete" };
  }
  const speakers = standingFor(run, SPEAKER_GROUP, seen.speakers);
  for (const [id, speaker] of await target.speakers(service, context.signal)) {
    if (speakers.has(id)) continue;
    const item = speakerItem(Buffer.from(JSON.stringify(speaker), "utf8"));
    if (!deletes) yield { key: item.key, action: "newer" };
    else if ((await mayOverwrite(request, [item]))[0] !== true) yield unstable(item.key);
    else {
      if (request.apply) await service.deleteSpeaker(id, context.signal);
      yield { key: item.key, action: "delete" };
    }
  }
}

/** Kept ids and those that stand for them. */
function standingFor({ request, target }: TtsRestore, group: string, kept: ReadonlySet<string>): Set<string> {
  const ids = new Set(kept);
  for (const id of kept) {
    const mapped = request.ids?.get(group, id);
    if (mapped !== undefined) ids.add(mapped);
    const model = group === MODEL_GROUP ? target.modelFor(id) : undefined;
    if (model !== undefined) ids.add(model.value.customization_id);
  }
  return ids;
}
