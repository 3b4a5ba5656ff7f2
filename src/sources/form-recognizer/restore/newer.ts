/**
 * What the target has and the instant did not, in place: left alone, or deleted when that was asked for.
 */
import type { RestoreOutcome } from "../../source.ts";
import { modelKey, type ModelRef } from "../keys.ts";
import { modelItem } from "../model-item.ts";
import type { FormRestore } from "./run.ts";
import { unstable } from "./run.ts";
import { refText } from "./present-models.ts";

/** `wanted`: kept models that the restore was about. */
export async function* restoreNewer(
  run: FormRestore,
  wanted: Iterable<ModelRef>,
): AsyncGenerator<RestoreOutcome> {
  const { present } = run;
  const standing = new Set(
    [...wanted].flatMap((ref) => present.candidates(ref).map((listed) => refText(listed))),
  );
  for (const listed of present.all()) {
    if (standing.has(refText(listed)) || listed.status === "creating") continue;
    yield await settleNewer(run, listed);
  }
}

/** `deletes`: without being told to. */
export async function settleNewer(run: FormRestore, ref: ModelRef, deletes = false): Promise<RestoreOutcome> {
  const { request, resource, context, present } = run;
  const key = modelKey(ref);
  if (request.newerItems === "keep" && !deletes) return { key, action: "newer" };
  const model = await resource.service.details(ref, context.signal);
  if (model === undefined) return { key, action: "same" };
  const { state } = modelItem(model);
  if ((await request.kept?.([{ key, state }]))?.[0] === false) return unstable(key);
  if (request.apply) {
    await resource.service.remove(ref, context.signal);
    present.remove(ref);
  }
  return { key, action: "delete" };
}
