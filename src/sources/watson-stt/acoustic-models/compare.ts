/**
 * Proving the acoustic models of an instance equal to an instant, as far as the service shows anything: metadata, recordings by their
 * figures, whether it is trained; and, where a restore has noted it, which content was put under each name.
 */
import { keyText, type ItemKey } from "../../../model/key.ts";
import type { CompareEvent, CompareRequest, Difference, SourceContext } from "../../source.ts";
import type { WatsonClient } from "../../watson/client.ts";
import { modelKey, resourceKey } from "../../watson/keys.ts";
import { groupByModel } from "../../watson/model-groups.ts";
import { CONTENT_GROUP, contentName } from "../content-notes.ts";
import { metadataDifference } from "../custom-model.ts";
import { standIn } from "../restore-models.ts";
import { audioDifference } from "./audio.ts";
import { AcousticModelCalls } from "./calls.ts";
import { readKeptAcousticModel, type KeptAcousticModel, type KeptAudio } from "./kept-model.ts";
import type { PresentAcousticModel } from "./plan.ts";

export async function* compareAcousticModels(
  client: WatsonClient,
  request: CompareRequest,
  context: SourceContext,
): AsyncGenerator<CompareEvent> {
  const calls = new AcousticModelCalls(client, context);
  const existing = await calls.models();
  const byId = new Map(existing.map((model) => [model.id, model]));
  const used = new Set<string>();
  let items = 0;
  let blobs = 0;
  for await (const group of groupByModel(request.reader.versions())) {
    if (group.kind === "single") continue;
    const kept = await readKeptAcousticModel(group, request.reader);
    const present = standIn(byId, group.named.id, request);
    const keys = [...(kept.chosen ? [kept.key] : []), ...kept.audio.map(({ key }) => key)];
    if (keys.length === 0) continue;
    items += keys.length;
    if (present === undefined) {
      for (const key of keys) yield difference(key, "missing", "the target does not have this model");
      continue;
    }
    used.add(present.id);
    blobs += kept.audio.filter(({ original }) => original !== undefined).length;
    const audio = new Map((await calls.audio(present.id)).map((one) => [one.name, one]));
    for (const one of differences(kept, { model: present, audio }, request)) {
      yield { kind: "difference", difference: one };
    }
    if (!request.whole) continue;
    const known = new Set(keys.map(keyText));
    for (const name of audio.keys()) {
      const key = resourceKey(kept.named, "audio", name);
      if (!known.has(keyText(key))) yield difference(key, "extra", "it did not exist at the instant");
    }
  }
  if (request.whole) {
    for (const model of existing) {
      if (!used.has(model.id)) yield difference(modelKey(model), "extra", "it did not exist at the instant");
    }
  }
  yield { kind: "end", items, parts: items, blobs };
}

function* differences(
  kept: KeptAcousticModel,
  there: PresentAcousticModel,
  { ids }: CompareRequest,
): Generator<Difference> {
  if (kept.chosen && kept.model !== undefined) {
    const detail = metadataDifference(kept.model, there.model);
    if (detail !== "") yield { key: kept.key, difference: "state", detail };
  }
  for (const one of kept.audio) {
    const written = ids?.get(CONTENT_GROUP, contentName(there.model.id, "audio", one.audio.name));
    const found = differenceOf(one, there, written);
    if (found !== undefined) yield found;
  }
}

function differenceOf(
  { key, audio, original }: KeptAudio,
  there: PresentAcousticModel,
  written: string | undefined,
): Difference | undefined {
  const present = there.audio.get(audio.name);
  if (present === undefined) {
    return { key, difference: "missing", detail: "the target does not have it" };
  }
  if (written !== undefined && original !== undefined && written !== original.note.sha256) {
    return { key, difference: "blob", detail: "a restore put another content under this name" };
  }
  const detail = audioDifference(audio, present);
  return detail === "" ? undefined : { key, difference: "state", detail };
}

function difference(key: ItemKey, what: Difference["difference"], detail: string): CompareEvent {
  return { kind: "difference", difference: { key, difference: what, detail } };
}
