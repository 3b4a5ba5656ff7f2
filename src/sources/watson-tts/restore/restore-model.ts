/**
 * One model with its words. A model that the target does not have is made under a temporary name, filled, read back, and only then given its
 * own name. One that it has keeps its id: wanted words are written over, surplus ones deleted one by one.
 */
import { HoldfastError } from "../../../model/errors.ts";
import { sortableKey, type ItemKey } from "../../../model/key.ts";
import type { RestoreOutcome } from "../../source.ts";
import type { ModelGroup } from "../../watson/model-groups.ts";
import { descriptionOf, modelItem, parseModel, resourceItems, type TtsModel } from "../elements.ts";
import { isTemporaryName, MODEL_GROUP, type TargetModel } from "../target.ts";
import { applyWords } from "./apply-words.ts";
import { adopt, languageRefused, makeModel } from "./make-model.ts";
import { keptName, otherNames, planWords, type WordPlan } from "./plan-words.ts";
import { failed, mayOverwrite, refusedBecause, same, unstable, type TtsRestore } from "./run.ts";

export async function* restoreModel(run: TtsRestore, group: ModelGroup): AsyncGenerator<RestoreOutcome> {
  const { request, target } = run;
  if (group.version?.kind === "deleted") {
    yield* deleteModel(run, group);
    return;
  }
  const version = group.version ?? (await request.reader.find([group.key]))[0];
  const kept = version?.kind === "live" ? parseModel(version.parts[0] as Buffer) : undefined;
  let standing = target.modelFor(group.named.id);
  if (standing === undefined && kept === undefined) {
    yield* wholeGroup(group, (key) =>
      failed(key, "its model is neither in the target nor kept at this instant"),
    );
    return;
  }
  const isNew = standing === undefined || isTemporaryName(standing.value.name);
  if (standing === undefined) {
    const made = await make(run, kept as TtsModel);
    if (typeof made === "string") {
      yield* wholeGroup(group, (key) => failed(key, made), group.key);
      return;
    }
    standing = made;
  } else if (request.apply) await adopt(run, group.named.id, standing.value.customization_id);
  const plan = await planWords(run, group, standing);
  yield* plan.settled;
  yield* request.apply && standing !== undefined ? applyWords(run, group, standing, plan) : planned(plan);
  if (kept !== undefined && (group.version !== undefined || isNew)) {
    yield await settleModel(run, group, kept, standing, isNew);
  }
}

/** The new model, undefined in a preview, or why there can be none. */
async function make(run: TtsRestore, kept: TtsModel): Promise<TargetModel | undefined | string> {
  const refused = await languageRefused(run, kept.language);
  if (refused !== undefined) return refused;
  if (!run.request.apply) return undefined;
  const made = await makeModel(run, kept);
  if ("refused" in made) return made.refused;
  const model = run.target.models.get(made.id);
  if (model !== undefined) return model;
  throw new HoldfastError("source-protocol", `The custom model ${made.id} was made and is not listed.`);
}

function* planned(plan: WordPlan): Generator<RestoreOutcome> {
  for (const { key, action } of plan.writes) yield { key, action };
  for (const { key } of plan.deletions) yield { key, action: "delete" };
}

/** Name and description last: whoever sees the real name sees the whole model. */
async function settleModel(
  run: TtsRestore,
  group: ModelGroup,
  kept: TtsModel,
  standing: TargetModel | undefined,
  isNew: boolean,
): Promise<RestoreOutcome> {
  const { request, service, context } = run;
  const { key, named } = group;
  const mapped =
    standing === undefined
      ? {}
      : { mapped: { group: MODEL_GROUP, kept: named.id, target: standing.value.customization_id } };
  const action = isNew ? ("create" as const) : ("change" as const);
  if (standing !== undefined) {
    const { value } = standing;
    if (value.language !== kept.language) {
      return { ...failed(key, `its language is ${value.language} there and cannot be changed`), ...mapped };
    }
    if (value.name === kept.name && descriptionOf(value) === descriptionOf(kept))
      return { ...same(key), ...mapped };
    const present = modelItem(
      value.customization_id === named.id ? named : { id: value.customization_id, name: value.name },
      standing.element,
    );
    if (!isNew && (await mayOverwrite(request, [present], otherNames(group, standing)))[0] !== true)
      return { ...unstable(key), ...mapped };
    if (request.apply) {
      try {
        const description = descriptionOf(kept);
        const isOther = description !== descriptionOf(value);
        const change = { name: kept.name, ...(isOther ? { description } : {}) };
        await service.updateModel(value.customization_id, change, context.signal);
      } catch (error) {
        const reason = refusedBecause(error);
        if (reason === undefined) throw error;
        return {
          ...failed(key, `it is there as "${value.name}", and its own name is refused: ${reason}`),
          ...mapped,
        };
      }
    }
  }
  return { key, action, ...mapped };
}

/** At the instant the model was deleted: so it is again, when everything of it is kept. */
async function* deleteModel(run: TtsRestore, group: ModelGroup): AsyncGenerator<RestoreOutcome> {
  const { request, service, context, target } = run;
  const standing = target.modelFor(group.named.id);
  if (standing === undefined) {
    yield* wholeGroup(group, same);
    return;
  }
  const { customization_id: id } = standing.value;
  const named = keptName(group, standing);
  const raw = await service.model(id, context.signal);
  const present = [modelItem(named, standing.element), ...resourceItems(named, raw)];
  if ((await mayOverwrite(request, present, otherNames(group, standing))).includes(false)) {
    yield* wholeGroup(group, unstable);
    return;
  }
  if (request.apply) {
    await service.deleteModel(id, context.signal);
    target.remove(id);
  }
  // The group's keys hold the kept id, which need not be the target's.
  const asKept = [group.key, ...resourceItems(group.named, raw).map(({ key }) => key)];
  const there = new Set(asKept.map(sortableKey));
  for (const { key } of wholeGroup(group, same)) {
    yield there.has(sortableKey(key)) ? { key, action: "delete" } : same(key);
  }
}

/** `and`: a key that is told of though it was not chosen. Prompts of a model that is to be there are told of later. */
function* wholeGroup(
  group: ModelGroup,
  tell: (key: ItemKey) => RestoreOutcome,
  and?: ItemKey,
): Generator<RestoreOutcome> {
  const own = group.version?.key ?? and;
  if (own !== undefined) yield tell(own);
  for (const { version } of group.resources.words) yield tell(version.key);
  if (group.version?.kind !== "deleted") return;
  for (const { version } of group.resources.prompts) yield tell(version.key);
}
