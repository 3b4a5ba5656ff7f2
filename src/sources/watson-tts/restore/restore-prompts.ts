/**
 * Prompts of one model: put back from their captured recordings where the target takes them, after the speakers, whose ids they carry.
 */
import { isHoldfastError } from "../../../model/errors.ts";
import { keyText, type ItemKey } from "../../../model/key.ts";
import type { Version } from "../../../model/version.ts";
import type { RestoreOutcome } from "../../source.ts";
import { captureKey, type Named } from "../../watson/keys.ts";
import { waitFor } from "../../watson/waiting.ts";
import { parsePrompt, promptItem, type PresentItem, type TtsPrompt } from "../elements.ts";
import { Archival, isOriginal, originalOf, promptBody } from "./originals.ts";
import { failed, mayOverwrite, refusedBecause, same, unstable, type TtsRestore } from "./run.ts";

/** Prompts looked up at once. */
const LOOKUP_KEYS = 100;

/** Recordings are at most 30 s long: they are looked at again soon (ms). */
const PROMPT_POLL_MS = 2_000;

export interface LaterPrompts {
  readonly model: Named;
  readonly keys: readonly ItemKey[];
}

export async function* restorePrompts(
  run: TtsRestore,
  archival: Archival,
  { model, keys }: LaterPrompts,
): AsyncGenerator<RestoreOutcome> {
  const { request, service, context, target } = run;
  const standing = target.modelFor(model.id);
  const id = standing?.value.customization_id;
  const present = id === undefined ? new Map<string, PresentItem<TtsPrompt>>() : await read(run, id, model);
  if (id === undefined && request.apply) {
    for (const key of keys) yield failed(key, "its model is not in the target");
    return;
  }
  for (let from = 0; from < keys.length; from += LOOKUP_KEYS) {
    for (const version of await request.reader.find(keys.slice(from, from + LOOKUP_KEYS))) {
      if (version === undefined) continue;
      const now = present.get(keyText(version.key));
      if (version.kind === "live") yield await restorePrompt(run, archival, { model, id, version, now });
      else if (now === undefined || id === undefined) yield same(version.key);
      else if ((await mayOverwrite(request, [now]))[0] !== true) yield unstable(version.key);
      else {
        if (request.apply) await service.deletePrompt(id, now.value.prompt_id, context.signal);
        yield { key: version.key, action: "delete" };
      }
    }
  }
}

interface OnePrompt {
  readonly model: Named;
  /** The target's model; undefined in a preview that would make it. */
  readonly id: string | undefined;
  readonly version: Version;
  readonly now: PresentItem<TtsPrompt> | undefined;
}

async function restorePrompt(
  run: TtsRestore,
  archival: Archival,
  { model, id, version, now }: OnePrompt,
): Promise<RestoreOutcome> {
  const { request, service, context, target } = run;
  const { key } = version;
  const kept = parsePrompt(version.parts[0] as Buffer);
  const speaker =
    kept.speaker_id === undefined
      ? undefined
      : await target.speakerFor(kept.speaker_id, undefined, service, context.signal);
  if (now !== undefined && now.value.prompt === kept.prompt && now.value.status !== "failed")
    return same(key);
  const capture = captureKey(model.id, `prompts/${kept.prompt_id}`);
  const original = await originalOf(run, capture);
  if (!isOriginal(original)) return failed(key, original.missing);
  const action = now === undefined ? "create" : "change";
  if (now !== undefined && (await mayOverwrite(request, [now]))[0] !== true) return unstable(key);
  if (!request.apply || id === undefined) return { key, action };
  if (archival.settled !== undefined) return failed(key, Archival.reason(archival.settled, capture));
  if (kept.speaker_id !== undefined && speaker === undefined) {
    context.warn?.(
      `The prompt is put back without its speaker, which the target does not have.`,
      keyText(key),
    );
  }
  const metadata = {
    prompt_text: kept.prompt,
    ...(speaker === undefined ? {} : { speaker_id: speaker.speaker_id }),
  };
  const { body, contentType } = promptBody(run, metadata, original);
  try {
    await service.writePrompt(id, kept.prompt_id, body, contentType, context.signal);
  } catch (error) {
    const reason = isHoldfastError(error, "target-refused") ? error.message : refusedBecause(error);
    if (reason === undefined) throw error;
    archival.refused(reason);
    return failed(key, Archival.reason(reason, capture));
  }
  const done = await settled(run, id, model, kept.prompt_id);
  if (done.status === "failed")
    return failed(key, `the service took it and then failed: ${done.error ?? ""}`);
  return { key, action };
}

async function settled(run: TtsRestore, id: string, model: Named, prompt: string): Promise<TtsPrompt> {
  const { config } = run.service.client;
  return await waitFor(
    async () => {
      const now = [...(await read(run, id, model)).values()].find(({ value }) => value.prompt_id === prompt);
      return now === undefined || now.value.status === "processing" ? undefined : now.value;
    },
    {
      what: `prompt ${prompt} to be processed`,
      pollMs: Math.min(config.pollMs ?? PROMPT_POLL_MS, PROMPT_POLL_MS),
      patienceMs: config.patienceMs,
    },
    run.context,
  );
}

/** By the key that the timeline has for them. */
async function read(
  { service, context }: TtsRestore,
  id: string,
  model: Named,
): Promise<Map<string, PresentItem<TtsPrompt>>> {
  const { prompts } = await service.model(id, context.signal);
  return new Map(
    prompts.map((element) => {
      const item = promptItem(model, element);
      return [keyText(item.key), item];
    }),
  );
}
