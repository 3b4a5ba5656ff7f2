/**
 * Speakers: put back from their captured recordings where the target takes them. A speaker's name exists once in an instance, so one of the
 * same name is the same speaker.
 */
import { isHoldfastError } from "../../../model/errors.ts";
import type { Version } from "../../../model/version.ts";
import { backoffDelay, pause } from "../../http/backoff.ts";
import type { RestoreOutcome } from "../../source.ts";
import { captureKey } from "../../watson/keys.ts";
import { parseSpeaker, speakerItem } from "../elements.ts";
import { SPEAKER_GROUP } from "../target.ts";
import { Archival, bodyOf, isOriginal, originalOf } from "./originals.ts";
import { failed, mayOverwrite, refusedBecause, same, unstable, type TtsRestore } from "./run.ts";

export async function restoreSpeaker(
  run: TtsRestore,
  archival: Archival,
  { id, version }: { readonly id: string; readonly version: Version },
): Promise<RestoreOutcome> {
  const { request, service, context, target } = run;
  const { key } = version;
  if (version.kind === "deleted") return await deleteSpeaker(run, id, version);
  const kept = parseSpeaker(version.parts[0] as Buffer);
  const standing = await target.speakerFor(id, kept.name, service, context.signal);
  if (standing !== undefined) {
    if (request.apply) await request.ids?.set(SPEAKER_GROUP, id, standing.speaker_id);
    return { ...same(key), mapped: { group: SPEAKER_GROUP, kept: id, target: standing.speaker_id } };
  }
  const capture = captureKey("speakers", id);
  const original = await originalOf(run, capture);
  if (!isOriginal(original)) return failed(key, original.missing);
  if (!request.apply) return { key, action: "create" };
  if (archival.settled !== undefined) return failed(key, Archival.reason(archival.settled, capture));
  for (let attempt = 1; ; attempt++) {
    try {
      const made = await service.createSpeaker(kept.name, bodyOf(run, original), context.signal);
      await request.ids?.set(SPEAKER_GROUP, id, made);
      target.addSpeaker({ speaker_id: made, name: kept.name });
      return { key, action: "create", mapped: { group: SPEAKER_GROUP, kept: id, target: made } };
    } catch (error) {
      const reason = refusedBecause(error);
      if (reason !== undefined) {
        archival.refused(reason);
        return failed(key, Archival.reason(reason, capture));
      }
      // It may have been made all the same: its name tells, which the instance has once.
      const retry = service.client.http.retry;
      if (!isHoldfastError(error, "source-unreachable") || attempt >= retry.attempts) throw error;
      await pause(backoffDelay(retry, attempt, undefined), context.signal);
      for (const element of await service.speakers(context.signal)) {
        const speaker = parseSpeaker(element);
        if (speaker.name !== kept.name) continue;
        await request.ids?.set(SPEAKER_GROUP, id, speaker.speaker_id);
        target.addSpeaker(speaker);
        return {
          key,
          action: "create",
          mapped: { group: SPEAKER_GROUP, kept: id, target: speaker.speaker_id },
        };
      }
    }
  }
}

async function deleteSpeaker(run: TtsRestore, id: string, { key }: Version): Promise<RestoreOutcome> {
  const { request, service, context, target } = run;
  const standing = await target.speakerFor(id, undefined, service, context.signal);
  if (standing === undefined) return same(key);
  const present = speakerItem(Buffer.from(JSON.stringify(standing), "utf8"));
  if ((await mayOverwrite(request, [present]))[0] !== true) return unstable(key);
  if (request.apply) await service.deleteSpeaker(standing.speaker_id, context.signal);
  return { key, action: "delete" };
}
