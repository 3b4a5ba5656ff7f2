/**
 * One model or classifier. What stands for it and is the same training stays untouched; what is absent is made; what has its id and is another
 * training is left alone, or, when that was asked for, gives way once everything is ready for what takes its place.
 */
import { equivalence } from "../equivalence.ts";
import { modelItem } from "../model-item.ts";
import type { ModelDetails } from "../service/face.ts";
import { versionKeyOf } from "../version-key.ts";
import type { RestoreOutcome } from "../../source.ts";
import type { KeptModel } from "./kept-model.ts";
import { mappedTo } from "./notes.ts";
import { failed, refusedBecause, unstable, type FormRestore } from "./run.ts";
import { wayFor, type Way } from "./ways.ts";

/** Errors: what concerns more than this model. */
export async function restoreModel(run: FormRestore, kept: KeptModel): Promise<RestoreOutcome> {
  if (kept.details.status !== "ready") {
    return {
      key: kept.key,
      action: "same",
      reason: "its training had failed at the instant: there is nothing to put back",
    };
  }
  try {
    return await settled(run, kept);
  } catch (error) {
    const reason = refusedBecause(error);
    if (reason === undefined) throw error;
    return failed(kept.key, reason);
  }
}

async function settled(run: FormRestore, kept: KeptModel): Promise<RestoreOutcome> {
  const { key, ref } = kept;
  const standing = await standingFor(run, kept);
  if (standing?.same === true) {
    const { id } = standing.model;
    if (run.request.apply) await run.notes.map(ref, id);
    run.present.settle(ref, id);
    return { key, action: "same", ...mappedTo(ref, id) };
  }
  if (standing !== undefined && !run.settings.replace) return failed(key, inTheWayReason(standing));
  const inTheWay = standing?.model;
  const way = await wayFor(run, kept);
  if ("missing" in way) {
    const where = inTheWay === undefined ? "it is not in the target" : "the target has another state of it";
    return failed(key, `${where}; ${way.missing}`);
  }
  if (!run.request.apply) {
    way.announce?.();
    run.present.settle(ref, ref.id);
    return { key, action: inTheWay === undefined ? "create" : "change" };
  }
  if (inTheWay !== undefined) {
    await way.prepare?.();
    if (!(await mayDelete(run, inTheWay))) return unstable(key);
    await run.resource.service.remove(inTheWay, run.context.signal);
    run.present.remove(inTheWay);
  }
  return await made(run, kept, way, inTheWay === undefined ? "create" : "change");
}

async function made(
  { present }: FormRestore,
  { key, ref }: KeptModel,
  way: Way,
  action: "create" | "change",
): Promise<RestoreOutcome> {
  const result = await way.make();
  if ("failed" in result) {
    const lost =
      action === "change" ? "; what was there has been deleted for it, so run the restore again" : "";
    return failed(key, `${result.failed}${lost}`);
  }
  present.add(result.model);
  present.settle(ref, result.model.id);
  const { revision } = modelItem(result.model);
  return { key, action, revision, ...mappedTo(ref, result.model.id) };
}

interface Standing {
  readonly model: ModelDetails;
  readonly same: boolean;
  readonly differences: readonly string[];
}

/** What the target has for it: the same, if there is such a one; else what is in the way. */
async function standingFor(run: FormRestore, kept: KeptModel): Promise<Standing | undefined> {
  const { resource, context, notes, present } = run;
  const begun = notes.begun(kept);
  const product = notes.made(kept);
  let other: Standing | undefined;
  for (const listed of present.candidates(kept.ref)) {
    // Under way, or over and not yet recorded: making goes on with it.
    if (listed.id === begun?.id) continue;
    const model = await resource.service.details(listed, context.signal);
    if (model === undefined) continue;
    const { level, differences } = equivalence(
      kept.details,
      model,
      (ref) => present.idFor(ref) ?? notes.mapped(ref),
    );
    const isMade = product?.id === model.id && product.version === versionKeyOf(model) && level !== "none";
    if (level === "metadata" || isMade) return { model, same: true, differences: [] };
    other ??= { model, same: false, differences };
  }
  return other;
}

function inTheWayReason({ model, differences }: Standing): string {
  if (model.status === "creating") {
    return `${model.id} is being made in the target at this moment: run the restore again when it is ready`;
  }
  return (
    `the target has another state of it as ${model.id} (${differences.join("; ")}), which is left alone; ` +
    "to delete that and make the kept one again, add --setting replace=true"
  );
}

/** Whether the present state is kept, so that the restore can be undone as far as a model ever can. */
async function mayDelete({ request }: FormRestore, model: ModelDetails): Promise<boolean> {
  const { key, state } = modelItem(model);
  return (await request.kept?.([{ key, state }]))?.[0] ?? true;
}
