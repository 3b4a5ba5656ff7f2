/**
 * Putting custom models back into an instance: the same one, or another. Several models at a time, one writer for each.
 *
 * An id that the target instance still has stands for itself; else the id map says which model was made for it. So a repeat, a continued
 * restore and a standby go on with the models that are there.
 */
import { HoldfastError, isHoldfastError } from "../../model/errors.ts";
import type { ItemKey } from "../../model/key.ts";
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../source.ts";
import type { WatsonClient } from "../watson/client.ts";
import { modelKey } from "../watson/keys.ts";
import { groupByModel, type ModelGroup } from "../watson/model-groups.ts";
import type { CustomModel } from "./custom-model.ts";
import { isBeingMade, MODEL_GROUP, ModelMaker } from "./make-model.ts";
import type { ModelCalls } from "./model-calls.ts";
import { inParallel } from "../parallel.ts";

/** Models written at once: each waits most of the time. */
const MODELS_AT_ONCE = 4;

/** The service's limit for one owner, of each kind. */
const MODELS_OF_AN_OWNER = 1024;

/** How the models of one kind are put back. `context` ends with the restore. */
export interface ModelRestoring {
  readonly calls: ModelCalls;
  /** Puts one model back. `present`: what stands for it in the target; undefined: it has to be made. */
  readonly restore: (
    group: ModelGroup,
    present: CustomModel | undefined,
    maker: ModelMaker,
  ) => AsyncIterable<RestoreOutcome>;
  /** Key and state of everything that the target has of a model, its own first. */
  readonly states: (
    model: CustomModel,
  ) => Promise<readonly { readonly key: ItemKey; readonly state: Buffer }[]>;
  /** `mapped`: models of the target that no restore has made stay, whatever happens to newer items. */
  readonly surplus: "mapped" | "all";
}

export async function* restoreModels(
  client: WatsonClient,
  request: RestoreRequest,
  given: SourceContext,
  open: (context: SourceContext) => ModelRestoring,
): AsyncGenerator<RestoreOutcome> {
  const stop = new AbortController();
  const context = { ...given, signal: AbortSignal.any([given.signal, stop.signal]) };
  const restoring = open(context);
  const { calls } = restoring;
  const existing = await calls.models();
  const { ids } = request;
  const { retry } = client.http;
  const { clock, signal } = context;
  const maker = new ModelMaker({ calls, ids, clock, retry, signal });
  if (request.apply) await maker.settle(existing);
  refuseForeign(existing, request, calls.kind.noun);
  const byId = new Map(existing.map((model) => [model.id, model]));
  const used = new Set<string>();
  let planned = existing.length;

  async function* restoreGroup(group: ModelGroup): AsyncGenerator<RestoreOutcome> {
    const present = standIn(byId, group.named.id, request);
    if (await isGone(group, request)) {
      // Deleted at the instant. If it is there all the same, it is newer than that.
      if (present === undefined) yield* deletedKeys(group).map((key) => ({ key, action: "same" as const }));
      return;
    }
    if (present !== undefined) used.add(present.id);
    else if (++planned > MODELS_OF_AN_OWNER) {
      throw new HoldfastError(
        "target-refused",
        `The restore would bring the instance to more than ${MODELS_OF_AN_OWNER} ${calls.kind.noun}s, which is all that the service allows.`,
      );
    }
    yield* restoring.restore(group, present, maker);
  }

  async function* chosen(): AsyncGenerator<ModelGroup | RestoreOutcome> {
    for await (const group of groupByModel(request.reader.versions())) {
      // Captures are read, not written: they belong to the timeline.
      if (group.kind === "single") yield { key: group.version.key, action: "same" };
      else yield group;
    }
  }
  const work = async function* (one: ModelGroup | RestoreOutcome): AsyncGenerator<RestoreOutcome> {
    if ("action" in one) yield one;
    else yield* restoreGroup(one);
  };
  yield* inParallel({
    elements: chosen(),
    work,
    atOnce: MODELS_AT_ONCE,
    stop: () => {
      stop.abort();
    },
  });
  if (request.whole) {
    for (const model of existing) {
      if (!used.has(model.id)) yield* surplusModel(restoring, model, request);
    }
  }
}

/** Whether the instant had nothing of the model any more. */
async function isGone(group: ModelGroup, { reader }: RestoreRequest): Promise<boolean> {
  const own = group.version ?? (await reader.find([group.key]))[0];
  return own?.kind !== "live" && itemsOf(group).every(({ kind }) => kind !== "live");
}

function deletedKeys(group: ModelGroup): ItemKey[] {
  return itemsOf(group).flatMap(({ kind, key }) => (kind === "deleted" ? [key] : []));
}

function itemsOf({ version, resources }: ModelGroup) {
  const below = Object.values(resources).flatMap((items) => items.map((item) => item.version));
  return version === undefined ? below : [version, ...below];
}

/** What the target has for a model of the timeline. */
export function standIn(
  byId: ReadonlyMap<string, CustomModel>,
  kept: string,
  { ids }: Pick<RestoreRequest, "ids">,
): CustomModel | undefined {
  return byId.get(kept) ?? byId.get(ids?.get(MODEL_GROUP, kept) ?? "");
}

/** Errors: `target-not-empty`. */
function refuseForeign(
  existing: readonly CustomModel[],
  { apply, mode, merge, ids }: RestoreRequest,
  noun: string,
): void {
  if (mode !== "replica" || merge) return;
  const ours = mappedIds(ids);
  // A preview takes nothing over: a model whose making was cut off may be among them.
  if (!apply && isBeingMade(ids)) return;
  const foreign = existing.filter(({ id }) => !ours.has(id));
  if (foreign.length === 0) return;
  throw new HoldfastError(
    "target-not-empty",
    `The instance already has ${foreign.length} ${noun}s that no restore of this timeline has made, "${foreign[0]?.name}" among them.`,
  );
}

function mappedIds(ids: RestoreRequest["ids"]): Map<string, string> {
  const pairs = (ids?.all() ?? []).filter(({ group }) => group === MODEL_GROUP);
  return new Map(pairs.map(({ kept, target }) => [target, kept]));
}

/** A model of the target that stands for none of the instant. */
async function* surplusModel(
  { calls, states, surplus }: ModelRestoring,
  model: CustomModel,
  request: RestoreRequest,
): AsyncGenerator<RestoreOutcome> {
  const kept = mappedIds(request.ids).get(model.id);
  if (kept === undefined && surplus === "mapped") return;
  // Told under the key that the timeline has for it.
  const key = modelKey({ name: model.name, id: kept ?? model.id });
  if (request.newerItems === "keep") {
    yield { key, action: "newer" };
    return;
  }
  const all = await states(model);
  const isKept = request.apply ? await request.kept?.(all) : undefined;
  if (isKept?.includes(false) === true) {
    yield { key, action: "unstable", reason: "it has changed since its present state was kept" };
    return;
  }
  if (request.apply) {
    try {
      await calls.deleteModel(model.id);
    } catch (error) {
      // Repeated after a broken connection: it was done.
      if (!isHoldfastError(error, "source-not-found")) throw error;
    }
  }
  const own = modelKey(model).length;
  for (const { key: present } of all) {
    yield { key: Buffer.concat([key, present.subarray(own)]), action: "delete" };
  }
}
